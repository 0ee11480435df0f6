//! A Slack export, by what Slack documents of it: a ZIP file with lists of people and channels, and a folder for each
//! channel with what was said on a day in a file of its own.
//!
//! Public and private channels come with their members; direct messages stay behind. Answers in a thread answer the
//! message that the thread begins with. Of files the name is told: they are not in an export.

mod archive;
mod shapes;
mod text;

use std::{collections::HashMap, path::Path};

use self::{
    archive::Archive,
    shapes::{Channel, Message, User},
};
use super::brought::{Foreign, Log, Membership, Person, Said};
use crate::{
    domain::{Emoji, RoomId, RoomName, Seq, Topic},
    server::{store::UserId, transfer::ImportError},
};

struct Slack<'a, 'f, 't> {
    archive: Archive,
    to: &'a mut Foreign<'f, 't>,
    people: HashMap<String, Known>,
    /// Programs and guests, by what they were called.
    others: HashMap<String, UserId>,
    channels: HashMap<String, String>,
    /// Who owns a room that has nobody else in it.
    keeper: UserId,
}

struct Known {
    id: UserId,
    name: String,
    here: bool,
}

/// The message that a thread begins with, by its time.
type Threads = HashMap<String, Seq>;

pub fn read(file: &Path, to: &mut Foreign<'_, '_>) -> Result<(), ImportError> {
    let mut slack = Slack {
        archive: Archive::open(file)?,
        to,
        people: HashMap::new(),
        others: HashMap::new(),
        channels: HashMap::new(),
        keeper: 0,
    };
    slack.people()?;
    slack.channels()
}

impl Slack<'_, '_, '_> {
    fn people(&mut self) -> Result<(), ImportError> {
        let mut users: Vec<User> = match self.archive.list("users.json")? {
            Some(users) => users,
            // An organisation's.
            None => self.archive.list("org_users.json")?.ok_or_else(|| {
                ImportError::Whole("it has no users.json: it is no Slack export".to_owned())
            })?,
        };
        // Those who are still there choose their names first.
        users.sort_by_key(|user| (!user.is_here(), !user.is_admin()));
        for user in users {
            let profile = &user.profile;
            let names = [&profile.display_name, &user.name, &profile.real_name];
            let names: Vec<&str> = names
                .iter()
                .map(|name| name.trim())
                .filter(|name| !name.is_empty())
                .collect();
            let (user_id, name) = self.to.person(&Person {
                names: &names,
                mail: if user.is_here() { &profile.email } else { "" },
                here: user.is_here(),
                since: self.to.begun,
            })?;
            if user.is_here() && self.keeper == 0 {
                self.keeper = user_id;
            }
            let known = Known {
                id: user_id,
                name,
                here: user.is_here(),
            };
            self.people.insert(user.id, known);
        }
        if self.keeper == 0 {
            return Err(ImportError::Whole(
                "nobody is there any more who could own its rooms".to_owned(),
            ));
        }
        Ok(())
    }

    fn channels(&mut self) -> Result<(), ImportError> {
        let mut channels: Vec<Channel> = self.archive.list("channels.json")?.unwrap_or_default();
        channels.extend(self.archive.list("groups.json")?.unwrap_or_default());
        for direct in ["dms.json", "mpims.json"] {
            let direct: Vec<Channel> = self.archive.list(direct)?.unwrap_or_default();
            let told = &mut self.to.told;
            told.many_left_out("direct conversations", direct.len() as u64);
            for conversation in direct {
                // Between two it has no name.
                let folders = [&conversation.name, &conversation.id];
                for folder in folders.into_iter().filter(|folder| !folder.is_empty()) {
                    self.archive.days(folder);
                }
            }
        }
        self.channels = channels
            .iter()
            .map(|channel| (channel.id.clone(), channel.name.clone()))
            .collect();
        for (number, channel) in (1..).zip(channels) {
            self.channel(number, &channel)?;
        }
        let told = &mut self.to.told;
        told.many_left_out(
            "days of what is in no list of channels",
            self.archive.days_left(),
        );
        Ok(())
    }

    fn channel(&mut self, number: RoomId, channel: &Channel) -> Result<(), ImportError> {
        let here = |id: &String| self.people.get(id).filter(|known| known.here);
        let members: Vec<UserId> = channel
            .members
            .iter()
            .filter_map(|id| Some(here(id)?.id))
            .collect();
        // Who made it, else whoever comes first in it.
        let creator = here(&channel.creator).map(|known| known.id);
        let owner = creator.filter(|creator| members.contains(creator));
        let owner = owner.or(members.first().copied()).unwrap_or(self.keeper);
        let since = channel.created.saturating_mul(1_000).max(0);
        let about = [&channel.topic.value, &channel.purpose.value];
        let topic = about.into_iter().find(|it| !it.trim().is_empty());
        let topic = topic.map_or("", |topic| topic.as_str());
        let topic = self.markup(topic).text;
        let mut log = self.to.room(number, &channel.name, &topic, owner, since)?;
        let mut threads = Threads::new();
        for day in self.archive.days(&channel.name) {
            let mut messages: Vec<Message> = self.archive.day(day)?;
            messages.sort_by_key(Message::at);
            for message in messages {
                self.message(&mut log, &mut threads, &message)?;
            }
        }
        let head = log.head;
        let members = members.into_iter().map(|who| Membership {
            who,
            since,
            seen: head,
        });
        self.to.members(&log, members.collect())
    }

    fn message(
        &mut self,
        log: &mut Log,
        threads: &mut Threads,
        message: &Message,
    ) -> Result<(), ImportError> {
        let at = message.at();
        let by = self.author(message)?;
        match message.subtype.as_str() {
            "" | "bot_message" | "file_share" | "thread_broadcast" | "me_message"
            | "file_comment" | "file_mention" | "reply_broadcast" => {}
            "channel_join" | "group_join" => {
                return self.to.happened(log, "joined", by, at, String::new());
            }
            "channel_leave" | "group_leave" => {
                return self.to.happened(log, "left", by, at, String::new());
            }
            "channel_topic" | "group_topic" if Topic::parse(&message.topic).is_ok() => {
                let topic = message.topic.trim().to_owned();
                return self.to.happened(log, "topic", by, at, topic);
            }
            "channel_name" | "group_name" if RoomName::parse(&message.name).is_ok() => {
                let name = message.name.trim().to_owned();
                return self.to.happened(log, "renamed", by, at, name);
            }
            "tombstone" => {
                let seq = self.to.deleted(log, by, at)?;
                threads.insert(message.ts.clone(), seq);
                return Ok(());
            }
            _ => {
                self.to.told.left_out("notices of Slack's");
                return Ok(());
            }
        }
        let mut written = self.markup(&message.text());
        if message.subtype == "me_message" && !written.text.contains('\n') {
            written.text = format!("_{}_", written.text);
        }
        for file in message.files.iter().flatten() {
            self.to
                .told
                .left_out("attached files: their names are told");
            if let Some(name) = file.name() {
                let name = super::bodies::escaped(name);
                written.text.push_str(&format!("\n📎 {name}"));
            }
        }
        let begins = message.thread_ts.as_deref().filter(|ts| *ts != message.ts);
        let said = Said {
            by,
            at,
            body: &written.text,
            about: begins.and_then(|ts| threads.get(ts).copied()),
            edited: message.edited_at(),
            mentions: written.mentions,
            reactions: self.reactions(message),
        };
        let seq = self.to.say(log, said)?;
        if let (Some(seq), None) = (seq, begins)
            && message.begins_a_thread()
        {
            threads.insert(message.ts.clone(), seq);
        }
        Ok(())
    }

    /// Who said it: somebody of the list, else a program or a guest, who is known by name only.
    fn author(&mut self, message: &Message) -> Result<UserId, ImportError> {
        let id = message.user.as_deref().unwrap_or_default();
        if let Some(known) = self.people.get(id) {
            return Ok(known.id);
        }
        let names = message.names();
        let other = names.first().copied().unwrap_or(id).to_owned();
        if let Some(&user) = self.others.get(&other) {
            return Ok(user);
        }
        let (user, _) = self.to.person(&Person {
            names: &names,
            mail: "",
            here: false,
            since: message.at(),
        })?;
        self.others.insert(other, user);
        Ok(user)
    }

    fn reactions(&mut self, message: &Message) -> Vec<(Emoji, UserId)> {
        let mut reactions = Vec::new();
        for reaction in message.reactions.iter().flatten() {
            let emoji = text::emoji(&reaction.name).and_then(|emoji| Emoji::parse(emoji).ok());
            for user in &reaction.users {
                match (emoji, self.people.get(user)) {
                    (Some(emoji), Some(known)) => reactions.push((emoji, known.id)),
                    _ => self
                        .to
                        .told
                        .left_out("reactions with an emoji of its own, or of people unknown"),
                }
            }
        }
        reactions
    }

    fn markup(&self, text: &str) -> text::Written {
        text::markup(
            text,
            &|id| {
                let known = self.people.get(id)?;
                Some((known.id, known.name.as_str()))
            },
            &|id| self.channels.get(id).map(String::as_str),
        )
    }
}
