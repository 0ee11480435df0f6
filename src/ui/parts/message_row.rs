//! One message as a row of the timeline: said, or still on its way.

use leptos::{
    prelude::*,
    tachys::{
        hydration::Cursor,
        renderer::Rndr,
        view::{Position, PositionState},
    },
};
use wasm_bindgen::JsCast;
use web_sys::{Element, Node};

use super::{
    clock::Clock,
    quote::anchor,
    row_dom,
    row_html::{self, Above, Shows},
};
use crate::ui::session::{Conversation, Of, Said, State, Unsent};

/// What a message's row is made of.
#[derive(Clone)]
pub struct Source {
    pub conversation: Conversation,
    pub said: Said,
    pub above: ArcRwSignal<Above>,
    pub clock: RwSignal<Clock>,
    /// What *me* has done to messages of the room and is not on record yet.
    pub upon: Memo<Vec<Unsent>>,
}

impl Source {
    /// What the row shows now. Tracked.
    fn shows(&self) -> Shows {
        let seq = self.said.seq;
        let mut shows = Shows {
            message: self.said.message.get(),
            above: self.above.get(),
            clock: self.clock.get(),
            marked: self.conversation.marked.get() == Some(seq),
            pending: false,
            refused: Vec::new(),
            why_not: self.conversation.refusal_of(seq),
        };
        for item in &*self.upon.read() {
            if item.act.of() == Some(Of::Seq(seq)) {
                let me = self.conversation.session.me;
                me.with_value(|me| item.foretell(&mut shows.message, me));
                match &item.refused {
                    Some(why) => shows.refused.push((item.id, why.clone())),
                    None => shows.pending |= item.sent.is_none(),
                }
            }
        }
        shows
    }

    /// The row as the server sends it, with the lines above it.
    pub fn html(self) -> String {
        let shows = untrack(|| self.shows());
        #[cfg(feature = "ssr")]
        let tools = super::tools::html(self.conversation, &self.said.message);
        #[cfg(not(feature = "ssr"))]
        let tools = String::new();
        let row = row_html::said(self.conversation, &shows, true, &tools);
        row_html::lines(&shows) + &row
    }
}

/// A message that the room has, on the page.
pub struct SaidRow {
    article: Element,
    /// Keeps it in step.
    _effect: RenderEffect<Shows>,
}

impl SaidRow {
    /// A row that is nowhere yet.
    pub fn build(source: Source) -> Self {
        let shows = untrack(|| source.shows());
        let holder = Rndr::create_element("div", None);
        let row = row_html::said(source.conversation, &shows, false, "");
        holder.set_inner_html(&(row_html::lines(&shows) + &row));
        let article = holder.last_element_child().unwrap_or(holder);
        Self::kept(article, source, shows)
    }

    /// The next row of what the server has sent.
    pub fn hydrate(source: Source, cursor: &Cursor, position: &PositionState) -> Self {
        let shows = untrack(|| source.shows());
        let lines = 3;
        for _ in 0..=lines {
            if position.get() == Position::FirstChild {
                cursor.child();
            } else {
                cursor.sibling();
            }
            position.set(Position::NextChild);
            if let Some(article) = cursor.current().dyn_ref::<Element>()
                && article.has_attribute("data-seq")
            {
                return Self::kept(article.clone(), source, shows);
            }
        }
        panic!("the page does not hold the rows that it was sent with");
    }

    fn kept(article: Element, source: Source, shows: Shows) -> Self {
        let row = article.clone();
        let keep = move |was: Option<Shows>| {
            let is = source.shows();
            if let Some(was) = was {
                patch(&row, &source, &was, &is);
            }
            is
        };
        Self {
            article,
            _effect: RenderEffect::new_with_value(keep, Some(shows)),
        }
    }

    /// The first of the lines above it, or itself.
    pub fn first_node(&self) -> Node {
        let mut first = self.article.clone();
        while let Some(line) = line_before(&first) {
            first = line;
        }
        first.into()
    }

    /// The lines above it, and itself.
    pub fn elements(&self) -> Vec<Element> {
        let mut elements = vec![self.article.clone()];
        while let Some(line) = line_before(&elements[0]) {
            elements.insert(0, line);
        }
        elements
    }

    pub fn put(&self, parent: &Node, before: Option<&Node>) {
        for element in self.elements() {
            // Only a parent that does not hold `before` refuses.
            _ = parent.insert_before(&element, before);
        }
    }

    pub fn unmount(&self) {
        self.elements().iter().for_each(Element::remove);
    }
}

/// The line just before an element, where there is one.
fn line_before(element: &Element) -> Option<Element> {
    let line = element.previous_element_sibling();
    line.filter(|line| line.has_attribute("data-above"))
}

/// Has a row show what it `is` where it `was` another.
fn patch(article: &Element, source: &Source, was: &Shows, is: &Shows) {
    let conversation = source.conversation;
    let put = |slot: &str, html: String| {
        if let Ok(Some(slot)) = article.query_selector(slot) {
            slot.set_inner_html(&html);
        }
    };
    let set = |name, value: &str| _ = article.set_attribute(name, value);
    let (before, now) = (&was.message, &is.message);
    let told_anew = was.clock != is.clock;
    let classes = row_html::classes(conversation, is);
    if classes != article.class_name() {
        article.set_class_name(&classes);
    }
    if told_anew || was.above != is.above {
        while let Some(line) = line_before(article) {
            line.remove();
        }
        _ = article.insert_adjacent_html("beforebegin", &row_html::lines(is));
    }
    if told_anew || was.above.first != is.above.first {
        set("aria-label", &row_html::label(is));
        put(".who", row_html::who(is));
    }
    if was.marked != is.marked {
        if is.marked {
            set("id", &anchor(conversation));
        } else {
            _ = article.remove_attribute("id");
        }
    }
    if (&before.body, &before.re, before.edited, before.deleted)
        != (&now.body, &now.re, now.edited, now.deleted)
    {
        put(".words", row_html::words(conversation, is));
    }
    if (&before.reactions, &was.refused, &was.why_not) != (&now.reactions, &is.refused, &is.why_not)
    {
        let pressed = pressed_in(article);
        put(".under", row_html::under(conversation, is));
        if let Some(emoji) = pressed {
            row_dom::focus_within(article, &format!("button[value=\"{emoji}\"]"));
        }
    }
}

/// The reaction in a row that has the keyboard's place, where one has.
fn pressed_in(article: &Element) -> Option<String> {
    let focused = document().active_element()?;
    let reaction = focused.class_name() == "reaction" && article.contains(Some(&focused));
    reaction.then(|| focused.get_attribute("value"))?
}

/// A message of *me*'s that the room does not have yet, or did not want.
#[component]
pub fn UnsentRow(
    conversation: Conversation,
    item: Unsent,
    first: bool,
    clock: RwSignal<Clock>,
) -> impl IntoView {
    let refused = item.refused.is_some();
    let pending = item.sent.is_none() && !refused;
    let inside = move || {
        let state = match (refused, conversation.session.link.get()) {
            (true, _) => "Not sent",
            (false, State::Open) => "Sending",
            (false, _) => "Waiting",
        };
        let stays = refused || pending && state == "Waiting";
        row_html::unsent(conversation, &item, first, clock.get(), (state, stays))
    };
    let mut class = "said mine".to_owned();
    for (name, is) in [
        (" first", first),
        (" pending", pending),
        (" refused", refused),
    ] {
        if is {
            class.push_str(name);
        }
    }
    let author = conversation.session.me.get_value();
    view! { <article class=class aria-label=author inner_html=inside></article> }
}
