//! Certificates from an authority that speaks ACME (RFC 8555), which looks who this server is by a TLS handshake
//! (TLS-ALPN-01, RFC 8737): no other port, and no program beside this one, has a part in it.

mod http;
pub mod kept;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, OrderStatus,
    RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::{
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
    sign::CertifiedKey,
};
use tokio::time::sleep;

use self::{
    http::Client,
    kept::{Kept, KeptError},
};
use super::{
    certificates::Certificates,
    error::TlsError,
    files::{Unfit, certified},
};
use crate::server::{
    authorities::authorities,
    config::{HostName, Order},
};

/// How an order is asked after until the authority is done with it.
const ASKING: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));
/// How long after a failure it is tried again; twice as long after each, up to so long. Authorities count failures:
/// Let's Encrypt lets a name fail five times an hour.
const AGAIN: Duration = Duration::from_secs(60);
const AGAIN_AT_MOST: Duration = Duration::from_secs(60 * 60);
/// A clock may be set meanwhile: no sleep is longer.
const NAP: Duration = Duration::from_secs(60 * 60);
/// The authority does not know the account.
const NO_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";

/// Why there is no new certificate.
#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error(transparent)]
    Acme(#[from] instant_acme::Error),
    #[error("the authority does not take it that this server is {name}: {why}")]
    Refused { name: String, why: String },
    #[error("the authority does not offer TLS-ALPN-01")]
    NoChallenge,
    #[error("cannot make what the authority asks for: {0}")]
    Challenge(#[from] rcgen::Error),
    #[error("cannot use it: {0}")]
    Tls(#[from] rustls::Error),
    #[error("what the authority sent cannot be used: {0}")]
    Unfit(#[from] Unfit),
    #[error(transparent)]
    Kept(#[from] KeptError),
}

/// Has a certificate for each name, those that were kept at once, and orders new ones in time.
///
/// # Errors
/// Where there is no place to keep them, or no authority to be believed.
pub fn keep(
    order: Order,
    data: Option<&Path>,
    certificates: Arc<Certificates>,
) -> Result<(), TlsError> {
    let kept = Kept::open(&order, data)?;
    let client = Client::new(authorities(order.authorities.as_deref())?)?;
    let customer = Customer {
        directory: order.directory.to_string(),
        client,
        kept,
        certificates,
        account: None,
        first: order.names.first().cloned(),
    };
    let due = order.names.into_iter().map(|name| Due {
        at: customer.begin_with_kept(&name),
        failures: 0,
        name,
    });
    let due = due.collect();
    tokio::spawn(customer.stay(due));
    Ok(())
}

/// When a name needs a new certificate.
struct Due {
    name: HostName,
    at: SystemTime,
    failures: u32,
}

/// Who orders certificates.
struct Customer {
    directory: String,
    client: Client,
    kept: Kept,
    certificates: Arc<Certificates>,
    /// The account, once it was needed.
    account: Option<Account>,
    /// The name whose certificate is for peers that name none.
    first: Option<HostName>,
}

impl Customer {
    async fn stay(mut self, mut names: Vec<Due>) {
        loop {
            for due in &mut names {
                if due.at > SystemTime::now() {
                    continue;
                }
                let name = due.name.as_str();
                match self.order(&due.name).await {
                    Ok(renew_at) => {
                        tracing::info!(name, "has a new certificate");
                        (due.at, due.failures) = (renew_at, 0);
                    }
                    Err(error) => {
                        let again = (AGAIN * 2_u32.saturating_pow(due.failures)).min(AGAIN_AT_MOST);
                        tracing::warn!(name, %error, again = ?again, "has no new certificate");
                        (due.at, due.failures) =
                            (SystemTime::now() + again, due.failures.min(8) + 1);
                    }
                }
            }
            let next = names.iter().map(|due| due.at).min();
            let wait = next.and_then(|next| next.duration_since(SystemTime::now()).ok());
            sleep(wait.unwrap_or_default().min(NAP)).await;
        }
    }

    /// Shows the certificate that was kept for a name; answers when it needs a new one.
    fn begin_with_kept(&self, name: &HostName) -> SystemTime {
        let shown = match self.kept.certificate(name) {
            Ok(None) => return SystemTime::now(),
            Ok(Some(pem)) => self.show(name, &pem).map_err(OrderError::from),
            Err(error) => Err(error.into()),
        };
        shown.unwrap_or_else(|error| {
            let name = name.as_str();
            tracing::warn!(name, %error, "the certificate that was kept is not used");
            SystemTime::now()
        })
    }

    /// Shows a certificate from now on; answers when a new one is needed: after two thirds of its time.
    fn show(&self, name: &HostName, pem: &[u8]) -> Result<SystemTime, Unfit> {
        let certificate = Arc::new(certified(pem, pem)?);
        let first = certificate.cert.first().ok_or(Unfit::NoCertificate)?;
        let parsed =
            x509_parser::parse_x509_certificate(first).map_err(|_| Unfit::NoCertificate)?;
        let seconds = |time: x509_parser::time::ASN1Time| {
            Duration::from_secs(u64::try_from(time.timestamp()).unwrap_or_default())
        };
        let validity = parsed.1.validity();
        let (begins, ends) = (seconds(validity.not_before), seconds(validity.not_after));
        if self.first.as_ref() == Some(name) {
            self.certificates.set_any(certificate.clone());
        }
        self.certificates.set(name.as_str(), certificate);
        Ok(SystemTime::UNIX_EPOCH + ends.saturating_sub(ends.saturating_sub(begins) / 3))
    }

    /// Orders a certificate, keeps it and shows it; answers when the next one is needed.
    async fn order(&mut self, name: &HostName) -> Result<SystemTime, OrderError> {
        let account = self.account().await?;
        let mut found = self.fetch(&account, name).await;
        if let Err(OrderError::Acme(error)) = &found
            && knows_no_such_account(error)
        {
            self.account = None;
            self.kept.forget_account();
            let account = self.account().await?;
            found = self.fetch(&account, name).await;
        }
        self.certificates.set_challenge(name.as_str(), None);
        let pem = found?;
        let renew_at = self.show(name, pem.as_bytes())?;
        if let Err(error) = self.kept.keep_certificate(name, pem.as_bytes()) {
            // It serves until this process ends; ordering another would use up what the authority allows.
            tracing::error!(%error, "a certificate cannot be kept: the next start orders another");
        }
        Ok(renew_at)
    }

    /// The key and its certificate, in PEM.
    async fn fetch(&self, account: &Account, name: &HostName) -> Result<String, OrderError> {
        let wanted = [Identifier::Dns(name.as_str().to_owned())];
        let mut order = account.new_order(&NewOrder::new(&wanted)).await?;
        let mut asked = order.authorizations();
        while let Some(authorization) = asked.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let challenge = authorization.challenge(ChallengeType::TlsAlpn01);
            let mut challenge = challenge.ok_or(OrderError::NoChallenge)?;
            let answer = answer(name, challenge.key_authorization().digest().as_ref())?;
            self.certificates
                .set_challenge(name.as_str(), Some(Arc::new(answer)));
            challenge.set_ready().await?;
        }
        if order.poll_ready(&ASKING).await? != OrderStatus::Ready {
            return Err(refusal(&mut order, name).await);
        }
        let key = order.finalize().await?;
        let chain = order.poll_certificate(&ASKING).await?;
        Ok(format!("{key}{chain}"))
    }

    /// The account with the authority: the one that was kept, or a new one.
    async fn account(&mut self) -> Result<Account, OrderError> {
        if let Some(account) = &self.account {
            return Ok(account.clone());
        }
        let builder = Account::builder_with_http(Box::new(self.client.clone()));
        let account = match self.kept.account(&self.directory)? {
            Some(kept) => builder.from_credentials(kept).await?,
            None => {
                let new = NewAccount {
                    contact: &[],
                    terms_of_service_agreed: true,
                    only_return_existing: false,
                };
                let (account, credentials) =
                    builder.create(&new, self.directory.clone(), None).await?;
                if let Err(error) = self.kept.keep_account(&credentials) {
                    tracing::error!(%error, "the account with the authority cannot be kept");
                }
                account
            }
        };
        self.account = Some(account.clone());
        Ok(account)
    }
}

/// Whether an account was there once and is no more: a new one takes its place.
fn knows_no_such_account(error: &instant_acme::Error) -> bool {
    let instant_acme::Error::Api(problem) = error else {
        return false;
    };
    problem.r#type.as_deref() == Some(NO_ACCOUNT)
}

/// What the authority is shown: a certificate of our own that says that it is the answer (RFC 8737 §3).
fn answer(name: &HostName, digest: &[u8]) -> Result<CertifiedKey, OrderError> {
    let mut params = CertificateParams::new([name.as_str().to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate()?;
    let certificate: CertificateDer<'static> = params.self_signed(&key)?.into();
    let key = PrivateKeyDer::try_from(key.serialize_der())
        .map_err(|why| rustls::Error::General(why.to_owned()))?;
    let key = ring::default_provider()
        .key_provider
        .load_private_key(key)?;
    // Not looked through: it has an extension that it is right not to know anywhere else.
    Ok(CertifiedKey::new(vec![certificate], key))
}

/// Why the authority has refused an order, in its own words.
async fn refusal(order: &mut instant_acme::Order, name: &HostName) -> OrderError {
    let mut reasons = Vec::new();
    let mut asked = order.authorizations();
    while let Some(authorization) = asked.next().await {
        let Ok(mut authorization) = authorization else {
            continue;
        };
        if let Ok(state) = authorization.refresh().await {
            let problems = state.challenges.iter().filter_map(|it| it.error.as_ref());
            reasons.extend(problems.map(ToString::to_string));
        }
    }
    OrderError::Refused {
        name: name.as_str().to_owned(),
        why: reasons.join("; "),
    }
}
