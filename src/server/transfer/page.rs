//! A room as one page of HTML that needs nothing else: to be read, printed and kept.

use std::io::{self, Write};

use super::{Entry, Line};
use crate::ui::parts::{body_html, html::push_text};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#222;\
    background:#fff}h1{font-size:1.5rem}article{margin:0 0 1rem;break-inside:avoid}article p{margin:.2rem 0}\
    header{font-weight:600}time{font-weight:400;color:#666;font-size:.85em;margin-left:.5em}\
    .quiet{color:#666;font-size:.9em}blockquote{margin:.3rem 0;padding-left:.8rem;border-left:3px solid #ccc}\
    pre{white-space:pre-wrap;background:#f4f4f4;padding:.5rem}";

/// Writes a page, line by line.
pub struct Page<W> {
    out: W,
    names: std::collections::HashMap<i64, String>,
}

impl<W: Write> Page<W> {
    pub fn new(out: W) -> Self {
        Self {
            out,
            names: Default::default(),
        }
    }

    /// # Errors
    /// Those of the writer.
    pub fn take(&mut self, line: &Line) -> io::Result<()> {
        match line {
            Line::Name { id, name, .. } => {
                self.names.insert(*id, name.clone());
                Ok(())
            }
            Line::Room { name, topic, .. } => {
                let (name, topic) = (text(name), text(topic));
                write!(
                    self.out,
                    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{name}</title>\
                     <style>{STYLE}</style></head><body><h1>{name}</h1>\n<p class=\"quiet\">{topic}</p>\n"
                )
            }
            Line::Entry(entry) => self.entry(entry),
            Line::End { .. } => self.out.write_all(b"</body></html>\n"),
            _ => Ok(()),
        }
    }

    fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        let name = |user: i64| text(self.names.get(&user).map_or("", |name| name));
        let by = name(entry.by);
        if entry.kind != "said" {
            let whom = entry.whom.map(name).unwrap_or_default();
            let Some(what) = happened(&entry.kind, &by, &whom, &text(&entry.body)) else {
                return Ok(());
            };
            return writeln!(self.out, "<p class=\"quiet\">{what}</p>");
        }
        let at = time(entry.at);
        write!(
            self.out,
            "<article id=\"m{}\"><header>{by}<time datetime=\"{at}\">{}</time></header>",
            entry.seq,
            at.replace('T', " ").trim_end_matches('Z'),
        )?;
        if let Some(about) = entry.about {
            write!(
                self.out,
                "<p class=\"quiet\">in answer to <a href=\"#m{about}\">{about}</a></p>"
            )?;
        }
        if entry.deleted {
            self.out.write_all(b"<p class=\"quiet\">deleted</p>")?;
        } else {
            self.out
                .write_all(body_html(&entry.body, "", |_| false).as_bytes())?;
        }
        let given = entry.reactions.iter();
        let given: Vec<_> = given
            .map(|given| format!("{} {}", text(&given.emoji), name(given.by)))
            .collect();
        if !given.is_empty() {
            write!(self.out, "<p class=\"quiet\">{}</p>", given.join(" · "))?;
        }
        self.out.write_all(b"</article>\n")
    }
}

/// What an entry says that is no message, where a reader wants to know; all of it is escaped already.
fn happened(kind: &str, by: &str, whom: &str, to: &str) -> Option<String> {
    Some(match kind {
        "joined" => format!("{by} joined"),
        "left" => format!("{by} left"),
        "removed" => format!("{by} removed {whom}"),
        "renamed" => format!("{by} named the room {to}"),
        "topic" => format!("{by} set the topic: {to}"),
        "rekeyed" => format!("{by} changed the key"),
        "role" => format!("{by} made {whom} {to}"),
        _ => return None,
    })
}

fn text(plain: &str) -> String {
    let mut out = String::new();
    push_text(&mut out, plain);
    out
}

/// RFC 3339, to a second.
fn time(at: i64) -> String {
    let since = std::time::Duration::from_millis(u64::try_from(at).unwrap_or(0));
    humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + since).to_string()
}
