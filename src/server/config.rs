//! Flags and environment.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use clap::{Args, Parser, Subcommand, ValueEnum};

mod https;
mod nats;

pub use https::{Certificate, HostName, Https, KeyPair, Order};
pub use nats::{Credentials, NatsAddress};

use super::{store::Data, transfer::foreign::From};

/// A chat server that anyone can run.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the pages, the API and the live socket.
    Serve(Box<Config>),
    /// Copy the database, also while it is served: whole and checked, or not at all.
    Backup {
        /// The database file.
        #[arg(long, env = "LATCHKEY_DATA", default_value = "./latchkey.db")]
        data: PathBuf,
        /// The copy. What is there is replaced once the copy is whole.
        target: PathBuf,
    },
    /// Look through a database file, also while it is served. Exit status: 0 sound, 1 damaged, 2 not to be read, 3 sound
    /// and of an older version, 4 of a newer version than this program.
    Check { file: PathBuf },
    /// Write everything, or one room, as lines of JSON; also while it is served.
    Export {
        /// The database file.
        #[arg(long, env = "LATCHKEY_DATA", default_value = "./latchkey.db")]
        data: PathBuf,
        /// Only the room of this name.
        #[arg(long, value_name = "NAME")]
        room: Option<String>,
        /// As a page that can be read and printed. Of one room.
        #[arg(long, requires = "room")]
        html: bool,
        /// The file; `-` is the standard output.
        out: PathBuf,
    },
    /// Fill an empty database with what was exported, or bring one room into a database in use.
    Import {
        /// The database file.
        #[arg(long, env = "LATCHKEY_DATA", default_value = "./latchkey.db")]
        data: PathBuf,
        /// What the room is to be called, where it is one.
        #[arg(long = "as", value_name = "NAME", requires = "owner")]
        name: Option<String>,
        /// The username of who owns it then.
        #[arg(long, value_name = "USERNAME", requires = "name")]
        owner: Option<String>,
        /// Fill an empty database with what another chat server keeps. Direct messages and files stay behind.
        #[arg(
            long,
            value_enum,
            value_name = "SERVER",
            requires = "ways_in",
            conflicts_with = "name"
        )]
        from: Option<From>,
        /// Where to write what lets people in then: a link for each of them, good once, and the keys of the rooms.
        #[arg(long, value_name = "FILE", requires = "from")]
        ways_in: Option<PathBuf>,
        /// The export; `-` is the standard input.
        input: PathBuf,
    },
    /// Move a whole server from its file into an empty PostgreSQL database: all of it, compared when it is there, or
    /// nothing. Nobody may serve it meanwhile; the file stays as it is.
    Move {
        /// The database file.
        #[arg(long)]
        from: PathBuf,
        /// The PostgreSQL database, as in `postgres://user:password@host/database`.
        #[arg(long)]
        to: Data,
    },
}

/// When copies of the database are made, and how many are kept.
#[derive(Clone, Debug)]
pub struct Backups {
    pub every: Duration,
    pub to: PathBuf,
    pub keep: NonZeroUsize,
}

/// How to serve. Every flag can also be given in the environment.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:3000, for HTTPS [::]:443, which is
    /// every address of this machine].
    #[arg(long, env = "LATCHKEY_LISTEN")]
    pub listen: Option<SocketAddr>,

    #[command(flatten)]
    pub https: Https,

    /// The database: a file, which is made if it is not there, or a PostgreSQL database, as in
    /// `postgres://user:password@host/database?sslmode=verify-full`. A password that the URL lacks is looked for in
    /// `PGPASSWORD`.
    #[arg(
        long,
        env = "LATCHKEY_DATA",
        default_value = "./latchkey.db",
        hide_env_values = true
    )]
    pub data: Data,

    /// NATS, as in `nats://user:password@host:4222`, where several processes serve one PostgreSQL database: by it they hear
    /// of each other's changes at once. Several servers of one NATS cluster have commas between.
    #[arg(long, env = "LATCHKEY_BUS", hide_env_values = true)]
    pub bus: Option<NatsAddress>,

    /// Rate limits: `on`, `off`, or a list of those to change, as in
    /// `claims=10/min,keys=10/min,rooms=20/h,messages=10/s:40,searches=5/s:20,requests=100/s:1000,frames=40/s:400` (the
    /// last number is the burst). Keys, rooms, messages and searches are per identity, ten times as many per address;
    /// claims and requests are per address; frames are per live socket.
    #[arg(long, env = "LATCHKEY_RATE_LIMITS", default_value = "on")]
    pub rate_limits: RateLimits,

    /// Live sockets of one identity at most [default: 64, or any number where rate limits are off].
    #[arg(long, env = "LATCHKEY_MAX_SOCKETS_PER_IDENTITY")]
    pub max_sockets_per_identity: Option<usize>,

    /// Live sockets of one address at most [default: 1000, or any number where rate limits are off].
    #[arg(long, env = "LATCHKEY_MAX_SOCKETS_PER_ADDRESS")]
    pub max_sockets_per_address: Option<usize>,

    /// Address and port of `GET /metrics`, for Prometheus, which anybody who reaches it may ask [default: none].
    #[arg(long, env = "LATCHKEY_METRICS")]
    pub metrics: Option<SocketAddr>,

    /// Reverse proxies (addresses, separated by commas) whose `X-Forwarded-For`, `X-Forwarded-Proto` and
    /// `X-Forwarded-Host` are believed. Those on this machine always are.
    #[arg(long, env = "LATCHKEY_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpAddr>,

    /// Frees names that nobody has used for so many days [default: never].
    #[arg(long, env = "LATCHKEY_FORGET_NAMES_AFTER", value_parser = clap::value_parser!(u32).range(1..))]
    pub forget_names_after: Option<u32>,

    /// Signs out browsers that have not come back for so many days [default: never].
    #[arg(long, env = "LATCHKEY_FORGET_SESSIONS_AFTER", value_parser = clap::value_parser!(u32).range(1..))]
    pub forget_sessions_after: Option<u32>,

    /// Makes a copy of the database every so often, as in `6h`, in the folder that `--backup-to` names.
    #[arg(long, env = "LATCHKEY_BACKUP_EVERY", requires = "backup_to")]
    pub backup_every: Option<humantime::Duration>,

    /// The folder for those copies.
    #[arg(long, env = "LATCHKEY_BACKUP_TO", requires = "backup_every")]
    pub backup_to: Option<PathBuf>,

    /// How many of them are kept, the newest.
    #[arg(long, env = "LATCHKEY_BACKUP_KEEP", default_value = "28")]
    pub backup_keep: NonZeroUsize,

    /// What to log to standard error: `error`, `warn`, `info`, `debug`, `trace`, or directives of the tracing
    /// crate, as in `warn,latchkey=debug`.
    #[arg(long, env = "LATCHKEY_LOG", default_value = "info")]
    pub log: String,

    /// How to log: as lines for people, or as JSON, one object a line.
    #[arg(long, env = "LATCHKEY_LOG_FORMAT", value_enum, default_value = "text")]
    pub log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// How many live sockets there may be.
pub struct MaxSockets {
    pub per_identity: usize,
    pub per_address: usize,
}

impl Config {
    /// Where it listens.
    pub fn listens(&self) -> SocketAddr {
        let unless_told = || match self.https.is_on() {
            true => Https::listens(),
            false => (Ipv4Addr::LOCALHOST, 3000).into(),
        };
        self.listen.unwrap_or_else(unless_told)
    }

    /// Where browsers find it that listens at this address.
    pub fn url(&self, address: SocketAddr) -> String {
        match self.https.name() {
            Some(name) if address.port() == 443 => format!("https://{}", name.as_str()),
            Some(name) => format!("https://{}:{}", name.as_str(), address.port()),
            None if self.https.is_on() => format!("https://{address}"),
            None => format!("http://{address}"),
        }
    }

    /// The copies that are to be made, if any.
    pub fn backups(&self) -> Option<Backups> {
        // A second apart at least: their names tell no less.
        let every = Duration::from(self.backup_every?).max(Duration::from_secs(1));
        Some(Backups {
            every,
            to: self.backup_to.clone()?,
            keep: self.backup_keep,
        })
    }

    pub fn max_sockets(&self) -> MaxSockets {
        let limited = self.rate_limits != RateLimits::OFF;
        let or = |most| if limited { most } else { usize::MAX };
        MaxSockets {
            per_identity: self.max_sockets_per_identity.unwrap_or(or(64)),
            per_address: self.max_sockets_per_address.unwrap_or(or(1_000)),
        }
    }
}

/// How often one may do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimits {
    pub claims: Option<Rate>,
    /// Wrong keys; right ones cost nothing.
    pub keys: Option<Rate>,
    pub rooms: Option<Rate>,
    pub messages: Option<Rate>,
    pub searches: Option<Rate>,
    /// Requests over HTTP, files apart, by address.
    pub requests: Option<Rate>,
    /// What one live socket says, of whatever kind.
    pub frames: Option<Rate>,
}

/// So many in a time, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub each: Duration,
    pub burst: NonZeroU32,
}

impl Rate {
    /// So many times as often.
    pub fn times(self, factor: u32) -> Self {
        Self {
            each: self.each / factor,
            burst: self
                .burst
                .saturating_mul(NonZeroU32::new(factor).unwrap_or(NonZeroU32::MIN)),
        }
    }
}

/// What `on` stands for.
const ON: &str = "claims=10/min,keys=10/min,rooms=20/h,messages=10/s:40,searches=5/s:20,requests=100/s:1000,\
                  frames=40/s:400";

impl RateLimits {
    fn on() -> Result<Self, String> {
        Self::OFF.with(ON)
    }

    const OFF: Self = Self {
        claims: None,
        keys: None,
        rooms: None,
        messages: None,
        searches: None,
        requests: None,
        frames: None,
    };

    fn with(mut self, list: &str) -> Result<Self, String> {
        for item in list.split(',') {
            let (name, rate) = item
                .split_once('=')
                .ok_or_else(|| format!("'{item}' is not NAME=RATE"))?;
            let rate = Some(rate.parse()?);
            match name.trim() {
                "claims" => self.claims = rate,
                "keys" => self.keys = rate,
                "rooms" => self.rooms = rate,
                "messages" => self.messages = rate,
                "searches" => self.searches = rate,
                "requests" => self.requests = rate,
                "frames" => self.frames = rate,
                other => {
                    return Err(format!(
                        "'{other}' is none of claims, keys, rooms, messages, searches, requests, frames"
                    ));
                }
            }
        }
        Ok(self)
    }
}

impl FromStr for RateLimits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "on" => Self::on(),
            "off" => Ok(Self::OFF),
            list => Self::on()?.with(list),
        }
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a rate such as 10/min or 10/s:40");
        let (rate, burst) = text
            .trim()
            .split_once(':')
            .map_or((text.trim(), None), |(rate, burst)| (rate, Some(burst)));
        let (count, unit) = rate.split_once('/').ok_or_else(wrong)?;
        let count: NonZeroU32 = count.parse().map_err(|_| wrong())?;
        let unit = match unit {
            "s" => Duration::from_secs(1),
            "min" => Duration::from_secs(60),
            "h" => Duration::from_secs(3600),
            _ => return Err(wrong()),
        };
        let burst = burst.map_or(Ok(count), |burst| burst.parse().map_err(|_| wrong()))?;
        Ok(Self {
            each: unit / count.get(),
            burst,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_limits_are_on_off_or_changed_one_by_one() {
        let on: RateLimits = "on".parse().expect("on");
        let messages = on.messages.expect("a rate");
        assert_eq!(
            (messages.each, messages.burst.get()),
            (Duration::from_millis(100), 40)
        );
        assert_eq!("off".parse(), Ok(RateLimits::OFF));
        let changed: RateLimits = "claims=2/s".parse().expect("a list");
        assert_eq!(
            changed.claims.map(|rate| (rate.each, rate.burst.get())),
            Some((Duration::from_millis(500), 2))
        );
        assert_eq!(changed.messages, on.messages);
    }

    #[test]
    fn the_help_names_every_limit_that_can_be_changed() {
        let mut cli = Cli::command();
        let serve = cli.find_subcommand_mut("serve").expect("a command");
        let help = serve.render_long_help().to_string();
        assert!(help.contains(ON), "{help}");
    }

    #[test]
    fn a_limit_that_makes_no_sense_is_an_error() {
        for text in [
            "",
            "some",
            "claims",
            "claims=",
            "claims=0/s",
            "claims=1/day",
            "keys=1/s:x",
            "doors=1/s",
        ] {
            assert!(text.parse::<RateLimits>().is_err(), "{text:?}");
        }
    }
}
