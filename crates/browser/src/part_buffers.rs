//! The memory in which parts are sealed, hashed and kept until they are sent, and into which pieces are fetched to be
//! opened there. It is JavaScript's, because a wasm module's memory never shrinks. Buffers are reused, because fresh
//! memory costs more time than sealing.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::{ArrayBuffer, Uint8Array};

use crate::{
    failure::Fault,
    slots::{Permit, Slots},
};

/// The most buffers at once of parts that are too large for the bound: one is sealed while others are sent.
const MOST_LARGE: u32 = 3;
/// Buffer lengths are multiples of this, so that the parts of different files fit the same buffers.
const STEP_BYTES: u64 = 128 * 1024;

/// The most bytes of a buffer for a part or a piece of the usual 8 MiB.
pub const USUAL_BYTES: u32 = 8 * 1024 * 1024 + 256 * 1024;

/// The buffers of a page.
#[derive(Clone)]
pub struct PartBuffers(Rc<Shared>);

struct Shared {
    most_bytes: u32,
    slots: Slots,
    /// The bytes of all buffers in use.
    in_use: Cell<u64>,
    idle: RefCell<Vec<Uint8Array>>,
}

/// A buffer in use, of the requested length. Dropping it gives it back.
pub struct PartBuffer {
    whole: Uint8Array,
    sealed: Uint8Array,
    sealed_len: u32,
    capacity: u32,
    home: PartBuffers,
    _permit: Permit,
}

impl PartBuffers {
    /// Starts without buffers. All of them together have at most `most_bytes` bytes. A buffer of over half of that
    /// counts as a third, so that there are three of them however large they are.
    #[must_use]
    pub fn at_most(most_bytes: u32) -> Self {
        Self(Rc::new(Shared {
            most_bytes,
            slots: Slots::of(most_bytes),
            in_use: Cell::new(0),
            idle: RefCell::default(),
        }))
    }

    /// Waits until there is room for `len` bytes. The buffer still holds the bytes of its last use.
    ///
    /// # Errors
    /// Returns [`Fault::PartTooLarge`] if browsers have no array of that length.
    pub async fn take(&self, len: u64) -> Result<PartBuffer, Fault> {
        let too_large = || Fault::PartTooLarge { part_bytes: len };
        let sealed_len = u32::try_from(len).map_err(|_| too_large())?;
        let steps = len.div_ceil(STEP_BYTES).saturating_mul(STEP_BYTES);
        let capacity = u32::try_from(steps).map_err(|_| too_large())?;
        let is_large = capacity > self.0.most_bytes / 2;
        let units = if is_large {
            self.0.most_bytes / MOST_LARGE
        } else {
            capacity
        };
        let permit = self.0.slots.acquire(units).await;
        let whole = self
            .idle_one(capacity)
            .unwrap_or_else(|| Uint8Array::new_with_length(capacity));
        let in_use = &self.0.in_use;
        in_use.set(in_use.get().saturating_add(capacity.into()));
        self.keep_within_bounds();
        Ok(PartBuffer {
            sealed: whole.subarray(0, sealed_len),
            whole,
            sealed_len,
            capacity,
            home: self.clone(),
            _permit: permit,
        })
    }

    fn idle_one(&self, capacity: u32) -> Option<Uint8Array> {
        let mut idle = self.0.idle.borrow_mut();
        let index = idle.iter().position(|one| one.length() == capacity)?;
        Some(idle.swap_remove(index))
    }

    /// Drops idle buffers, the longest idle first, until all buffers together are within the bound.
    fn keep_within_bounds(&self) {
        let mut idle = self.0.idle.borrow_mut();
        let in_use = self.0.in_use.get();
        let bytes =
            |idle: &[Uint8Array]| -> u64 { idle.iter().map(|one| u64::from(one.length())).sum() };
        while !idle.is_empty() && in_use.saturating_add(bytes(&idle)) > self.0.most_bytes.into() {
            idle.remove(0);
        }
    }
}

impl PartBuffer {
    /// Returns the bytes, exactly as many as were asked for.
    #[must_use]
    pub fn bytes(&self) -> &Uint8Array {
        &self.sealed
    }

    /// Returns the memory, to be transferred to another worker or to a stream. Until [`Self::take_back`] the buffer has
    /// no bytes.
    pub(crate) fn lend(&self) -> ArrayBuffer {
        self.whole.buffer()
    }

    /// Takes the memory that was transferred back, and returns whether it is as long as it was.
    pub(crate) fn take_back(&mut self, memory: &ArrayBuffer) -> bool {
        if memory.byte_length() != self.capacity {
            return false;
        }
        self.hold(Uint8Array::new(memory));
        true
    }

    /// Replaces memory that was lent and did not come back.
    pub(crate) fn renew(&mut self) {
        if self.is_lent() {
            self.hold(Uint8Array::new_with_length(self.capacity));
        }
    }

    /// Memory that was transferred has no bytes here.
    fn is_lent(&self) -> bool {
        self.whole.length() != self.capacity
    }

    fn hold(&mut self, whole: Uint8Array) {
        self.sealed = whole.subarray(0, self.sealed_len);
        self.whole = whole;
    }
}

impl Drop for PartBuffer {
    fn drop(&mut self) {
        let in_use = &self.home.0.in_use;
        in_use.set(in_use.get().saturating_sub(self.capacity.into()));
        if !self.is_lent() {
            self.home.0.idle.borrow_mut().push(self.whole.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    const PART: u64 = 8 * 1024 * 1024 + 1500;
    const MOST_BYTES: u32 = 26 * 1024 * 1024;

    fn try_take(buffers: &PartBuffers, len: u64) -> Option<PartBuffer> {
        Box::pin(buffers.take(len)).now_or_never()?.ok()
    }

    #[wasm_bindgen_test]
    fn a_buffer_that_came_back_is_used_again_for_a_part_of_about_its_length() {
        let buffers = PartBuffers::at_most(MOST_BYTES);
        let first = try_take(&buffers, PART).unwrap();
        first.bytes().set_index(0, 0xA5);
        drop(first);
        let second = try_take(&buffers, PART - 400).unwrap();
        assert_eq!(u64::from(second.bytes().length()), PART - 400);
        assert_eq!(second.bytes().get_index(0), 0xA5);
    }

    #[wasm_bindgen_test]
    fn who_wants_a_buffer_beyond_the_bound_waits_for_one_to_come_back() {
        let buffers = PartBuffers::at_most(MOST_BYTES);
        let mut held: Vec<_> = (0..3).map(|_| try_take(&buffers, PART).unwrap()).collect();
        assert!(try_take(&buffers, PART).is_none());
        held.pop();
        assert!(try_take(&buffers, PART).is_some());
    }

    #[wasm_bindgen_test]
    fn idle_buffers_of_other_lengths_make_room() {
        let buffers = PartBuffers::at_most(MOST_BYTES);
        drop(
            (0..2)
                .map(|_| try_take(&buffers, PART).unwrap())
                .collect::<Vec<_>>(),
        );
        let large = try_take(&buffers, MOST_BYTES.into()).unwrap();
        assert!(buffers.0.idle.borrow().is_empty());
        drop(large);
    }

    #[wasm_bindgen_test]
    fn a_part_that_no_array_holds_is_refused() {
        let buffers = PartBuffers::at_most(MOST_BYTES);
        let refused = Box::pin(buffers.take(1 << 32)).now_or_never().unwrap();
        assert!(matches!(refused, Err(Fault::PartTooLarge { .. })));
    }
}
