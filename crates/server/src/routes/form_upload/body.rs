//! A body as it comes, which may take hours: cut off where nothing comes for a minute, and where
//! the server stops.

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

/// Why a body ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the client has gone, or sent less than it had said")]
    Cut,
    #[error("nothing came for {} seconds", LONGEST_SILENCE.as_secs())]
    Silent,
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

/// The bytes of a request.
pub(super) struct ComingBody {
    app: App,
    bytes: BodyDataStream,
    /// Nothing is waited for after an error.
    is_over: bool,
}

impl ComingBody {
    pub(super) fn of(app: &App, body: Body) -> Self {
        Self {
            app: app.clone(),
            bytes: body.into_data_stream(),
            is_over: false,
        }
    }

    /// What comes next; `None` after the end.
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        if self.is_over {
            return None;
        }
        let next = tokio::select! {
            biased;
            () = self.app.stopping.cancelled() => Some(Err(BodyError::Stopping)),
            next = self.bytes.next() => next.map(|next| next.map_err(|_| BodyError::Cut)),
            () = self.app.clock.sleep(LONGEST_SILENCE) => Some(Err(BodyError::Silent)),
        };
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }

    /// Reads on for a while without looking, so that a client that is still sending comes to read
    /// why it was refused: a connection that is closed under it may be reset before.
    pub(super) async fn drain(&mut self) {
        let clock = self.app.clock.clone();
        let mut left = MOST_DRAINED_BYTES;
        let draining = async {
            while let Some(Ok(bytes)) = self.next().await {
                match left.checked_sub(bytes.len()) {
                    Some(less) => left = less,
                    None => return,
                }
            }
        };
        tokio::select! {
            () = draining => {}
            () = clock.sleep(LONGEST_DRAIN) => {}
        }
    }
}

/// What a client may still be sending when it is refused.
const MOST_DRAINED_BYTES: usize = 16 * 1024 * 1024;
/// And for how long.
const LONGEST_DRAIN: Duration = Duration::from_secs(20);

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
    /// The body stays with the caller, too, who may drain it when the parser has given up.
    pub(super) fn of(body: Arc<Mutex<ComingBody>>, unparsed: &Unparsed) -> Self {
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
