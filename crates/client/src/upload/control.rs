//! The control by which a person pauses, continues, leaves or cancels a running upload.

use std::sync::Arc;

use sealift_transfer::Event;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Controls a running upload. Clones control the same upload. A [`CancellationToken`] alone can be
/// given in its place.
#[derive(Debug, Clone)]
pub struct UploadControl {
    wish: Arc<watch::Sender<Wish>>,
    cancel: CancellationToken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    GoOn,
    Pause,
    Leave,
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
        self.wish(Wish::Pause);
    }

    /// Continues the upload after [`Self::pause`].
    pub fn go_on(&self) {
        self.wish(Wish::GoOn);
    }

    /// Ends the upload here with [`UploadError::Left`](super::UploadError::Left). It can be resumed.
    pub fn leave(&self) {
        self.wish(Wish::Leave);
    }

    /// Aborts the upload, unless it is complete by then. If the abort fails for good, the upload ends
    /// with [`UploadError::NotTakenBack`](super::UploadError::NotTakenBack).
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    fn wish(&self, new: Wish) {
        // Leaving is final.
        self.wish.send_if_modified(|wish| {
            let is_new = *wish != Wish::Leave && *wish != new;
            if is_new {
                *wish = new;
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
        let wish = Arc::new(watch::Sender::new(Wish::GoOn));
        Self { wish, cancel }
    }
}

/// The control as the driver receives it, as events.
pub(super) struct Wishes {
    control: UploadControl,
    heard: watch::Receiver<Wish>,
    last: Wish,
    is_cancelled: bool,
}

impl Wishes {
    pub(super) fn of(control: UploadControl) -> Self {
        let mut heard = control.wish.subscribe();
        // A pause or a leave from before the start must count, too.
        heard.mark_changed();
        Self {
            heard,
            control,
            last: Wish::GoOn,
            is_cancelled: false,
        }
    }

    /// Waits for the next event. The future may be dropped, and the function called again.
    pub(super) async fn next(&mut self) -> Event {
        loop {
            tokio::select! {
                () = self.control.cancel.cancelled(), if !self.is_cancelled => {
                    self.is_cancelled = true;
                    return Event::Cancelled;
                }
                // The sender lives in `control`, so this never fails.
                _ = self.heard.changed() => {
                    let wish = *self.heard.borrow_and_update();
                    if wish != self.last {
                        self.last = wish;
                        return match wish {
                            Wish::GoOn => Event::Continued,
                            Wish::Pause => Event::Paused,
                            Wish::Leave => Event::Left,
                        };
                    }
                }
            }
        }
    }

    /// Returns whether the last event was a pause.
    pub(super) fn is_paused(&self) -> bool {
        self.last == Wish::Pause
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn wishes_are_heard_once_and_in_order_and_who_left_stays_away() {
        let control = UploadControl::new();
        control.pause();
        let mut wishes = Wishes::of(control.clone());
        let mut next = move || wishes.next().now_or_never();
        assert_eq!(next(), Some(Event::Paused));
        assert_eq!(next(), None);
        control.go_on();
        assert_eq!(next(), Some(Event::Continued));
        control.pause();
        control.go_on();
        assert_eq!(next(), None);
        control.leave();
        control.go_on();
        assert_eq!(next(), Some(Event::Left));
        control.cancel();
        assert_eq!(next(), Some(Event::Cancelled));
        assert_eq!(next(), None);
    }
}
