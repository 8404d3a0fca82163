//! Slices untrusted bytes, which no other code may do, and joins bytes.

use core::ops::Deref;

use crate::error::DecryptError;

/// Reads one field after the other, and never past the end.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    rest: &'a [u8],
    start: u64,
    if_short: DecryptError,
}

impl<'a> Reader<'a> {
    /// Makes a reader of `bytes`, which begin at offset `start` of the message. A read past the end returns
    /// `if_short`.
    pub(crate) fn new(bytes: &'a [u8], start: u64, if_short: DecryptError) -> Self {
        Self {
            bytes,
            rest: bytes,
            start,
            if_short,
        }
    }

    /// Returns the offset of the next byte in the message.
    pub(crate) fn at(&self) -> u64 {
        self.start.saturating_add(len_of(self.taken()))
    }

    /// Returns all bytes that were read so far.
    pub(crate) fn taken(&self) -> &'a [u8] {
        let len = self.bytes.len().saturating_sub(self.rest.len());
        self.bytes.get(..len).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], DecryptError> {
        self.rest.split_off(..len).ok_or(self.if_short)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecryptError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(self.if_short)?;
        self.rest = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecryptError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, DecryptError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecryptError> {
        self.array().map(u32::from_be_bytes)
    }

    #[cfg(feature = "legacy-suites")]
    pub(crate) fn u64(&mut self) -> Result<u64, DecryptError> {
        self.array().map(u64::from_be_bytes)
    }

    /// Reads a u16 length, then that many bytes.
    pub(crate) fn counted(&mut self) -> Result<&'a [u8], DecryptError> {
        let len = self.u16()?;
        self.take(usize::from(len))
    }
}

/// Appends a u16 length and the bytes. Returns `None`, and writes nothing, if there are too many.
pub(crate) fn put_counted(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    let len = u16::try_from(bytes.len()).ok()?;
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(bytes);
    Some(())
}

/// Returns the length of a slice in bytes.
pub(crate) fn len_of(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Holds at most `N` bytes that belong together, without an allocation, and dereferences to them.
#[derive(Clone, Copy)]
pub struct Piece<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Piece<N> {
    /// Joins the parts, which must fit into `N` bytes.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut bytes = [0; N];
        let mut len: usize = 0;
        for part in parts {
            let end = len.saturating_add(part.len());
            let Some(here) = bytes.get_mut(len..end) else {
                debug_assert!(false, "a piece has room for its parts");
                break;
            };
            here.copy_from_slice(part);
            len = end;
        }
        Self { bytes, len }
    }
}

impl<const N: usize> Deref for Piece<N> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl<const N: usize> AsRef<[u8]> for Piece<N> {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl<const N: usize> core::fmt::Debug for Piece<N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.deref().fmt(f)
    }
}

/// The length of the next frame, as far as its first bytes say it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Need {
    /// This many bytes must be read before the length is known.
    Prefix(usize),
    /// The frame has this many bytes.
    Whole(usize),
}

/// Puts frames together from input that is cut anywhere. The buffer holds at most one frame, and grows only
/// by bytes that really arrived.
#[derive(Debug, Default)]
pub(crate) struct FrameBuffer {
    pending: Vec<u8>,
    handed_out: bool,
}

impl FrameBuffer {
    /// Returns the next complete frame, or `None` when the input is used up. `need` computes the frame's
    /// length from the bytes that are there.
    pub(crate) fn next<'b, 'i: 'b>(
        &'b mut self,
        input: &mut &'i [u8],
        need: impl Fn(&[u8]) -> Result<Need, DecryptError>,
    ) -> Result<Option<&'b [u8]>, DecryptError> {
        if core::mem::take(&mut self.handed_out) {
            self.pending.clear();
        }
        if self.pending.is_empty()
            && let Need::Whole(len) = need(input)?
            && let Some((frame, later)) = input.split_at_checked(len)
        {
            *input = later;
            return Ok(Some(frame));
        }
        loop {
            let needed = need(&self.pending)?;
            let (Need::Prefix(len) | Need::Whole(len)) = needed;
            let missing = len.saturating_sub(self.pending.len());
            let (now, later) = input.split_at(missing.min(input.len()));
            self.pending.extend_from_slice(now);
            *input = later;
            if self.pending.len() < len {
                return Ok(None);
            }
            if let Need::Whole(_) = needed {
                self.handed_out = true;
                return Ok(Some(&self.pending));
            }
        }
    }
}
