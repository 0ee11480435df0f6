//! The rows of the log, as HTML. As strings, not as views: nothing in a row comes alive by itself, what is pressed in
//! one reaches the log, see [`super::hand`]. A page of messages has nothing to hydrate there, and a row that changes
//! is compared with what it showed and not with a tree of views.

use leptos::prelude::*;
use uuid::Uuid;

use super::{
    body,
    clock::{Clock, machine},
    face::face_html,
    html::{attribute, element, hidden, push_number, push_text},
    icons::Icon,
    quote::anchor,
    target,
};
use crate::{
    domain::{Message, Millis, Quote, Reaction, Seq},
    ui::session::{Act, Conversation, Unsent},
};

/// What a row has above its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Above {
    /// What happened to the room since the message before it, in quiet lines.
    pub came: String,
    /// Here begins this day, counted in the reader's zone since 1 January 1970.
    pub day: Option<i64>,
    /// Here begins what the reader had not read when they entered the room.
    pub new: bool,
    /// Whether it names its author: the first of a run does.
    pub first: bool,
}

/// All that the row of a message depends on, but for who can be named in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shows {
    /// As it will be when what *me* has done to it is on record.
    pub message: Message,
    pub above: Above,
    pub clock: Clock,
    /// Whether the reader was led to it.
    pub marked: bool,
    /// Whether something that *me* has done to it is on its way.
    pub pending: bool,
    /// What *me* wanted to do to it and may not: its id, and why.
    pub refused: Vec<(Uuid, String)>,
    /// Why a plain form did nothing to it, where one did not.
    pub why_not: Option<String>,
}

/// What is above a row: the lines of what happened to the room, of the day, and of what is new. All have `data-above`.
/// None is a paragraph: one beside the rows would have a browser look at the style of those in all messages.
pub fn lines(shows: &Shows) -> String {
    let Above { came, day, new, .. } = &shows.above;
    let mut out = String::new();
    if !came.is_empty() {
        element(&mut out, "div class=\"came\" data-above", came);
    }
    if let Some(day) = day {
        out.push_str("<div class=\"day\" data-above>");
        element(&mut out, "span", &shows.clock.name_of_day(*day));
        out.push_str("</div>");
    }
    if *new {
        out.push_str("<div class=\"new-line\" data-above><span>New</span></div>");
    }
    out
}

/// A message's row. `stop` says whether the keyboard comes by its door, `tools` is what is at hand in it already.
pub fn said(conversation: Conversation, shows: &Shows, stop: bool, tools: &str) -> String {
    let seq = shows.message.seq;
    let mut out = String::with_capacity(1_536);
    out.push_str("<article tabindex=\"-1\" data-seq=\"");
    push_number(&mut out, seq);
    attribute(&mut out, "\" class", &classes(conversation, shows));
    attribute(&mut out, " aria-label", &label(shows));
    if shows.marked {
        attribute(&mut out, " id", &anchor(conversation));
        // What the server sends begins here, unless there is a box in it to type in.
        if stop && conversation.doing.read_untracked().is_none() {
            out.push_str(" autofocus");
        }
    }
    out.push('>');
    face_html(&mut out, &shows.message.by);
    out.push_str("<div class=\"who\">");
    out.push_str(&who(shows));
    out.push_str("</div><div class=\"words\">");
    out.push_str(&words(conversation, shows));
    out.push_str("</div><div class=\"under\">");
    out.push_str(&under(conversation, shows));
    attribute(
        &mut out,
        "</div><form class=\"more\" method=\"get\" action",
        &format!("#{}", anchor(conversation)),
    );
    out.push_str("><button class=\"icon-button\" name=\"act\" aria-label=\"Actions\"");
    if !stop {
        out.push_str(" tabindex=\"-1\"");
    }
    out.push_str(" value=\"");
    push_number(&mut out, seq);
    out.push_str("\">");
    Icon::More.push(&mut out);
    let plain = if tools.is_empty() { "" } else { " data-plain" };
    out.extend(["</button></form><div class=\"tools\"", plain, ">"]);
    out.push_str(tools);
    out.push_str("</div></article>");
    out
}

pub fn classes(conversation: Conversation, shows: &Shows) -> String {
    let Message { by, body, .. } = &shows.message;
    let (mine, named) = conversation
        .session
        .me
        .with_value(|me| (me == by, me != by && body::names(body, me)));
    let mut out = "said".to_owned();
    for (class, is) in [
        (" first", shows.above.first),
        (" mine", mine),
        (" names-me", named),
        (" marked", shows.marked),
        (" pending", shows.pending),
    ] {
        if is {
            out.push_str(class);
        }
    }
    out
}

/// A row's name, for those who hear it.
pub fn label(shows: &Shows) -> String {
    let Message { by, at, .. } = &shows.message;
    format!("{by}, {}", shows.clock.time(*at))
}

/// Who said it and when.
pub fn who(shows: &Shows) -> String {
    let Message { by, at, .. } = &shows.message;
    let mut out = String::new();
    name(&mut out, by, shows.above.first);
    time(&mut out, *at, shows.clock);
    out
}

/// What it answers, and what it says.
pub fn words(conversation: Conversation, shows: &Shows) -> String {
    let Message {
        body,
        re,
        edited,
        deleted,
        ..
    } = &shows.message;
    let mut out = String::new();
    if let Some(quote) = re {
        quoted(&mut out, conversation, quote);
    }
    if *deleted {
        out.push_str("<p class=\"body gone\">This message was deleted.</p>");
    } else {
        says(&mut out, conversation, body);
        if edited.is_some() {
            out.push_str("<span class=\"edited\">edited</span>");
        }
    }
    out
}

/// What others have added to it, and what went wrong with it.
pub fn under(conversation: Conversation, shows: &Shows) -> String {
    let mut out = String::new();
    let Message { seq, reactions, .. } = &shows.message;
    if !reactions.is_empty() {
        out.push_str("<div class=\"reactions\">");
        for kind in reactions {
            reaction(&mut out, conversation, *seq, kind);
        }
        out.push_str("</div>");
    }
    if let Some(why) = &shows.why_not {
        element(&mut out, "p class=\"error\" role=\"alert\"", why);
    }
    for (id, why) in &shows.refused {
        amends(&mut out, *id, Some(why), false);
    }
    out
}

/// The row of a message of *me*'s that the room does not have yet, or did not want, inside of its element: what becomes
/// of it, and whether it stays for now, so that its author can have it back.
pub fn unsent(
    conversation: Conversation,
    item: &Unsent,
    first: bool,
    clock: Clock,
    (state, stays): (&str, bool),
) -> String {
    let mut out = String::new();
    conversation.session.me.with_value(|me| {
        face_html(&mut out, me);
        out.push_str("<div class=\"who\">");
        name(&mut out, me, first);
    });
    if item.sent.is_some() {
        time(&mut out, item.at, clock);
    } else {
        element(&mut out, "span class=\"state\"", state);
    }
    out.push_str("</div><div class=\"words\">");
    if let Act::Say { re: Some(quote) } = &item.act {
        quoted(&mut out, conversation, quote);
    }
    says(&mut out, conversation, &item.body);
    out.push_str("</div>");
    if stays {
        amends(&mut out, item.id, item.refused.as_deref(), true);
    }
    out
}

fn name(out: &mut String, by: &str, first: bool) {
    element(
        out,
        if first {
            "b dir=\"auto\""
        } else {
            "b dir=\"auto\" class=\"hush\""
        },
        by,
    );
}

fn time(out: &mut String, at: Millis, clock: Clock) {
    attribute(out, "<time datetime", &machine(at));
    attribute(out, " title", &clock.full(at));
    out.push('>');
    push_text(out, &clock.time(at));
    out.push_str("</time>");
}

fn quoted(out: &mut String, conversation: Conversation, quote: &Quote) {
    let href = format!("?at={}#{}", quote.seq, anchor(conversation));
    attribute(out, "<a class=\"quoted clip\" href", &href);
    out.push('>');
    Icon::Reply.push(out);
    out.push_str("<span class=\"hush\">In reply to </span>");
    element(out, "b dir=\"auto\"", &quote.by);
    out.push(' ');
    if quote.body.is_empty() {
        out.push_str("<span class=\"gone\">deleted</span>");
    } else {
        element(out, "span dir=\"auto\"", &quote.body.replace('\n', " "));
    }
    out.push_str("</a>");
}

fn says(out: &mut String, conversation: Conversation, body: &str) {
    out.push_str("<div class=\"body\" dir=\"auto\">");
    let is_member = body::is_member_of(conversation);
    conversation
        .session
        .me
        .with_value(|me| out.push_str(&body::html(body, me, is_member)));
    out.push_str("</div>");
}

/// A toggle button, which is a plain form.
fn reaction(out: &mut String, conversation: Conversation, seq: Seq, kind: &Reaction) {
    let Reaction { emoji, by } = kind;
    let given = conversation.session.me.with_value(|me| by.contains(me));
    let names = by.join(", ");
    out.push_str("<form action=\"/api/react\" method=\"post\">");
    target::push(out, conversation, seq);
    hidden(out, "on", if given { "false" } else { "true" });
    attribute(
        out,
        "<button class=\"reaction\" name=\"emoji\" value",
        emoji,
    );
    attribute(out, " aria-pressed", if given { "true" } else { "false" });
    attribute(
        out,
        " aria-label",
        &format!("{emoji} {}: {names}", by.len()),
    );
    attribute(out, " title", &names);
    out.push_str("><span>");
    push_text(out, emoji);
    out.push_str("</span>");
    push_number(out, by.len() as u64);
    out.push_str("</button></form>");
}

/// Why something was refused, where it was, and what can be done about it. `edit` says whether its words can be changed.
fn amends(out: &mut String, id: Uuid, why: Option<&str>, edit: bool) {
    let id = id.to_string();
    out.push_str("<div class=\"amends\">");
    if let Some(why) = why {
        element(out, "p class=\"error\" role=\"alert\"", why);
    }
    for (name, text, is) in [
        ("retry", "Try again", why.is_some()),
        ("edit", "Edit", edit),
        ("discard", "Discard", true),
    ] {
        if is {
            attribute(out, "<button type=\"button\" class=\"quiet\" name", name);
            attribute(out, " value", &id);
            out.push('>');
            out.push_str(text);
            out.push_str("</button>");
        }
    }
    out.push_str("</div>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_people_choose_leaves_its_element_or_its_attribute() {
        let name = "<i a='b'>\"x\"&amp;";
        let shows = Shows {
            message: Message::new(1, 7, Uuid::nil(), name.to_owned(), 0, String::new()),
            above: Above {
                came: format!("{name} joined"),
                first: true,
                ..Above::default()
            },
            clock: Clock::of_reader(""),
            marked: false,
            pending: false,
            refused: Vec::new(),
            why_not: Some(name.to_owned()),
        };
        let text = "&lt;i a='b'&gt;&quot;x&quot;&amp;amp;";
        assert_eq!(
            lines(&shows),
            format!("<div class=\"came\" data-above>{text} joined</div>")
        );
        assert!(who(&shows).starts_with(&format!(
            "<b dir=\"auto\">{text}</b><time datetime=\"1970-01-01T"
        )));
        let mut out = String::new();
        hidden(&mut out, "name", name);
        assert_eq!(
            out,
            format!("<input type=\"hidden\" name=\"name\" value=\"{text}\">")
        );
        let mut out = String::new();
        amends(&mut out, Uuid::nil(), Some(name), true);
        assert!(out.contains(&format!("role=\"alert\">{text}</p>")));
        assert_eq!(out.matches("<button").count(), 3);
    }
}
