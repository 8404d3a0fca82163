//! Where a file's plaintext goes, one of three ways. Whatever ends otherwise than by
//! [`Sink::finish`] leaves no file that looks complete.

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

/// The way that the page chose.
pub enum Way {
    /// A file that the person picked. The browser puts what was written in its place at the end.
    Picked(FileSystemFileHandle),
    /// A file of this page's own (OPFS), offered as a download at the end.
    OnDisk,
    /// A blob, offered as a download at the end; no large files.
    InMemory,
}

/// Takes a file's plaintext, in pieces and in any order.
pub enum Sink {
    /// See [`Way::Picked`].
    Picked(Picked),
    /// See [`Way::OnDisk`].
    OnDisk(Mutex<PartFile>),
    /// See [`Way::InMemory`].
    InMemory(InMemory),
}

/// A whole file.
pub enum Saved {
    /// It is where the person wanted it.
    Picked,
    /// It is to be offered, and is deleted when this is dropped.
    OnDisk(Blob, PartFile),
    /// It is to be offered.
    InMemory(Blob),
}

impl Sink {
    /// For a file of that many bytes.
    ///
    /// # Errors
    /// [`Fault::NoRoom`], [`Fault::TooLargeHere`], [`Fault::NotSaved`].
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

    /// Takes authentic plaintext, which belongs at `at` of the file.
    ///
    /// # Errors
    /// [`Fault::NotSaved`], [`Fault::NoRoom`].
    pub async fn write(&self, plaintext: &Uint8Array, at: u64) -> Result<(), Fault> {
        match self {
            Self::Picked(picked) => picked.write(plaintext, at).await,
            Self::OnDisk(file) => file.lock().await.write(plaintext, at),
            Self::InMemory(memory) => memory.write(plaintext, at),
        }
    }

    /// All of the file was written: it is what the person gets.
    ///
    /// # Errors
    /// [`Fault::NotSaved`] where it has not all of its bytes; nothing of it stays then.
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

    /// The file did not come whole: nothing of it stays.
    pub async fn discard(self) {
        match self {
            Self::Picked(picked) => picked.discard().await,
            Self::OnDisk(file) => file.into_inner().delete().await,
            // Dropped, it is gone.
            Self::InMemory(_) => {}
        }
    }
}

/// It is no part that has no place here, but the person's file.
fn without_place(fault: Fault) -> Fault {
    match fault {
        Fault::PartTooLarge { .. } => Fault::NotSaved,
        other => other,
    }
}

/// The same bytes under a type that no browser shows or runs.
fn to_be_saved(blob: &Blob) -> Result<Blob, Fault> {
    blob.slice_with_f64_and_f64_and_content_type(0.0, blob.size(), "application/octet-stream")
        .map_err(|_| Fault::NotSaved)
}
