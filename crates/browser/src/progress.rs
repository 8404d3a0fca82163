//! Counts how far one upload is, in plaintext bytes, and reports it just often enough to look smooth.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::Date;
use sealift_transfer::{Part, PartNumber};

use crate::{report::FileReporter, short_map::ShortMap};

/// The least milliseconds between two reports.
const REPORT_EVERY_MS: f64 = 100.0;

/// Counts the bytes that were sent and stored.
pub struct Progress {
    reporter: Rc<FileReporter>,
    stored: Cell<u64>,
    on_the_way: RefCell<ShortMap<PartNumber, u64>>,
    reported_at_ms: Cell<f64>,
}

impl Progress {
    /// Starts with nothing sent.
    #[must_use]
    pub fn new(reporter: Rc<FileReporter>) -> Self {
        Self {
            reporter,
            stored: Cell::new(0),
            on_the_way: RefCell::default(),
            reported_at_ms: Cell::new(0.0),
        }
    }

    /// Records that `sealed_bytes` of this part were sent so far.
    pub(crate) fn left(&self, part: &Part, sealed_bytes: u64) {
        let plaintext_bytes = sealed_bytes.min(part.plaintext_len());
        self.on_the_way
            .borrow_mut()
            .insert(part.number, plaintext_bytes);
        let now_ms = Date::now();
        if (now_ms - self.reported_at_ms.get()).abs() >= REPORT_EVERY_MS {
            self.reported_at_ms.set(now_ms);
            self.report();
        }
    }

    /// Records the end of an attempt at this part: it is stored, or it is sent again.
    pub(crate) fn arrived(&self, number: PartNumber, stored_plaintext_len: u64) {
        self.on_the_way.borrow_mut().remove(&number);
        self.stored.set(stored_plaintext_len);
        self.report();
    }

    /// Records how much was found in the store.
    pub(crate) fn found(&self, stored_plaintext_len: u64) {
        self.stored.set(stored_plaintext_len);
        self.report();
    }

    /// Records that no part is under way any more. Parts that were under way are sent again.
    pub(crate) fn stopped(&self) {
        let on_the_way = self.on_the_way.take();
        if on_the_way.values().next().is_some() {
            self.report();
        }
    }

    fn report(&self) {
        let on_the_way: u64 = self.on_the_way.borrow().values().sum();
        let sent = self.stored.get().saturating_add(on_the_way);
        self.reporter.progress(sent);
    }
}

#[cfg(test)]
mod tests {
    use sealift_transfer::PartPlan;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::report::tests::reports;

    #[wasm_bindgen_test]
    fn what_was_on_the_way_when_an_upload_stops_does_not_count_any_more() {
        let (reporter, reports) = reports();
        let progress = Progress::new(Rc::new(reporter.on_file(1)));
        progress.stopped();
        assert!(reports().is_empty());
        let plan = PartPlan::new(800, 4096, 10, 1).unwrap();
        progress.left(&plan.part(PartNumber::FIRST).unwrap(), 5);
        progress.stopped();
        assert_eq!(reports(), ["progress", "progress"]);
        assert_eq!(progress.on_the_way.borrow().values().count(), 0);
    }
}
