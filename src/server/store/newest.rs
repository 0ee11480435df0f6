//! The newest of what a search finds, whatever order it is found in.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::search::Place;
use crate::domain::Millis;

/// The newest that were found so far, one more than are wanted: that tells whether there are more.
pub struct Newest {
    found: BinaryHeap<Reverse<Place>>,
    wanted: usize,
}

impl Newest {
    pub fn new(wanted: usize) -> Self {
        Self {
            found: BinaryHeap::new(),
            wanted,
        }
    }

    /// Whether something this old could still be among them.
    pub fn reach(&self, at: Millis) -> bool {
        self.found.len() <= self.wanted
            || self
                .found
                .peek()
                .is_some_and(|Reverse(oldest)| at >= oldest.at)
    }

    pub fn add(&mut self, place: Place) {
        self.found.push(Reverse(place));
        if self.found.len() > self.wanted + 1 {
            self.found.pop();
        }
    }

    /// Those that are wanted, newest first, and where to go on where there are more.
    pub fn into_page(self) -> (Vec<Place>, Option<String>) {
        let mut places = self.found.into_sorted_vec();
        let more = places.len() > self.wanted;
        places.truncate(self.wanted);
        let places: Vec<Place> = places.into_iter().map(|Reverse(place)| place).collect();
        let next = places.last().filter(|_| more).map(Place::to_string);
        (places, next)
    }
}
