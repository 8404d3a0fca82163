//! Saves a file's plaintext in one of three ways. Unless [`Sink::finish`] succeeds, no file stays that looks
//! complete.

mod in_memory;
mod picked;

use futures::lock::Mutex;
use js_sys::Uint8Array;
use web_sys::{Blob, FileSystemFileHandle};

use self::{in_memory::InMemory, picked::Picked};
use crate::{
    failure::Fault,
    part_files::{PartFile, PartFiles},
};

pub use in_memory::MOST_BYTES as MOST_BYTES_IN_MEMORY;

/// The way to save, which the page chooses.
pub enum Way {
    /// Into a file that the person picked. The browser replaces it with what was written at the end.
    Picked(FileSystemFileHandle),
    /// Into a file of this page's own (OPFS), offered as a download at the end.
    OnDisk,
    /// Into a blob, offered as a download at the end. Not for large files.
    InMemory,
}

/// Saves a file's plaintext, in pieces and in any order.
pub enum Sink {
    /// See [`Way::Picked`].
    Picked(Picked),
    /// See [`Way::OnDisk`].
    OnDisk(Mutex<PartFile>),
    /// See [`Way::InMemory`].
    InMemory(InMemory),
}

/// A complete file.
pub enum Saved {
    /// The picked file holds it.
    Picked,
    /// The page offers it. The file is deleted when this is dropped.
    OnDisk(Blob, PartFile),
    /// The page offers it.
    InMemory(Blob),
}

impl Sink {
    /// Prepares to save a file of `size` bytes.
    ///
    /// # Errors
    /// Returns [`Fault::NoRoom`], [`Fault::TooLargeHere`] or [`Fault::NotSaved`] if the file cannot be saved
    /// this way.
    pub async fn new(way: Way, size: u64, files: &PartFiles) -> Result<Self, Fault> {
        Ok(match way {
            Way::Picked(file) => Self::Picked(Picked::new(file, size).await?),
            Way::OnDisk => {
                files.check_room_of(size).await.map_err(without_place)?;
                let file = files.create(size).await;
                Self::OnDisk(file.map_err(without_place)?.into())
            }
            Way::InMemory => Self::InMemory(InMemory::new(size)?),
        })
    }

    /// Writes authentic plaintext at offset `at` of the file.
    ///
    /// # Errors
    /// Returns [`Fault::NotSaved`] or [`Fault::NoRoom`] if it cannot be written.
    pub async fn write(&self, plaintext: &Uint8Array, at: u64) -> Result<(), Fault> {
        match self {
            Self::Picked(picked) => picked.write(plaintext, at).await,
            Self::OnDisk(file) => file.lock().await.write(plaintext, at),
            Self::InMemory(memory) => memory.write(plaintext, at),
        }
    }

    /// Completes the file after all of it was written, and gives it to the person.
    ///
    /// # Errors
    /// Returns [`Fault::NotSaved`] if bytes are missing. Nothing of the file stays then.
    pub async fn finish(self) -> Result<Saved, Fault> {
        match self {
            Self::Picked(picked) => picked.finish().await.map(|()| Saved::Picked),
            Self::OnDisk(file) => {
                let mut file = file.into_inner();
                let blob = file.finish().await.map_err(|_| Fault::NotSaved)?;
                Ok(Saved::OnDisk(to_be_saved(&blob)?, file))
            }
            Self::InMemory(memory) => Ok(Saved::InMemory(to_be_saved(&memory.finish()?)?)),
        }
    }

    /// Deletes everything, because the file did not come complete.
    pub async fn discard(self) {
        match self {
            Self::Picked(picked) => picked.discard().await,
            Self::OnDisk(file) => file.into_inner().delete().await,
            // Dropping it is enough.
            Self::InMemory(_) => {}
        }
    }
}

/// Maps the fault, because it is about the person's file here and not about a part.
fn without_place(fault: Fault) -> Fault {
    match fault {
        Fault::PartTooLarge { .. } => Fault::NotSaved,
        other => other,
    }
}

/// Returns the same bytes under a type that no browser shows or runs.
fn to_be_saved(blob: &Blob) -> Result<Blob, Fault> {
    blob.slice_with_f64_and_f64_and_content_type(0.0, blob.size(), "application/octet-stream")
        .map_err(|_| Fault::NotSaved)
}
