//! Recognises MP4 files by their signature (WHATWG, MIME Sniffing, "matching the signature for
//! MP4"): a whole `ftyp` box whose major brand, or one of whose compatible brands, begins with
//! `mp4`.
//!
//! Cameras and packagers write brands of their own (`XAVC`, `iso7`, `3gp5`) and list the brands of
//! MP4 among the compatible ones.

/// The type of the box; it follows the box's size.
const FTYP: &[u8] = b"ftyp";
/// Bytes of each field: the box's size, its type, a brand, the minor version.
const FIELD_BYTES: usize = 4;

/// Returns whether the file begins with an `ftyp` box, whole or cut.
pub(super) fn begins_with_ftyp(beginning: &[u8]) -> bool {
    beginning.get(FIELD_BYTES..2 * FIELD_BYTES) == Some(FTYP)
}

/// The `ftyp` box at the beginning of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileTypeBox<'a> {
    major_brand: &'a [u8],
    compatible_brands: &'a [u8],
}

impl<'a> FileTypeBox<'a> {
    /// Reads the box. Returns `None` if the box is cut, or if its size is too small or not a
    /// multiple of four.
    pub(super) fn of(beginning: &'a [u8]) -> Option<Self> {
        let (size, _) = beginning.split_first_chunk::<FIELD_BYTES>()?;
        let size = usize::try_from(u32::from_be_bytes(*size)).ok()?;
        if !begins_with_ftyp(beginning) || !size.is_multiple_of(FIELD_BYTES) {
            return None;
        }
        let whole = beginning.get(..size)?;
        Some(Self {
            major_brand: whole.get(2 * FIELD_BYTES..3 * FIELD_BYTES)?,
            // The minor version is not a brand, even if it looks like one.
            compatible_brands: whole.get(4 * FIELD_BYTES..).unwrap_or_default(),
        })
    }

    /// Returns whether any brand begins with `mp4`.
    pub(super) fn is_mp4(self) -> bool {
        let mut brands = self.compatible_brands.chunks_exact(FIELD_BYTES);
        self.major_brand.starts_with(b"mp4") || brands.any(|brand| brand.starts_with(b"mp4"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_mp4(beginning: &[u8]) -> bool {
        FileTypeBox::of(beginning).is_some_and(FileTypeBox::is_mp4)
    }

    #[test]
    fn the_major_brand_or_any_compatible_brand_counts() {
        for beginning in [
            b"\0\0\0\x0cftypmp42".as_slice(),
            b"\0\0\0\x10ftypmp41\0\0\0\0",
            b"\0\0\0\x14ftypXAVC\0\0\0\0mp42",
            b"\0\0\0\x1cftypXAVC\x01\0\x1f\xffXAVCmp42iso2\0\0\0\x08free",
            b"\0\0\0\x24ftypiso7\0\0\0\x01iso7isomiso6mp71mp41",
            b"\0\0\0\x18ftyp3gp5\0\0\0\0mp423gp5",
        ] {
            let mut beginning = beginning.to_vec();
            let size = usize::from(beginning[3]);
            beginning.resize(beginning.len().max(size), b'x');
            assert!(is_mp4(&beginning), "{}", beginning.escape_ascii());
        }
    }

    #[test]
    fn other_brands_and_boxes_that_are_not_whole_do_not_count() {
        for beginning in [
            b"".as_slice(),
            b"\0\0\0\x14",
            // None of these is a brand of MP4, though some contain its name.
            b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
            b"\0\0\0\x18ftypisom\0\0\0\0isomxmp4",
            b"\0\0\0\x18ftypisom\0\0\0\0isomMP42",
            // The minor version looks like a brand.
            b"\0\0\0\x14ftypXAVCmp42XAVC",
            // The brand lies behind the box.
            b"\0\0\0\x14ftypXAVC\0\0\0\0XAVCmp42",
            // The brand lies across two brands.
            b"\0\0\0\x18ftypXAVC\0\0\0\0XXmp42XX",
            // The box is another one.
            b"\0\0\0\x14freeXAVC\0\0\0\0mp42",
            // Sizes: zero, "64 bits follow", not a multiple of four, too small, larger than the
            // file.
            b"\0\0\0\x00ftypmp42\0\0\0\0mp42",
            b"\0\0\0\x01ftypmp42\0\0\0\0mp42",
            b"\0\0\0\x15ftypmp42\0\0\0\0mp42xxxx",
            b"\0\0\0\x08ftypmp42\0\0\0\0mp42",
            b"\0\0\0\x18ftypmp42\0\0\0\0mp42",
            b"\x7f\xff\xff\xfcftypmp42\0\0\0\0mp42",
            b"\xff\xff\xff\xfcftypmp42\0\0\0\0mp42",
        ] {
            assert!(!is_mp4(beginning), "{}", beginning.escape_ascii());
        }
    }
}
