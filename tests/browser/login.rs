//! A server that asks for an API key.

use core::time::Duration;

use anyhow::{Context as _, Result};
use sealift_tests::{Page, Randomness, Scene};
use serde_json::json;

use crate::scenes::stories;

stories!(
    everywhere:
    files_are_sent_with_the_key_that_was_typed_and_it_is_not_kept,
);

/// The limit of the wait for a sentence, so that a story that expects another sentence fails.
const LONGEST_REFUSAL: Duration = Duration::from_secs(60);

/// Returns the text that the page shows in the form for the key.
async fn text(page: &Page) -> Result<String> {
    let text = "return document.querySelector('#login:not([hidden]) .note')?.textContent ?? '';";
    Ok(page.run(text, vec![]).await?.to_string())
}

async fn files_are_sent_with_the_key_that_was_typed_and_it_is_not_kept(scene: Scene) -> Result<()> {
    let setup = scene.setup()?.with("auth", "api-keys");
    let stack = setup.start().await?;
    let api_key = stack.make_api_key("clinic", "ada").await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;

    let (path, _) = randomness.file(folder.path(), "early.bin", 1)?;
    page.choose(&[&path]).await?;
    page.shows("li.file[data-state=waiting][data-reason=credential]")
        .await?;

    page.log_in("made-up").await?;
    let refused = async {
        while !text(&page).await?.contains("does not accept") {}
        anyhow::Ok(())
    };
    let refused = tokio::time::timeout(LONGEST_REFUSAL, refused).await;
    refused.context("the page does not say that the key was refused")??;
    page.log_in(&api_key).await?;
    page.wait_for("early.bin", "done").await?;
    let (path, plaintext) = randomness.file(folder.path(), "late.bin", 1000)?;
    page.choose(&[&path]).await?;
    let row = page.wait_for("late.bin", "done").await?;
    let file = row.file_id.context("a done row has an id")?;
    let opened = stack.client_with(&api_key)?.download(&file, None).await?;
    assert!(opened.read_all().await? == plaintext);

    let kept = "return [localStorage.length, sessionStorage.length, document.cookie];";
    assert_eq!(page.run(kept, vec![]).await?, json!([0, 0, ""]));
    Ok(())
}
