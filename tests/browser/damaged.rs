//! A browser that downloads a damaged file sees that the download failed.

use std::fs;

use anyhow::{Context as _, Result};
use sealift_tests::{Randomness, Scene, sizes::FRAME};
use serde_json::json;

use crate::scenes::stories;

stories!(
    embedded:
    a_damaged_file_is_refused_or_breaks_off,
);

/// Reads all bytes of a URL and calls back with the result.
const READ: &str = "const [address, read] = arguments;
    fetch(address).then(
        answer => answer.bytes().then(() => read(`whole ${answer.status}`), () => read('broken off')),
        () => read('broken off'),
    );";

async fn a_damaged_file_is_refused_or_breaks_off(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(40 * FRAME);
    let file = stack.upload("damaged", &plaintext).await?;
    let path = stack.object_path(&file);
    let sealed = fs::read(&path)?;
    let first_frame = sealed.len() - 40 * (FRAME + 32) - 8;
    let link = json!(stack.content_url(&file.id));
    for (at, expected) in [
        (first_frame + 100, "whole 502"),
        (sealed.len() - 1, "broken off"),
    ] {
        let mut damaged = sealed.clone();
        *damaged.get_mut(at).context("the place is in the object")? ^= 1;
        fs::write(&path, damaged)?;
        assert_eq!(page.ask(READ, vec![link.clone()]).await?, json!(expected));
    }
    fs::write(&path, &sealed)?;
    assert_eq!(page.ask(READ, vec![link]).await?, json!("whole 200"));
    Ok(())
}
