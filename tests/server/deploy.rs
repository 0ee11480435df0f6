//! What is in `deploy/`, used by the programs that it is for.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::support::*;

const NGINX: &str = include_str!("../../deploy/nginx.conf");
const CADDY: &str = include_str!("../../deploy/Caddyfile");
const UNIT: &str = include_str!("../../deploy/latchkey.service");
const SOCKET: &str = include_str!("../../deploy/latchkey.socket");

/// The most that `systemd-analyze security` may find exposed, in tenths.
const EXPOSURE: u32 = 20;

/// Replaces what whoever deploys it is told to change; all of it must be there.
fn changed(text: &str, changes: &[(&str, String)]) -> String {
    let mut text = text.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from:?} is not in:\n{text}");
        text = text.replace(from, to);
    }
    text
}

/// What a browser that trusts the proxy's certificate is answered, headers first.
fn curl(words: &[&str]) -> String {
    let output = Command::new("curl")
        .args([
            "--silent",
            "--insecure",
            "--include",
            "--http1.1",
            "--max-time",
            "5",
        ])
        .args(words)
        .output()
        .expect("curl");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A page, a claim, a live socket and a stranger's request, as they come through a proxy with TLS.
async fn serves_through(proxy: &str) {
    eventually("the proxy answers", async || {
        let page = curl(&[&format!("{proxy}/")]);
        (page.contains("200 OK") && page.contains("Claim")).then_some(())
    })
    .await;
    let origin = format!("Origin: {proxy}");
    let claim = ["--header", &origin, "--data", "username=alice"];
    let claim = curl(&[&claim[..], &[&format!("{proxy}/api/claim_username")]].concat());
    assert!(claim.contains("200 OK"), "{claim}");
    let cookie = claim.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("set-cookie").then_some(value)
    });
    let cookie = cookie.unwrap_or_default();
    assert!(
        cookie.starts_with("__Host-latchkey-") && cookie.contains("; Secure"),
        "the server knows that it is HTTPS: {claim}"
    );
    let cookie = cookie.split(';').next().unwrap_or_default();
    let cookie = format!("Cookie: {cookie}");
    let live = format!("{proxy}/live?me=alice");
    let upgrade = |origin: &str| {
        curl(&[
            "--header",
            "Connection: Upgrade",
            "--header",
            "Upgrade: websocket",
            "--header",
            "Sec-WebSocket-Version: 13",
            "--header",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "--header",
            &cookie,
            "--header",
            origin,
            &live,
        ])
    };
    let socket = upgrade(&origin);
    assert!(
        socket.contains("101 Switching") && socket.contains(r#""t":"hello""#),
        "{socket}"
    );
    let stranger = upgrade("Origin: https://elsewhere.example");
    assert!(stranger.contains("403 Forbidden"), "{stranger}");
}

/// A certificate for this machine that nobody else trusts.
fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ])
        .args(["-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout"])
        .args([&key, Path::new("-out"), &certificate])
        .stderr(Stdio::null())
        .status();
    assert!(made.expect("openssl").success());
    (certificate, key)
}

#[tokio::test]
async fn nginx_serves_it_by_the_file_that_is_given() {
    let (server, folder, port) = (Server::start().await, Folder::new(), free_port());
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (certificate, key) = certificate(folder.path());
    let site = changed(
        NGINX,
        &[
            ("listen 443 ssl", format!("listen 127.0.0.1:{port} ssl")),
            ("listen 80", format!("listen 127.0.0.1:{}", free_port())),
            (
                "server_name chat.example.org",
                "server_name localhost".into(),
            ),
            (
                "/etc/letsencrypt/live/chat.example.org/fullchain.pem",
                certificate.display().to_string(),
            ),
            (
                "/etc/letsencrypt/live/chat.example.org/privkey.pem",
                key.display().to_string(),
            ),
            ("127.0.0.1:3000", server.address().to_owned()),
        ],
    );
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {};\n", at(name)));
    let whole = format!(
        "daemon off;\npid {};\nerror_log {} warn;\nevents {{}}\nhttp {{\naccess_log off;\n{}{site}\n}}\n",
        at("pid"),
        at("error.log"),
        paths.concat(),
    );
    let file = at("nginx.conf");
    fs::write(&file, whole).expect("is written");
    let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default());
    let error_log = at("error.log");
    let words = [
        "-c",
        &file,
        "-p",
        folder.path().to_str().expect("text"),
        "-e",
        &error_log,
    ];
    let _nginx = run(Command::new("nginx").env("PATH", path).args(words));
    serves_through(&format!("https://localhost:{port}")).await;
}

#[tokio::test]
async fn caddy_serves_it_by_the_file_that_is_given() {
    let (server, folder, port) = (Server::start().await, Folder::new(), free_port());
    let site = changed(
        CADDY,
        &[
            (
                "chat.example.org {",
                format!("https://localhost:{port} {{\n\ttls internal"),
            ),
            ("127.0.0.1:3000", server.address().to_owned()),
        ],
    );
    // Nothing of it is for the machine at large.
    let whole = format!(
        "{{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}}\n{site}"
    );
    let file = folder.path().join("Caddyfile");
    fs::write(&file, whole).expect("is written");
    let _caddy = run(Command::new("caddy")
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(&file)
        .env("HOME", folder.path())
        .env("XDG_DATA_HOME", folder.path())
        .env("XDG_CONFIG_HOME", folder.path())
        .stderr(Stdio::null()));
    serves_through(&format!("https://localhost:{port}")).await;
}

/// Where systemd is not there to say so, there is nobody to run it either.
#[test]
fn what_systemd_lets_it_do_is_little() {
    let folder = Folder::new();
    let unit = folder.path().join("latchkey.service");
    fs::write(&unit, UNIT).expect("is written");
    let analyze = |words: &[&str]| {
        let ran = Command::new("systemd-analyze")
            .args(words)
            .arg(&unit)
            .output();
        ran.ok()
    };
    let threshold = format!("--threshold={EXPOSURE}");
    let Some(output) = analyze(&["security", "--offline=true", "--no-pager", &threshold]) else {
        return;
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
fn systemd_understands_the_units() {
    let folder = Folder::new();
    let (unit, socket) = (
        folder.path().join("latchkey.service"),
        folder.path().join("latchkey.socket"),
    );
    let program = env!("CARGO_BIN_EXE_latchkey").to_owned();
    let here = changed(UNIT, &[("/usr/local/bin/latchkey", program)]);
    fs::write(&unit, here).expect("is written");
    fs::write(&socket, SOCKET).expect("is written");
    let verified = Command::new("systemd-analyze")
        .arg("verify")
        .args([&socket, &unit])
        .output();
    let Ok(verified) = verified else {
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(
        verified.status.success() && !said.contains("latchkey."),
        "{said}"
    );
}

/// What the unit starts, with the flags that it starts it with.
#[tokio::test]
async fn the_unit_starts_a_server_that_keeps_its_backups() {
    let start = UNIT.replace("\\\n", " ");
    let start = start
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let words: Vec<_> = start.expect("a command").split_whitespace().collect();
    assert_eq!(words[0], "/usr/local/bin/latchkey");
    let home = Folder::new();
    let state = home.path().join("state");
    fs::create_dir(&state).expect("a folder");
    let words = words[1..]
        .iter()
        .map(|word| word.replace("${STATE_DIRECTORY}", state.to_str().expect("text")));
    let mut command = Command::new(env!("CARGO_BIN_EXE_latchkey"));
    command.args(words).args(["--listen", "127.0.0.1:0"]);
    let server = Server::launched_by(&mut command, home);
    server.person("alice").await;
    eventually("the first backup", async || {
        let mut made = fs::read_dir(state.join("backup")).ok()?;
        made.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().ends_with("Z.db")))
            .then_some(())
    })
    .await;
}
