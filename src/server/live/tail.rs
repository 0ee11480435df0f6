//! The end of a room's log in memory: frames, oldest to newest, that any reader's cursor can be served from.

use std::{cmp::Ordering, collections::VecDeque, sync::Arc};

use super::{
    frames::{Framed, Logged},
    retell::retold,
};
use crate::{
    domain::{RoomId, Seq},
    protocol::ServerFrame,
};

/// Frames in a tail at most.
pub const FRAMES: usize = 1_024;
/// Bytes in a tail at most.
pub const BYTES: usize = 1024 * 1024;
/// Bytes that are handed out for one write; the rest follows in the next.
const CHUNK: usize = 64 * 1024;

/// Frames to write in one go, and the cursor once they are written.
#[derive(Clone)]
pub struct Chunk {
    pub bytes: Framed,
    pub first: Seq,
    pub last: Seq,
}

/// A room's newest frames, as they were read.
#[derive(Clone)]
pub struct Newest {
    pub head: Seq,
    pub frames: Arc<[Logged]>,
    /// Of the store that they were read from.
    pub epoch: Arc<str>,
}

/// What became of a frame that was to be appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It was the next one.
    Taken,
    /// It is in the log already.
    Known,
    /// Something that comes before it is missing: what is here cannot go on until that has been read.
    Hole,
}

/// The newest frames of one room. A cursor is the seq of the last frame that a reader has.
pub struct Tail {
    head: Seq,
    /// Which life of the data it is of.
    epoch: Arc<str>,
    frames: VecDeque<Logged>,
    bytes: usize,
    /// The chunk last joined from several frames since the head moved: readers that wait together share it.
    joined: Option<Chunk>,
}

impl Tail {
    /// The tail of a room whose newest entry is `head`, before any of its frames are known.
    pub fn new(head: Seq) -> Self {
        Self {
            head,
            epoch: Arc::default(),
            frames: VecDeque::new(),
            bytes: 0,
            joined: None,
        }
    }

    pub fn head(&self) -> Seq {
        self.head
    }

    /// The oldest cursor that can be served without a hole.
    pub fn oldest_cursor(&self) -> Seq {
        self.head - self.frames.len() as Seq
    }

    /// Takes the frame with this seq, if it is the one after the head.
    pub fn append(&mut self, seq: Seq, frame: Logged) -> Appended {
        match seq.cmp(&(self.head + 1)) {
            Ordering::Less => Appended::Known,
            Ordering::Greater => Appended::Hole,
            Ordering::Equal => {
                self.head = seq;
                self.joined = None;
                self.push(frame);
                Appended::Taken
            }
        }
    }

    /// Bytes of frames in memory, what was joined for one write included.
    pub fn size(&self) -> usize {
        self.bytes + self.joined.as_ref().map_or(0, |chunk| chunk.bytes.len())
    }

    /// Gives up all frames but the newest, which tells readers that lack more of a hole, as always.
    pub fn shrink(&mut self) {
        self.joined = None;
        self.frames.drain(..self.frames.len().saturating_sub(1));
        self.frames.shrink_to_fit();
        self.count();
    }

    /// Tells all that `change` concerns anew: of an edited message only the newest words are left here, of a deleted
    /// one none, and of those that are kept no longer none either.
    pub fn retell(&mut self, of: Seq, change: &ServerFrame) {
        self.joined = None;
        let all = matches!(change, ServerFrame::Erased { .. });
        let concerns = |seq| seq == of || (all && seq < of);
        let first = self.oldest_cursor() + 1;
        for (seq, frame) in (first..).zip(&mut self.frames) {
            if (concerns(seq) || concerns(frame.about))
                && let Some(retold) = retold(&frame.bytes, change)
            {
                frame.bytes = retold;
            }
        }
        self.count();
    }

    fn count(&mut self) {
        self.bytes = self.frames.iter().map(|frame| frame.bytes.len()).sum();
    }

    /// The tail of a room as it was read.
    pub fn read(newest: &Newest) -> Self {
        let mut tail = Self::new(newest.head);
        tail.epoch = newest.epoch.clone();
        newest
            .frames
            .iter()
            .for_each(|frame| tail.push(frame.clone()));
        tail
    }

    /// What a reader is told whose next frame is `from`.
    pub fn opened(&self, room: RoomId, from: Seq) -> ServerFrame {
        ServerFrame::Opened {
            room,
            head: self.head,
            from,
            epoch: self.epoch.to_string(),
        }
    }

    fn push(&mut self, frame: Logged) {
        self.bytes += frame.bytes.len();
        self.frames.push_back(frame);
        while self.frames.len() > FRAMES || (self.bytes > BYTES && self.frames.len() > 1) {
            let Some(dropped) = self.frames.pop_front() else {
                break;
            };
            self.bytes -= dropped.bytes.len();
        }
    }

    /// What a reader at `cursor` is to be written next; `None` where it has everything.
    ///
    /// A cursor before [`Self::oldest_cursor`] is served from there: its reader must have been told.
    pub fn after(&mut self, cursor: Seq) -> Option<Chunk> {
        if cursor >= self.head {
            return None;
        }
        let first = cursor.max(self.oldest_cursor()) + 1;
        if first == self.head {
            return Some(Chunk {
                bytes: self.frame(first)?.clone(),
                first,
                last: first,
            });
        }
        if let Some(joined) = self.joined.as_ref().filter(|chunk| chunk.first == first) {
            return Some(joined.clone());
        }
        let mut bytes = Vec::new();
        let mut last = cursor;
        for seq in first..=self.head {
            let frame = self.frame(seq)?;
            if !bytes.is_empty() && bytes.len() + frame.len() > CHUNK {
                break;
            }
            bytes.extend_from_slice(frame);
            last = seq;
        }
        let chunk = Chunk {
            bytes: bytes.into(),
            first,
            last,
        };
        self.joined = Some(chunk.clone());
        Some(chunk)
    }

    /// Where a write of `chunk` that stopped after `written` bytes leaves its reader: the seq of the frame
    /// it stopped in, and the bytes of that frame that are still to be written.
    pub fn split(&self, chunk: &Chunk, written: usize) -> (Seq, Vec<u8>) {
        let mut end = 0;
        for seq in chunk.first..=chunk.last {
            end += self.frame(seq).map_or(0, |frame| frame.len());
            if written < end {
                return (seq, chunk.bytes[written..end].to_vec());
            }
            if written == end {
                return (seq, Vec::new());
            }
        }
        (chunk.last, Vec::new())
    }

    fn frame(&self, seq: Seq) -> Option<&Framed> {
        let index = seq.checked_sub(self.oldest_cursor() + 1)?;
        let frame = self.frames.get(usize::try_from(index).ok()?)?;
        Some(&frame.bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(seq: Seq, size: usize) -> Logged {
        let mut bytes = seq.to_be_bytes().to_vec();
        bytes.resize(8 + size, 0);
        Logged {
            bytes: bytes.into(),
            about: 0,
        }
    }

    /// Reads on from `cursor`, at most `step` bytes a write, and gives back all that was written.
    fn drain(tail: &mut Tail, mut cursor: Seq, step: usize) -> Vec<u8> {
        let mut written = Vec::new();
        while let Some(chunk) = tail.after(cursor) {
            let n = step.min(chunk.bytes.len());
            written.extend_from_slice(&chunk.bytes[..n]);
            let (at, rest) = tail.split(&chunk, n);
            written.extend(rest);
            cursor = at;
        }
        written
    }

    proptest! {
        #[test]
        fn any_reader_gets_every_frame_once_however_its_writes_are_cut(
            start in 0u64..1000,
            sizes in prop::collection::vec(0usize..40_000, 1..30),
            skip in 0usize..30,
            step in 1usize..100_000,
        ) {
            let mut tail = Tail::new(start);
            for (i, size) in sizes.iter().enumerate() {
                let seq = start + 1 + i as Seq;
                tail.append(seq, frame(seq, *size));
            }
            let cursor = (start + (skip % sizes.len()) as Seq).max(tail.oldest_cursor());
            let expected: Vec<u8> = (cursor + 1..=tail.head())
                .flat_map(|seq| frame(seq, sizes[(seq - start - 1) as usize]).bytes.to_vec())
                .collect();
            prop_assert_eq!(drain(&mut tail, cursor, step), expected);
        }
    }

    #[test]
    fn it_keeps_a_bounded_number_of_frames_and_bytes() {
        let mut small = Tail::new(0);
        (1..=5_000).for_each(|seq| _ = small.append(seq, frame(seq, 10)));
        assert_eq!(
            (small.head(), small.oldest_cursor()),
            (5_000, 5_000 - FRAMES as Seq)
        );

        let mut large = Tail::new(0);
        (1..=100).for_each(|seq| _ = large.append(seq, frame(seq, 100_000)));
        assert!(large.bytes <= BYTES && large.oldest_cursor() >= 89);
    }

    #[test]
    fn readers_at_the_same_cursor_share_one_joined_chunk() {
        let mut tail = Tail::new(0);
        (1..=3).for_each(|seq| _ = tail.append(seq, frame(seq, 10)));
        let (a, b) = (
            tail.after(0).expect("frames"),
            tail.after(0).expect("frames"),
        );
        assert!(std::sync::Arc::ptr_eq(&a.bytes, &b.bytes));
    }

    #[test]
    fn only_the_next_seq_is_taken_an_older_one_is_known_and_a_later_one_is_a_hole() {
        let mut tail = Tail::new(7);
        assert_eq!(tail.append(9, frame(9, 10)), Appended::Hole);
        assert_eq!(tail.append(7, frame(7, 10)), Appended::Known);
        assert!(tail.after(7).is_none(), "neither is handed out");
        assert_eq!(tail.append(8, frame(8, 10)), Appended::Taken);
        assert_eq!(tail.append(8, frame(8, 10)), Appended::Known);
        assert_eq!((tail.head(), tail.oldest_cursor()), (8, 7));
    }

    #[test]
    fn a_tail_that_shrank_tells_who_was_behind_and_goes_on() {
        let mut tail = Tail::new(0);
        (1..=3).for_each(|seq| _ = tail.append(seq, frame(seq, 10)));
        assert!(tail.after(0).is_some_and(|chunk| chunk.last == 3));
        tail.shrink();
        assert_eq!(
            (tail.size(), tail.head(), tail.oldest_cursor()),
            (frame(3, 10).bytes.len(), 3, 2)
        );
        assert!(tail.after(0).is_some_and(|chunk| chunk.first == 3));
        assert_eq!(tail.append(4, frame(4, 10)), Appended::Taken);
        assert!(tail.after(3).is_some_and(|chunk| chunk.first == 4));
    }
}
