//! A request's body on its way to the target. It is hashed as it passes, and cut if the fault says so.

use core::{
    pin::Pin,
    task::{Context, Poll},
};
use std::{
    io,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use sealift_transfer::api::Sha256;
use sha2::Digest as _;

use super::lock;

/// The body as the proxy gets it: on its way, or whole already because a policy was asked about it.
pub(super) type GivenBody = Either<Incoming, Full<Bytes>>;

/// The body.
pub(super) struct PassingBody {
    from: GivenBody,
    /// Bytes that pass before the cut. `None` means no cut. A body that is cut gets no digest.
    left: Option<u64>,
    digest: sha2::Sha256,
    /// The bytes that have passed, if the proxy records them.
    bytes: Option<Vec<u8>>,
    whole: Whole,
}

/// Gets the whole body, once all of it has passed.
#[derive(Debug, Clone, Default)]
pub(super) struct Whole(Arc<Mutex<Option<WholeBody>>>);

#[derive(Debug)]
struct WholeBody {
    sha256: Sha256,
    /// Empty if the proxy records no bodies.
    bytes: Vec<u8>,
}

impl Whole {
    pub(super) fn sha256(&self) -> Option<Sha256> {
        lock(&self.0).as_ref().map(|whole| whole.sha256)
    }

    /// Returns the bytes, if the proxy records them and all have passed.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let whole = lock(&self.0);
        let bytes = whole.as_ref().map(|whole| whole.bytes.clone());
        bytes.unwrap_or_default()
    }
}

impl PassingBody {
    pub(super) fn new(
        from: GivenBody,
        most_bytes: Option<u64>,
        is_recorded: bool,
    ) -> (Self, Whole) {
        let whole = Whole::default();
        let mut passing = Self {
            from,
            left: most_bytes,
            digest: sha2::Sha256::default(),
            bytes: is_recorded.then(Vec::new),
            whole: whole.clone(),
        };
        passing.record_end();
        (passing, whole)
    }

    /// Stores the digest at the end of the body. hyper does not poll again once the announced length has passed, so
    /// this is called after every frame.
    fn record_end(&mut self) {
        if self.from.is_end_stream() && self.left.is_none() {
            let digest: [u8; 32] = self.digest.clone().finalize().into();
            *lock(&self.whole.0) = Some(WholeBody {
                sha256: Sha256::from_bytes(digest),
                bytes: self.bytes.clone().unwrap_or_default(),
            });
        }
    }
}

impl Body for PassingBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let frame = core::task::ready!(Pin::new(&mut self.from).poll_frame(cx));
        let frame = match frame {
            None => {
                self.record_end();
                return Poll::Ready(None);
            }
            Some(Err(error)) => return Poll::Ready(Some(Err(io::Error::other(error)))),
            Some(Ok(frame)) => frame,
        };
        let Ok(mut bytes) = frame.into_data() else {
            return Poll::Ready(Some(Err(io::ErrorKind::InvalidData.into())));
        };
        let Some(left) = self.left else {
            self.digest.update(&bytes);
            if let Some(kept) = &mut self.bytes {
                kept.extend_from_slice(&bytes);
            }
            self.record_end();
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        };
        if left == 0 {
            let cut = io::Error::new(io::ErrorKind::ConnectionReset, "cut by the failing proxy");
            return Poll::Ready(Some(Err(cut)));
        }
        bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        let passed = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.left = Some(left.saturating_sub(passed));
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_none() && self.from.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.from.size_hint()
    }
}
