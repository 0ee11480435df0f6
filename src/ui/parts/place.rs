//! Where in a timeline the reader is, and how that stays so while rows come and go around it.
//!
//! The log is laid out from its end (`column-reverse`): without a script it starts at the newest message, and
//! its scroll position counts from there, so that what is put on top moves nothing. What changes below the
//! reader is made up for here: browsers differ in doing so by themselves.

use web_sys::{Element, HtmlDivElement, ScrollIntoViewOptions, ScrollLogicalPosition};

use crate::domain::Seq;

/// The first row in view, how far below the log's top edge it ends, and how far the log was scrolled then.
/// Its beginning would not do: a row that becomes the first of its author's run, or no longer is, grows or
/// shrinks there.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    row: Seq,
    bottom: f64,
    scrolled: i32,
}

impl Place {
    /// The message that the reader is at.
    pub fn seq(&self) -> Seq {
        self.row
    }

    /// The log was hidden meanwhile, and is scrolled wherever the browser has left it.
    pub fn is_scrolled_as(&mut self, log: &HtmlDivElement) {
        self.scrolled = log.scroll_top();
    }
}

/// Pixels between what is in view and the two ends of the log.
pub struct Distance {
    pub above: i32,
    pub below: i32,
}

pub fn distance(log: &HtmlDivElement) -> Distance {
    let below = log.scroll_top().abs();
    Distance {
        above: log.scroll_height() - log.client_height() - below,
        below,
    }
}

/// Where the reader is. `rows` holds the rows, in order, each message's with its `data-seq`.
pub fn find(log: &HtmlDivElement, rows: &HtmlDivElement) -> Option<Place> {
    let edge = log.get_bounding_client_rect().top();
    let children = rows.children();
    let (mut low, mut high) = (0, children.length());
    while low < high {
        let middle = low + (high - low) / 2;
        // A day's name is where it sticks, and not where it belongs: what it stands above tells.
        let mut row = children.item(middle)?;
        while !row.has_attribute("data-seq")
            && let Some(next) = row.next_element_sibling()
        {
            row = next;
        }
        if row.get_bounding_client_rect().bottom() <= edge {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    (low..children.length()).find_map(|index| {
        let child = children.item(index)?;
        let row = child.get_attribute("data-seq")?.parse().ok()?;
        Some(Place {
            row,
            bottom: child.get_bounding_client_rect().bottom() - edge,
            scrolled: log.scroll_top(),
        })
    })
}

/// Brings the row that the reader was at back to where it was, but for what they have scrolled since.
pub fn restore(log: &HtmlDivElement, rows: &HtmlDivElement, place: &Place) {
    let Some(row) = find_row(rows, place.row) else {
        return;
    };
    let bottom = row.get_bounding_client_rect().bottom() - log.get_bounding_client_rect().top();
    let scrolled = log.scroll_top();
    let wanted = place.bottom - f64::from(scrolled - place.scrolled);
    let moved = (bottom - wanted).round() as i32;
    if moved != 0 {
        log.set_scroll_top(scrolled + moved);
    }
}

/// The row of a message, where it is in the log.
pub fn find_row(rows: &Element, seq: Seq) -> Option<Element> {
    rows.query_selector(&format!("[data-seq=\"{seq}\"]"))
        .ok()
        .flatten()
}

/// Brings a row into view, at this place of it.
pub fn show(row: &Element, at: ScrollLogicalPosition) {
    let options = ScrollIntoViewOptions::new();
    options.set_block(at);
    row.scroll_into_view_with_scroll_into_view_options(&options);
}
