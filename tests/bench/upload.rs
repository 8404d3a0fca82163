//! Measures an upload from Chromium, and from Firefox, to the store.

use anyhow::Result;
use sealift_tests::{Browser, BrowserKind};

use crate::{
    Scale,
    ground::Ground,
    race::{NATIVE, Race, SEALIFT},
};

pub(crate) async fn in_chromium(scale: Scale) -> Result<()> {
    let race = race("upload", BrowserKind::Chromium, scale).await?;
    let contestants = [SEALIFT, "plain", "uppy6", "uppy5", NATIVE];
    race.run(&contestants, scale.rounds).await
}

pub(crate) async fn in_firefox(scale: Scale) -> Result<()> {
    let race = race("firefox", BrowserKind::Firefox, scale).await?;
    race.run(&[SEALIFT, "plain"], scale.rounds).await
}

async fn race(row: &'static str, kind: BrowserKind, scale: Scale) -> Result<Race> {
    let ground = Ground::prepare().await?;
    Ok(Race {
        row,
        path: ground.file("upload.bin", scale.upload_bytes)?,
        bytes: scale.upload_bytes,
        browser: Browser::start_in(kind).await?,
        ground,
    })
}
