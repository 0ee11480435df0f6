//! A browser as far as HTTP goes: cookies, forms, JSON answers. And a person: a browser and one username.

use std::{
    collections::BTreeMap,
    fmt::Display,
    sync::{Arc, Mutex},
};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ureq::{
    Agent,
    http::{HeaderMap, request},
};

use super::{Live, PATIENCE, Refusal, Trust, Value, json, new_id};

/// Form fields in the order they are sent.
pub type Fields<'a> = &'a [(&'a str, Field<'a>)];
pub type Field<'a> = &'a (dyn Display + Sync);

#[derive(Clone)]
pub struct Browser {
    pub server: String,
    /// Whom it believes who a server is, where it speaks HTTPS.
    pub trust: Option<Trust>,
    agent: Agent,
    jar: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Browser {
    pub fn new(server: &str) -> Self {
        let agent = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            // A connection that the last server left behind must not meet the next one.
            .max_idle_connections(0)
            .build()
            .into();
        Self {
            server: server.to_owned(),
            trust: None,
            agent,
            jar: Arc::default(),
        }
    }

    /// One that speaks HTTPS.
    pub fn over_tls(server: &str, trust: Trust) -> Self {
        Self {
            trust: Some(trust),
            ..Self::new(server)
        }
    }

    /// The same browser, cookies and all, after the server has moved.
    pub fn now_at(&self, server: &str) -> Self {
        Self {
            server: server.to_owned(),
            ..self.clone()
        }
    }

    /// The value of the `Cookie` header.
    pub fn cookies(&self) -> String {
        let jar = self.jar.lock().expect("no user of the jar panics");
        jar.iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ")
    }

    pub fn jar(&self) -> BTreeMap<String, String> {
        self.jar.lock().expect("no user of the jar panics").clone()
    }

    pub fn put_cookie(&self, name: &str, value: &str) {
        self.jar
            .lock()
            .expect("no user of the jar panics")
            .insert(name.to_owned(), value.to_owned());
    }

    /// A request to be sent by [`Self::send`] or [`Self::send_form`].
    pub fn request(&self, method: &str, path: &str) -> request::Builder {
        request::Builder::new()
            .method(method)
            .uri(format!("{}{path}", self.server))
    }

    /// Sends a request with this browser's cookies, and keeps those that the answer sets.
    pub async fn send(&self, request: request::Builder, body: impl Into<Vec<u8>>) -> Answer {
        let answer = self.try_send(request, body).await;
        answer.unwrap_or_else(|why| panic!("no answer: {why}"))
    }

    /// The same, where nobody may answer.
    pub async fn try_send(
        &self,
        request: request::Builder,
        body: impl Into<Vec<u8>>,
    ) -> Result<Answer, ureq::Error> {
        let cookies = self.cookies();
        let request = if cookies.is_empty() {
            request
        } else {
            request.header("cookie", cookies)
        };
        let request = request.body(body.into()).expect("a request");
        if let Some(trust) = &self.trust {
            let answer = trust.send(request).await;
            self.keep_cookies(&answer.headers);
            return Ok(answer);
        }
        let agent = self.agent.clone();
        let sent = tokio::task::spawn_blocking(move || {
            let mut response = agent.run(request)?;
            let body = response
                .body_mut()
                .with_config()
                .limit(u64::MAX)
                .read_to_vec()?;
            Ok::<_, ureq::Error>((response, body))
        });
        let (response, body) = sent.await.expect("no panic")?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        self.keep_cookies(&headers);
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    pub async fn send_form(&self, request: request::Builder, fields: Fields<'_>) -> Answer {
        let form = form(fields);
        self.send(
            request.header("content-type", "application/x-www-form-urlencoded"),
            form,
        )
        .await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).header("accept", "text/html"), [])
            .await
    }

    /// Calls a server function as a program does.
    pub async fn call(&self, endpoint: &str, fields: Fields<'_>) -> Answer {
        self.send_form(self.request("POST", &format!("/api/{endpoint}")), fields)
            .await
    }

    /// Submits a plain HTML form that stands on `page`.
    pub async fn submit(&self, page: &str, endpoint: &str, fields: Fields<'_>) -> Answer {
        let request = self
            .request("POST", &format!("/api/{endpoint}"))
            .header(
                "accept",
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            )
            .header("referer", format!("{}{page}", self.server))
            .header("origin", &self.server)
            .header("sec-fetch-site", "same-origin");
        self.send_form(request, fields).await
    }

    /// Asks for the live socket and expects to be refused before it opens.
    pub async fn refused_upgrade(&self, query: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self
            .request("GET", &format!("/live{query}"))
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request, []).await
    }

    pub async fn claim(&self, name: &str) -> Person {
        let answer = self
            .call("claim_username", &[("username", &name)])
            .await
            .ok();
        assert_eq!(answer, json!({ "username": name }));
        Person {
            browser: self.clone(),
            name: name.to_owned(),
        }
    }

    fn keep_cookies(&self, headers: &HeaderMap) {
        let mut jar = self.jar.lock().expect("no user of the jar panics");
        for cookie in headers.get_all("set-cookie") {
            let cookie = cookie.to_str().expect("a readable cookie");
            let (name, value) = cookie
                .split(';')
                .next()
                .and_then(|pair| pair.split_once('='))
                .expect("a cookie");
            let attributes = cookie.to_ascii_lowercase();
            if attributes.contains("max-age=0") || attributes.contains("expires=thu, 01 jan 1970") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// Fields as a form sends them.
fn form(fields: Fields<'_>) -> String {
    let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(&value.to_string())));
    pairs.collect::<Vec<_>>().join("&")
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{} with JSON expected, got: {}", self.status, self.text()))
    }

    /// The value of a header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("a readable header"))
    }

    /// The JSON of a success; `null` where the answer is no JSON.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The page of a success.
    #[track_caller]
    pub fn page(&self) -> String {
        assert_eq!(self.status, 200, "{}", self.text());
        assert!(
            self.header("content-type").starts_with("text/html"),
            "{}",
            self.header("content-type")
        );
        self.text()
    }

    /// Fails the test where this is not the refusal of the contract: its status, its code, a sentence.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status, self.code().as_str()),
            (status, code),
            "{}",
            self.text()
        );
        assert!(
            !self.json()["message"]
                .as_str()
                .unwrap_or_default()
                .is_empty(),
            "{}",
            self.text()
        );
        assert!(
            self.header("content-type").starts_with("application/json"),
            "{}",
            self.header("content-type")
        );
    }

    /// The code of an error.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Where a redirect leads, without this server's address.
    #[track_caller]
    pub fn leads_to(&self) -> String {
        assert_eq!(self.status, 303, "{}", self.text());
        let location = self.header("location");
        match location.split_once("://") {
            Some((_, rest)) => rest[rest.find('/').unwrap_or(rest.len())..].to_owned(),
            None => location.to_owned(),
        }
    }
}

/// A page's text as a person would read it: without tags, scripts and styles, entities decoded.
pub fn visible_text(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let hidden = ["script", "style", "template"]
            .into_iter()
            .find(|tag| rest[1..].starts_with(tag));
        let end = match hidden {
            Some(tag) => rest.find(&format!("</{tag}")).unwrap_or(rest.len()),
            None => 0,
        };
        rest = &rest[end..];
        rest = &rest[rest.find('>').map_or(rest.len(), |at| at + 1)..];
    }
    text.push_str(rest);
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}

/// A username and the browser that holds it.
#[derive(Clone)]
pub struct Person {
    pub browser: Browser,
    pub name: String,
}

impl Person {
    /// The same person after the server has moved.
    pub fn now_at(&self, server: &str) -> Self {
        Self {
            browser: self.browser.now_at(server),
            name: self.name.clone(),
        }
    }

    /// The same, where nobody may answer.
    pub async fn try_call(
        &self,
        endpoint: &str,
        fields: Fields<'_>,
    ) -> Result<Answer, ureq::Error> {
        let mut all: Vec<(&str, Field)> = vec![("me", &self.name)];
        all.extend(fields);
        let request = self
            .browser
            .request("POST", &format!("/api/{endpoint}"))
            .header("content-type", "application/x-www-form-urlencoded");
        self.browser.try_send(request, form(&all)).await
    }

    /// Calls a server function as this person.
    pub async fn call(&self, endpoint: &str, fields: Fields<'_>) -> Answer {
        let mut all: Vec<(&str, Field)> = vec![("me", &self.name)];
        all.extend(fields);
        self.browser.call(endpoint, &all).await
    }

    /// Submits a plain HTML form as this person.
    pub async fn submit(&self, page: &str, endpoint: &str, fields: Fields<'_>) -> Answer {
        let mut all: Vec<(&str, Field)> = vec![("me", &self.name)];
        all.extend(fields);
        self.browser.submit(page, endpoint, &all).await
    }

    /// Creates a room and answers its number.
    pub async fn create(&self, name: &str, key: &str) -> i64 {
        let room = self
            .call("create_room", &[("name", &name), ("key", &key)])
            .await
            .ok();
        room["id"].as_i64().expect("a room has a number")
    }

    /// Joins a room and answers its number.
    pub async fn join(&self, name: &str, key: &str) -> i64 {
        let room = self
            .call("join_room", &[("name", &name), ("key", &key)])
            .await
            .ok();
        room["id"].as_i64().expect("a room has a number")
    }

    pub async fn rooms(&self) -> Vec<Value> {
        self.call("my_rooms", &[])
            .await
            .ok()
            .as_array()
            .expect("a list of rooms")
            .clone()
    }

    /// Posts a message and answers its seq.
    pub async fn post(&self, room: i64, body: &str) -> u64 {
        let posted = self
            .call(
                "post_message",
                &[("room", &room), ("id", &new_id()), ("body", &body)],
            )
            .await
            .ok();
        posted["seq"].as_u64().expect("a seq")
    }

    pub async fn history(&self, room: i64, fields: Fields<'_>) -> Value {
        let mut all: Vec<(&str, Field)> = vec![("room", &room)];
        all.extend(fields);
        self.call("history", &all).await.ok()
    }

    /// Every message after a seq, page by page.
    pub async fn messages_after(&self, room: i64, mut seq: u64) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let page = self
                .history(room, &[("after", &seq), ("limit", &200)])
                .await;
            let messages = page["messages"].as_array().expect("messages");
            all.extend_from_slice(messages);
            if page["more"] == false {
                return all;
            }
            seq = messages
                .last()
                .expect("a page that is not the last has messages")["seq"]
                .as_u64()
                .expect("a seq");
        }
    }

    /// A live socket, past its `hello`.
    pub async fn live(&self) -> Live {
        let mut live = self
            .try_live()
            .await
            .unwrap_or_else(|refusal| panic!("no live socket: {refusal:?}"));
        let hello = live.next().await;
        assert_eq!(
            (&hello["t"], &hello["me"]),
            (&json!("hello"), &json!(self.name))
        );
        live
    }

    /// A live socket that follows a room from its head.
    pub async fn live_in(&self, room: i64) -> Live {
        let mut live = self.live().await;
        live.open(room, None).await;
        live
    }

    pub async fn try_live(&self) -> Result<Live, Refusal> {
        Live::connect(&self.browser, &self.name, None).await
    }
}
