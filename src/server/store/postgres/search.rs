//! Searching what was said: room by room, the newest first, from one snapshot.
//!
//! The index says which messages have all the words. It does not know their order, and has no order itself: so a room is
//! searched from its end in stretches that grow, and whether words follow one another is looked at in what was found.

use std::cmp::Reverse;

use deadpool_postgres::GenericClient;
use tokio_postgres::Error;

use super::{
    basics::{bound, exists, limit as most, number, row, rows},
    entries,
    rows::room_mark,
};
use crate::{
    domain::{Found, Hit, Millis, RoomId, Seq},
    server::store::{
        StoreError, UserId,
        newest::Newest,
        search::{Place, Query, Search, terms},
    },
};

/// Entries of a room's first stretch, and how many times longer each further one is.
const STRETCH: Seq = 2_048;
const LONGER: Seq = 8;

/// A search in one room, as PostgreSQL has expressions: whatever was typed is inside quotes, and holds none.
fn expression(query: &Query, room: RoomId) -> String {
    let (mut expression, mark) = (String::new(), room_mark(room));
    for part in query.parts() {
        for (n, term) in part.terms.iter().enumerate() {
            if !expression.is_empty() {
                expression.push_str(" & ");
            }
            expression.push('\'');
            expression.push_str(&mark);
            expression.push_str(term);
            expression.push('\'');
            if part.prefix && n + 1 == part.terms.len() {
                expression.push_str(":*");
            }
        }
    }
    expression
}

/// A room to search in.
struct Searched {
    room: RoomId,
    name: String,
    head: Seq,
    /// Messages up to there are kept no longer.
    erased_to: Seq,
    /// When its newest entry was committed.
    at: Millis,
}

/// All from one snapshot, which `client` has.
pub async fn search(
    client: &impl GenericClient,
    user: UserId,
    search: &Search,
) -> Result<Found, StoreError> {
    let mut rooms = rooms_of(client, user, search.room).await?;
    if search.room.is_some() && rooms.is_empty() {
        return Err(StoreError::NoSuchRoom);
    }
    let by = match &search.by {
        None => None,
        Some(name) => {
            let author = "SELECT id FROM users WHERE folded = $1";
            let Some(author) = row(client, author, &[&name.as_str()]).await? else {
                return Ok(Found::default());
            };
            Some(author.get(0))
        }
    };
    // What was said last is most likely found first, and ends the search in older rooms.
    rooms.sort_by_key(|room| Reverse(room.at));
    let mut newest = Newest::new(search.limit);
    for room in &rooms {
        if newest.reach(room.at) {
            search_room(client, room, search, by, &mut newest).await?;
        }
    }
    let (places, next) = newest.into_page();
    let of: Vec<_> = places.iter().map(|place| (place.room, place.seq)).collect();
    let mut hits = Vec::with_capacity(of.len());
    for message in entries::messages(client, &of).await? {
        let room = message.room;
        if let Some(searched) = rooms.iter().find(|searched| searched.room == room) {
            hits.push(Hit {
                room,
                name: searched.name.clone(),
                message,
            });
        }
    }
    Ok(Found { hits, next })
}

async fn rooms_of(
    client: &impl GenericClient,
    user: UserId,
    only: Option<RoomId>,
) -> Result<Vec<Searched>, Error> {
    let found = rows(
        client,
        "SELECT rooms.id, rooms.name, rooms.head, rooms.head_at, rooms.erased_to
         FROM members
         JOIN rooms ON rooms.id = members.room_id
         WHERE members.user_id = $1 AND ($2::bigint IS NULL OR rooms.id = $2)",
        &[&user, &only],
    )
    .await?;
    Ok(found
        .iter()
        .map(|row| Searched {
            room: row.get(0),
            name: row.get(1),
            head: number(row, 2),
            at: row.get(3),
            erased_to: number(row, 4),
        })
        .collect())
}

async fn search_room(
    client: &impl GenericClient,
    searched: &Searched,
    search: &Search,
    by: Option<UserId>,
    newest: &mut Newest,
) -> Result<(), Error> {
    let room = searched.room;
    let mut below = match search.before {
        None => searched.head + 1,
        Some(before) => first_from(client, searched, before).await?,
    };
    let expression = expression(&search.query, room);
    let in_order = search.query.parts().iter().any(|part| part.terms.len() > 1);
    let at_once = most(search.limit + 1);
    let mut stretch = STRETCH;
    let first = searched.erased_to + 1;
    while below > first {
        let from = below.saturating_sub(stretch).max(first);
        let found = rows(
            client,
            "SELECT seq, at, CASE WHEN $6 THEN body END FROM entries
             WHERE room_id = $1 AND seq >= $2 AND seq < $3 AND terms @@ $4::text::tsquery
                 AND ($5::bigint IS NULL OR author_id = $5)
             ORDER BY seq DESC LIMIT $7",
            &[
                &room,
                &bound(from),
                &bound(below),
                &expression,
                &by,
                &in_order,
                &at_once,
            ],
        )
        .await?;
        let found = found;
        for row in &found {
            let (seq, at) = (number(row, 0), row.get(1));
            if !newest.reach(at) {
                return Ok(());
            }
            let body: Option<&str> = row.get(2);
            if body.is_none_or(|body| search.query.matches(&terms(body))) {
                newest.add(Place { at, room, seq });
            }
        }
        match found.last() {
            // There may be more in this stretch.
            Some(last) if most(found.len()) == at_once => below = number(last, 0),
            _ => {
                below = from;
                stretch = stretch.saturating_mul(LONGER);
            }
        }
        if below > first && !newest.reach(at_of(client, room, below - 1).await?) {
            return Ok(());
        }
    }
    Ok(())
}

async fn at_of(client: &impl GenericClient, room: RoomId, seq: Seq) -> Result<Millis, Error> {
    let at = "SELECT at FROM entries WHERE room_id = $1 AND seq = $2";
    let at = row(client, at, &[&room, &bound(seq)]).await?;
    Ok(at.map_or(Millis::MIN, |row| row.get(0)))
}

/// The first seq of a room that does not stand before a place: time does not run backwards in a room.
async fn first_from(
    client: &impl GenericClient,
    searched: &Searched,
    place: Place,
) -> Result<Seq, Error> {
    let room = searched.room;
    let (mut low, mut high) = (1, searched.head + 1);
    while low < high {
        let seq = low + (high - low) / 2;
        let at = at_of(client, room, seq).await?;
        if (Place { at, room, seq }) < place {
            low = seq + 1;
        } else {
            high = seq;
        }
    }
    Ok(low)
}

/// Whether there is anything in the database at all that can be read.
pub async fn any(client: &impl GenericClient) -> Result<(), Error> {
    exists(client, "SELECT 1 FROM rooms LIMIT 1", &[]).await?;
    Ok(())
}
