//! Keeps a part's sealed bytes until the store has them: in a blob in the browser's memory or, for large
//! parts, in a file on disk.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use sealift_transfer::{Part, api::Sha256};
use sha2::Digest as _;
use web_sys::Blob;

use crate::{
    failure::Fault,
    file_slice::ChosenFile,
    part_buffers::PartBuffers,
    part_files::{PartFile, PartFiles},
    seal::{PartSealer, sha256},
    slots::{Permit, Slots},
};

/// The most sealed bytes of a part that is kept in memory. Larger parts, which only files over 668 GB have,
/// go through a file, so that memory stays bounded.
pub const LARGEST_IN_MEMORY: u64 = 64 * 1024 * 1024;
/// The most sealed bytes in memory, for all uploads of a page: five parts of the usual 8 MiB are sent while
/// one more is ready.
const MOST_HELD_BYTES: u32 = 48 * 1024 * 1024;
/// The most large parts held at once, whatever their size: one is sealed while others are sent.
const MOST_LARGE_PARTS: u32 = 3;
/// The plaintext bytes sealed at a time for a part that goes to disk.
const RUN_BYTES: u64 = 4 * 1024 * 1024;

/// The sealed bytes of one part. Dropping it frees them.
pub struct SealedPart {
    blob: Blob,
    _room: Room,
}

enum Room {
    InMemory(#[expect(dead_code, reason = "held, and given back when dropped")] Permit),
    OnDisk(#[expect(dead_code, reason = "deleted when dropped")] PartFile),
}

impl SealedPart {
    /// Returns the bytes to PUT.
    #[must_use]
    pub fn blob(&self) -> &Blob {
        &self.blob
    }
}

/// Seals and keeps the parts of all uploads of a page.
pub struct SealedParts {
    largest_in_memory: u64,
    held: Slots,
    /// Limits the parts that are read and sealed at once. A part is hashed while the next is sealed.
    seals: Slots,
    buffers: PartBuffers,
    files: PartFiles,
}

impl SealedParts {
    /// Keeps parts of over `largest_in_memory` sealed bytes on disk.
    #[must_use]
    pub fn new(largest_in_memory: u64) -> Self {
        Self {
            largest_in_memory,
            held: Slots::of(MOST_HELD_BYTES),
            seals: Slots::of(1),
            buffers: PartBuffers::default(),
            files: PartFiles::default(),
        }
    }

    /// Checks that the browser has room for parts of that many sealed bytes.
    ///
    /// # Errors
    /// Returns [`Fault::NoRoom`] if it has not, and [`Fault::PartTooLarge`] if it has no files of its own.
    pub async fn check_room(&self, part_bytes: u64) -> Result<(), Fault> {
        if part_bytes <= self.largest_in_memory {
            return Ok(());
        }
        self.files.check_room(part_bytes).await
    }

    /// Deletes the files that a crash left on disk.
    pub async fn delete_leftovers(&self) {
        self.files.delete_leftovers().await;
    }

    /// Reads the part's plaintext, seals it, hashes the sealed bytes and keeps them.
    ///
    /// # Errors
    /// Returns a [`Fault`] if one of these steps fails. Nothing is kept then.
    pub async fn keep(
        &self,
        sealer: &PartSealer,
        file: &ChosenFile,
        part: &Part,
    ) -> Result<(Sha256, SealedPart), Fault> {
        if part.sealed_len() > self.largest_in_memory {
            return self.keep_on_disk(sealer, file, part).await;
        }
        let most = MOST_HELD_BYTES / MOST_LARGE_PARTS;
        let units = u32::try_from(part.sealed_len()).map_or(most, |len| len.min(most));
        let room = Room::InMemory(self.held.acquire(units).await);
        let (sha256, blob) = self.in_memory(sealer, file, part, blob_of).await?;
        Ok((
            sha256,
            SealedPart {
                blob: blob?,
                _room: room,
            },
        ))
    }

    /// Seals and hashes a part as [`Self::keep`] does, but keeps nothing.
    ///
    /// # Errors
    /// Returns a [`Fault`] if the part cannot be read, sealed or hashed.
    pub async fn hash(
        &self,
        sealer: &PartSealer,
        file: &ChosenFile,
        part: &Part,
    ) -> Result<Sha256, Fault> {
        if part.sealed_len() > self.largest_in_memory {
            return self.in_runs(sealer, file, part, |_, _| Ok(())).await;
        }
        let (sha256, ()) = self.in_memory(sealer, file, part, |_| ()).await?;
        Ok(sha256)
    }

    /// Gives the permit to seal back before hashing, so that the next part is sealed meanwhile.
    async fn in_memory<T>(
        &self,
        sealer: &PartSealer,
        file: &ChosenFile,
        part: &Part,
        keep: impl FnOnce(&Uint8Array) -> T,
    ) -> Result<(Sha256, T), Fault> {
        let permit = self.seals.acquire(1).await;
        let buffer = self.buffers.take(part.sealed_len()).await?;
        sealer.seal_from(file, part, buffer.bytes()).await?;
        drop(permit);
        let sha256 = sha256(buffer.bytes()).await?;
        Ok((sha256, keep(buffer.bytes())))
    }

    async fn keep_on_disk(
        &self,
        sealer: &PartSealer,
        file: &ChosenFile,
        part: &Part,
    ) -> Result<(Sha256, SealedPart), Fault> {
        let mut on_disk = self.files.create(part.sealed_len()).await?;
        let write = |sealed: &Uint8Array, at| on_disk.write(sealed, at);
        let sha256 = self.in_runs(sealer, file, part, write).await?;
        let blob = on_disk.finish().await?;
        let room = Room::OnDisk(on_disk);
        Ok((sha256, SealedPart { blob, _room: room }))
    }

    /// Seals a part run by run, in order, so that memory is bounded whatever the part's size. `take` gets each
    /// run and its offset in the part.
    async fn in_runs(
        &self,
        sealer: &PartSealer,
        file: &ChosenFile,
        part: &Part,
        mut take: impl FnMut(&Uint8Array, u64) -> Result<(), Fault>,
    ) -> Result<Sha256, Fault> {
        let _permit = self.seals.acquire(1).await;
        let mut hash = sha2::Sha256::new();
        for run in sealer.runs(part, RUN_BYTES) {
            let run = run?;
            let buffer = self.buffers.take(run.sealed_len()).await?;
            sealer.seal_from(file, &run, buffer.bytes()).await?;
            hash_all(&mut hash, buffer.bytes());
            take(
                buffer.bytes(),
                run.sealed.start.saturating_sub(part.sealed.start),
            )?;
        }
        Ok(Sha256::from_bytes(hash.finalize().into()))
    }
}

/// Hashes in this module, into which it copies the bytes, because SubtleCrypto cannot hash in steps.
fn hash_all(hash: &mut sha2::Sha256, bytes: &Uint8Array) {
    const PIECE: u32 = 64 * 1024;
    let mut piece = Vec::new();
    let mut start = 0;
    while start < bytes.length() {
        let end = start.saturating_add(PIECE).min(bytes.length());
        let view = bytes.subarray(start, end);
        piece.resize(usize::try_from(view.length()).unwrap_or(0), 0);
        view.copy_to(&mut piece);
        hash.update(&piece);
        start = end;
    }
}

/// Makes a blob. Browsers keep its bytes outside of this worker, and send them from there.
fn blob_of(sealed: &Uint8Array) -> Result<Blob, Fault> {
    remind_of_garbage(sealed.length());
    Blob::new_with_u8_array_sequence(&Array::of1(sealed))
        .map_err(|_| Fault::Browser("a blob cannot be made"))
}

/// Makes the browser collect garbage soon. An unused blob keeps its bytes until then, but browsers decide by
/// the bytes of arrays only, not by those of blobs. This array is dropped at once: it is counted, but its
/// pages are never touched, so it takes no memory itself. Without it, some hundred megabytes of sent parts
/// pile up.
fn remind_of_garbage(sealed_len: u32) {
    const TIMES: u32 = 8;
    const MOST: u32 = 64 * 1024 * 1024;
    drop(ArrayBuffer::new(sealed_len.saturating_mul(TIMES).min(MOST)));
}
