//! A disk in memory that knows what was synced, fails when it is told to, and can lose its power.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::random::Random;

/// What is written whole or not at all.
const SECTOR: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Read,
    Write,
    Sync,
    Truncate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// EIO
    Io,
    /// ENOSPC
    Full,
}

/// What goes wrong, and when.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub kind: Kind,
    /// Calls of that kind that go well before.
    pub after: usize,
    /// Calls that fail then.
    pub times: usize,
    pub error: Error,
    /// Whether a write that fails has written a part.
    pub short: bool,
}

/// How a process ends without having finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// `kill -9`: what was written is with the system.
    Kill,
    /// The power fails: only what was synced is sure.
    PowerCut,
}

#[derive(Clone, Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
}

#[derive(Default)]
struct File {
    /// Whether there is such a file, as the process sees it, and as the disk has it.
    there: bool,
    there_for_good: bool,
    now: Vec<u8>,
    synced: Vec<u8>,
    since: Vec<Change>,
}

impl File {
    fn name_for_good(&mut self) {
        self.there_for_good = self.there;
    }
}

struct State {
    files: HashMap<String, File>,
    fault: Option<Fault>,
    /// Changes until the process ends.
    until_end: Option<usize>,
    ended: bool,
    random: Random,
}

/// Cheap to clone: all are the same disk.
#[derive(Clone)]
pub struct Disk(Arc<Mutex<State>>);

impl Disk {
    /// One with this file, which is empty.
    pub fn new(name: &str, random: Random) -> Self {
        let file = File {
            there: true,
            there_for_good: true,
            ..File::default()
        };
        Self::with(HashMap::from([(name.to_owned(), file)]), random)
    }

    fn with(files: HashMap<String, File>, random: Random) -> Self {
        Self(Arc::new(Mutex::new(State {
            files,
            fault: None,
            until_end: None,
            ended: false,
            random,
        })))
    }

    /// Has something go wrong.
    pub fn fail(&self, fault: Fault) {
        self.state().fault = Some(fault);
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        self.state().fault = None;
    }

    /// Ends the process in the middle of a change, this many from now.
    pub fn end_after(&self, changes: usize) {
        self.state().until_end = Some(changes);
    }

    /// Whether the process has ended: what it does now, nobody sees.
    pub fn ended(&self) -> bool {
        self.state().ended
    }

    /// The disk as the next process finds it. This one is of no use any more.
    pub fn after(&self, end: End) -> Disk {
        let mut state = self.state();
        state.ended = true;
        let mut random = state.random.clone();
        let files = std::mem::take(&mut state.files);
        let survived = |(name, file): (String, File)| {
            let (there, bytes) = match end {
                End::Kill => (file.there, file.now),
                End::PowerCut => {
                    let there = if file.there == file.there_for_good {
                        file.there
                    } else {
                        random.one_in(2)
                    };
                    (there, after_power_cut(file.synced, file.since, &mut random))
                }
            };
            let file = File {
                there: true,
                there_for_good: true,
                now: bytes.clone(),
                synced: bytes,
                since: Vec::new(),
            };
            there.then_some((name, file))
        };
        let files = files.into_iter().filter_map(survived).collect();
        Self::with(files, random)
    }

    /// Whether the file holds these bytes.
    pub fn holds(&self, name: &str, needle: &[u8]) -> bool {
        let state = self.state();
        let mut file = state.files.get(name).filter(|file| file.there).into_iter();
        file.any(|file| file.now.windows(needle.len()).any(|bytes| bytes == needle))
    }

    pub fn open(&self, name: &str, create: bool) -> bool {
        let mut state = self.state();
        if state.ended {
            return false;
        }
        let file = state.files.entry(name.to_owned()).or_default();
        if !file.there && create {
            *file = File {
                there: true,
                ..File::default()
            };
        }
        file.there
    }

    pub fn has(&self, name: &str) -> bool {
        self.state().files.get(name).is_some_and(|file| file.there)
    }

    pub fn delete(&self, name: &str, for_good: bool) -> Result<(), Error> {
        let mut state = self.state();
        if state.is_last_change()? {
            return Err(Error::Io);
        }
        if let Some(file) = state.files.get_mut(name) {
            file.there = false;
            file.there_for_good &= !for_good;
        }
        Ok(())
    }

    /// Answers how many bytes there were.
    pub fn read(&self, name: &str, at: usize, into: &mut [u8]) -> Result<usize, Error> {
        let mut state = self.state();
        if state.ended {
            return Err(Error::Io);
        }
        state.may(Kind::Read)?;
        let file = state.files.get(name).ok_or(Error::Io)?;
        let bytes = file.now.get(at..).unwrap_or_default();
        let read = bytes.len().min(into.len());
        into[..read].copy_from_slice(&bytes[..read]);
        Ok(read)
    }

    pub fn write(&self, name: &str, at: usize, bytes: &[u8]) -> Result<(), Error> {
        let mut state = self.state();
        let last = state.is_last_change()?;
        let failed = state.may(Kind::Write);
        let part = match failed {
            Ok(()) => bytes.len(),
            Err((_, true)) => state.random.below(bytes.len()),
            Err((error, false)) => return Err(error),
        };
        let bytes = bytes[..part].to_vec();
        state.change(name, Change::Write { at, bytes });
        if last {
            return Err(Error::Io);
        }
        Ok(failed?)
    }

    pub fn truncate(&self, name: &str, size: usize) -> Result<(), Error> {
        let mut state = self.state();
        let last = state.is_last_change()?;
        state.may(Kind::Truncate)?;
        state.change(name, Change::Truncate(size));
        if last { Err(Error::Io) } else { Ok(()) }
    }

    pub fn sync(&self, name: &str) -> Result<(), Error> {
        let mut state = self.state();
        if state.is_last_change()? {
            return Err(Error::Io);
        }
        let failed = state.may(Kind::Sync);
        let mut random = Random::new(state.random.next());
        let file = state.files.get_mut(name).ok_or(Error::Io)?;
        let since = std::mem::take(&mut file.since);
        match failed {
            Ok(()) => {
                file.synced.clone_from(&file.now);
                if !file.there_for_good {
                    // As the system's VFS does it for a new log or journal: with the folder that names it.
                    state.files.values_mut().for_each(File::name_for_good);
                }
            }
            // The system has tried, and does not try again: a later sync that goes well says nothing of these.
            Err(_) => {
                let synced = std::mem::take(&mut file.synced);
                file.synced = after_power_cut(synced, since, &mut random);
            }
        }
        Ok(failed?)
    }

    pub fn size(&self, name: &str) -> usize {
        let state = self.state();
        state.files.get(name).map_or(0, |file| file.now.len())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<(Error, bool)> for Error {
    fn from((error, _): (Error, bool)) -> Self {
        error
    }
}

impl State {
    /// Whether this call goes well; if not, how it fails, and whether a part of it is done.
    fn may(&mut self, kind: Kind) -> Result<(), (Error, bool)> {
        let Some(fault) = self.fault.as_mut().filter(|fault| fault.kind == kind) else {
            return Ok(());
        };
        if fault.after > 0 {
            fault.after -= 1;
            return Ok(());
        }
        let Fault { error, short, .. } = *fault;
        fault.times = fault.times.saturating_sub(1);
        if fault.times == 0 {
            self.fault = None;
        }
        Err((error, short))
    }

    /// Whether the process ends in this change: then it is made, and not told of.
    fn is_last_change(&mut self) -> Result<bool, Error> {
        if self.ended {
            return Err(Error::Io);
        }
        if let Some(left) = &mut self.until_end {
            self.ended = *left == 0;
            *left = left.saturating_sub(1);
        }
        Ok(self.ended)
    }

    fn change(&mut self, name: &str, change: Change) {
        if let Some(file) = self.files.get_mut(name) {
            apply(&mut file.now, &change);
            file.since.push(change);
        }
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { at, bytes: new } => {
            let end = at + new.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*at..end].copy_from_slice(new);
        }
        Change::Truncate(size) => bytes.resize(*size, 0),
    }
}

/// Of what was not synced, each change may be there, not be there, or be there in part, in any order.
fn after_power_cut(mut synced: Vec<u8>, mut since: Vec<Change>, random: &mut Random) -> Vec<u8> {
    // Sometimes nothing is lost, or all: what is most often so in the world must be among them.
    match random.below(4) {
        0 => return synced,
        1 => {
            since.iter().for_each(|change| apply(&mut synced, change));
            return synced;
        }
        2 => random.shuffle(&mut since),
        _ => {}
    }
    for change in since {
        match (random.below(3), change) {
            (0, _) => {}
            (1, Change::Write { at, bytes }) => {
                for (n, sector) in bytes.chunks(SECTOR).enumerate() {
                    if random.one_in(2) {
                        let part = Change::Write {
                            at: at + n * SECTOR,
                            bytes: sector.to_vec(),
                        };
                        apply(&mut synced, &part);
                    }
                }
            }
            (_, change) => apply(&mut synced, &change),
        }
    }
    synced
}
