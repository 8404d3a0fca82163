//! Objects that became shorter or longer.

use std::fs;

use anyhow::Result;
use sealift_transfer::api::ProblemCode::{ObjectDamaged, ObjectReplaced};

use crate::altered::{LAST, Stored};

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_object_is_refused() -> Result<()> {
    let stored = Stored::new().await?;
    let last = stored.frame(LAST)?.start;
    let cuts = [
        0,
        stored.header_len()? - 1,
        stored.header_len()?,
        stored.frame(1)?.start,
        last,
        stored.sealed.len() - 1,
    ];
    for len in cuts {
        let what = format!("cut to {len} bytes");
        stored
            .is_refused_as(ObjectReplaced, &stored.sealed[..len], &what)
            .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extended_object_is_refused() -> Result<()> {
    let stored = Stored::new().await?;
    let final_frame = stored.sealed[stored.frame(LAST)?].to_vec();
    for more in [vec![0], final_frame, stored.sealed.clone()] {
        let altered = [stored.sealed.as_slice(), &more].concat();
        let what = format!("{} bytes more", more.len());
        stored
            .is_refused_as(ObjectReplaced, &altered, &what)
            .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_taken_out_is_refused() -> Result<()> {
    let stored = Stored::new().await?;
    let frame = stored.frame(1)?;
    let altered = [&stored.sealed[..frame.start], &stored.sealed[frame.end..]].concat();
    stored
        .is_refused_as(ObjectReplaced, &altered, "a frame less")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vanished_object_is_refused() -> Result<()> {
    let stored = Stored::new().await?;
    fs::remove_file(stored.stack.object_path(&stored.file))?;
    stored.reads_are_refused_as(ObjectDamaged).await
}
