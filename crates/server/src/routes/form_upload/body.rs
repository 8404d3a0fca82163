//! A body as it comes, which may take hours: cut off where nothing comes for a minute, where it
//! comes slower than any line is, and where the server stops.

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

/// A client that sends nothing for so long is cut off.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// Bytes a second that a telephone modem sends. What comes slower is not worth the memory that it
/// takes ([`crate::sealing::SealingMemory`]).
const LEAST_RATE: u64 = 4 * 1024;
/// So much waiting is looked at together, so that a line may be lost for a moment.
const RATE_OVER: Duration = Duration::from_secs(5 * 60);

/// Why a body ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the client has gone, or sent less than it had said")]
    Cut,
    #[error("nothing came for {} seconds", LONGEST_SILENCE.as_secs())]
    Silent,
    #[error("fewer than {LEAST_RATE} bytes a second came for {} seconds", RATE_OVER.as_secs())]
    Slow,
    #[error("the server stops")]
    Stopping,
    #[error("what stands between the files is too long")]
    Unparsable,
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        let (code, detail) = match error {
            BodyError::Cut => (
                ProblemCode::InvalidRequest,
                "The request ended before the file did; nothing of it was kept.",
            ),
            BodyError::Silent => (
                ProblemCode::InvalidRequest,
                "Nothing came for a minute, so the upload was ended; nothing of it was kept.",
            ),
            BodyError::Slow => (
                ProblemCode::InvalidRequest,
                "The file came too slowly, so the upload was ended, and nothing of it was kept; \
                 `sealift upload` goes on where a slow line broke.",
            ),
            BodyError::Stopping => (
                ProblemCode::ShuttingDown,
                "The server is stopping and nothing of the file was kept; send it again in a moment.",
            ),
            BodyError::Unparsable => (
                ProblemCode::InvalidRequest,
                "The form cannot be read: what stands around the file is too long.",
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

/// The bytes of a request.
pub(super) struct ComingBody {
    app: App,
    bytes: BodyDataStream,
    pace: Pace,
    /// Nothing is waited for after an error.
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

    /// What comes next; `None` after the end.
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        if self.is_over {
            return None;
        }
        let began_ms = self.app.now_ms();
        let next = tokio::select! {
            biased;
            () = self.app.stopping.cancelled() => Some(Err(BodyError::Stopping)),
            next = self.bytes.next() => next.map(|next| next.map_err(|_| BodyError::Cut)),
            () = self.app.clock.sleep(LONGEST_SILENCE) => Some(Err(BodyError::Silent)),
        };
        let waited_ms = self.app.now_ms().saturating_sub(began_ms);
        let next = next.map(|next| next.and_then(|bytes| self.pace.keeps_up(waited_ms, bytes)));
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }
}

/// What has come, and how long the server had to wait for it.
#[derive(Debug, Default)]
struct Pace {
    waited: Duration,
    len: u64,
}

impl Pace {
    /// Gives the bytes, unless what came together with them came too slowly.
    fn keeps_up(&mut self, waited_ms: i64, bytes: Bytes) -> Result<Bytes, BodyError> {
        let waited = Duration::from_millis(u64::try_from(waited_ms).unwrap_or(0));
        // What is longer was the store's doing: meanwhile nothing was asked of the client.
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

/// How much the parser has read without making anything of it. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Unparsed(Arc<AtomicUsize>);

impl Unparsed {
    /// The parser made something of what it read.
    pub(super) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// The heads of a form's fields, and one read of the connection.
const MOST_UNPARSED_BYTES: usize = 1024 * 1024;

/// Gives one piece, then nothing for once: whoever polls until nothing is there holds one piece,
/// not all that the client can send.
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

    /// Whether a body is read on to its end of which `len` bytes come at once, after such a wait.
    fn keeps_up(len: usize, wait_ms: i64) -> bool {
        let mut pace = Pace::default();
        (0..100).all(|_| pace.keeps_up(wait_ms, vec![0; len].into()).is_ok())
    }

    #[test]
    fn what_comes_slower_than_a_modem_sends_is_not_waited_for() {
        assert!(keeps_up(4096, 1000));
        assert!(keeps_up(50 * 4096, 50_000));
        assert!(!keeps_up(50 * 4096 - 1, 50_000));
        assert!(!keeps_up(1, 50_000));
        // It came at once.
        assert!(keeps_up(1, 0));
    }

    #[test]
    fn what_the_store_takes_is_not_the_senders_doing() {
        assert!(keeps_up(60 * 4096, 60 * 60 * 1000));
        // A clock that was set back.
        assert!(keeps_up(1, -1000));
    }
}
