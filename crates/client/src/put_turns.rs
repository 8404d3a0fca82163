//! Limits how many PUTs run at once, over all uploads of a client.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sealift_transfer::{Parallelism, retry::RequestFailure};
use tokio::sync::{self, Notify};

/// The slots for PUTs. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct PutTurns(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Held by the first waiting task, the only one that looks for a free slot. No task is overtaken,
    /// because this mutex is fair, and signatures end while a task waits.
    first: sync::Mutex<()>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    parallelism: Parallelism,
    taken: u8,
}

/// The permit for one PUT. Dropping it frees the slot.
#[derive(Debug)]
pub(crate) struct PutTurn(PutTurns);

impl PutTurns {
    /// Waits for a permit: first come, first served.
    pub(crate) async fn take(&self) -> PutTurn {
        let _first = self.0.first.lock().await;
        loop {
            let changed = self.0.changed.notified();
            let mut changed = core::pin::pin!(changed);
            // The wait is registered here, so that no permit that is freed between the check and the
            // wait is missed.
            changed.as_mut().enable();
            if let Some(turn) = self.take_free() {
                return turn;
            }
            changed.await;
        }
    }

    fn take_free(&self) -> Option<PutTurn> {
        let mut state = self.state();
        if state.taken >= state.parallelism.most_puts() {
            return None;
        }
        state.taken = state.taken.saturating_add(1);
        Some(PutTurn(self.clone()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PutTurn {
    /// Records that the PUT succeeded, and frees the slot.
    pub(crate) fn sent(self) {
        self.0.state().parallelism.sent();
    }

    /// Records that the PUT failed, and frees the slot.
    pub(crate) fn failed(self, failure: RequestFailure) {
        self.0.state().parallelism.failed(failure);
    }
}

impl Drop for PutTurn {
    fn drop(&mut self) {
        {
            let mut state = self.0.state();
            state.taken = state.taken.saturating_sub(1);
        }
        self.0.0.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn take_all(turns: &PutTurns) -> Vec<PutTurn> {
        core::iter::from_fn(|| turns.take().now_or_never()).collect()
    }

    #[tokio::test]
    async fn who_comes_too_late_waits_for_a_turn_that_is_given_back() {
        let turns = PutTurns::default();
        let mut taken = take_all(&turns);
        assert_eq!(taken.len(), 4);
        let mut late = Box::pin(turns.take());
        assert!(late.as_mut().now_or_never().is_none());
        taken.pop();
        let _late = late.await;
        assert!(turns.take().now_or_never().is_none());
    }

    #[tokio::test]
    async fn who_waits_is_not_overtaken() {
        let turns = PutTurns::default();
        let mut taken = take_all(&turns);
        let mut first = Box::pin(turns.take());
        let mut second = Box::pin(turns.take());
        for waiting in [&mut first, &mut second] {
            assert!(waiting.as_mut().now_or_never().is_none());
        }
        taken.pop();
        assert!(second.as_mut().now_or_never().is_none());
        let _first = first.await;
        taken.pop();
        let _second = second.await;
    }

    #[test]
    fn after_a_stall_there_are_half_as_many_turns() {
        let turns = PutTurns::default();
        for turn in take_all(&turns) {
            turn.failed(RequestFailure::Network);
        }
        let taken = take_all(&turns);
        assert_eq!(taken.len(), 2);
        for turn in taken {
            turn.sent();
        }
        for _ in 0..20 {
            take_all(&turns).into_iter().for_each(PutTurn::sent);
        }
        assert_eq!(take_all(&turns).len(), 5);
    }
}
