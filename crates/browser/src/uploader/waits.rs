//! What one file waits for, told once however many of its requests wait.

use std::collections::BTreeMap;

use crate::report::{FileReporter, Reason};

/// How many requests wait for what.
#[derive(Default)]
pub(super) struct Waits(BTreeMap<Reason, u32>);

impl Waits {
    pub(super) fn begin(&mut self, reason: Reason, reporter: &FileReporter) {
        let count = self.0.entry(reason).or_default();
        *count = count.saturating_add(1);
        if *count == 1 {
            reporter.waiting(reason);
        }
    }

    pub(super) fn end(&mut self, reason: Reason, reporter: &FileReporter) {
        let Some(count) = self.0.get_mut(&reason) else {
            return;
        };
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.0.remove(&reason);
            if self.0.is_empty() {
                reporter.goes_on();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::report::tests::heard;

    #[wasm_bindgen_test]
    fn a_file_waits_once_and_goes_on_once_however_many_requests_wait() {
        let (reporter, heard) = heard();
        let reporter = reporter.on_file(1);
        let mut waits = Waits::default();
        for _ in 0..3 {
            waits.begin(Reason::Network, &reporter);
        }
        assert_eq!(heard(), ["waiting"]);
        for _ in 0..3 {
            waits.end(Reason::Network, &reporter);
        }
        assert_eq!(heard(), ["waiting", "goes-on", "state"]);
        waits.end(Reason::Network, &reporter);
        assert_eq!(heard().len(), 3);
    }
}
