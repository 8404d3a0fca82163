//! Keeps a part's sealed bytes until the store has them: in the buffer in which they were sealed or, for large
//! parts, in a file on disk.

use std::{cell::RefCell, collections::VecDeque};

use js_sys::{ArrayBuffer, Uint8Array};
use sealift_transfer::{Part, api::Sha256};
use sha2::Digest as _;
use web_sys::Blob;

use crate::{
    browser::within,
    failure::Fault,
    file_slice::ChosenFile,
    part_buffers::{PartBuffer, PartBuffers, USUAL_BYTES},
    part_files::{PartFile, PartFiles},
    put_part::Body,
    seal::{ANOTHER_LENGTH, PartSealer, sha256},
    sealing_pool::SealingPool,
    shared::MOST_PUTS,
    slots::Slots,
};

/// The most sealed bytes of a part that is kept in memory. Larger parts, which only files over 668 GB have,
/// go through a file, so that memory stays bounded.
pub const LARGEST_IN_MEMORY: u64 = 64 * 1024 * 1024;
/// The parts in memory besides those that are sealed, for all uploads of a page: five are sent, and one is hashed
/// or waits for its signature.
const PARTS_NOT_SEALED: u32 = 6;
/// The plaintext bytes sealed at a time for a part that goes to disk.
const RUN_BYTES: u64 = 4 * 1024 * 1024;

/// The sealed bytes of one part. Dropping it frees them.
pub enum SealedPart {
    /// In the buffer in which they were sealed. Every attempt to send the part sends these bytes.
    InMemory(PartBuffer),
    /// In a file, which is deleted when it is dropped.
    OnDisk(Blob, PartFile),
}

impl SealedPart {
    /// Returns the bytes to PUT.
    #[must_use]
    pub fn body(&self) -> Body {
        match self {
            Self::InMemory(buffer) => Body::Bytes(buffer.bytes().clone()),
            Self::OnDisk(blob, _) => Body::Blob(blob.clone()),
        }
    }
}

/// Seals and keeps the parts of all uploads of a page.
pub struct SealedParts {
    largest_in_memory: u64,
    /// Limits the parts that are read and sealed at once. A part is hashed while the next is sealed.
    seals: Slots,
    pool: SealingPool,
    buffers: PartBuffers,
    files: PartFiles,
    reminders: Reminders,
}

impl SealedParts {
    /// Keeps parts of over `largest_in_memory` sealed bytes on disk. Parts in memory are sealed by the workers of
    /// `pool`, small ones here.
    #[must_use]
    pub fn new(largest_in_memory: u64, pool: SealingPool) -> Self {
        let most_parts = PARTS_NOT_SEALED.saturating_add(pool.most_at_once());
        let most_bytes = USUAL_BYTES.saturating_mul(most_parts);
        Self {
            largest_in_memory,
            pool,
            seals: Slots::of(1),
            buffers: PartBuffers::at_most(most_bytes),
            files: PartFiles::default(),
            reminders: Reminders::default(),
        }
    }

    /// Returns how many parts one upload holds at most: five are sent while the others are sealed. The buffers bound
    /// what all uploads hold together.
    #[must_use]
    pub fn most_parts_held(&self) -> u8 {
        let sealed = u8::try_from(self.pool.most_at_once()).unwrap_or(1);
        MOST_PUTS.saturating_add(sealed)
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
        let (sha256, buffer) = self.in_memory(sealer, file, part).await?;
        Ok((sha256, SealedPart::InMemory(buffer)))
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
        let (sha256, _) = self.in_memory(sealer, file, part).await?;
        Ok(sha256)
    }

    /// Takes a buffer before the permit to seal, as [`Self::in_runs`] does, so that nobody waits for a buffer
    /// while others wait for the permit. Gives the permit back before hashing, so that the next part is sealed
    /// meanwhile.
    async fn in_memory(
        &self,
        sealer: &PartSealer,
        file: &ChosenFile,
        part: &Part,
    ) -> Result<(Sha256, PartBuffer), Fault> {
        let mut buffer = self.buffers.take(part.sealed_len()).await?;
        self.reminders.add(part.sealed_len());
        if let Some(sha256) = self.pool.seal(sealer, file, part, &mut buffer).await? {
            return Ok((sha256, buffer));
        }
        let permit = self.seals.acquire(1).await;
        sealer.seal_from(file, part, buffer.bytes()).await?;
        drop(permit);
        let sha256 = sha256(buffer.bytes()).await?;
        Ok((sha256, buffer))
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
        Ok((sha256, SealedPart::OnDisk(blob, on_disk)))
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
        let runs: Vec<Part> = sealer.runs(part, RUN_BYTES).collect::<Result<_, _>>()?;
        let longest = runs.iter().map(Part::sealed_len).max().unwrap_or(0);
        let buffer = self.buffers.take(longest).await?;
        let _permit = self.seals.acquire(1).await;
        let mut hash = sha2::Sha256::new();
        for run in runs {
            let sealed = within(buffer.bytes(), 0..run.sealed_len(), 0).ok_or(ANOTHER_LENGTH)?;
            sealer.seal_from(file, &run, &sealed).await?;
            hash_all(&mut hash, &sealed);
            take(&sealed, run.sealed.start.saturating_sub(part.sealed.start))?;
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

/// Makes the browser collect garbage soon: the plaintext that was read, the ciphertext before it was copied, and the
/// copies of bodies that were sent. Browsers decide by the bytes of arrays. The pages of these are never touched, so
/// they take no memory themselves.
#[derive(Default)]
struct Reminders(RefCell<VecDeque<ArrayBuffer>>);

impl Reminders {
    /// Adds an array and drops an old one. Chromium collects the bodies of requests only with old arrays, which have
    /// outlived two collections of young ones.
    fn add(&self, sealed_len: u64) {
        const TIMES: u64 = 8;
        const MOST: u32 = 64 * 1024 * 1024;
        const MOST_KEPT: usize = 4;
        let len = u32::try_from(sealed_len.saturating_mul(TIMES)).unwrap_or(MOST);
        let mut kept = self.0.borrow_mut();
        kept.push_back(ArrayBuffer::new(len.min(MOST)));
        if kept.len() > MOST_KEPT {
            kept.pop_front();
        }
    }
}
