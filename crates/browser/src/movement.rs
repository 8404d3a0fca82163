//! Detects a stalled request by the time of its last progress, so that it can be given up.

use std::{cell::Cell, rc::Rc};

use js_sys::Date;

use crate::browser::{len_of, sleep};

/// The time of a request's last progress, and how long it may take until the next.
#[derive(Clone)]
pub(crate) struct Movement {
    at_ms: Rc<Cell<f64>>,
    most_ms: Rc<Cell<u64>>,
}

impl Movement {
    /// Starts now. The next progress must come within `most_ms` milliseconds.
    pub(crate) fn within(most_ms: u64) -> Self {
        Self {
            at_ms: Rc::new(Cell::new(Date::now())),
            most_ms: Rc::new(Cell::new(most_ms)),
        }
    }

    pub(crate) fn progressed(&self) {
        self.at_ms.set(Date::now());
    }

    /// Changes how many milliseconds there may be without progress.
    pub(crate) fn allow(&self, most_ms: u64) {
        self.most_ms.set(most_ms);
    }

    /// Returns once there was no progress for that long.
    pub(crate) async fn stalled(&self) {
        loop {
            let stands_ms = len_of(Date::now() - self.at_ms.get());
            match self.most_ms.get().checked_sub(stands_ms) {
                Some(rest_ms) if rest_ms > 0 => sleep(rest_ms).await,
                _ => return,
            }
        }
    }
}
