//! Saves a file as a blob, which browsers keep in memory, or on disk when it grows.

use std::cell::RefCell;

use js_sys::{Array, Uint8Array};
use web_sys::Blob;

use crate::{browser::len_of, failure::Fault};

/// The most bytes to hold. A browser that has neither of the other ways runs on a small device.
pub const MOST_BYTES: u64 = 512 * 1024 * 1024;

/// The pieces of a blob.
pub struct InMemory {
    size: u64,
    /// In the order of their places.
    pieces: RefCell<Vec<(u64, Blob)>>,
}

impl InMemory {
    pub(super) fn new(size: u64) -> Result<Self, Fault> {
        if size > MOST_BYTES {
            return Err(Fault::TooLargeHere {
                size,
                most_bytes: MOST_BYTES,
            });
        }
        Ok(Self {
            size,
            pieces: RefCell::default(),
        })
    }

    pub(super) fn write(&self, plaintext: &Uint8Array, at: u64) -> Result<(), Fault> {
        let piece = Blob::new_with_u8_array_sequence(&Array::of1(plaintext));
        let piece = piece.map_err(|_| Fault::NotSaved)?;
        let mut pieces = self.pieces.borrow_mut();
        // They come almost in order. The sort of the standard library would be a hundredth of the module's size.
        let place = pieces.partition_point(|(before, _)| *before < at);
        pieces.insert(place, (at, piece));
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Blob, Fault> {
        let pieces = self.pieces.into_inner().into_iter();
        let pieces: Array = pieces.map(|(_, piece)| piece).collect();
        let whole = Blob::new_with_blob_sequence(&pieces).map_err(|_| Fault::NotSaved)?;
        if len_of(whole.size()) == self.size {
            Ok(whole)
        } else {
            Err(Fault::NotSaved)
        }
    }
}
