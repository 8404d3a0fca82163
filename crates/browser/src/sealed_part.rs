//! A part's sealed bytes, kept until the store has them: as a blob in the browser's memory, or for
//! large parts as a file on disk.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use sealift_transfer::{Part, api::Sha256};
use sha2::Digest as _;
use web_sys::Blob;

use crate::{
    allowance::{Allowance, Share},
    failure::Fault,
    file_slice::ChosenFile,
    part_buffers::PartBuffers,
    part_files::{PartFile, PartFiles},
    seal::{PartSealer, sha256},
};

/// Larger parts, those of files over 668 GB, go through a file (DESIGN.md 2).
pub const LARGEST_IN_MEMORY: u64 = 64 * 1024 * 1024;
/// Sealed bytes in memory, all uploads of a page together: five parts of the usual 8 MiB on the way
/// while one more is ready.
const MOST_HELD_BYTES: u64 = 48 * 1024 * 1024;
/// Of larger parts so many are held at once, whatever their size: one is sealed while others leave.
const MOST_LARGE_PARTS: u64 = 3;
/// What is sealed at once of a part that goes to disk.
const RUN_BYTES: u64 = 4 * 1024 * 1024;

/// The bytes of one part. Dropped, they are gone.
pub struct SealedPart {
    blob: Blob,
    _room: Room,
}

enum Room {
    InMemory(#[expect(dead_code, reason = "held, and given back when dropped")] Share),
    OnDisk(#[expect(dead_code, reason = "deleted when dropped")] PartFile),
}

impl SealedPart {
    /// What is PUT.
    #[must_use]
    pub fn blob(&self) -> &Blob {
        &self.blob
    }
}

/// Where parts of all uploads of a page are sealed and kept.
pub struct SealedParts {
    largest_in_memory: u64,
    held: Allowance,
    /// Parts read and sealed at once; a part is hashed while the next is sealed.
    seals: Allowance,
    buffers: PartBuffers,
    files: PartFiles,
}

impl SealedParts {
    /// Parts over `largest_in_memory` sealed bytes go to disk.
    #[must_use]
    pub fn new(largest_in_memory: u64) -> Self {
        Self {
            largest_in_memory,
            held: Allowance::of(MOST_HELD_BYTES),
            seals: Allowance::of(1),
            buffers: PartBuffers::default(),
            files: PartFiles::default(),
        }
    }

    /// Whether the browser has room for parts of that many sealed bytes.
    ///
    /// # Errors
    /// [`Fault::NoRoom`]; [`Fault::PartTooLarge`] where the browser has no files of its own.
    pub async fn check_room(&self, part_bytes: u64) -> Result<(), Fault> {
        if part_bytes <= self.largest_in_memory {
            return Ok(());
        }
        self.files.check_room(part_bytes).await
    }

    /// Deletes what a crash left on disk.
    pub async fn delete_leftovers(&self) {
        self.files.delete_leftovers().await;
    }

    /// Reads the part's plaintext, seals it, hashes it, keeps the bytes.
    ///
    /// # Errors
    /// [`Fault`]; nothing is kept then.
    pub async fn keep(
        &self,
        sealer: &PartSealer,
        file: &ChosenFile,
        part: &Part,
    ) -> Result<(Sha256, SealedPart), Fault> {
        if part.sealed_len() > self.largest_in_memory {
            return self.keep_on_disk(sealer, file, part).await;
        }
        let units = part.sealed_len().min(MOST_HELD_BYTES / MOST_LARGE_PARTS);
        let room = Room::InMemory(self.held.take(units).await);
        let (sha256, blob) = self.in_memory(sealer, file, part, blob_of).await?;
        Ok((
            sha256,
            SealedPart {
                blob: blob?,
                _room: room,
            },
        ))
    }

    /// The same without keeping anything.
    ///
    /// # Errors
    /// [`Fault`].
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

    /// The next part's turn comes before the hashing, so that both go on at once.
    async fn in_memory<T>(
        &self,
        sealer: &PartSealer,
        file: &ChosenFile,
        part: &Part,
        keep: impl FnOnce(&Uint8Array) -> T,
    ) -> Result<(Sha256, T), Fault> {
        let turn = self.seals.take(1).await;
        let buffer = self.buffers.take(part.sealed_len()).await?;
        sealer.seal_from(file, part, buffer.bytes()).await?;
        drop(turn);
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

    /// Seals a part piece by piece in order; memory is bounded whatever the part's size. `take` gets
    /// each piece and where in the part it begins.
    async fn in_runs(
        &self,
        sealer: &PartSealer,
        file: &ChosenFile,
        part: &Part,
        mut take: impl FnMut(&Uint8Array, u64) -> Result<(), Fault>,
    ) -> Result<Sha256, Fault> {
        let _turn = self.seals.take(1).await;
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

/// SubtleCrypto hashes only what is whole, so these bytes pass through this module's memory.
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

/// Browsers keep a blob's bytes outside of this worker, and send them from there.
fn blob_of(sealed: &Uint8Array) -> Result<Blob, Fault> {
    remind_of_garbage(sealed.length());
    Blob::new_with_u8_array_sequence(&Array::of1(sealed))
        .map_err(|_| Fault::Browser("a blob cannot be made"))
}

/// A blob that nobody needs any more keeps its bytes until garbage is collected, and for that browsers
/// count the bytes of arrays only, not those of blobs. So here is an array that is dropped at once: it
/// is counted, yet its pages are never touched, so that it takes no memory itself. Without it some
/// hundred megabytes of sent parts pile up.
fn remind_of_garbage(sealed_len: u32) {
    const TIMES: u32 = 8;
    const MOST: u32 = 64 * 1024 * 1024;
    drop(ArrayBuffer::new(sealed_len.saturating_mul(TIMES).min(MOST)));
}
