//! Holds the API key that requests carry, and asks the page for another one if the server refuses it.

use std::cell::{Cell, RefCell};

use futures::channel::oneshot;
use zeroize::Zeroizing;

use crate::report::{Report, Reporter};

/// The caller's API key. It is kept in memory only.
pub struct Credential {
    api_key: RefCell<Option<Zeroizing<String>>>,
    /// Counts the API keys, so that a late refusal of an old key does not count against the new one.
    version: Cell<u32>,
    is_refused: Cell<bool>,
    is_declined: Cell<bool>,
    waiting: RefCell<Vec<oneshot::Sender<bool>>>,
    reporter: Reporter,
}

impl Credential {
    /// Starts without an API key. `reporter` asks the page for one when it is needed.
    #[must_use]
    pub fn new(reporter: Reporter) -> Self {
        Self {
            api_key: RefCell::default(),
            version: Cell::new(0),
            is_refused: Cell::new(false),
            is_declined: Cell::new(false),
            waiting: RefCell::default(),
            reporter,
        }
    }

    /// Sets the API key that requests carry from now on, or removes it. All waiters go on.
    pub fn log_in(&self, api_key: Option<String>) {
        *self.api_key.borrow_mut() = api_key.map(Zeroizing::new);
        self.version.set(self.version.get().wrapping_add(1));
        self.is_refused.set(false);
        self.is_declined.set(false);
        self.answer(true);
    }

    /// Records that the person gives no API key. All waiters fail, and so do later ones until
    /// [`Self::ask_again`].
    pub fn decline(&self) {
        self.is_declined.set(true);
        self.answer(false);
    }

    /// After the person declined, lets the next request that needs an API key ask for one again.
    pub fn ask_again(&self) {
        self.is_declined.set(false);
    }

    fn answer(&self, is_there: bool) {
        for waiting in self.waiting.take() {
            // Sending fails if the waiter is gone, which then needs no answer.
            let _received = waiting.send(is_there);
        }
    }

    /// Returns the value of the `Authorization` header, and the version of the API key in it.
    pub(crate) fn authorization(&self) -> (Option<Zeroizing<String>>, u32) {
        let api_key = self.api_key.borrow();
        let bearer = |key: &Zeroizing<String>| Zeroizing::new(format!("Bearer {}", key.as_str()));
        (api_key.as_ref().map(bearer), self.version.get())
    }

    /// Returns whether requests carry an API key.
    pub(crate) fn is_there(&self) -> bool {
        self.api_key.borrow().is_some()
    }

    /// Records that the server refused the API key of that version.
    pub fn refused(&self, version: u32) {
        if version == self.version.get() {
            self.is_refused.set(true);
        }
    }

    /// Waits for an API key that was not refused. Asks the page once for all waiters. Returns `false` if the
    /// person gives none.
    pub async fn renewed(&self) -> bool {
        if !self.is_refused.get() {
            return true;
        }
        if self.is_declined.get() {
            return false;
        }
        let (answer, answered) = oneshot::channel();
        let is_asked = !self.waiting.borrow().is_empty();
        self.waiting.borrow_mut().push(answer);
        if !is_asked {
            self.reporter.report(&Report::CredentialNeeded);
        }
        answered.await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::report::tests::reports;

    #[wasm_bindgen_test]
    fn one_question_goes_out_for_all_who_wait_and_its_answer_is_for_all() {
        let (reporter, reports) = reports();
        let credential = Credential::new(reporter);
        credential.refused(0);
        let mut first = Box::pin(credential.renewed());
        let mut second = Box::pin(credential.renewed());
        assert!(first.as_mut().now_or_never().is_none());
        assert!(second.as_mut().now_or_never().is_none());
        assert_eq!(reports(), ["credential-needed"]);
        credential.log_in(Some("key".to_owned()));
        assert_eq!(first.now_or_never(), Some(true));
        assert_eq!(second.now_or_never(), Some(true));
    }

    #[wasm_bindgen_test]
    fn what_is_declined_is_not_asked_again_before_the_page_wants_it() {
        let (reporter, reports) = reports();
        let credential = Credential::new(reporter);
        credential.refused(0);
        let mut waiting = Box::pin(credential.renewed());
        assert!(waiting.as_mut().now_or_never().is_none());
        credential.decline();
        assert_eq!(waiting.now_or_never(), Some(false));
        assert_eq!(credential.renewed().now_or_never(), Some(false));
        assert_eq!(reports(), ["credential-needed"]);
        credential.ask_again();
        assert!(credential.renewed().now_or_never().is_none());
        assert_eq!(reports(), ["credential-needed", "credential-needed"]);
    }

    #[wasm_bindgen_test]
    fn a_late_refusal_of_the_old_key_asks_nobody() {
        let (reporter, reports) = reports();
        let credential = Credential::new(reporter);
        let (_, old) = credential.authorization();
        credential.log_in(Some("new".to_owned()));
        credential.refused(old);
        assert_eq!(credential.renewed().now_or_never(), Some(true));
        assert!(reports().is_empty());
    }
}
