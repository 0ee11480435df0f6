//! What this process tells the others of who is here, and what they tell of who is there.

use super::{
    Presence, State,
    known::Changed,
    others::{ProcessId, Sighting},
};

impl Presence {
    /// From now on the other processes are to be told of what happens here.
    pub fn tell_others(&self) {
        self.state().news.get_or_insert_default();
    }

    /// What they are to be told that they have not been.
    pub fn news(&self) -> Vec<Sighting> {
        let mut state = self.state();
        state.news.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// All who are connected here, in each of their rooms.
    pub fn all_here(&self) -> Vec<Sighting> {
        let state = self.state();
        let users = state.users.iter();
        let sightings = users.flat_map(|(&user, connected)| {
            connected.rooms.iter().map(move |&room| Sighting {
                room,
                user,
                name: connected.name.clone(),
                here: true,
            })
        });
        sightings.collect()
    }

    /// Takes what another process tells. Answers the rooms where that changes who is there.
    pub fn elsewhere(&self, process: ProcessId, sightings: Vec<Sighting>) -> Vec<Changed> {
        let state = &mut *self.state();
        let sightings = sightings.into_iter();
        sightings
            .filter_map(|sighting| state.sighted(process, sighting))
            .collect()
    }

    /// Forgets whom a process has told of. Answers the rooms where that changes who is there.
    pub fn forget(&self, process: ProcessId) -> Vec<Changed> {
        let state = &mut *self.state();
        let users = state.others.rooms.remove(&process).unwrap_or_default();
        let mut changed = Vec::new();
        for (user, rooms) in users {
            for room in rooms {
                state.others.leave(user);
                state.change(room, |known| {
                    if known.exit(user) {
                        changed.push(known.changed(room));
                    }
                });
            }
        }
        changed
    }
}

impl State {
    fn sighted(&mut self, process: ProcessId, sighting: Sighting) -> Option<Changed> {
        let Sighting {
            room,
            user,
            name,
            here,
        } = sighting;
        if !self.others.note(process, user, room, here) {
            return None;
        }
        if here {
            self.rooms.entry(room).or_default();
        }
        let mut changed = None;
        self.change(room, |known| {
            let moved = if here {
                known.enter(user, name)
            } else {
                known.exit(user)
            };
            changed = moved.then(|| known.changed(room));
        });
        changed
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::{
        domain::RoomId,
        protocol::ServerFrame,
        server::store::{Membership, Session, Standing, User, UserId},
    };

    fn there(presence: &Presence, room: RoomId) -> Vec<String> {
        match presence.frame(room) {
            ServerFrame::Presence { online, .. } => online,
            _ => panic!("not a presence frame"),
        }
    }

    /// User 7, who is a member of room 1.
    fn membership() -> Membership {
        Membership {
            session: Session {
                id: 1,
                user: User {
                    id: 7,
                    name: "user7".to_owned(),
                },
            },
            rooms: vec![Standing {
                room: 1,
                head: 0,
                said: 0,
            }],
        }
    }

    fn sighting(user: UserId, here: bool) -> Sighting {
        Sighting {
            room: 1,
            user,
            name: format!("user{user}"),
            here,
        }
    }

    #[test]
    fn somebody_is_there_as_long_as_one_process_says_so_and_each_is_named_once() {
        let presence = Presence::default();
        presence.connect(&membership(), 0);
        assert!(presence.elsewhere(100, vec![sighting(7, true)]).is_empty());
        assert_eq!(presence.elsewhere(100, vec![sighting(8, true)]).len(), 1);
        assert!(presence.elsewhere(200, vec![sighting(8, true)]).is_empty());
        assert!(
            presence.elsewhere(200, vec![sighting(8, true)]).is_empty(),
            "again"
        );
        assert_eq!(there(&presence, 1), ["user7", "user8"]);
        assert!(
            presence.disconnect(7, 0).is_empty(),
            "the other process has them"
        );
        assert_eq!(presence.who_is_online([7, 8, 9]), [true, true, false]);
        assert!(presence.forget(100).iter().all(|changed| changed.room == 1));
        assert_eq!(there(&presence, 1), ["user8"]);
        assert_eq!(presence.elsewhere(200, vec![sighting(8, false)]).len(), 1);
        assert_eq!(presence.count(1), 0);
        assert!(presence.state().rooms.is_empty() && presence.state().others.users.is_empty());
        presence.elsewhere(200, vec![sighting(8, true)]);
        presence.deleted(1);
        assert_eq!(presence.who_is_online([8]), [false], "the room is gone");
        let others = &presence.state().others;
        assert!(others.users.is_empty() && others.rooms.values().all(HashMap::is_empty));
    }

    #[test]
    fn what_happens_here_is_told_in_its_order_once_somebody_listens() {
        let presence = Presence::default();
        presence.tell_others();
        presence.connect(&membership(), 0);
        assert_eq!(presence.all_here(), [sighting(7, true)]);
        presence.left(1, 7);
        presence.joined(1, 7);
        presence.disconnect(7, 0);
        let told: Vec<_> = presence.news().into_iter().map(|news| news.here).collect();
        assert_eq!(told, [true, false, true, false]);
        assert!(presence.news().is_empty());
    }
}
