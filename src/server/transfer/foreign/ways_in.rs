//! What lets people and keys into what was brought in, for the keeper to hand out: a file that only its owner can read.

use std::{fs, io::Write, path::Path};

use crate::{
    server::{aside::Aside, transfer::ImportError},
    ui::paths,
};

/// How long a link lets its person in.
pub const LINK_DAYS: i64 = 30;

/// The file, as it is written.
pub struct WaysIn<'a> {
    to: &'a Path,
    aside: Aside<'a>,
    text: String,
}

impl<'a> WaysIn<'a> {
    /// # Errors
    /// Where it cannot be written, or is there already: what it holds might be all that there is of it.
    pub fn new(to: &'a Path) -> Result<Self, ImportError> {
        if to.exists() {
            return Err(failed(to, "it is there already"));
        }
        let aside = Aside::new(to).map_err(|why| ImportError::Whole(why.to_string()))?;
        Ok(Self {
            to,
            aside,
            text: format!(
                "# What lets people in. Put the server's address before a link: it is good once, for {LINK_DAYS} days.\n"
            ),
        })
    }

    pub fn person(&mut self, name: &str, was: &str, mail: &str, pass: &str) {
        self.line(&["person", name, was, mail, &paths::sign_in_with_pass(pass)]);
    }

    pub fn room(&mut self, name: &str, key: &str) {
        self.line(&["room", name, key]);
    }

    /// Fields with tabs between them.
    fn line(&mut self, fields: &[&str]) {
        let fields = fields.iter();
        let fields: Vec<_> = fields
            .map(|field| field.replace(char::is_control, " "))
            .collect();
        self.text.push_str(&fields.join("\t"));
        self.text.push('\n');
    }

    /// Makes it durable and puts it in its place.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn keep(mut self) -> Result<Kept<'a>, ImportError> {
        let written = self.aside.file().write_all(self.text.as_bytes());
        written.map_err(|why| failed(self.to, why))?;
        let placed = self.aside.put_in_place();
        placed.map_err(|why| ImportError::Whole(why.to_string()))?;
        Ok(Kept(Some(self.to)))
    }
}

/// The file in its place. It is gone again where what it is for does not come to be.
pub struct Kept<'a>(Option<&'a Path>);

impl Kept<'_> {
    pub fn for_good(mut self) {
        self.0 = None;
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        if let Some(path) = self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

fn failed(path: &Path, why: impl std::fmt::Display) -> ImportError {
    ImportError::Whole(format!("cannot write {}: {why}", path.display()))
}
