//! What the keeper does. Each deed is logged with what it was done to.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, Request, State},
    http::header,
    response::{IntoResponse, Redirect},
};

use super::{
    answer::{Page, at_the_door, form, refused},
    parts::Keeper,
};
use crate::{
    domain::{ApiError, RoomId, Topic},
    server::{proxies::Origin, store::UserId},
};

pub async fn deed(
    State(keeper): State<Keeper>,
    Path(deed): Path<String>,
    request: Request,
) -> Page {
    let headers = request.headers().clone();
    let origin = Origin::of(request.extensions());
    let form = match form(request).await {
        Ok(form) => form,
        Err(error) => return refused(error),
    };
    if !keeper.0.door.is_inside(&headers) {
        return at_the_door(None);
    }
    if deed == "leave" {
        let mut page = Redirect::to("/keeper").into_response();
        if let Ok(cookie) = keeper.0.door.leave(&headers, origin.https) {
            page.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        return page;
    }
    match keeper.does(&deed, &form, &origin).await {
        Ok(to) => Redirect::to(&to).into_response(),
        Err(error) => refused(error),
    }
}

impl Keeper {
    /// Answers which page shows it done.
    async fn does(
        &self,
        deed: &str,
        form: &BTreeMap<String, String>,
        origin: &Origin,
    ) -> Result<String, ApiError> {
        let chat = &self.0.chat;
        let address = origin.address;
        match deed {
            "end-session" => {
                let (user, session): (UserId, _) =
                    (number(form, "user")?, number(form, "session")?);
                let name = self.name_of(user).await?;
                chat.store().cut_session(user, session).await?;
                tracing::info!(%address, name, session, "the keeper ended a session");
                Ok(format!("/keeper/names/{user}"))
            }
            "free-name" => {
                let user: UserId = number(form, "user")?;
                let name = self.name_of(user).await?;
                chat.store().free_name(user).await?;
                tracing::info!(%address, name, user, "the keeper freed a name");
                Ok("/keeper/names".to_owned())
            }
            "delete-room" => {
                let room: RoomId = number(form, "room")?;
                let name = form.get("name").map_or("", String::as_str);
                chat.store().take_room(room).await?;
                tracing::info!(%address, room, name, "the keeper deleted a room");
                Ok("/keeper/rooms".to_owned())
            }
            "announce" => {
                let text = Topic::parse(form.get("text").map_or("", String::as_str))?;
                chat.live().announce(&text);
                tracing::info!(%address, text = text.as_str(), "the keeper announced something");
                Ok("/keeper".to_owned())
            }
            _ => Err(ApiError::bad_request("That cannot be done here.")),
        }
    }

    async fn name_of(&self, user: UserId) -> Result<String, ApiError> {
        let found = self.0.chat.store().figures_of(user).await?;
        let found =
            found.ok_or_else(|| ApiError::bad_request("Nobody holds that name any more."))?;
        Ok(found.name)
    }
}

fn number(form: &BTreeMap<String, String>, field: &str) -> Result<i64, ApiError> {
    let number = form.get(field).and_then(|text| text.parse().ok());
    number.ok_or_else(|| ApiError::bad_request("That form lacks something."))
}
