//! When something last moved of a request, so that one that stands still is given up.

use std::{cell::Cell, rc::Rc};

use js_sys::Date;

use crate::browser::{len_of, sleep};

/// When something last moved, and how long nothing may.
#[derive(Clone)]
pub(crate) struct Movement {
    at_ms: Rc<Cell<f64>>,
    most_ms: Rc<Cell<u64>>,
}

impl Movement {
    /// Now; the next must come within so many milliseconds.
    pub(crate) fn within(most_ms: u64) -> Self {
        Self {
            at_ms: Rc::new(Cell::new(Date::now())),
            most_ms: Rc::new(Cell::new(most_ms)),
        }
    }

    pub(crate) fn note(&self) {
        self.at_ms.set(Date::now());
    }

    /// From now on it may take so long.
    pub(crate) fn allow(&self, most_ms: u64) {
        self.most_ms.set(most_ms);
    }

    /// Ends when nothing has moved for longer than there is patience.
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
