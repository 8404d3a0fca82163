//! Uploads that are disturbed. They succeed, or the page says why they failed and no file is created.

use std::fs;

use anyhow::{Context as _, Result};
use sealift_tests::{Randomness, Scene, Stack, read_content, sizes::PART};

use crate::scenes::stories;

stories!(
    chosen:
    a_part_whose_connection_breaks_is_sent_again,
);
stories!(
    everywhere:
    a_cancelled_upload_leaves_no_file_and_the_next_one_works,
    a_file_that_changes_while_it_is_sent_fails_with_a_sentence,
    a_file_that_the_server_does_not_take_fails_with_its_code,
);

/// More parts than the uploader holds at a time, so that it reads some after the gate was opened.
const LEN: usize = 8 * PART;

/// Half a part passes the gate. This is enough for the state `sending`, but too little to make progress.
async fn held_stack(scene: Scene) -> Result<Stack> {
    let setup = scene.setup()?.with_gate_after(PART / 2);
    setup.start().await
}

async fn left_nothing(stack: &Stack) -> Result<()> {
    assert!(stack.client.files(None).await?.files.is_empty());
    assert_eq!(stack.unfinished_uploads().await?, 0);
    Ok(())
}

async fn a_cancelled_upload_leaves_no_file_and_the_next_one_works(scene: Scene) -> Result<()> {
    let stack = held_stack(scene).await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;
    let (path, _) = randomness.file(folder.path(), "cancelled.bin", LEN)?;
    page.choose(&[&path]).await?;
    page.wait_for("cancelled.bin", "sending").await?;
    assert_eq!(stack.unfinished_uploads().await?, 1);
    let cancel = page.part_of_row("cancelled.bin", "button.cancel").await?;
    cancel.click().await?;
    page.wait_for("cancelled.bin", "cancelled").await?;
    left_nothing(&stack).await?;

    stack.gate()?.open();
    let (path, _) = randomness.file(folder.path(), "next.bin", 1)?;
    page.upload(&path).await?;
    assert_eq!(stack.client.files(None).await?.files.len(), 1);
    Ok(())
}

async fn a_file_that_changes_while_it_is_sent_fails_with_a_sentence(scene: Scene) -> Result<()> {
    let stack = held_stack(scene).await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;
    let (path, _) = randomness.file(folder.path(), "changing.bin", LEN)?;
    page.choose(&[&path]).await?;
    page.wait_for("changing.bin", "sending").await?;
    let file = fs::File::options().write(true).open(&path)?;
    file.set_len(u64::try_from(LEN - 1)?)?;
    stack.gate()?.open();

    let row = page.wait_for("changing.bin", "failed").await?;
    assert!(row.problem_code.is_some(), "{row:?}");
    assert!(
        row.problem_text
            .is_some_and(|text| text.contains("changed"))
    );
    // The upload stays open, because the right file may still exist somewhere else.
    assert!(stack.client.files(None).await?.files.is_empty());
    assert_eq!(stack.client.unfinished().await?.len(), 1);
    Ok(())
}

async fn a_file_that_the_server_does_not_take_fails_with_its_code(scene: Scene) -> Result<()> {
    let setup = scene.setup()?.with("limit_file", "1KiB");
    let stack = setup.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;
    let (path, _) = randomness.file(folder.path(), "too large.bin", 1025)?;
    page.choose(&[&path]).await?;
    let row = page.wait_for("too large.bin", "failed").await?;
    assert!(
        row.problem_code
            .is_some_and(|code| code.contains("file_too_large"))
    );
    assert!(row.problem_text.is_some());

    let (path, _) = randomness.file(folder.path(), "fits.bin", 1024)?;
    page.upload(&path).await?;
    Ok(())
}

async fn a_part_whose_connection_breaks_is_sent_again(scene: Scene) -> Result<()> {
    let stack = held_stack(scene).await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;
    let (path, plaintext) = randomness.file(folder.path(), "disturbed.bin", LEN)?;
    page.choose(&[&path]).await?;
    let gate = stack.gate()?;
    gate.holds().await;
    gate.break_connections();
    gate.open();
    let row = page.wait_for("disturbed.bin", "done").await?;
    let file = row.file_id.context("a done row has an id")?;
    assert!(read_content(&stack, &file, None).await?.whole()? == plaintext);
    Ok(())
}
