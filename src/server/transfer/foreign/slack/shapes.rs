//! What Slack writes, as far as it is read.

use serde::Deserialize;

use crate::domain::Millis;

#[derive(Debug, Deserialize)]
#[serde(default)]
#[derive(Default)]
pub struct User {
    pub id: String,
    pub name: String,
    deleted: bool,
    is_bot: bool,
    is_admin: bool,
    is_owner: bool,
    #[serde(deserialize_with = "or_none")]
    pub profile: Profile,
}

impl User {
    /// Whether they are somebody who could come back. Slack's own program has a fixed number.
    pub fn is_here(&self) -> bool {
        !self.deleted && !self.is_bot && self.id != "USLACKBOT"
    }

    pub fn is_admin(&self) -> bool {
        self.is_admin || self.is_owner
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Profile {
    #[serde(deserialize_with = "or_none")]
    pub display_name: String,
    #[serde(deserialize_with = "or_none")]
    pub real_name: String,
    #[serde(deserialize_with = "or_none")]
    pub email: String,
    /// In messages of people who are in no list.
    #[serde(deserialize_with = "or_none")]
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Channel {
    pub id: String,
    #[serde(deserialize_with = "or_none")]
    pub name: String,
    pub created: i64,
    #[serde(deserialize_with = "or_none")]
    pub creator: String,
    #[serde(deserialize_with = "or_none")]
    pub members: Vec<String>,
    #[serde(deserialize_with = "or_none")]
    pub topic: About,
    #[serde(deserialize_with = "or_none")]
    pub purpose: About,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct About {
    #[serde(deserialize_with = "or_none")]
    pub value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Message {
    #[serde(deserialize_with = "or_none")]
    pub subtype: String,
    pub ts: String,
    pub user: Option<String>,
    #[serde(deserialize_with = "or_none")]
    text: String,
    pub thread_ts: Option<String>,
    #[serde(deserialize_with = "or_none")]
    reply_count: u64,
    edited: Option<Edited>,
    pub reactions: Option<Vec<Reaction>>,
    pub files: Option<Vec<File>>,
    attachments: Option<Vec<Attachment>>,
    /// Of a program's.
    #[serde(deserialize_with = "or_none")]
    username: String,
    bot_profile: Option<Profile>,
    user_profile: Option<Profile>,
    /// Of a notice.
    #[serde(deserialize_with = "or_none")]
    pub topic: String,
    #[serde(deserialize_with = "or_none")]
    pub name: String,
}

impl Message {
    pub fn at(&self) -> Millis {
        millis(&self.ts).unwrap_or(0)
    }

    pub fn edited_at(&self) -> Option<Millis> {
        self.edited.as_ref().and_then(|edited| millis(&edited.ts))
    }

    pub fn begins_a_thread(&self) -> bool {
        self.reply_count > 0 || self.thread_ts.as_deref() == Some(&self.ts)
    }

    /// What it says; of a program's that says nothing itself, what is attached to it.
    pub fn text(&self) -> String {
        if !self.text.trim().is_empty() {
            return self.text.clone();
        }
        let attached = self.attachments.iter().flatten();
        let attached: Vec<String> = attached.map(Attachment::text).collect();
        attached.join("\n").trim().to_owned()
    }

    /// What an author who is in no list was called, the best first.
    pub fn names(&self) -> Vec<&str> {
        let profiles = [&self.user_profile, &self.bot_profile]
            .into_iter()
            .flatten();
        let names = profiles.flat_map(|it| [&it.display_name, &it.real_name, &it.name]);
        let names = [&self.username].into_iter().chain(names);
        names
            .map(String::as_str)
            .filter(|name| !name.trim().is_empty())
            .collect()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Edited {
    #[serde(deserialize_with = "or_none")]
    ts: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Reaction {
    pub name: String,
    #[serde(deserialize_with = "or_none")]
    pub users: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct File {
    #[serde(deserialize_with = "or_none")]
    name: String,
    #[serde(deserialize_with = "or_none")]
    title: String,
}

impl File {
    /// None of a file that is deleted.
    pub fn name(&self) -> Option<&str> {
        let names = [self.name.trim(), self.title.trim()];
        names.into_iter().find(|name| !name.is_empty())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Attachment {
    #[serde(deserialize_with = "or_none")]
    pretext: String,
    #[serde(deserialize_with = "or_none")]
    title: String,
    #[serde(deserialize_with = "or_none")]
    title_link: String,
    #[serde(deserialize_with = "or_none")]
    text: String,
    #[serde(deserialize_with = "or_none")]
    fallback: String,
}

impl Attachment {
    fn text(&self) -> String {
        let title = match (self.title.trim(), self.title_link.trim()) {
            ("", link) => link.to_owned(),
            (title, "") => title.to_owned(),
            (title, link) => format!("<{link}|{title}>"),
        };
        let lines = [self.pretext.trim(), &title, self.text.trim()];
        let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        if lines.is_empty() {
            return self.fallback.trim().to_owned();
        }
        lines.join("\n")
    }
}

/// Slack writes `null` where there is nothing.
fn or_none<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// The time that a message is known by, in milliseconds: seconds with six decimals.
fn millis(ts: &str) -> Option<Millis> {
    let (seconds, rest) = ts.split_once('.').unwrap_or((ts, ""));
    let thousandths = format!("{rest:0<3}");
    let thousandths: Millis = thousandths.get(..3)?.parse().ok()?;
    let seconds: Millis = seconds.parse().ok()?;
    let at = seconds.checked_mul(1_000)?.checked_add(thousandths)?;
    (at >= 0).then_some(at)
}
