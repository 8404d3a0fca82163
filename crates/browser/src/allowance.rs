//! Limits how much of something may be in use at once: PUTs, files, bytes of buffers. Waiters are served
//! in order, so that small requests cannot overtake a large one forever.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use futures::channel::oneshot;

/// A limiter that gives out permits for a number of units.
#[derive(Clone)]
pub struct Allowance(Rc<Shared>);

struct Shared {
    most: Cell<u64>,
    in_use: Cell<u64>,
    waiting: RefCell<VecDeque<(u64, oneshot::Sender<Share>)>>,
}

/// A permit: the units that its holder uses. Dropping it returns them.
pub struct Share {
    units: u64,
    from: Allowance,
}

impl Allowance {
    /// Creates a limiter with `most` units, all of them free.
    #[must_use]
    pub fn of(most: u64) -> Self {
        Self(Rc::new(Shared {
            most: Cell::new(most),
            in_use: Cell::new(0),
            waiting: RefCell::default(),
        }))
    }

    /// Waits until `units` are free and returns a permit for them. If `units` is over the limit, the permit
    /// is for all units there are.
    pub async fn take(&self, units: u64) -> Share {
        let (turn, comes) = oneshot::channel();
        self.0.waiting.borrow_mut().push_back((units, turn));
        self.serve();
        match comes.await {
            Ok(share) => share,
            // This cannot happen: the queue lives as long as this limiter.
            Err(oneshot::Canceled) => self.share(0),
        }
    }

    /// Changes the limit. Units in use beyond the new limit stay in use.
    pub fn set_most(&self, most: u64) {
        self.0.most.set(most);
        self.serve();
    }

    /// Returns the number of units in use.
    #[must_use]
    pub fn in_use(&self) -> u64 {
        self.0.in_use.get()
    }

    fn serve(&self) {
        while let Some((units, turn)) = self.next_turn() {
            // If the waiter is gone, dropping the unsent permit returns its units and serves the next.
            drop(turn.send(self.share(units)));
        }
    }

    fn next_turn(&self) -> Option<(u64, oneshot::Sender<Share>)> {
        let most = self.0.most.get();
        let free = most.saturating_sub(self.in_use());
        let mut waiting = self.0.waiting.borrow_mut();
        let (units, turn) = waiting.pop_front_if(|(units, _)| (*units).min(most) <= free)?;
        Some((units.min(most), turn))
    }

    fn share(&self, units: u64) -> Share {
        self.0.in_use.set(self.in_use().saturating_add(units));
        Share {
            units,
            from: self.clone(),
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let in_use = self.from.in_use().saturating_sub(self.units);
        self.from.0.in_use.set(in_use);
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
    fn where_there_is_more_or_less_than_before_the_next_get_more_or_less() {
        let allowance = Allowance::of(1);
        let first = allowance.take(1).now_or_never().unwrap();
        let mut second = Box::pin(allowance.take(1));
        assert!(second.as_mut().now_or_never().is_none());
        allowance.set_most(2);
        let second = second.now_or_never().unwrap();
        allowance.set_most(1);
        drop(first);
        let mut third = Box::pin(allowance.take(1));
        assert!(third.as_mut().now_or_never().is_none());
        drop(second);
        assert!(third.now_or_never().is_some());
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
