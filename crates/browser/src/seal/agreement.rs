//! Checks both backends before the first file: they seal the same frame of a known message and must give the
//! same bytes.

use js_sys::Uint8Array;
use sealift_message::{ContentKey, StoredHeader};
use sealift_transfer::{PartNumber, PartPlan};

use super::{Backend, PartSealer};
use crate::{browser::random, failure::Fault};

const UNFIT: Fault = Fault::Browser("the sample message cannot be sealed");

/// The header of the sample: an empty encryption context, a data key that nobody has, and frames of 4 KiB.
#[rustfmt::skip]
const HEADER: [u8; 104] = [
    0x02, 0x04, 0x78, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a,
    0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18,
    0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x00, 0x00, 0x00, 0x01, 0x00, 0x06, 0x73,
    0x61, 0x6d, 0x70, 0x6c, 0x65, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x10, 0x00,
    0x51, 0xb8, 0xe1, 0x43, 0xed, 0x7b, 0x18, 0x7a, 0x36, 0x3b, 0x83, 0x74, 0xaf, 0x29,
    0x1b, 0xcc, 0x10, 0x1b, 0xe5, 0xa0, 0xfb, 0x06, 0xd5, 0xb8, 0x12, 0x59, 0x66, 0x13,
    0xde, 0xa0, 0xb2, 0x57, 0x1a, 0x85, 0xdf, 0xf3, 0x9b, 0x7e, 0xab, 0xdd, 0x4c, 0xc7,
    0xd0, 0xa5, 0x85, 0x53, 0xc8, 0x8a,
];

/// The content key of the sample. It protects nothing.
#[rustfmt::skip]
const CONTENT_KEY: [u8; 32] = [
    0x35, 0x76, 0xfd, 0x3c, 0x51, 0x0d, 0x4c, 0x6e, 0x64, 0x95, 0xb2, 0xe7, 0x80, 0xc1,
    0x2f, 0x22, 0x13, 0x81, 0xa9, 0x80, 0x7b, 0xa3, 0xb3, 0x20, 0xd3, 0xc3, 0x30, 0x31,
    0x30, 0x2f, 0x63, 0xb5,
];

/// Seals a sample with both backends and compares the bytes.
///
/// # Errors
/// Returns [`Fault::Browser`] if they differ. Nothing may be sealed then.
pub async fn prove() -> Result<(), Fault> {
    let plaintext: [u8; 1000] = random()?;
    let by_web_crypto = seal(&plaintext, Backend::WebCrypto).await?;
    let by_aes_gcm = seal(&plaintext, Backend::AesGcm).await?;
    if by_web_crypto == by_aes_gcm {
        Ok(())
    } else {
        Err(Fault::Browser(
            "WebCrypto and AES in WebAssembly give different bytes",
        ))
    }
}

async fn seal(plaintext: &[u8], backend: Backend) -> Result<Vec<u8>, Fault> {
    let stored = StoredHeader::new(&HEADER).map_err(|_| UNFIT)?;
    let header = stored.header();
    let key = ContentKey::from_bytes(&CONTENT_KEY);
    let plaintext_len = u64::try_from(plaintext.len()).map_err(|_| UNFIT)?;
    let frame_length = header.frame_length().get();
    let plan = PartPlan::new(header.len(), frame_length, plaintext_len, 1).map_err(|_| UNFIT)?;
    let sealer = PartSealer::new(&HEADER, key, plan, backend).await?;
    let part = sealer.part(PartNumber::FIRST)?;
    let sealed_len = u32::try_from(part.sealed_len()).map_err(|_| UNFIT)?;
    let sealed = Uint8Array::new_with_length(sealed_len);
    let plaintext = Uint8Array::from(plaintext);
    sealer.seal(&part, &plaintext, &sealed).await?;
    Ok(sealed.to_vec())
}
