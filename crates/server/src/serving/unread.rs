//! Handles bodies that are not read to their end because their request was refused earlier. A small
//! rest is read after the answer, so that the connection can serve the next request. Otherwise the
//! connection closes, and [`super::lingering`] lets the client read the answer first.

use core::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Version, header};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio_util::sync::CancellationToken;

use super::connection::ConnectionState;
use crate::clock::Clock;

/// The most bytes of a rest that are read to keep the connection: the size of the largest JSON
/// request.
const MOST_READ_ON_BYTES: u64 = 1024 * 1024;
/// How long reading the rest may take. A slower client loses its connection.
const LONGEST_READ_ON: Duration = Duration::from_secs(30);

/// The body of a request. If its reader drops it before its end, the rest is left for [`Unread`].
#[derive(Debug)]
pub(crate) struct RequestBody {
    /// The body, until its end was read.
    body: Option<Incoming>,
    was_read: bool,
    rest: Rest,
}

/// The slot into which the rest of a body is put.
type Rest = Arc<Mutex<Option<LeftBody>>>;

#[derive(Debug)]
struct LeftBody {
    body: Incoming,
    /// Whether anybody began to read the body.
    was_read: bool,
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) else {
            return;
        };
        let left = LeftBody {
            body,
            was_read: self.was_read,
        };
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        *rest = Some(left);
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.was_read = true;
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = core::task::ready!(Pin::new(body).poll_frame(cx));
        if !matches!(frame, Some(Ok(_))) {
            self.body = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let none = || SizeHint::with_exact(0);
        self.body.as_ref().map_or_else(none, Body::size_hint)
    }
}

/// Decides what happens to the rest of a request's body when the request is answered.
pub(super) struct Unread {
    rest: Rest,
    expects_continue: bool,
    version: Version,
}

impl Unread {
    pub(super) fn of(request: Request<Incoming>) -> (Request<RequestBody>, Self) {
        let rest = Rest::default();
        let unread = Self {
            expects_continue: request.headers().contains_key(header::EXPECT),
            version: request.version(),
            rest: Arc::clone(&rest),
        };
        let request = request.map(|body| RequestBody {
            body: Some(body),
            was_read: false,
            rest,
        });
        (request, unread)
    }

    /// Checks whether there is a rest, and makes the answer say whether the connection closes.
    pub(super) fn settle<B>(
        self,
        answer: &mut Response<B>,
        connection: &Arc<ConnectionState>,
        clock: &Clock,
        stop: &CancellationToken,
    ) {
        let left = self
            .rest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(LeftBody { body, was_read }) = left else {
            return;
        };
        if self.version == Version::HTTP_2 {
            // hyper resets only this stream, after the answer, when the body is dropped.
            return;
        }
        // Reading now would ask the client to send bytes that nobody wants.
        let waits_to_send = self.expects_continue && !was_read;
        let is_long = body.size_hint().lower() > MOST_READ_ON_BYTES;
        if waits_to_send || is_long {
            let close = HeaderValue::from_static("close");
            answer.headers_mut().insert(header::CONNECTION, close);
            // hyper closes the connection after the answer when the body is dropped.
            connection.leave_unread();
            return;
        }
        let (connection, clock, stop) = (Arc::clone(connection), clock.clone(), stop.clone());
        // The connection is not idle before the rest is read.
        let running = connection.begin(self.version);
        tokio::spawn(async move {
            let _running = running;
            let mut rest = body;
            let ended = tokio::select! {
                ended = read_on(&mut rest) => ended,
                () = clock.sleep(LONGEST_READ_ON) => false,
                () = stop.cancelled() => false,
            };
            if !ended {
                connection.leave_unread();
            }
        });
    }
}

/// Reads the rest, and returns whether the body ended before it became too long.
async fn read_on(body: &mut Incoming) -> bool {
    let mut left = MOST_READ_ON_BYTES;
    loop {
        let frame = core::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
        let Some(Ok(frame)) = frame else {
            // A body that broke off has ended, too.
            return true;
        };
        let len = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(u64::try_from(len).unwrap_or(u64::MAX)) {
            Some(less) => left = less,
            None => return false,
        }
    }
}
