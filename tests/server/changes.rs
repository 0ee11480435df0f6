//! Catching up: what entries have made of messages since a reader was last there, and one room for every reader,
//! however they come to it.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use crate::support::*;

#[tokio::test]
async fn changes_are_the_messages_that_entries_touched_as_they_are_now() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    for n in 1..=5 {
        alice.post(room, &format!("{n}")).await;
    }
    for (seq, body) in [(2, "two"), (4, "four"), (2, "TWO")] {
        let fields: [(&str, Field); 3] = [("room", &room), ("seq", &seq), ("body", &body)];
        alice.call("edit_message", &fields).await.ok();
    }
    let changes = async |since: u64, limit: u64| {
        let fields: [(&str, Field); 3] = [("room", &room), ("since", &since), ("limit", &limit)];
        alice.call("changes", &fields).await.ok()
    };
    let all = changes(5, 50).await;
    let bodies: Vec<_> = all["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|message| message["body"].clone())
        .collect();
    assert_eq!(bodies, ["TWO", "four"]);
    assert_eq!(
        (&all["to"], &all["more"], &all["head"]),
        (&json!(8), &json!(false), &json!(8))
    );
    // Page by page, a message that was touched in two pages is in both.
    let first = changes(4, 1).await;
    assert_eq!(seqs(first["messages"].as_array().expect("messages")), [5]);
    assert_eq!((&first["to"], &first["more"]), (&json!(5), &json!(true)));
    let none = changes(8, 50).await;
    assert_eq!(
        (&none["messages"], &none["to"], &none["more"]),
        (&json!([]), &json!(8), &json!(false))
    );
    assert_eq!(changes(999, 50).await["to"], 8);
    let eve = server.person("eve").await;
    eve.call("changes", &[("room", &room), ("since", &0)])
        .await
        .refused(404, "no_such_room");
    alice
        .call("changes", &[("room", &room), ("since", &0), ("limit", &0)])
        .await
        .refused(400, "bad_request");
}

#[tokio::test]
async fn history_around_a_message_says_whether_there_is_more_on_either_side() {
    let server = Server::start().await;
    let alice = server.person("alice").await;
    let room = alice.create("general", "sesame").await;
    for n in 1..=9 {
        alice.post(room, &format!("{n}")).await;
    }
    let around = async |seq: u64, limit: u64| {
        let page = alice
            .history(room, &[("around", &seq), ("limit", &limit)])
            .await;
        let seqs = seqs(page["messages"].as_array().expect("messages"));
        (
            seqs,
            page["more"] == true,
            page["newer"] == true,
            page["head"].clone(),
        )
    };
    assert_eq!(around(5, 4).await, (vec![4, 5, 6, 7], true, true, json!(9)));
    assert_eq!(around(1, 4).await, (vec![1, 2, 3], false, true, json!(9)));
    assert_eq!(around(9, 4).await, (vec![8, 9], true, false, json!(9)));
    assert_eq!(
        around(5, 50).await,
        ((1..=9).collect(), false, false, json!(9))
    );
    let both: [(&str, Field); 3] = [("room", &room), ("around", &5), ("before", &5)];
    alice
        .call("history", &both)
        .await
        .refused(400, "bad_request");
}

/// A room as a reader has it: every message by its seq, and up to which entry it is as it was then.
#[derive(Default)]
struct Reader {
    messages: BTreeMap<u64, (u64, Value)>,
    /// Who came and went.
    comings: BTreeMap<u64, String>,
    cursor: u64,
}

impl Reader {
    fn take_page(&mut self, page: &Value) {
        let head = page["head"].as_u64().expect("a head");
        for message in page["messages"].as_array().expect("messages") {
            let seq = message["seq"].as_u64().expect("a seq");
            self.put(seq, head, message.clone());
        }
    }

    fn put(&mut self, seq: u64, as_of: u64, message: Value) {
        let quote = (message["deleted"] != true).then(|| message["body"].clone());
        self.messages.insert(seq, (as_of, message));
        self.requote(seq, as_of, &quote.unwrap_or(json!("")));
    }

    /// Whatever answers a message shows it as it is.
    fn requote(&mut self, of: u64, as_of: u64, body: &Value) {
        let body: String = body
            .as_str()
            .unwrap_or_default()
            .chars()
            .take(140)
            .collect();
        for (known, message) in self.messages.values_mut() {
            if message["re"]["seq"] == of && *known <= as_of {
                message["re"]["body"] = json!(body);
            }
        }
    }

    fn take(&mut self, frame: &Value) {
        let Some(seq) = frame["seq"].as_u64() else {
            return;
        };
        let kind = frame["t"].as_str().unwrap_or_default();
        if ![
            "message",
            "edited",
            "deleted_message",
            "reacted",
            "joined",
            "left",
        ]
        .contains(&kind)
        {
            return;
        }
        assert_eq!(seq, self.cursor + 1, "in order, each once: {frame}");
        self.cursor = seq;
        let of = frame["of"].as_u64().unwrap_or_default();
        match kind {
            "message" => {
                let mut message = frame.clone();
                message.as_object_mut().expect("an object").remove("t");
                if self
                    .messages
                    .get(&seq)
                    .is_none_or(|(as_of, _)| *as_of < seq)
                {
                    self.messages.insert(seq, (seq, message));
                }
            }
            "joined" | "left" => {
                self.comings.insert(seq, format!("{} {kind}", frame["who"]));
            }
            _ => {
                if let Some((as_of, message)) = self.messages.get_mut(&of)
                    && *as_of < seq
                {
                    *as_of = seq;
                    fold(message, frame);
                }
                match kind {
                    "edited" => self.requote(of, seq, &frame["body"]),
                    "deleted_message" => self.requote(of, seq, &json!("")),
                    _ => {}
                }
            }
        }
    }

    fn room(&self) -> Vec<Value> {
        self.messages
            .values()
            .map(|(_, message)| message.clone())
            .collect()
    }
}

fn fold(message: &mut Value, frame: &Value) {
    if message["deleted"] == true {
        return;
    }
    match frame["t"].as_str().unwrap_or_default() {
        "edited" => {
            message["body"] = frame["body"].clone();
            message["edited"] = frame["at"].clone();
        }
        "deleted_message" => {
            message["body"] = json!("");
            message["deleted"] = json!(true);
            let message = message.as_object_mut().expect("an object");
            for field in ["re", "edited", "reactions"] {
                message.remove(field);
            }
        }
        _ => {
            let (emoji, by, on) = (&frame["emoji"], &frame["by"], frame["on"] == true);
            let mut kinds = message["reactions"].as_array().cloned().unwrap_or_default();
            match kinds.iter_mut().find(|kind| kind["emoji"] == *emoji) {
                Some(kind) => {
                    let people = kind["by"].as_array_mut().expect("people");
                    people.retain(|name| name != by);
                    if on {
                        people.push(by.clone());
                    }
                }
                None if on => kinds.push(json!({ "emoji": emoji, "by": [by] })),
                None => {}
            }
            kinds.retain(|kind| kind["by"] != json!([]));
            let message = message.as_object_mut().expect("an object");
            if kinds.is_empty() {
                message.remove("reactions");
            } else {
                message.insert("reactions".into(), json!(kinds));
            }
        }
    }
}

/// Closes the hole before `from` and reads on to the head.
async fn read_on(who: &Person, room: i64, reader: &mut Reader) {
    let mut live = who.live().await;
    let opened = live.open(room, Some(reader.cursor)).await;
    let from = opened["from"].as_u64().expect("a seq");
    while reader.cursor + 1 < from {
        let fields: [(&str, Field); 3] =
            [("room", &room), ("since", &reader.cursor), ("limit", &7)];
        let changes = who.call("changes", &fields).await.ok();
        reader.take_page(&changes);
        reader.cursor = changes["to"].as_u64().expect("a seq").min(from - 1);
    }
    let head = opened["head"].as_u64().expect("a head");
    while reader.cursor < head {
        reader.take(&live.next().await);
    }
}

#[tokio::test]
async fn every_reader_comes_to_the_same_room_however_it_was_cut_also_after_a_crash() {
    let mut server = Server::start().await;
    let mut people = Vec::new();
    for n in 0..4 {
        people.push(server.person(&format!("person{n}")).await);
    }
    let room = people[0].create("general", "sesame").await;
    for person in &people[1..] {
        person.join("general", "sesame").await;
    }
    // More than a tail holds when it is read anew, so that there are holes to close.
    for n in 0..300 {
        people[0].post(room, &format!("long ago {n}")).await;
    }
    let (mut often, mut seldom) = (Reader::default(), Reader::default());
    for round in 0..6 {
        let work = people.iter().enumerate().map(|(n, person)| async move {
            for step in 0..12 {
                let newest = person.rooms().await[0]["head"].as_u64().expect("a head");
                let seq = newest - chance(newest.min(60));
                // Much of this is refused: what was deleted, what is another's, what is no message.
                let answer = match chance(8) {
                    0 | 1 => {
                        person
                            .call(
                                "post_message",
                                &[("room", &room), ("body", &format!("{round}.{n}.{step}"))],
                            )
                            .await
                    }
                    2 => {
                        person
                            .call(
                                "post_message",
                                &[("room", &room), ("re", &seq), ("body", &"an answer")],
                            )
                            .await
                    }
                    3 => {
                        person
                            .call(
                                "edit_message",
                                &[
                                    ("room", &room),
                                    ("seq", &seq),
                                    ("body", &format!("edited {step}")),
                                ],
                            )
                            .await
                    }
                    4 if step % 3 == 0 => {
                        person
                            .call("delete_message", &[("room", &room), ("seq", &seq)])
                            .await
                    }
                    5 if n == 3 && step % 4 == 0 => {
                        person.call("leave_room", &[("room", &room)]).await.ok();
                        person
                            .call("join_room", &[("name", &"general"), ("key", &"sesame")])
                            .await
                    }
                    _ => {
                        let (emoji, on) = (["👍", "🎉", "👀"][chance(3) as usize], chance(3) > 0);
                        person
                            .call(
                                "react",
                                &[
                                    ("room", &room),
                                    ("seq", &seq),
                                    ("emoji", &emoji),
                                    ("on", &on),
                                ],
                            )
                            .await
                    }
                };
                assert!(
                    [200, 403, 404].contains(&answer.status),
                    "{}",
                    answer.text()
                );
            }
        });
        tokio::join!(join_all(work), read_on(&people[1], room, &mut often));
        if round % 2 == 1 {
            read_on(&people[2], room, &mut seldom).await;
        }
        if round == 3 {
            server.kill();
            server = server.restart().await;
            people = people
                .iter()
                .map(|person| person.now_at(&server.url))
                .collect();
        }
    }
    read_on(&people[1], room, &mut often).await;
    read_on(&people[2], room, &mut seldom).await;
    let stored = people[0].messages_after(room, 0).await;
    let mut late = Reader::default();
    read_on(&people[0], room, &mut late).await;
    assert_eq!(often.room(), stored, "one that read all the while");
    assert_eq!(seldom.room(), stored, "one that came now and then");
    assert_eq!(late.room(), stored, "one that came last");
    let mut paged = Reader::default();
    let mut page = people[0].history(room, &[("limit", &20)]).await;
    paged.take_page(&page);
    while page["more"] == true {
        let before = *paged.messages.keys().next().expect("a message");
        page = people[0]
            .history(room, &[("before", &before), ("limit", &200)])
            .await;
        paged.take_page(&page);
    }
    assert_eq!(paged.room(), stored, "one that paged back");
    assert_eq!(often.comings, late.comings);
    server.is_well().await;
}
