//! Compresses the files once, as small as possible, so that the server need not compress them for every visit.

use crate::bundle::Files;
use anyhow::{Context, Result};
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The endings of compressed files, after the file's own name.
pub(crate) const BROTLI: &str = "br";
const GZIP: &str = "gz";

/// The endings of files to compress. Pictures that are not text are compressed already.
const COMPRESSIBLE: [&str; 5] = ["html", "css", "js", "svg", "wasm"];

/// Adds a compressed file for each compressor beside every file that becomes smaller by it.
///
/// # Errors
/// Fails if a compressor fails.
pub(crate) fn compress(files: &mut Files) -> Result<()> {
    let mut compressed = Files::new();
    for (name, bytes) in files.iter() {
        if !is_compressible(name) {
            continue;
        }
        for (extension, by) in [(BROTLI, by_brotli(bytes)?), (GZIP, by_gzip(bytes)?)] {
            if by.len() < bytes.len() {
                compressed.insert(beside(name, extension), by);
            }
        }
    }
    files.append(&mut compressed);
    Ok(())
}

/// Returns the name of the compressed file beside `name`.
pub(crate) fn beside(name: &Path, extension: &str) -> PathBuf {
    let mut beside = name.as_os_str().to_owned();
    beside.push(".");
    beside.push(extension);
    beside.into()
}

fn is_compressible(name: &Path) -> bool {
    let extension = name.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| COMPRESSIBLE.contains(&extension))
}

fn by_brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let parameters = BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: bytes.len(),
        ..BrotliEncoderParams::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut compressed, &parameters)
        .context("cannot compress")?;
    Ok(compressed)
}

fn by_gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

#[cfg(test)]
mod tests {
    use super::compress;
    use crate::bundle::Files;
    use std::io::Read;
    use std::path::Path;

    #[test]
    fn what_travels_compressed_opens_to_the_same_bytes() {
        let text = "a sentence, ".repeat(1000).into_bytes();
        let mut files = Files::from([
            ("page.js".into(), text.clone()),
            ("tiny.js".into(), b"1;".to_vec()),
            ("photo.png".into(), text.clone()),
        ]);
        compress(&mut files).unwrap();
        let names: Vec<_> = files.keys().map(|name| name.to_str().unwrap()).collect();
        assert_eq!(
            names,
            [
                "page.js",
                "page.js.br",
                "page.js.gz",
                "photo.png",
                "tiny.js"
            ]
        );
        let mut opened = Vec::new();
        brotli::BrotliDecompress(&mut &*files[Path::new("page.js.br")], &mut opened).unwrap();
        assert_eq!(opened, text);
        opened.clear();
        flate2::read::GzDecoder::new(&*files[Path::new("page.js.gz")])
            .read_to_end(&mut opened)
            .unwrap();
        assert_eq!(opened, text);
    }
}
