//! A browser's end of the live socket.

use futures_util::{SinkExt, StreamExt};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpSocket,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, protocol::frame::coding::CloseCode},
};

use super::{Browser, PATIENCE, Value, json, tls::address_of, within};

pub struct Live {
    socket: WebSocketStream<Box<dyn Stream>>,
}

/// In the clear or over TLS.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Why there is no socket.
#[derive(Debug)]
pub struct Refusal;

impl Live {
    /// Connects; `window` limits how many bytes the kernel takes in for a reader that does not read.
    pub async fn connect(
        browser: &Browser,
        me: &str,
        window: Option<u32>,
    ) -> Result<Self, Refusal> {
        let (scheme, host) = browser
            .server
            .split_once("://")
            .expect("a server's address");
        let ws = scheme.replace("http", "ws");
        let me = utf8_percent_encode(me, NON_ALPHANUMERIC);
        let mut request = format!("{ws}://{host}/live?me={me}")
            .into_client_request()
            .expect("a socket's address");
        request
            .headers_mut()
            .insert("origin", browser.server.parse().expect("an origin"));
        request.headers_mut().insert(
            "cookie",
            browser.cookies().parse().expect("a cookie header"),
        );
        let tcp = match &browser.trust {
            Some(trust) => trust.socket(),
            None => TcpSocket::new_v4().expect("a TCP socket"),
        };
        if let Some(bytes) = window {
            tcp.set_recv_buffer_size(bytes).expect("a receive buffer");
        }
        let connected = within("a live socket", async {
            let stream = tcp.connect(address_of(host)).await.map_err(|_| Refusal)?;
            stream.set_nodelay(true).map_err(|_| Refusal)?;
            let stream: Box<dyn Stream> = match &browser.trust {
                None => Box::new(stream),
                Some(trust) => Box::new(trust.greet(stream, host).await.map_err(|_| Refusal)?),
            };
            client_async(request, stream).await.map_err(|_| Refusal)
        });
        connected.await.map(|(socket, _)| Self { socket })
    }

    pub async fn send(&mut self, frame: Value) {
        self.send_raw(Message::text(frame.to_string())).await;
    }

    pub async fn send_raw(&mut self, message: Message) {
        // A server that has gone shows in what is read.
        let _ = within("a frame to be taken", self.socket.send(message)).await;
    }

    /// Queues a frame without waiting for the network; `flush` sends what is queued.
    pub async fn feed(&mut self, frame: Value) {
        let _ = within(
            "a frame to be taken",
            self.socket.feed(Message::text(frame.to_string())),
        )
        .await;
    }

    pub async fn flush(&mut self) {
        let _ = within("frames to be taken", self.socket.flush()).await;
    }

    /// The text of the next frame; none once the socket has ended.
    async fn try_next_text(&mut self) -> Option<String> {
        loop {
            match within("a frame", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_) | Message::Frame(_))) => panic!("frames are text"),
                Some(Err(Error::Utf8(why))) => panic!("frames are UTF-8: {why}"),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            }
        }
    }

    pub async fn next_text(&mut self) -> String {
        self.try_next_text().await.expect("the socket to stay open")
    }

    /// The next frame; none once the socket has ended.
    pub async fn try_next(&mut self) -> Option<Value> {
        let text = self.try_next_text().await?;
        Some(serde_json::from_str(&text).unwrap_or_else(|_| panic!("frames are JSON: {text}")))
    }

    pub async fn next(&mut self) -> Value {
        self.try_next().await.expect("the socket to stay open")
    }

    /// The next frame of this kind; those of other kinds on the way are passed over.
    pub async fn frame(&mut self, kind: &str) -> Value {
        self.matching(|frame| frame["t"] == kind).await
    }

    /// The next frame that fits; others on the way are passed over.
    pub async fn matching(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.next().await;
            if fits(&frame) {
                return frame;
            }
        }
    }

    /// Adds frames to those that came before, until all together are enough.
    pub async fn matching_all(
        &mut self,
        frames: &mut Vec<Value>,
        enough: impl Fn(&[Value]) -> bool,
    ) {
        while !enough(frames) {
            frames.push(self.next().await);
        }
    }

    /// Follows a room and answers its `opened`.
    pub async fn open(&mut self, room: i64, after: Option<u64>) -> Value {
        let mut frame = json!({ "t": "open", "room": room });
        if let Some(seq) = after {
            frame["after"] = seq.into();
        }
        self.send(frame).await;
        self.matching(|frame| frame["t"] == "opened" && frame["room"] == room)
            .await
    }

    /// Posts a message without waiting for its `sent`.
    pub async fn post(&mut self, room: i64, id: &str, body: &str) {
        self.send(json!({ "t": "send", "room": room, "id": id, "body": body }))
            .await;
    }

    /// Posts so many messages, and waits until all are confirmed.
    pub async fn post_many(&mut self, room: i64, count: usize, body: &str) {
        const AT_ONCE: usize = 32;
        let (mut sent, mut confirmed) = (0, 0);
        while confirmed < count {
            while sent < count && sent - confirmed < AT_ONCE {
                self.post(room, &super::new_id(), body).await;
                sent += 1;
            }
            self.frame("sent").await;
            confirmed += 1;
        }
    }

    /// The next `count` messages of a room.
    pub async fn messages(&mut self, room: i64, count: usize) -> Vec<Value> {
        let mut messages = Vec::with_capacity(count);
        while messages.len() < count {
            messages.push(
                self.matching(|frame| frame["t"] == "message" && frame["room"] == room)
                    .await,
            );
        }
        messages
    }

    /// The frames that arrive until a message with this body does, that one included.
    pub async fn until_message(&mut self, body: &str) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            frames.push(self.next().await);
            if frames
                .last()
                .is_some_and(|frame| frame["t"] == "message" && frame["body"] == body)
            {
                return frames;
            }
        }
    }

    /// Whatever comes next, of any kind; none once the connection has ended.
    pub async fn try_message(&mut self) -> Option<Message> {
        within("a frame", self.socket.next()).await?.ok()
    }

    /// Sends bytes as they are.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        let stream = self.socket.get_mut();
        stream.write_all(bytes).await.expect("bytes to be taken");
    }

    /// The payload of the next pong.
    pub async fn pong(&mut self) -> String {
        loop {
            if let Some(Ok(Message::Pong(payload))) = within("a pong", self.socket.next()).await {
                return String::from_utf8(payload.to_vec()).expect("the payload that was sent");
            }
        }
    }

    /// Reads on until the server closes, and answers the code it closes with; 1006 where it just hangs up.
    pub async fn closed(&mut self) -> u16 {
        loop {
            match within("the socket to be closed", self.socket.next()).await {
                Some(Ok(Message::Close(frame))) => {
                    return frame.map_or(1005, |frame| u16::from(frame.code));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return u16::from(CloseCode::Abnormal),
            }
        }
    }

    /// Sends what the server will not take and answers the code that it closes with.
    pub async fn closed_by(self, message: Message) -> u16 {
        let (mut sink, mut stream) = self.socket.split();
        let sending = async {
            // It is cut off where the server stops reading.
            let _ = sink.send(message).await;
            std::future::pending().await
        };
        let closing = async {
            loop {
                match stream.next().await {
                    Some(Ok(Message::Close(frame))) => {
                        return frame.map_or(1005, |frame| u16::from(frame.code));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return u16::from(CloseCode::Abnormal),
                }
            }
        };
        within("the socket to be closed", async {
            tokio::select! {
                code = closing => code,
                code = sending => code,
            }
        })
        .await
    }

    /// Says nothing, pings included, until the server hangs up; answers the bytes that it sent until then.
    pub async fn kept_silent(self) -> Vec<u8> {
        let mut stream = self.socket.into_inner();
        let mut bytes = Vec::new();
        let hung_up = stream.read_to_end(&mut bytes);
        match tokio::time::timeout(3 * PATIENCE, hung_up).await {
            Ok(_) => bytes,
            Err(_) => panic!("the server still waits"),
        }
    }

    /// Sends bytes that may be no WebSocket frames, and waits until the server hangs up.
    pub async fn broken_by(mut self, bytes: &[u8]) {
        self.send_bytes(bytes).await;
        let mut stream = self.socket.into_inner();
        let mut rest = Vec::new();
        // Whether it closes or resets the connection is the server's to choose.
        let _ = within("the server to hang up", stream.read_to_end(&mut rest)).await;
    }
}
