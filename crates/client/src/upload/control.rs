//! The control by which a person pauses, continues, leaves or cancels a running upload.

use std::sync::Arc;

use sealift_transfer::Control;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Controls a running upload. Clones control the same upload. A [`CancellationToken`] alone can be
/// given in its place.
#[derive(Debug, Clone)]
pub struct UploadControl {
    asked: Arc<watch::Sender<Control>>,
    cancel: CancellationToken,
}

impl UploadControl {
    /// Makes a control that lets the upload run.
    #[must_use]
    pub fn new() -> Self {
        CancellationToken::new().into()
    }

    /// Pauses the upload and frees its memory. Stored parts stay; a part that is being sent is sent
    /// again afterwards. An upload that is already completing is not paused.
    pub fn pause(&self) {
        self.ask(Control::Pause);
    }

    /// Continues the upload after [`Self::pause`].
    pub fn go_on(&self) {
        self.ask(Control::Continue);
    }

    /// Ends the upload here with [`UploadError::Left`](super::UploadError::Left). It can be resumed.
    pub fn leave(&self) {
        self.ask(Control::Leave);
    }

    /// Aborts the upload, unless it is complete by then. If the abort fails for good, the upload ends
    /// with [`UploadError::NotAborted`](super::UploadError::NotAborted).
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    fn ask(&self, new: Control) {
        // Leaving is final.
        self.asked.send_if_modified(|asked| {
            let is_new = *asked != Control::Leave && *asked != new;
            if is_new {
                *asked = new;
            }
            is_new
        });
    }
}

impl Default for UploadControl {
    fn default() -> Self {
        Self::new()
    }
}

impl From<CancellationToken> for UploadControl {
    fn from(cancel: CancellationToken) -> Self {
        let asked = Arc::new(watch::Sender::new(Control::Continue));
        Self { asked, cancel }
    }
}

/// Receives what the person asks, for the uploader.
pub(super) struct Controls {
    control: UploadControl,
    asked: watch::Receiver<Control>,
    last: Control,
    is_cancelled: bool,
}

impl Controls {
    pub(super) fn of(control: UploadControl) -> Self {
        let mut asked = control.asked.subscribe();
        // A pause or a leave from before the start must count, too.
        asked.mark_changed();
        Self {
            asked,
            control,
            last: Control::Continue,
            is_cancelled: false,
        }
    }

    /// Waits for the next control. The future may be dropped, and the function called again.
    pub(super) async fn next(&mut self) -> Control {
        loop {
            tokio::select! {
                () = self.control.cancel.cancelled(), if !self.is_cancelled => {
                    self.is_cancelled = true;
                    return Control::Cancel;
                }
                // The sender lives in `control`, so this never fails.
                _ = self.asked.changed() => {
                    let asked = *self.asked.borrow_and_update();
                    if asked != self.last {
                        self.last = asked;
                        return asked;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn controls_are_received_once_and_in_order_and_leaving_is_final() {
        let control = UploadControl::new();
        control.pause();
        let mut controls = Controls::of(control.clone());
        let mut next = move || controls.next().now_or_never();
        assert_eq!(next(), Some(Control::Pause));
        assert_eq!(next(), None);
        control.go_on();
        assert_eq!(next(), Some(Control::Continue));
        control.pause();
        control.go_on();
        assert_eq!(next(), None);
        control.leave();
        control.go_on();
        assert_eq!(next(), Some(Control::Leave));
        control.cancel();
        assert_eq!(next(), Some(Control::Cancel));
        assert_eq!(next(), None);
    }
}
