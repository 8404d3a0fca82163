//! Collects the requests of small files, so that many files need few round trips.
//!
//! A request is sent at once while fewer than [`MOST_AT_ONCE`] of its kind are under way. Later requests
//! wait until one of these is answered, and then go together, as one batch. Nobody waits for a timer, so a
//! single file is as fast as without batches. The clients send the requests and give every item its own
//! result; the item's driver then decides about its retry, as it does after a request of its own.

mod ask;
mod results;
#[cfg(test)]
mod tests;

pub use ask::{Answered, Ask, Body, Kind, request};
pub use results::results;

use core::mem;

use crate::api::batch::MOST_ITEMS;

/// The most plaintext bytes of a file whose requests go in batches. It has one part, which is sealed and
/// sent sooner than its requests travel. Larger files gain little, and the completion of several parts
/// may take minutes, for which no other file of its batch should wait.
pub const LARGEST_SMALL_FILE: u64 = 1024 * 1024;
/// The most small files under way at once. Two clients of one owner then stay below the 100 uploads that
/// a server lets an owner have open by default. Their parts fill 54 MiB at most.
pub const MOST_SMALL_FILES: u32 = 48;
/// The most requests of one kind under way at once. While one travels back, the server works on the other.
pub const MOST_AT_ONCE: usize = 2;
/// The most requests of one kind under way at once if each goes alone. Browsers open six connections to an
/// origin.
const MOST_ALONE: usize = 6;

/// The requests of a client that wait or are under way. `W` is the waiter for the result of one item.
#[derive(Debug)]
pub struct Batches<W> {
    queues: [Queue<W>; 3],
    go_alone: bool,
}

#[derive(Debug)]
struct Queue<W> {
    waiting: Vec<(Ask, W)>,
    /// Requests, not items.
    under_way: usize,
}

impl<W> Default for Batches<W> {
    fn default() -> Self {
        Self {
            queues: [const { Queue::new() }; 3],
            go_alone: false,
        }
    }
}

impl<W> Queue<W> {
    const fn new() -> Self {
        Self {
            waiting: Vec::new(),
            under_way: 0,
        }
    }
}

impl<W> Batches<W> {
    /// Adds an item behind those that wait. [`Self::next`] says whether it can be sent now.
    pub fn add(&mut self, ask: Ask, waiter: W) {
        self.queue(ask.kind()).waiting.push((ask, waiter));
    }

    /// Returns the items of the request to send now, in the order in which they were added, or `None` if
    /// nothing waits or enough is under way. Forgets the items that nobody wants any more. Each request
    /// ends with [`Self::ended`].
    pub fn next(&mut self, kind: Kind, is_wanted: impl Fn(&W) -> bool) -> Option<Vec<(Ask, W)>> {
        let (most_at_once, most_items) = match self.go_alone {
            true => (MOST_ALONE, 1),
            false => (MOST_AT_ONCE, MOST_ITEMS),
        };
        let queue = self.queue(kind);
        if queue.under_way >= most_at_once {
            return None;
        }
        queue.waiting.retain(|(_, waiter)| is_wanted(waiter));
        let count = queue.waiting.len().min(most_items);
        if count == 0 {
            return None;
        }
        queue.under_way = queue.under_way.saturating_add(1);
        let later = queue.waiting.split_off(count);
        Some(mem::replace(&mut queue.waiting, later))
    }

    /// Records that a request of this kind has ended.
    pub fn ended(&mut self, kind: Kind) {
        let queue = self.queue(kind);
        queue.under_way = queue.under_way.saturating_sub(1);
    }

    /// Takes back the items of a batch that the server refused as such ([`refuses_batches`]). From now on
    /// every item is a request of its own.
    pub fn go_alone(&mut self, kind: Kind, mut items: Vec<(Ask, W)>) {
        self.go_alone = true;
        let queue = self.queue(kind);
        items.append(&mut queue.waiting);
        queue.waiting = items;
    }

    fn queue(&mut self, kind: Kind) -> &mut Queue<W> {
        let [open, sign, complete] = &mut self.queues;
        match kind {
            Kind::Open => open,
            Kind::Sign => sign,
            Kind::Complete => complete,
        }
    }
}

/// Returns whether this status of a whole batch refuses batches as such: the server is of an earlier version,
/// or a proxy in front of it limits bodies. Logins, permissions and retries are not about batches.
#[must_use]
pub fn refuses_batches(status: u16) -> bool {
    matches!(status, 400 | 404 | 405 | 411 | 413 | 415 | 422)
}
