//! Carries out what the page asks of an upload, and keeps the file's permit.

use futures::FutureExt as _;
use sealift_transfer::{Control, Done, Effect, driver};

use super::{Beginning, Browser, Finished, Uploader};
use crate::{report::State, shared::permits_of, slots::Permit};

/// What the page asks of an upload under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromPage {
    /// To pause, continue, cancel or leave it.
    Control(Control),
    /// To send the rest as it is now, in answer to [`Report::Unchecked`](crate::report::Report::Unchecked).
    Confirmed,
}

impl From<Control> for FromPage {
    fn from(control: Control) -> Self {
        Self::Control(control)
    }
}

/// Whether the upload may run.
pub(super) enum Stage {
    /// It waits for one of the few permits of a page's files, and then does this.
    Queued(FromPage),
    /// It holds its permit and runs.
    Running(#[expect(dead_code, reason = "held, and given back when dropped")] Permit),
    /// It is paused, or not begun, and holds no permit.
    Paused,
    /// The person is asked whether to send the rest unchecked.
    Asking,
    /// It is cancelled without a permit, so that nothing holds up the request that cancels it.
    Cancelled,
}

impl Uploader {
    pub(super) fn on_page(&mut self, asked: FromPage) -> Vec<Effect<Browser>> {
        match asked {
            FromPage::Confirmed => {
                if matches!(self.stage, Stage::Asking) {
                    self.wait_for_permit(asked);
                }
                Vec::new()
            }
            FromPage::Control(Control::Pause) => self.pause(),
            FromPage::Control(Control::Continue) => {
                if matches!(self.stage, Stage::Paused) {
                    self.reporter.goes_on();
                    self.wait_for_permit(asked);
                }
                Vec::new()
            }
            FromPage::Control(Control::Cancel) => self.cancel(),
            FromPage::Control(Control::Leave) => self.driver.control(Control::Leave),
        }
    }

    /// Waits for one of the few permits of a page's files. A file that is paused gives its permit back.
    pub(super) fn wait_for_permit(&mut self, then: FromPage) {
        self.stage = Stage::Queued(then);
        let files = self.tools.shared.files.clone();
        let permits = permits_of(self.tools.file.size());
        self.running
            .push(async move { Finished::Queued(files.acquire(permits).await) }.boxed_local());
    }

    pub(super) fn on_permit(&mut self, permit: Permit) -> Vec<Effect<Browser>> {
        let Stage::Queued(then) = self.stage else {
            return Vec::new();
        };
        self.stage = Stage::Running(permit);
        self.has_begun = true;
        self.reporter.state(State::Sealing);
        match then {
            FromPage::Confirmed => self.driver.on(Done::Confirmed),
            FromPage::Control(control) => self.driver.control(control),
        }
    }

    fn pause(&mut self) -> Vec<Effect<Browser>> {
        if matches!(self.stage, Stage::Paused) {
            return Vec::new();
        }
        let mut effects = self.driver.control(Control::Pause);
        // The driver of a file that waits for its permit is paused already.
        if effects.is_empty() && matches!(self.stage, Stage::Queued(_)) {
            effects.push(Effect::Stop);
        }
        // Otherwise it is too late: the upload is being completed or cancelled.
        if effects.iter().any(|effect| matches!(effect, Effect::Stop)) {
            self.stage = Stage::Paused;
            self.reporter.paused();
        }
        effects
    }

    fn cancel(&mut self) -> Vec<Effect<Browser>> {
        if !self.has_begun && matches!(*self.tools.beginning, Beginning::Open { .. }) {
            // The server does not know the upload yet.
            return vec![Effect::End(driver::Ended::Cancelled)];
        }
        if !matches!(self.stage, Stage::Running(_)) {
            self.stage = Stage::Cancelled;
        }
        self.driver.control(Control::Cancel)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::rc::Rc;

    use futures::{FutureExt as _, channel::mpsc};
    use js_sys::Array;
    use wasm_bindgen_test::wasm_bindgen_test;
    use web_sys::File;

    use super::*;
    use crate::{
        file_slice::ChosenFile,
        report::{Reporter, tests::reports},
        seal::Backend,
        shared::Shared,
    };

    /// Makes an uploader of a file that nobody has begun to send.
    pub(in crate::uploader) fn uploader(reporter: &Reporter) -> Uploader {
        let options = crate::shared::Options::default();
        let shared = Shared::new(Backend::WebCrypto, options, reporter.clone());
        let file = File::new_with_str_sequence(&Array::of1(&"content".into()), "f").unwrap();
        let beginning = Beginning::Open {
            client_token: "token".to_owned(),
            name: "f".to_owned(),
        };
        let file = Rc::new(ChosenFile::new(file));
        Uploader::new(Rc::new(shared), file, beginning, reporter.on_file(1))
    }

    #[wasm_bindgen_test]
    fn a_file_that_goes_on_after_a_pause_can_be_paused_again_before_its_turn() {
        let (reporter, reports) = reports();
        let uploader = uploader(&reporter);
        let files = uploader.tools.shared.files.clone();
        let mut permits: Vec<_> = std::iter::from_fn(|| files.acquire(1).now_or_never()).collect();

        let (page, from_page) = mpsc::unbounded();
        let mut run = Box::pin(uploader.run(from_page));
        let (pause, go_on) = (Control::Pause, Control::Continue);
        for asked in [pause, go_on, pause, go_on, pause] {
            page.unbounded_send(asked.into()).unwrap();
        }
        assert!(run.as_mut().now_or_never().is_none());
        let reported = reports();
        assert_eq!(
            reported,
            [
                "paused", "goes-on", "state", "paused", "goes-on", "state", "paused"
            ]
        );
        // A permit changes nothing while the file is paused.
        permits.clear();
        assert!(run.as_mut().now_or_never().is_none());
        assert_eq!(reports().len(), 7);
    }
}
