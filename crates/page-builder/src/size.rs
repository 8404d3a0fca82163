//! How much a first visit loads.

use crate::layout::files_below;
use anyhow::{Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::Path;
use std::{fmt, fs};

/// The design's goal for the page's first load.
const MOST_COMPRESSED_BYTES: u64 = 200 * 1024;

/// Bytes of all files of the page, as they are and as they travel.
pub(crate) struct PageSize {
    raw_bytes: u64,
    compressed_bytes: u64,
}

impl fmt::Display for PageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} KiB, {} KiB compressed",
            self.raw_bytes.div_ceil(1024),
            self.compressed_bytes.div_ceil(1024)
        )
    }
}

/// Measures the page.
///
/// # Errors
/// Where it is larger than a first load may be.
pub(crate) fn of(dist: &Path) -> Result<PageSize> {
    let mut size = PageSize {
        raw_bytes: 0,
        compressed_bytes: 0,
    };
    for path in files_below(dist)?.values() {
        let bytes = fs::read(path)?;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&bytes)?;
        size.raw_bytes += u64::try_from(bytes.len())?;
        size.compressed_bytes += u64::try_from(encoder.finish()?.len())?;
    }
    if size.compressed_bytes > MOST_COMPRESSED_BYTES {
        bail!(
            "the page is {size}; it may be {} KiB compressed",
            MOST_COMPRESSED_BYTES / 1024
        );
    }
    Ok(size)
}
