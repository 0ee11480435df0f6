//! An ACME authority: Let's Encrypt's own test server, Pebble, beside a DNS server by which every name leads to this
//! machine.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use super::{Authority, Browser, Folder, Trust, eventually, free_port, json};

pub struct Pebble {
    programs: [Child; 2],
    folder: Folder,
    port: u16,
    management: u16,
}

impl Pebble {
    /// One that looks who a server is at this port, never signs for `refused.example`, and whose certificates are good
    /// for so many seconds.
    pub async fn start(server: u16, seconds: u64) -> Self {
        Self::start_at(free_port(), server, seconds).await
    }

    /// The same authority, which has forgotten everything.
    pub async fn start_over(mut self, server: u16, seconds: u64) -> Self {
        self.stop();
        Self::start_at(self.port, server, seconds).await
    }

    async fn start_at(port: u16, server: u16, seconds: u64) -> Self {
        let (folder, management, dns) = (Folder::new(), free_port(), free_port());
        let (certificate, key) = Authority::shared().certificate(&["127.0.0.1"]);
        let write = |name: &str, text: String| {
            let file = folder.path().join(name);
            fs::write(&file, text).expect("is written");
            file
        };
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": write("certificate.pem", certificate),
            "privateKey": write("key.pem", key),
            "httpPort": free_port(),
            "tlsPort": server,
            "domainBlocklist": ["refused.example"],
            "certificateValidityPeriod": seconds,
        } });
        let config = write("config.json", config.to_string());
        let dns = format!("127.0.0.1:{dns}");
        let names = run(Command::new("pebble-challtestsrv")
            .args([
                "-dns01",
                &dns,
                "-defaultIPv4",
                "127.0.0.1",
                "-defaultIPv6",
                "",
            ])
            .args(["-http01", "", "-https01", "", "-tlsalpn01", ""])
            .args(["-management", &format!("127.0.0.1:{}", free_port())]));
        let pebble = run(Command::new("pebble")
            .args(["-dnsserver", &dns, "-config"])
            .arg(config)
            .env("PEBBLE_VA_NOSLEEP", "1"));
        let pebble = Self {
            programs: [pebble, names],
            folder,
            port,
            management,
        };
        eventually("Pebble to listen", async || {
            let host = format!("127.0.0.1:{port}");
            Authority::shared().trust().connect(&host).await.ok()
        })
        .await;
        pebble
    }

    /// The flags by which a server orders its certificates here.
    pub fn flags(&self) -> [String; 4] {
        let authorities = self.folder.path().join("authorities.pem");
        fs::write(&authorities, Authority::shared().pem()).expect("is written");
        [
            "--acme-directory".to_owned(),
            format!("https://127.0.0.1:{}/dir", self.port),
            "--acme-ca".to_owned(),
            authorities.display().to_string(),
        ]
    }

    /// What browsers would know it by.
    pub async fn trust(&self) -> Trust {
        let address = format!("https://127.0.0.1:{}", self.management);
        let browser = Browser::over_tls(&address, Authority::shared().trust());
        Trust::in_pem(&browser.get("/roots/0").await.text())
    }

    pub fn stop(&mut self) {
        for program in &mut self.programs {
            // Ended already is as good.
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(command: &mut Command) -> Child {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.spawn().expect("Debian's package pebble is installed")
}
