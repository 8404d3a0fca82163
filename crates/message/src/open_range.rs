//! The read path of a range. The caller fetches only the frames that cover the range; every frame is
//! verified, and then the range is cut out of them (R6).

mod gathered;

use core::cmp::Ordering;
use core::ops::Range;
use std::sync::Arc;

use crate::FrameIndex;
use crate::error::{DecryptError, Field, RangeError};
use crate::frame::Frame;
use crate::header::VerifiedHeader;
use crate::layout::Layout;
use crate::open::{FrameOpener, Verified};
use crate::suite::TAG_LEN;
use crate::wire::{Reader, len_of};
use gathered::Gathered;

/// Plans and opens ranges of one object of ours, whose size is known from the record.
#[derive(Debug)]
pub struct RangeDecryptor {
    opener: Arc<FrameOpener>,
    layout: Layout,
}

impl RangeDecryptor {
    /// Makes a decryptor for an object with this header and of `sealed_len` bytes. Both come from the record
    /// (R5, R6).
    ///
    /// # Errors
    /// Returns [`DecryptError::SealedLen`] if no object of ours has this size.
    pub fn new(verified: VerifiedHeader, sealed_len: u64) -> Result<Self, DecryptError> {
        let header = verified.header();
        let layout = Layout::from_sealed_len(header.len(), header.frame_length(), sealed_len)
            .map_err(|_| DecryptError::SealedLen { sealed_len })?;
        Ok(Self {
            opener: Arc::new(FrameOpener::new(&verified)),
            layout,
        })
    }

    /// Returns the sizes and offsets of the object.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Returns the opener for a range of the plaintext; its [`RangeOpener::sealed_range`] says which bytes to
    /// fetch. An empty range is refused, except `0..0` of an empty plaintext, whose one frame proves that it
    /// is empty.
    ///
    /// # Errors
    /// Returns a [`RangeError`] if the plaintext does not have these bytes.
    pub fn plan(&self, plaintext: Range<u64>) -> Result<RangeOpener, RangeError> {
        let refused = RangeError {
            start: plaintext.start,
            end: plaintext.end,
            plaintext_len: self.layout.plaintext_len(),
        };
        let frames = self.layout.frames_of(&plaintext).ok_or(refused)?;
        let sealed = self.layout.sealed_range_of(&frames).ok_or(refused)?;
        Ok(self.opener_of(plaintext, frames, sealed))
    }

    /// Returns the opener for the whole body, with an empty final frame after full ones, which no range of
    /// the plaintext needs.
    #[must_use]
    pub fn plan_all(&self) -> RangeOpener {
        let layout = &self.layout;
        let sealed = layout.header_len()..layout.sealed_len();
        self.opener_of(0..layout.plaintext_len(), 0..layout.frame_count(), sealed)
    }

    /// Returns the opener for one frame, which may be an empty final one, or `None` if there is no such
    /// frame.
    #[must_use]
    pub fn plan_frame(&self, index: FrameIndex) -> Option<RangeOpener> {
        let frames = index..index.checked_add(1)?;
        let held = self.layout.plaintext_range_of(&frames)?;
        let sealed = self.layout.sealed_range_of(&frames)?;
        Some(self.opener_of(held, frames, sealed))
    }

    fn opener_of(
        &self,
        wanted: Range<u64>,
        frames: Range<FrameIndex>,
        sealed: Range<u64>,
    ) -> RangeOpener {
        RangeOpener {
            opener: Arc::clone(&self.opener),
            layout: self.layout,
            wanted,
            sealed,
            frames,
            gathered: Gathered::default(),
            broken: None,
        }
    }
}

/// Opens one range while its bytes arrive.
#[derive(Debug)]
pub struct RangeOpener {
    opener: Arc<FrameOpener>,
    layout: Layout,
    wanted: Range<u64>,
    sealed: Range<u64>,
    /// The frames that are not opened yet.
    frames: Range<FrameIndex>,
    gathered: Gathered,
    broken: Option<DecryptError>,
}

impl RangeOpener {
    /// Returns the bytes of the object to fetch and push. They are whole frames, and never empty.
    #[must_use]
    pub fn sealed_range(&self) -> Range<u64> {
        self.sealed.clone()
    }

    /// Returns the range of plaintext that this opener releases.
    #[must_use]
    pub fn plaintext_range(&self) -> Range<u64> {
        self.wanted.clone()
    }

    /// Splits this opener into openers of `frame_count` frames each, at least one. In their order they
    /// release the same plaintext as this one would. An empty final frame goes with the frames before it.
    pub fn into_groups(self, frame_count: u64) -> impl Iterator<Item = Self> + use<> {
        let mut next = self.frames.start;
        core::iter::from_fn(move || {
            let group = self.layout.group_of(next, frame_count.max(1));
            let frames = next..group.end.min(self.frames.end);
            next = frames.end;
            self.of_frames(frames)
        })
    }

    /// Returns a new opener for the frames that this one has not opened yet, or `None` if all are open. The
    /// new one begins with a whole frame, so that a caller can fetch the rest after an answer broke off
    /// within a frame.
    #[must_use]
    pub fn rest(&self) -> Option<Self> {
        self.of_frames(self.frames.clone())
    }

    /// Returns whether only an empty final frame is still to come. A reader that knows the plaintext's length
    /// takes the plaintext for complete once it has the last byte, so withhold that byte until this is false.
    #[must_use]
    pub fn awaits_empty_frame(&self) -> bool {
        let held = self.layout.plaintext_range_of(&self.frames);
        held.is_some_and(|held| held.is_empty())
    }

    fn of_frames(&self, frames: Range<FrameIndex>) -> Option<Self> {
        let held = self.layout.plaintext_range_of(&frames)?;
        Some(Self {
            opener: Arc::clone(&self.opener),
            layout: self.layout,
            wanted: held.start.max(self.wanted.start)..held.end.min(self.wanted.end),
            sealed: self.layout.sealed_range_of(&frames)?,
            frames,
            gathered: Gathered::default(),
            broken: None,
        })
    }

    /// Takes the next bytes of [`Self::sealed_range`], cut anywhere, and appends the part of the wanted
    /// plaintext that they complete to `out`. Call [`Self::finish`] after the last bytes. After an error
    /// nothing more is appended, and `finish` fails.
    ///
    /// # Errors
    /// Fails if a frame is malformed or does not authenticate, or if there are too many bytes. The bytes that
    /// were appended before are authentic, but the range is not complete.
    pub fn push(&mut self, ciphertext: &[u8], out: &mut Vec<u8>) -> Result<(), DecryptError> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        let pushed = self.push_frames(ciphertext, out);
        self.broken = pushed.err();
        pushed
    }

    fn push_frames(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), DecryptError> {
        let mut input = input;
        while !input.is_empty() {
            let index = self.frames.start;
            let too_many = self.too_many();
            if self.frames.is_empty() {
                return Err(too_many);
            }
            let frame = self.layout.frame(index).ok_or(too_many)?;
            let at = self.layout.frame_offset(index).ok_or(too_many)?;
            let sealed_len = usize::try_from(frame.sealed_len()).map_err(|_| too_many)?;
            let before = out.len();
            match input.split_at_checked(sealed_len) {
                Some((sealed, later)) if self.gathered.is_empty() => {
                    input = later;
                    let mut reader = Reader::new(sealed, at, DecryptError::Truncated);
                    let (ciphertext, tag) = after_prefix(&mut reader, &frame)?;
                    self.opener
                        .append(&frame, &frame.iv(), ciphertext, &tag, out)?;
                }
                _ => {
                    if !self.gathered.fill(&mut input, &frame) {
                        return Ok(());
                    }
                    self.gathered.open_onto(&self.opener, &frame, at, out)?;
                }
            }
            let one = index..index.saturating_add(1);
            let held = self.layout.plaintext_range_of(&one).ok_or(too_many)?;
            cut(out, before, &held, &self.wanted);
            self.frames.start = one.end;
        }
        Ok(())
    }

    /// Opens the range from all bytes of [`Self::sealed_range`] at once. `out` becomes its plaintext, or
    /// empty after an error. The old bytes in `out` are overwritten, not zeroed first: pass the same buffer
    /// again, as it is, and this is as fast as the AEAD.
    ///
    /// # Errors
    /// Fails like [`Self::push`] and [`Self::finish`].
    pub fn open_at_once(
        mut self,
        sealed: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Verified, DecryptError> {
        if let Err(error) = self.open_frames(sealed, out) {
            out.clear();
            return Err(error);
        }
        self.finish()
    }

    fn open_frames(&mut self, sealed: &[u8], out: &mut Vec<u8>) -> Result<(), DecryptError> {
        let too_many = self.too_many();
        let expected = self.sealed.end.saturating_sub(self.sealed.start);
        match len_of(sealed).cmp(&expected) {
            Ordering::Less => return Err(DecryptError::Truncated),
            Ordering::Equal => {}
            Ordering::Greater => return Err(too_many),
        }
        let frames = self.layout.plaintext_range_of(&self.frames);
        let held = frames.ok_or(too_many)?;
        let held_len = held.end.saturating_sub(held.start);
        out.resize(usize::try_from(held_len).map_err(|_| too_many)?, 0);
        let mut room = out.as_mut_slice();
        let mut reader = Reader::new(sealed, self.sealed.start, DecryptError::Truncated);
        for index in self.frames.by_ref() {
            let frame = self.layout.frame(index).ok_or(too_many)?;
            let (ciphertext, tag) = after_prefix(&mut reader, &frame)?;
            let here = room.split_off_mut(..ciphertext.len()).ok_or(too_many)?;
            self.opener
                .open(&frame, &frame.iv(), ciphertext, &tag, here)?;
        }
        cut(out, 0, &held, &self.wanted);
        Ok(())
    }

    fn too_many(&self) -> DecryptError {
        DecryptError::Malformed {
            field: Field::AfterTheEnd,
            at: self.sealed.end,
        }
    }

    /// Proves that the range is complete.
    ///
    /// # Errors
    /// Returns [`DecryptError::Truncated`] if bytes are missing, or the error of an earlier call.
    pub fn finish(self) -> Result<Verified, DecryptError> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        if !self.frames.is_empty() {
            return Err(DecryptError::Truncated);
        }
        Ok(Verified {
            plaintext_len: self.wanted.end.saturating_sub(self.wanted.start),
        })
    }
}

/// Checks the prefix of a frame, and returns its ciphertext and tag.
fn after_prefix<'a>(
    reader: &mut Reader<'a>,
    frame: &Frame,
) -> Result<(&'a [u8], [u8; TAG_LEN]), DecryptError> {
    let at = reader.at();
    frame.expect_prefix(reader.take(frame.prefix().len())?, at)?;
    let holds = usize::try_from(frame.plaintext_len()).unwrap_or(usize::MAX);
    Ok((reader.take(holds)?, reader.array()?))
}

/// Cuts `out[before..]`, which is the plaintext `held`, down to the range `wanted`.
fn cut(out: &mut Vec<u8>, before: usize, held: &Range<u64>, wanted: &Range<u64>) {
    let beyond = held.end.saturating_sub(wanted.end);
    let ahead = wanted.start.saturating_sub(held.start);
    // Both are shorter than a frame, which fits in memory.
    let beyond = usize::try_from(beyond).unwrap_or(usize::MAX);
    let ahead = usize::try_from(ahead).unwrap_or(usize::MAX);
    out.truncate(out.len().saturating_sub(beyond).max(before));
    let ahead_end = before.saturating_add(ahead).min(out.len());
    out.drain(before..ahead_end);
}
