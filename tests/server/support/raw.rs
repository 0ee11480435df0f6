//! Connections that speak HTTP badly, or not at all.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use super::{PATIENCE, Server, within};

pub struct Raw(TcpStream);

impl Raw {
    /// A connection from one of this machine's own addresses, 127.0.0.`last`.
    pub async fn connect(server: &Server, last: u8) -> Self {
        Self::try_connect(server.address(), last)
            .await
            .expect("a connection")
    }

    pub async fn try_connect(address: &str, last: u8) -> Option<Self> {
        let socket = TcpSocket::new_v4().ok()?;
        socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).ok()?;
        let stream = socket.connect(address.parse().ok()?).await.ok()?;
        Some(Self(stream))
    }

    /// Sends bytes; whether the server took them.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// All that the server sends until it hangs up.
    pub async fn rest(mut self) -> String {
        let mut bytes = Vec::new();
        // A reset is a way to hang up.
        let _ = within("the server to hang up", self.0.read_to_end(&mut bytes)).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What the server sends within a moment.
    pub async fn answer(&mut self, patience: Duration) -> String {
        let mut bytes = vec![0; 64 * 1024];
        let read = tokio::time::timeout(patience.min(PATIENCE), self.0.read(&mut bytes)).await;
        let n = read.ok().and_then(Result::ok).unwrap_or(0);
        String::from_utf8_lossy(&bytes[..n]).into_owned()
    }
}
