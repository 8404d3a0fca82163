//! Makes upload sources from stdin, and from files whose size is known only at their end.

use std::{
    env,
    io::{self, Read},
    path::{Path, PathBuf},
};

use sealift_client::{
    CancellationToken, SealedSpool, Source, SourceError, StreamSource, UploadError,
    open_regular_file,
};
use tokio::task::spawn_blocking;

use crate::{
    args::Upload,
    terminal::{Bar, Bars},
};

/// The folder for temporary files of which systems promise that it is on the disk. Many have /tmp in memory.
const ON_DISK: &str = "/var/tmp";

/// Returns the folder for temporary files.
pub(super) fn temp_dir(args: &Upload) -> PathBuf {
    match &args.temp_dir {
        Some(chosen) => chosen.clone(),
        None if env::var_os("TMPDIR").is_none() && Path::new(ON_DISK).is_dir() => ON_DISK.into(),
        None => env::temp_dir(),
    }
}

/// Makes a source from stdin. With a size, stdin is sent as it comes. Without one it is spooled first, because the size
/// must be known before the first part is sealed.
pub(super) async fn stdin(
    args: &Upload,
    bars: &Bars,
    interrupted: &CancellationToken,
) -> Result<Stdin, UploadError> {
    let (size, folder) = (args.size, temp_dir(args));
    let bar = size.is_none().then(|| bars.bytes("spooling stdin", None));
    let read = move || match (size, bar) {
        (Some(size), _) => StreamSource::new(io::stdin(), size).map(Stdin::Stream),
        (None, bar) => spooled(io::stdin().lock(), &folder, bar.as_ref()).map(Stdin::Spool),
    };
    unless(interrupted, read).await
}

/// Makes a source from a file. The file is spooled, because its size is not what the file system says.
pub(super) async fn file(
    path: &Path,
    name: &str,
    folder: PathBuf,
    bars: &Bars,
    interrupted: &CancellationToken,
) -> Result<SealedSpool, UploadError> {
    let bar = bars.bytes(&format!("spooling {name}"), None);
    let path = path.to_owned();
    let read = move || spooled(open_regular_file(path)?, &folder, Some(&bar));
    unless(interrupted, read).await
}

/// Seals an input into a temporary file, the spool.
fn spooled(input: impl Read, folder: &Path, bar: Option<&Bar>) -> Result<SealedSpool, SourceError> {
    let progress = |came| {
        if let Some(bar) = bar {
            bar.reached(came);
        }
    };
    SealedSpool::make(input, folder, progress)
}

/// Runs `read`, which may block for ever, until it is done or the person interrupts it.
async fn unless<T: Send + 'static>(
    interrupted: &CancellationToken,
    read: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, UploadError> {
    tokio::select! {
        read = spawn_blocking(read) => {
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
