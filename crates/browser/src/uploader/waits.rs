//! Reports once what one file waits for, however many of its requests wait.

use crate::{
    report::{FileReporter, Reason},
    short_map::ShortMap,
};

/// The number of waiting requests, by reason.
#[derive(Default)]
pub(super) struct Waits(ShortMap<Reason, u32>);

impl Waits {
    pub(super) fn begin(&mut self, reason: Reason, reporter: &FileReporter) {
        let before = self.0.remove(&reason).unwrap_or(0);
        self.0.insert(reason, before.saturating_add(1));
        if before == 0 {
            reporter.waiting(reason);
        }
    }

    pub(super) fn end(&mut self, reason: Reason, reporter: &FileReporter) {
        let Some(before) = self.0.remove(&reason) else {
            return;
        };
        if before > 1 {
            self.0.insert(reason, before.saturating_sub(1));
        } else if let Some(other) = self.any() {
            reporter.waiting(other);
        } else {
            reporter.goes_on();
        }
    }

    fn any(&self) -> Option<Reason> {
        let reasons = [Reason::Network, Reason::Credential];
        reasons
            .into_iter()
            .find(|reason| self.0.get(reason).is_some())
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::report::tests::reports;

    #[wasm_bindgen_test]
    fn a_file_waits_once_and_goes_on_once_however_many_requests_wait() {
        let (reporter, reports) = reports();
        let reporter = reporter.on_file(1);
        let mut waits = Waits::default();
        for _ in 0..3 {
            waits.begin(Reason::Network, &reporter);
        }
        assert_eq!(reports(), ["waiting"]);
        for _ in 0..3 {
            waits.end(Reason::Network, &reporter);
        }
        assert_eq!(reports(), ["waiting", "goes-on", "state"]);
        waits.end(Reason::Network, &reporter);
        assert_eq!(reports().len(), 3);
    }

    #[wasm_bindgen_test]
    fn what_is_still_waited_for_is_said_when_the_other_is_there() {
        let (reporter, reports) = reports();
        let reporter = reporter.on_file(1);
        let mut waits = Waits::default();
        waits.begin(Reason::Network, &reporter);
        waits.begin(Reason::Credential, &reporter);
        waits.end(Reason::Credential, &reporter);
        assert_eq!(reports(), ["waiting", "waiting", "waiting"]);
        waits.end(Reason::Network, &reporter);
        assert_eq!(reports().len(), 5);
    }
}
