//! The ZIP file of an export. It may come from a stranger: what it unpacks to is counted, and has an end.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use serde::de::DeserializeOwned;
use zip::ZipArchive;

use crate::server::transfer::ImportError;

/// Bytes that one file in it may unpack to.
const FILE_BYTES: u64 = 256 * 1024 * 1024;
/// Bytes that all of it may unpack to: so many, or so many times its own size. JSON shrinks to a tenth or a twentieth.
const ALL_BYTES: u64 = 1024 * 1024 * 1024;
const ALL_TIMES: u64 = 200;

pub struct Archive {
    zip: ZipArchive<BufReader<File>>,
    /// The files at its top, by name.
    lists: HashMap<String, usize>,
    /// The days of each folder, by date.
    folders: HashMap<String, BTreeMap<String, usize>>,
    /// Bytes that may still be unpacked.
    left: u64,
}

impl Archive {
    /// # Errors
    /// Where it is no ZIP file.
    pub fn open(path: &Path) -> Result<Self, ImportError> {
        let wrong = |why: String| ImportError::Whole(format!("{}: {why}", path.display()));
        let file = File::open(path).map_err(|why| wrong(why.to_string()))?;
        let size = file.metadata().map_err(|why| wrong(why.to_string()))?.len();
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|why| wrong(why.to_string()))?;
        let mut this = Self {
            lists: HashMap::new(),
            folders: HashMap::new(),
            left: ALL_BYTES.max(size.saturating_mul(ALL_TIMES)),
            zip,
        };
        let names: Vec<String> = (0..this.zip.len())
            .map(|n| {
                let name = this.zip.name_for_index(n).and_then(Result::ok);
                name.unwrap_or_default().into_owned()
            })
            .collect();
        // Packed again by hand it is all in a folder.
        let tops = names.iter().filter_map(|name| {
            let top = name.strip_suffix("users.json")?;
            Some(top.strip_suffix("org_").unwrap_or(top))
        });
        let tops = tops.filter(|top| top.is_empty() || top.ends_with('/'));
        let top = tops
            .min_by_key(|top| top.len())
            .unwrap_or_default()
            .to_owned();
        for (n, name) in names.iter().enumerate() {
            let Some(name) = name.strip_prefix(&top) else {
                continue;
            };
            match name.split_once('/') {
                None => {
                    this.lists.insert(name.to_owned(), n);
                }
                Some((folder, day)) if is_day(day) => {
                    let days = this.folders.entry(folder.to_owned()).or_default();
                    days.insert(day.to_owned(), n);
                }
                Some(_) => {}
            }
        }
        Ok(this)
    }

    /// A list at its top, where there is one.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn list<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<Vec<T>>, ImportError> {
        match self.lists.get(name) {
            Some(&file) => self.read(file).map(Some),
            None => Ok(None),
        }
    }

    /// Takes the days of a folder, the oldest first.
    pub fn days(&mut self, folder: &str) -> Vec<usize> {
        let days = self.folders.remove(folder).unwrap_or_default();
        days.into_values().collect()
    }

    /// How many days nobody has taken.
    pub fn days_left(&self) -> u64 {
        self.folders.values().map(|days| days.len() as u64).sum()
    }

    /// What was said on a day.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn day<T: DeserializeOwned>(&mut self, day: usize) -> Result<Vec<T>, ImportError> {
        self.read(day)
    }

    fn read<T: DeserializeOwned>(&mut self, file: usize) -> Result<Vec<T>, ImportError> {
        let name = self.zip.name_for_index(file).and_then(Result::ok);
        let name = name.unwrap_or_default().into_owned();
        let wrong = |why: String| ImportError::Whole(format!("{name}: {why}"));
        let packed = self.zip.by_index(file);
        let packed = packed.map_err(|why| wrong(why.to_string()))?;
        let mut bounded = Bounded {
            from: packed,
            left: FILE_BYTES.min(self.left),
        };
        let was = bounded.left;
        let read = serde_json::from_reader(BufReader::new(&mut bounded));
        self.left -= was - bounded.left;
        read.map_err(|why| wrong(why.to_string()))
    }
}

/// A reader that fails after so many bytes: it is known what they are before anything is made of them.
struct Bounded<R> {
    from: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(to.len());
        if most == 0 && !to.is_empty() {
            return Err(io::Error::other("it unpacks to more than can be true"));
        }
        let read = self.from.read(&mut to[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

/// `YYYY-MM-DD.json`.
fn is_day(name: &str) -> bool {
    let Some(date) = name.strip_suffix(".json") else {
        return false;
    };
    date.len() == 10
        && date.bytes().enumerate().all(|(n, c)| match n {
            4 | 7 => c == b'-',
            _ => c.is_ascii_digit(),
        })
}
