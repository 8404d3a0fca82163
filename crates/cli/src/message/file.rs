//! Reads messages from files and from stdin.

use std::{io, path::Path};

use futures::{StreamExt as _, TryStreamExt as _};
use tokio_util::io::ReaderStream;

use super::{Message, unusable};
use crate::{
    failure::{Exit, Failure},
    terminal::shown,
};

/// Bytes to read at once. More is not faster, fewer means more reads.
const PIECE: usize = 1024 * 1024;

pub(super) async fn open(path: &Path) -> anyhow::Result<Message> {
    let name = shown(&path.to_string_lossy());
    let opened = async {
        let file = tokio::fs::File::open(path).await?;
        let metadata = file.metadata().await?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // The length of a pipe is not known before its end.
        let len = metadata.is_file().then_some(metadata.len());
        io::Result::Ok((file, len))
    };
    let (mut file, len) = opened.await.map_err(|error| unusable(&name, &error))?;
    file.set_max_buf_size(PIECE);
    let bytes = ReaderStream::with_capacity(file, PIECE)
        .map_err(move |error| unusable(&name, &error).into());
    Ok(Message {
        len,
        bytes: bytes.boxed(),
    })
}

pub(super) fn stdin() -> anyhow::Result<Message> {
    if io::IsTerminal::is_terminal(&io::stdin()) {
        let nothing = Failure::new(
            Exit::Usage,
            "stdin is a terminal, so no message comes from it",
        )
        .remedy("name a file, or send the message through a pipe");
        return Err(nothing.into());
    }
    let bytes = ReaderStream::with_capacity(tokio::io::stdin(), PIECE)
        .map_err(|error| unusable("stdin", &error).into());
    Ok(Message {
        len: None,
        bytes: bytes.boxed(),
    })
}
