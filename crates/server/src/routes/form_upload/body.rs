//! Reads the body of an upload as it arrives, which may take hours. The reading ends early if nothing
//! arrives for a minute, if the body is slower than any line, and if the server stops.

use core::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures::{
    Stream, StreamExt as _,
    stream::{self, BoxStream},
};
use sealift_transfer::api::ProblemCode;
use tokio::sync::Mutex;

use crate::{app::App, problem::Refusal};

/// The server cuts off a client that sends nothing for this long.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// The least bytes a second, which a telephone modem sends. A slower body is not worth the memory that
/// it holds ([`crate::limits::SealingMemory`]).
const LEAST_RATE: u64 = 4 * 1024;
/// The rate is measured over this much waiting, so that a line may be lost for a moment.
const RATE_OVER: Duration = Duration::from_secs(5 * 60);

/// The reason why a body ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the client has gone, or sent fewer bytes than it announced")]
    Cut,
    #[error("nothing arrived for {} seconds", LONGEST_SILENCE.as_secs())]
    Silent,
    #[error("fewer than {LEAST_RATE} bytes a second arrived for {} seconds", RATE_OVER.as_secs())]
    Slow,
    #[error("the server is stopping")]
    Stopping,
    #[error("the text around the file is too long")]
    Unparsable,
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        let (code, detail) = match error {
            BodyError::Cut => (
                ProblemCode::InvalidRequest,
                "The request ended before the whole file arrived; nothing of it was kept.",
            ),
            BodyError::Silent => (
                ProblemCode::InvalidRequest,
                "Nothing arrived for a minute, so the server ended the upload; nothing of it was kept.",
            ),
            BodyError::Slow => (
                ProblemCode::InvalidRequest,
                "The file arrived too slowly, so the server ended the upload; nothing of it was kept. \
                 Use `sealift upload`, which can resume an upload over a slow line.",
            ),
            BodyError::Stopping => (
                ProblemCode::ShuttingDown,
                "The server is stopping and nothing of the file was kept; send it again in a moment.",
            ),
            BodyError::Unparsable => (
                ProblemCode::InvalidRequest,
                "The form cannot be read: the text around the file is too long.",
            ),
        };
        let refusal = Self::new(code, detail);
        match error {
            BodyError::Stopping => refusal.retry_after_s(5),
            _ => refusal,
        }
    }
}

/// A body that a parser reads.
pub(super) type SharedBody = Arc<Mutex<ComingBody>>;

/// The bytes of a request's body, with the limits on silence and pace.
pub(super) struct ComingBody {
    app: App,
    bytes: BodyDataStream,
    pace: Pace,
    /// Set at the end and after an error, so that nothing more is read.
    is_over: bool,
}

impl ComingBody {
    pub(super) fn shared(app: &App, body: Body) -> SharedBody {
        Arc::new(Mutex::new(Self {
            app: app.clone(),
            bytes: body.into_data_stream(),
            pace: Pace::default(),
            is_over: false,
        }))
    }

    /// Returns the next bytes, or `None` after the end.
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        if self.is_over {
            return None;
        }
        let began = self.app.now();
        let next = tokio::select! {
            biased;
            () = self.app.stopping.cancelled() => Some(Err(BodyError::Stopping)),
            next = self.bytes.next() => next.map(|next| next.map_err(|_| BodyError::Cut)),
            () = self.app.clock.sleep(LONGEST_SILENCE) => Some(Err(BodyError::Silent)),
        };
        let waited = self.app.now().since(began);
        let next = next.map(|next| next.and_then(|bytes| self.pace.keeps_up(waited, bytes)));
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }
}

/// The bytes that have arrived, and the time that the server waited for them.
#[derive(Debug, Default)]
struct Pace {
    waited: Duration,
    len: u64,
}

impl Pace {
    /// Returns the bytes, unless the body was too slow over the last [`RATE_OVER`] of waiting.
    fn keeps_up(&mut self, waited: Duration, bytes: Bytes) -> Result<Bytes, BodyError> {
        // A longer pause is our own: we were not reading because the store was slow.
        let waited = waited.min(LONGEST_SILENCE);
        self.waited = self.waited.saturating_add(waited);
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.len = self.len.saturating_add(len);
        if self.waited < RATE_OVER {
            return Ok(bytes);
        }
        let came = core::mem::take(self);
        if came.len < LEAST_RATE.saturating_mul(RATE_OVER.as_secs()) {
            return Err(BodyError::Slow);
        }
        Ok(bytes)
    }
}

/// Counts the bytes that the parser has read since it last returned something. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Unparsed(Arc<AtomicUsize>);

impl Unparsed {
    /// Resets the count, because the parser has returned something.
    pub(super) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// The most bytes that the parser may hold: the heads of a form's fields, and one read of the
/// connection.
const MOST_UNPARSED_BYTES: usize = 1024 * 1024;

/// A stream that returns `Pending` once after each item. The parser polls until nothing is there, so it
/// would otherwise hold everything that the client can send; now it holds one item.
pub(super) struct Paced {
    bytes: BoxStream<'static, Result<Bytes, BodyError>>,
    has_given: bool,
    unparsed: Unparsed,
}

impl Paced {
    pub(super) fn of(body: SharedBody, unparsed: &Unparsed) -> Self {
        let bytes = stream::unfold(body, |body| async {
            let next = body.lock().await.next().await?;
            Some((next, body))
        });
        Self {
            bytes: bytes.boxed(),
            has_given: false,
            unparsed: unparsed.clone(),
        }
    }
}

impl Stream for Paced {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if core::mem::take(&mut self.has_given) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = core::task::ready!(self.bytes.as_mut().poll_next(context));
        if let Some(Ok(bytes)) = &next {
            self.has_given = true;
            let before = self.unparsed.0.fetch_add(bytes.len(), Ordering::Relaxed);
            if before > MOST_UNPARSED_BYTES {
                return Poll::Ready(Some(Err(BodyError::Unparsable)));
            }
        }
        Poll::Ready(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unix_millis::UnixMillis;

    /// Returns whether a body is read to its end if `len` bytes arrive after each wait of `wait_ms`.
    fn keeps_up(len: usize, wait_ms: i64) -> bool {
        let mut pace = Pace::default();
        let wait = UnixMillis::from_ms(wait_ms).since(UnixMillis::from_ms(0));
        (0..100).all(|_| pace.keeps_up(wait, vec![0; len].into()).is_ok())
    }

    #[test]
    fn what_comes_slower_than_a_modem_sends_is_not_waited_for() {
        assert!(keeps_up(4096, 1000));
        assert!(keeps_up(50 * 4096, 50_000));
        assert!(!keeps_up(50 * 4096 - 1, 50_000));
        assert!(!keeps_up(1, 50_000));
        // A body that arrives without any wait is never too slow.
        assert!(keeps_up(1, 0));
    }

    #[test]
    fn what_the_store_takes_is_not_the_senders_doing() {
        assert!(keeps_up(60 * 4096, 60 * 60 * 1000));
        // The clock was set back.
        assert!(keeps_up(1, -1000));
    }
}
