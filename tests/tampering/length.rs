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

/// AWS's readers accept the message and ignore such bytes. A stored object of ours never has any.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_after_the_final_frame_are_refused() -> Result<()> {
    let stored = Stored::new().await?;
    for more in [vec![0], vec![0; 40], stored.sealed.clone()] {
        let altered = [stored.sealed.as_slice(), &more].concat();
        let what = format!("{} bytes more", more.len());
        stored
            .is_refused_as(ObjectReplaced, &altered, &what)
            .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_final_frame_is_refused() -> Result<()> {
    let stored = Stored::new().await?;
    let final_frame = &stored.sealed[stored.frame(LAST)?];
    let behind = [stored.sealed.as_slice(), final_frame].concat();
    stored
        .is_refused_as(ObjectReplaced, &behind, "behind the first")
        .await?;
    // Here the second final frame overwrites the beginning of the frame before the last, so the size stays right.
    let mut before = stored.sealed.clone();
    let frame = stored.frame(LAST - 1)?;
    before[frame.start..frame.start + final_frame.len()].copy_from_slice(final_frame);
    stored
        .is_refused_as(ObjectDamaged, &before, "in the place of the frame before")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_final_frame_with_junk_behind_it_is_refused() -> Result<()> {
    let mut stored = Stored::new().await?;
    let final_frame = stored.sealed[stored.frame(LAST)?].to_vec();
    for index in 0..LAST {
        let begin = &stored.sealed[..stored.frame(index)?.start];
        let early = [begin, &final_frame].concat();
        // First the object ends there; then junk fills it up to the recorded size.
        stored
            .is_refused_as(ObjectReplaced, &early, &format!("at frame {index}"))
            .await?;
        let junk = stored.randomness.bytes(stored.sealed.len() - early.len());
        let altered = [early.as_slice(), &junk].concat();
        stored
            .is_refused_as(ObjectDamaged, &altered, &format!("at {index}, and junk"))
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
