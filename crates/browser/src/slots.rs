//! Limits how much of something may be in use at once: PUTs, files, bytes of buffers. Waiters are served
//! in order, so that small requests cannot overtake a large one forever.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use futures::channel::oneshot;

/// A limiter that gives out permits for a number of units. Clones share the units.
#[derive(Clone)]
pub struct Slots(Rc<Shared>);

struct Shared {
    limit: Cell<u32>,
    /// May be over the limit, if that was lowered meanwhile.
    in_use: Cell<u32>,
    /// The waiters and their units.
    waiting: RefCell<VecDeque<(u32, oneshot::Sender<Permit>)>>,
}

/// The units that its holder uses. Dropping it frees them.
pub struct Permit {
    units: u32,
    from: Slots,
}

impl Slots {
    /// Creates a limiter with `limit` units, all of them free.
    #[must_use]
    pub fn of(limit: u32) -> Self {
        Self(Rc::new(Shared {
            limit: Cell::new(limit),
            in_use: Cell::new(0),
            waiting: RefCell::default(),
        }))
    }

    /// Waits until `units` are free and returns a permit for them. If `units` is over the limit, the permit
    /// is for all units there are.
    pub async fn acquire(&self, units: u32) -> Permit {
        loop {
            let (give, given) = oneshot::channel();
            self.0.waiting.borrow_mut().push_back((units, give));
            self.serve();
            // A permit that comes after its waiter is gone frees itself.
            if let Ok(permit) = given.await {
                return permit;
            }
        }
    }

    /// Changes the limit. Units in use beyond the new limit stay in use.
    pub fn set_limit(&self, limit: u32) {
        self.0.limit.set(limit);
        self.serve();
    }

    /// Returns the number of units in use.
    #[must_use]
    pub fn in_use(&self) -> u32 {
        self.0.in_use.get()
    }

    /// Gives the free units to those who wait, in order.
    fn serve(&self) {
        let Shared { limit, in_use, .. } = &*self.0;
        loop {
            let next = {
                let mut waiting = self.0.waiting.borrow_mut();
                waiting.pop_front_if(|(units, give)| {
                    let units = (*units).min(limit.get());
                    give.is_canceled() || in_use.get().saturating_add(units) <= limit.get()
                })
            };
            let Some((units, give)) = next else { return };
            if give.is_canceled() {
                continue;
            }
            let units = units.min(limit.get());
            in_use.set(in_use.get().saturating_add(units));
            let from = self.clone();
            // Somebody waits, so this succeeds.
            let _given = give.send(Permit { units, from });
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let in_use = &self.from.0.in_use;
        in_use.set(in_use.get().saturating_sub(self.units));
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
        let slots = Slots::of(5);
        let first = slots.acquire(3).now_or_never().unwrap();
        let mut second = Box::pin(slots.acquire(3));
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        assert!(second.now_or_never().is_some());
    }

    #[wasm_bindgen_test]
    fn who_wants_little_does_not_overtake_who_wants_much() {
        let slots = Slots::of(5);
        let first = slots.acquire(3).now_or_never().unwrap();
        let mut much = Box::pin(slots.acquire(4));
        assert!(much.as_mut().now_or_never().is_none());
        let mut little = Box::pin(slots.acquire(1));
        assert!(little.as_mut().now_or_never().is_none());
        drop(first);
        let much = much.now_or_never().unwrap();
        assert!(little.as_mut().now_or_never().is_some());
        drop(much);
        assert_eq!(slots.in_use(), 0);
    }

    #[wasm_bindgen_test]
    fn who_gave_up_waiting_holds_nothing() {
        let slots = Slots::of(1);
        let first = slots.acquire(1).now_or_never().unwrap();
        let mut gone = Box::pin(slots.acquire(1));
        assert!(gone.as_mut().now_or_never().is_none());
        let mut next = Box::pin(slots.acquire(1));
        assert!(next.as_mut().now_or_never().is_none());
        drop(gone);
        drop(first);
        assert!(next.now_or_never().is_some());
        assert_eq!(slots.in_use(), 0);
    }

    #[wasm_bindgen_test]
    fn where_there_is_more_or_less_than_before_the_next_get_more_or_less() {
        let slots = Slots::of(1);
        let first = slots.acquire(1).now_or_never().unwrap();
        let mut second = Box::pin(slots.acquire(1));
        assert!(second.as_mut().now_or_never().is_none());
        slots.set_limit(2);
        let second = second.now_or_never().unwrap();
        slots.set_limit(1);
        drop(first);
        let mut third = Box::pin(slots.acquire(1));
        assert!(third.as_mut().now_or_never().is_none());
        drop(second);
        assert!(third.now_or_never().is_some());
    }

    #[wasm_bindgen_test]
    fn who_wants_more_than_there_is_gets_all_of_it() {
        let slots = Slots::of(2);
        let all = slots.acquire(9).now_or_never().unwrap();
        assert_eq!(slots.in_use(), 2);
        drop(all);
        assert_eq!(slots.in_use(), 0);
    }
}
