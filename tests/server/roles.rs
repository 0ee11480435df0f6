//! Who may do what: the one table of the domain, asked of the server for everybody and everything, over HTTP, over the
//! live socket and of the pages.

use latchkey::domain::{Code, Deed, Posting, Role};

use crate::support::{Answer, Field, Person, Server, Value, json, new_id};

/// What somebody is to a room.
#[derive(Clone, Copy, Debug)]
enum State {
    Member(Role),
    /// Was in it, and was shown out.
    Removed,
    /// Never was in it.
    Stranger,
    /// Has a cookie whose session has ended.
    Ended,
    /// Was in it when it was deleted.
    Bereft,
}

impl State {
    /// What they are told who want that; `Ok` where it is done.
    fn expects(self, deed: Deed) -> Result<(), Code> {
        match self {
            Self::Member(role) if role.may(deed) => Ok(()),
            Self::Member(_) => Err(deed.refusal()),
            Self::Removed | Self::Stranger | Self::Bereft => Err(Code::NoSuchRoom),
            Self::Ended => Err(Code::NotMe),
        }
    }

    /// The same for those who only look.
    fn sees(self) -> Result<(), Code> {
        match self {
            Self::Member(_) => Ok(()),
            Self::Removed | Self::Stranger | Self::Bereft => Err(Code::NoSuchRoom),
            Self::Ended => Err(Code::NotMe),
        }
    }
}

struct Scene {
    room: i64,
    owner: Person,
    /// A member whom things are done to.
    target: Person,
    cast: Vec<(State, Person)>,
}

const KEY: &str = "sesame";

impl Scene {
    async fn new(server: &Server) -> Self {
        let owner = server.person("owner").await;
        let room = owner.create("stage", KEY).await;
        let mut cast = vec![(State::Member(Role::Owner), owner.clone())];
        for (name, state) in [
            ("moderator", State::Member(Role::Moderator)),
            ("member", State::Member(Role::Member)),
            ("removed", State::Removed),
        ] {
            let person = server.person(name).await;
            person.join("stage", KEY).await;
            cast.push((state, person));
        }
        cast.push((State::Stranger, server.person("stranger").await));
        let ended = server.person("ended").await;
        ended.join("stage", KEY).await;
        let cookies = ended.browser.jar();
        ended.call("give_up_username", &[]).await.ok();
        for (name, value) in cookies {
            ended.browser.put_cookie(&name, &value);
        }
        cast.push((State::Ended, ended));
        let target = server.person("target").await;
        target.join("stage", KEY).await;
        let scene = Self {
            room,
            owner,
            target,
            cast,
        };
        scene.make("moderator", Role::Moderator).await;
        scene
            .by_owner("remove_member", &[("who", &"removed")])
            .await;
        scene
    }

    async fn by_owner(&self, endpoint: &str, fields: &[(&str, Field<'_>)]) -> Value {
        let mut all: Vec<(&str, Field)> = vec![("room", &self.room)];
        all.extend(fields);
        self.owner.call(endpoint, &all).await.ok()
    }

    async fn make(&self, who: &str, role: Role) {
        let role = role.as_str();
        self.by_owner("set_role", &[("who", &who), ("role", &role)])
            .await;
    }

    /// Puts everything back that a deed may have changed.
    async fn tidy_up(&self) {
        if self.target.rooms().await.is_empty() {
            self.target.join("stage", KEY).await;
        }
        let rooms = self.owner.rooms().await;
        if rooms[0]["owned"] == false {
            let target = [
                ("room", &self.room as Field),
                ("who", &"owner"),
                ("role", &"owner"),
            ];
            self.target.call("set_role", &target).await.ok();
        }
        self.make("target", Role::Member).await;
        self.make("moderator", Role::Moderator).await;
        let name = [("name", &"stage" as Field)];
        self.by_owner("rename_room", &name).await;
    }

    /// A message of somebody's; of the owner's where they cannot say anything.
    async fn said_by(&self, person: &Person) -> u64 {
        let fields: [(&str, Field); 2] = [("room", &self.room), ("body", &"something")];
        let answer = person.call("post_message", &fields).await;
        match answer.status {
            200 => answer.ok()["seq"].as_u64().expect("a seq"),
            _ => self.owner.post(self.room, "something").await,
        }
    }
}

/// Fails the test where that is not what was expected.
fn check(answer: &Answer, expected: Result<(), Code>, what: &str) {
    let told = match answer.status {
        200 => Ok(()),
        _ => Err(answer.code()),
    };
    let code = |code| json!(code).as_str().unwrap_or_default().to_owned();
    assert_eq!(told, expected.map_err(code), "{what}: {}", answer.text());
    if let Err(code) = expected {
        assert_eq!(answer.status, code.status(), "{what}");
    }
}

/// The fields of a form.
type Typed = Vec<(&'static str, String)>;

/// What is done to the room, and the role that the target has before it.
fn deeds() -> Vec<(Deed, Role, &'static str, Typed)> {
    let field = |name, value: &str| (name, value.to_owned());
    let (member, moderator) = (Role::Member, Role::Moderator);
    let who = || field("who", "target");
    vec![
        (
            Deed::Rename,
            member,
            "rename_room",
            vec![field("name", "scene")],
        ),
        (
            Deed::SetTopic,
            member,
            "set_topic",
            vec![field("topic", &new_id())],
        ),
        (Deed::Invite, member, "new_invite", vec![field("uses", "1")]),
        (Deed::Invite, member, "invites", vec![]),
        (
            Deed::Invite,
            member,
            "end_invite",
            vec![field("invite", "inv_1")],
        ),
        (
            Deed::Remove { whom: member },
            member,
            "remove_member",
            vec![who()],
        ),
        (
            Deed::Remove { whom: moderator },
            moderator,
            "remove_member",
            vec![who()],
        ),
        (
            Deed::Remove { whom: Role::Owner },
            member,
            "remove_member",
            vec![field("who", "owner")],
        ),
        (
            Deed::ChangeKey,
            member,
            "change_key",
            vec![field("key", KEY)],
        ),
        (
            Deed::SetRole,
            member,
            "set_role",
            vec![who(), field("role", "moderator")],
        ),
        (
            Deed::SetRole,
            moderator,
            "set_role",
            vec![who(), field("role", "member")],
        ),
        (
            Deed::SetRole,
            member,
            "set_role",
            vec![who(), field("role", "owner")],
        ),
        (
            Deed::SetPosting,
            member,
            "set_posting",
            vec![field("posting", "everyone")],
        ),
        (
            Deed::SetKeep,
            member,
            "set_keep",
            vec![field("days", "365")],
        ),
    ]
}

#[tokio::test]
async fn what_is_done_to_a_room_is_done_for_whom_the_table_lets_and_for_nobody_else() {
    let server = Server::start().await;
    let scene = Scene::new(&server).await;
    let room = scene.room;
    for (deed, role, endpoint, fields) in deeds() {
        for (state, person) in &scene.cast {
            scene.make("target", role).await;
            let mut all: Vec<(&str, Field)> = vec![("room", &room)];
            all.extend(fields.iter().map(|(name, value)| (*name, value as Field)));
            let answer = person.call(endpoint, &all).await;
            let what = format!("{deed:?} by {state:?}");
            check(&answer, state.expects(deed), &what);
            scene.tidy_up().await;
        }
    }
    // Last of all: nobody can do anything in a room that is gone.
    let mut cast = scene.cast.clone();
    cast.reverse();
    for (state, person) in &cast {
        let answer = person.call("delete_room", &[("room", &room)]).await;
        check(
            &answer,
            state.expects(Deed::DeleteRoom),
            &format!("deletion by {state:?}"),
        );
    }
    for (deed, _, endpoint, fields) in deeds() {
        for (state, person) in &scene.cast {
            let state = match state {
                State::Member(_) => State::Bereft,
                state => *state,
            };
            let mut all: Vec<(&str, Field)> = vec![("room", &room)];
            all.extend(fields.iter().map(|(name, value)| (*name, value as Field)));
            let answer = person.call(endpoint, &all).await;
            check(
                &answer,
                state.expects(deed),
                &format!("{deed:?} by {state:?}"),
            );
        }
    }
}

#[tokio::test]
async fn what_is_said_and_taken_back_is_so_over_http_and_over_the_socket() {
    let server = Server::start().await;
    let scene = Scene::new(&server).await;
    let room = scene.room;
    for posting in [Posting::Everyone, Posting::Moderators] {
        let told = [("posting", &posting.as_str() as Field)];
        scene.by_owner("set_posting", &told).await;
        for (state, person) in &scene.cast {
            let deed = Deed::Post { posting };
            let answer = person
                .call("post_message", &[("room", &room), ("body", &"hello")])
                .await;
            check(
                &answer,
                state.expects(deed),
                &format!("{deed:?} by {state:?}"),
            );
            let frame = json!({ "t": "send", "room": room, "id": new_id(), "body": "hello" });
            over_the_socket(*state, person, deed, frame).await;
        }
    }
    let everyone = [("posting", &"everyone" as Field)];
    scene.by_owner("set_posting", &everyone).await;
    for own in [true, false] {
        for (state, person) in &scene.cast {
            let author = if own { person } else { &scene.target };
            let own = own && matches!(state, State::Member(_));
            for (deed, endpoint, body) in [
                (Deed::Edit { own }, "edit_message", "other words"),
                (Deed::Erase { own }, "delete_message", ""),
            ] {
                let seq = scene.said_by(author).await;
                let fields: [(&str, Field); 3] = [("room", &room), ("seq", &seq), ("body", &body)];
                let answer = person.call(endpoint, &fields).await;
                check(
                    &answer,
                    state.expects(deed),
                    &format!("{deed:?} by {state:?}"),
                );
                let seq = scene.said_by(author).await;
                let frame = match deed {
                    Deed::Edit { .. } => {
                        json!({ "t": "edit", "room": room, "id": new_id(), "of": seq, "body": body })
                    }
                    _ => json!({ "t": "delete", "room": room, "id": new_id(), "of": seq }),
                };
                over_the_socket(*state, person, deed, frame).await;
            }
        }
    }
}

/// Asks for something over a live socket; whose session has ended gets none.
async fn over_the_socket(state: State, person: &Person, deed: Deed, frame: Value) {
    let what = format!("{deed:?} by {state:?} over the socket");
    let Ok(mut live) = person.try_live().await else {
        assert!(matches!(state, State::Ended), "{what}");
        return;
    };
    let id = frame["id"].clone();
    live.send(frame).await;
    let answer = live
        .matching(|frame| frame["id"] == id && frame["t"] != "message")
        .await;
    let told = match answer["t"].as_str() {
        Some("sent") => Ok(()),
        _ => Err(answer["code"].clone()),
    };
    assert_eq!(
        told,
        state.expects(deed).map_err(|code| json!(code)),
        "{what}"
    );
}

#[tokio::test]
async fn a_room_is_read_by_its_members_alone() {
    let server = Server::start().await;
    let scene = Scene::new(&server).await;
    let room = scene.room;
    scene.owner.post(room, "a secret").await;
    let read = async |states: &[(State, Person)]| {
        for (state, person) in states {
            let asked: [(&str, Vec<(&str, Field)>); 5] = [
                ("history", vec![("room", &room)]),
                ("changes", vec![("room", &room), ("since", &0)]),
                ("members", vec![("room", &room)]),
                ("search", vec![("room", &room), ("words", &"secret")]),
                ("seen", vec![("room", &room), ("seq", &1)]),
            ];
            for (endpoint, fields) in asked {
                let answer = person.call(endpoint, &fields).await;
                check(&answer, state.sees(), &format!("{endpoint} by {state:?}"));
                assert!(state.sees().is_ok() || !answer.text().contains("a secret"));
            }
            for page in ["", "/settings", "?at=1"] {
                let path = format!("/@{}/rooms/stage{page}", person.name);
                let page = person.browser.get(&path).await;
                let status = state.sees().map_or_else(Code::status, |()| 200);
                assert_eq!(page.status, status, "{path} by {state:?}");
                assert!(state.sees().is_ok() || !page.text().contains("a secret"));
            }
            let Ok(mut live) = person.try_live().await else {
                assert!(matches!(state, State::Ended), "{state:?}");
                continue;
            };
            live.send(json!({ "t": "open", "room": room, "after": 0 }))
                .await;
            let told = live
                .matching(|frame| frame["t"] == "opened" || frame["t"] == "refused")
                .await;
            assert_eq!(told["t"] == "opened", state.sees().is_ok(), "{state:?}");
        }
    };
    read(&scene.cast).await;
    scene.by_owner("delete_room", &[]).await;
    let bereft: Vec<_> = scene
        .cast
        .iter()
        .map(|(state, person)| match state {
            State::Member(_) => (State::Bereft, person.clone()),
            state => (*state, person.clone()),
        })
        .collect();
    read(&bereft).await;
}
