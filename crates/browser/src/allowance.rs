//! How much of something may be in use at once: PUTs, files, bytes of buffers. First come, first
//! served, so that nobody who wants much is overtaken for ever.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use futures::channel::oneshot;

/// A number of units to be taken and given back.
#[derive(Clone)]
pub struct Allowance(Rc<Shared>);

struct Shared {
    most: u64,
    free: Cell<u64>,
    waiting: RefCell<VecDeque<(u64, oneshot::Sender<Share>)>>,
}

/// Units in use; dropped, they are free again.
pub struct Share {
    units: u64,
    from: Allowance,
}

impl Allowance {
    /// All of `most` units are free.
    #[must_use]
    pub fn of(most: u64) -> Self {
        Self(Rc::new(Shared {
            most,
            free: Cell::new(most),
            waiting: RefCell::default(),
        }))
    }

    /// Waits until so many units are free. Who wants more than there are gets all there are.
    pub async fn take(&self, units: u64) -> Share {
        let units = units.min(self.0.most);
        let (turn, comes) = oneshot::channel();
        self.0.waiting.borrow_mut().push_back((units, turn));
        self.serve();
        match comes.await {
            Ok(share) => share,
            // Never: the queue lives as long as this allowance.
            Err(oneshot::Canceled) => self.share(0),
        }
    }

    /// Units in use.
    #[must_use]
    pub fn in_use(&self) -> u64 {
        self.0.most.saturating_sub(self.0.free.get())
    }

    fn serve(&self) {
        while let Some(turn) = self.next_turn() {
            let (units, turn) = turn;
            // Who no longer waits sends its share back by dropping it, which serves the next.
            drop(turn.send(self.share(units)));
        }
    }

    fn next_turn(&self) -> Option<(u64, oneshot::Sender<Share>)> {
        let mut waiting = self.0.waiting.borrow_mut();
        waiting.pop_front_if(|(units, _)| *units <= self.0.free.get())
    }

    fn share(&self, units: u64) -> Share {
        let free = self.0.free.get();
        self.0.free.set(free.saturating_sub(units));
        Share {
            units,
            from: self.clone(),
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let free = self.from.0.free.get();
        self.from.0.free.set(free.saturating_add(self.units));
        self.from.serve();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn who_comes_too_late_waits_until_something_is_given_back() {
        let allowance = Allowance::of(5);
        let first = allowance.take(3).now_or_never().unwrap();
        let mut second = Box::pin(allowance.take(3));
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        assert!(second.now_or_never().is_some());
    }

    #[wasm_bindgen_test]
    fn who_wants_little_does_not_overtake_who_wants_much() {
        let allowance = Allowance::of(5);
        let first = allowance.take(3).now_or_never().unwrap();
        let mut much = Box::pin(allowance.take(4));
        assert!(much.as_mut().now_or_never().is_none());
        let mut little = Box::pin(allowance.take(1));
        assert!(little.as_mut().now_or_never().is_none());
        drop(first);
        let much = much.now_or_never().unwrap();
        assert!(little.as_mut().now_or_never().is_some());
        drop(much);
        assert_eq!(allowance.in_use(), 0);
    }

    #[wasm_bindgen_test]
    fn who_gave_up_waiting_holds_nothing() {
        let allowance = Allowance::of(1);
        let first = allowance.take(1).now_or_never().unwrap();
        let mut gone = Box::pin(allowance.take(1));
        assert!(gone.as_mut().now_or_never().is_none());
        let mut next = Box::pin(allowance.take(1));
        assert!(next.as_mut().now_or_never().is_none());
        drop(gone);
        drop(first);
        assert!(next.now_or_never().is_some());
        assert_eq!(allowance.in_use(), 0);
    }

    #[wasm_bindgen_test]
    fn who_wants_more_than_there_is_gets_all_of_it() {
        let allowance = Allowance::of(2);
        let all = allowance.take(9).now_or_never().unwrap();
        assert_eq!(allowance.in_use(), 2);
        drop(all);
        assert_eq!(allowance.in_use(), 0);
    }
}
