//! Objects in the place of other objects. Each is complete and was sealed by Sealift.

use std::fs;

use anyhow::Result;
use sealift_transfer::api::ProblemCode::ObjectDamaged;

use crate::altered::{LEN, Stored};

#[tokio::test(flavor = "multi_thread")]
async fn another_file_of_the_same_size_is_refused() -> Result<()> {
    let mut stored = Stored::new().await?;
    let plaintext = stored.randomness.bytes(LEN);
    let other = stored.stack.upload("another", &plaintext).await?;
    let other = fs::read(stored.stack.object_path(&other))?;
    assert_eq!(other.len(), stored.sealed.len());
    stored
        .is_refused_as(ObjectDamaged, &other, "another file's object")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sealing_of_the_same_plaintext_is_refused() -> Result<()> {
    let stored = Stored::new().await?;
    let other = stored.stack.upload("again", &stored.plaintext).await?;
    let other = fs::read(stored.stack.object_path(&other))?;
    let frame = stored.frame(1)?;
    stored
        .is_refused_as(ObjectDamaged, &other, "another sealing")
        .await?;

    let mut altered = stored.sealed.clone();
    altered[frame.clone()].copy_from_slice(&other[frame]);
    stored
        .is_refused_as(ObjectDamaged, &altered, "a frame of another sealing")
        .await
}
