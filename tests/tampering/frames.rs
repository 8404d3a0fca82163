//! Altered frames.

use anyhow::Result;
use sealift_transfer::api::ProblemCode::ObjectDamaged;

use crate::altered::{LAST, Stored};

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_anywhere_in_a_frame_is_refused() -> Result<()> {
    let stored = Stored::new().await?;
    for index in 0..=LAST {
        let frame = stored.frame(index)?;
        let (start, end) = (frame.start, frame.end);
        // The offsets hit sequence number, IV, ciphertext and tag, and in the final frame also its marker and length.
        for at in [
            start,
            start + 3,
            start + 4,
            start + 15,
            start + 23,
            (start + end) / 2,
            end - 16,
            end - 1,
        ] {
            let mut altered = stored.sealed.clone();
            altered[at] ^= 0x80;
            let what = format!("byte {} of frame {index}", at - start);
            stored.is_refused_as(ObjectDamaged, &altered, &what).await?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_in_another_order_are_refused() -> Result<()> {
    let stored = Stored::new().await?;
    for (one, other) in [(0, 1), (1, 2)] {
        let (one, other) = (stored.frame(one)?, stored.frame(other)?);
        let mut altered = stored.sealed.clone();
        altered[one.clone()].copy_from_slice(&stored.sealed[other.clone()]);
        altered[other].copy_from_slice(&stored.sealed[one]);
        stored
            .is_refused_as(ObjectDamaged, &altered, "two frames changed places")
            .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_in_the_place_of_another_is_refused() -> Result<()> {
    let stored = Stored::new().await?;
    let mut altered = stored.sealed.clone();
    altered[stored.frame(2)?].copy_from_slice(&stored.sealed[stored.frame(1)?]);
    stored
        .is_refused_as(ObjectDamaged, &altered, "a frame twice")
        .await
}
