//! Seals with AES-GCM in this module. One frame at a time is copied into the module's memory and back.

use std::cell::RefCell;

use js_sys::Uint8Array;
use sealift_message::{Backend, FrameIndex, FrameSealer, VerifiedHeader};
use zeroize::Zeroizing;

use crate::failure::Fault;

/// A content key in this module's memory. It is wiped when dropped.
pub(super) struct Key {
    sealer: FrameSealer,
    /// Reused for every frame, because fresh memory costs time and a module's memory is never given back.
    buffers: RefCell<Buffers>,
}

#[derive(Default)]
struct Buffers {
    plaintext: Zeroizing<Vec<u8>>,
    sealed: Vec<u8>,
}

impl Key {
    pub(super) fn new(verified: VerifiedHeader, plaintext_len: u64) -> Result<Self, Fault> {
        let verified = verified.with_backend(Backend::AesGcm);
        let sealer = FrameSealer::new(verified, plaintext_len)
            .map_err(|_| Fault::Answer("the part plan is not one for this header"))?;
        Ok(Self {
            sealer,
            buffers: RefCell::default(),
        })
    }

    pub(super) fn seal(
        &self,
        index: FrameIndex,
        plaintext: &Uint8Array,
        sealed: &Uint8Array,
    ) -> Result<(), Fault> {
        let too_large = |_| Fault::Browser("a frame is larger than memory");
        let mut buffers = self.buffers.borrow_mut();
        let buffers = &mut *buffers;
        let plaintext_len = usize::try_from(plaintext.length()).map_err(too_large)?;
        let sealed_len = usize::try_from(sealed.length()).map_err(too_large)?;
        buffers.plaintext.resize(plaintext_len, 0);
        buffers.sealed.resize(sealed_len, 0);
        plaintext.copy_to(&mut buffers.plaintext);
        self.sealer
            .seal_frame(index, &buffers.plaintext, &mut buffers.sealed)
            .map_err(|_| Fault::Browser("AES in WebAssembly"))?;
        sealed.copy_from(&buffers.sealed);
        Ok(())
    }
}
