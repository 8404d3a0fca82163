//! Stdin as something to be sealed.

use std::{env, io};

use sealift_client::{
    CancellationToken, SealedSpool, Source, SourceError, StreamSource, UploadError,
};
use tokio::task::spawn_blocking;

use crate::terminal::Bars;

/// Of a known size as it comes; else sealed into a temporary file first, for the size must be known
/// before the first part is sealed.
pub(super) async fn stdin(
    size: Option<u64>,
    bars: &Bars,
    interrupted: &CancellationToken,
) -> Result<Stdin, UploadError> {
    let bar = size.is_none().then(|| bars.bytes("spooling stdin", None));
    let reading = spawn_blocking(move || match size {
        Some(size) => StreamSource::new(io::stdin(), size).map(Stdin::Stream),
        None => {
            let progress = |came| {
                if let Some(bar) = &bar {
                    bar.reached(came);
                }
            };
            SealedSpool::make(io::stdin().lock(), &env::temp_dir(), progress).map(Stdin::Spool)
        }
    });
    tokio::select! {
        read = reading => {
            let read = read.map_err(|error| SourceError::Unreadable(error.into()))?;
            Ok(read?)
        }
        () = interrupted.cancelled() => Err(UploadError::Cancelled),
    }
}

pub(super) enum Stdin {
    Stream(StreamSource<io::Stdin>),
    Spool(SealedSpool),
}

impl Source for Stdin {
    fn plaintext_len(&self) -> u64 {
        match self {
            Self::Stream(stream) => stream.plaintext_len(),
            Self::Spool(spool) => spool.plaintext_len(),
        }
    }

    fn read_at(&self, start: u64, plaintext: &mut [u8]) -> Result<(), SourceError> {
        match self {
            Self::Stream(stream) => stream.read_at(start, plaintext),
            Self::Spool(spool) => spool.read_at(start, plaintext),
        }
    }
}
