//! Altered bytes of the header.

use anyhow::Result;
use sealift_transfer::api::ProblemCode::ObjectDamaged;

use crate::altered::Stored;

#[tokio::test(flavor = "multi_thread")]
async fn any_altered_byte_of_the_header_is_refused() -> Result<()> {
    let stored = Stored::new().await?;
    let header_len = stored.header_len()?;
    // A prime step hits every field. The last byte of the tag is added.
    for at in (0..header_len).step_by(13).chain([header_len - 1]) {
        let mut altered = stored.sealed.clone();
        altered[at] ^= 0x01;
        stored
            .is_refused_as(ObjectDamaged, &altered, &format!("header byte {at}"))
            .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_of_another_file_is_refused() -> Result<()> {
    let mut stored = Stored::new().await?;
    let plaintext = stored.randomness.bytes(crate::altered::LEN);
    let other = stored.stack.upload("another", &plaintext).await?;
    let other = std::fs::read(stored.stack.object_path(&other))?;
    let header_len = stored.header_len()?;
    let mut altered = stored.sealed.clone();
    altered[..header_len].copy_from_slice(&other[..header_len]);
    stored
        .is_refused_as(ObjectDamaged, &altered, "another file's header")
        .await
}
