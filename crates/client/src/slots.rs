//! Limits how many PUTs run at once, over all uploads of a client.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sealift_transfer::{Parallelism, retry::RequestFailure};
use tokio::sync::Semaphore;

/// The most PUTs at once. No browser limits the connections of this client, so it may have more than a
/// page. Each of them needs the memory of a part; `part_buffers.rs` has room for these parts and those that
/// come next.
const MOST_PUTS: u8 = 10;

/// The slots for PUTs. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Slots(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// The free slots. They are given out in the order of the requests.
    semaphore: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    parallelism: Parallelism,
    /// Slots to withdraw when they come back, because the limit was lowered while they were in use.
    excess: usize,
}

/// The permit for one PUT. Dropping it frees the slot.
#[derive(Debug)]
pub(crate) struct Permit(Slots);

impl Default for Slots {
    fn default() -> Self {
        let state = State {
            parallelism: Parallelism::at_most(MOST_PUTS),
            excess: 0,
        };
        Self(Arc::new(Shared {
            semaphore: Semaphore::new(state.parallelism.most_puts().into()),
            state: Mutex::new(state),
        }))
    }
}

impl Slots {
    /// Waits for a permit: first come, first served.
    pub(crate) async fn acquire(&self) -> Permit {
        if let Ok(permit) = self.0.semaphore.acquire().await {
            // `Permit` returns the slot itself, because the limit may be lower by then.
            permit.forget();
        }
        Permit(self.clone())
    }

    /// Changes the parallelism, and the number of slots with it. Permits beyond it stay valid.
    fn change(&self, change: impl FnOnce(&mut Parallelism)) {
        let mut state = self.state();
        let before = usize::from(state.parallelism.most_puts());
        change(&mut state.parallelism);
        let now = usize::from(state.parallelism.most_puts());
        self.free(&mut state, now.saturating_sub(before));
        let fewer = before.saturating_sub(now);
        let forgotten = self.0.semaphore.forget_permits(fewer);
        state.excess = state.excess.saturating_add(fewer.saturating_sub(forgotten));
    }

    fn free(&self, state: &mut State, slots: usize) {
        let freed = slots.saturating_sub(state.excess);
        state.excess = state.excess.saturating_sub(slots);
        self.0.semaphore.add_permits(freed);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Records that the PUT succeeded, and frees the slot.
    pub(crate) fn sent(self) {
        self.0.change(Parallelism::sent);
    }

    /// Records that the PUT failed, and frees the slot.
    pub(crate) fn failed(self, failure: RequestFailure) {
        self.0.change(|parallelism| parallelism.failed(failure));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.0.state();
        self.0.free(&mut state, 1);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn acquire_all(slots: &Slots) -> Vec<Permit> {
        core::iter::from_fn(|| slots.acquire().now_or_never()).collect()
    }

    #[tokio::test]
    async fn a_late_request_waits_for_a_permit_that_is_given_back() {
        let slots = Slots::default();
        let mut permits = acquire_all(&slots);
        assert_eq!(permits.len(), 4);
        let mut late = Box::pin(slots.acquire());
        assert!(late.as_mut().now_or_never().is_none());
        permits.pop();
        let _late = late.await;
        assert!(slots.acquire().now_or_never().is_none());
    }

    #[tokio::test]
    async fn a_waiting_request_is_not_overtaken() {
        let slots = Slots::default();
        let mut permits = acquire_all(&slots);
        let mut first = Box::pin(slots.acquire());
        let mut second = Box::pin(slots.acquire());
        for waiting in [&mut first, &mut second] {
            assert!(waiting.as_mut().now_or_never().is_none());
        }
        permits.pop();
        assert!(second.as_mut().now_or_never().is_none());
        let _first = first.await;
        permits.pop();
        let _second = second.await;
    }

    #[test]
    fn after_a_stall_there_are_half_as_many_permits() {
        let slots = Slots::default();
        for permit in acquire_all(&slots) {
            permit.failed(RequestFailure::Network);
        }
        let permits = acquire_all(&slots);
        assert_eq!(permits.len(), 2);
        for permit in permits {
            permit.sent();
        }
        // Every two rounds raise the number by one, up to the limit.
        for _ in 0..40 {
            acquire_all(&slots).into_iter().for_each(Permit::sent);
        }
        assert_eq!(acquire_all(&slots).len(), usize::from(MOST_PUTS));
    }

    #[tokio::test]
    async fn a_request_that_gave_up_waiting_holds_nothing() {
        let slots = Slots::default();
        let mut permits = acquire_all(&slots);
        let mut gone = Box::pin(slots.acquire());
        let mut next = Box::pin(slots.acquire());
        for waiting in [&mut gone, &mut next] {
            assert!(waiting.as_mut().now_or_never().is_none());
        }
        permits.pop();
        // The freed slot is assigned to this request already.
        drop(gone);
        assert!(next.now_or_never().is_some());
        drop(permits);
        assert_eq!(acquire_all(&slots).len(), 4);
    }

    #[test]
    fn a_lower_limit_waits_for_the_permits_in_use_and_a_higher_one_frees_some_at_once() {
        let slots = Slots::default();
        let mut permits = acquire_all(&slots);
        // The limit is 2 now, and 3 permits are in use.
        permits.pop().unwrap().failed(RequestFailure::Network);
        assert!(acquire_all(&slots).is_empty());
        permits.pop();
        assert!(acquire_all(&slots).is_empty());
        permits.pop();
        assert_eq!(acquire_all(&slots).len(), 1);
        drop(permits);
        assert_eq!(acquire_all(&slots).len(), 2);
    }
}
