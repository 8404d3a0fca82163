//! Uploads that pause or wait for something from outside, and then continue.

use anyhow::{Context as _, Result};
use sealift_tests::{Page, Randomness, Scene, Stack};
use sealift_transfer::api::UploadState;

use crate::{
    interrupted::{Interrupted, NAME, setup},
    scenes::stories,
};

stories!(
    chosen:
    without_a_network_a_file_waits_and_goes_on,
    another_tab_does_not_send_the_same_upload,
);
stories!(
    everywhere:
    a_paused_upload_sends_nothing_and_goes_on,
    an_api_key_that_ended_is_asked_for_once_and_all_files_go_on,
    an_upload_that_expired_says_so_and_starts_anew,
    without_an_api_key_files_fail_and_go_on_later,
);

/// Waits until a row waits for this reason.
async fn waits_for(page: &Page, reason: &str) -> Result<()> {
    let row = format!("li.file[data-state=waiting][data-reason={reason}]");
    page.shows(&row).await.map(drop)
}

async fn a_paused_upload_sends_nothing_and_goes_on(scene: Scene) -> Result<()> {
    let stack = setup(scene)?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let begun = Interrupted::begin(&page, stack).await?;
    page.press_in_row(NAME, ".pause").await?;
    page.wait_for(NAME, "paused").await?;
    begun.open_gate().await?;
    let before = begun.stack.gate()?.passed_bytes();

    // Another file is uploaded meanwhile. If the paused upload had continued, its bytes would have passed by then.
    let (path, _) = Randomness::from_printed_seed()?.file(begun.folder(), "other.bin", 1)?;
    page.upload(&path).await?;
    let passed = begun.stack.gate()?.passed_bytes() - before;
    assert!(passed < 10_000, "{passed} bytes passed");
    assert_eq!(begun.status().await?.state, UploadState::Open);

    page.press_in_row(NAME, ".continue").await?;
    let row = page.wait_for(NAME, "done").await?;
    assert_eq!(row.upload_id, Some(begun.upload.clone()));
    assert!(begun.comes_back(row.file_id, &begun.plaintext).await?);
    Ok(())
}

async fn without_a_network_a_file_waits_and_goes_on(scene: Scene) -> Result<()> {
    let stack = setup(scene)?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let begun = Interrupted::begin(&page, stack).await?;
    browser.set_offline(true).await?;
    begun.stack.gate()?.break_connections();
    waits_for(&page, "network").await?;

    begun.stack.gate()?.open();
    browser.set_offline(false).await?;
    let row = page.wait_for(NAME, "done").await?;
    assert!(begun.comes_back(row.file_id, &begun.plaintext).await?);
    Ok(())
}

async fn an_api_key_that_ended_is_asked_for_once_and_all_files_go_on(scene: Scene) -> Result<()> {
    let stack = setup(scene)?.with("auth", "api-keys").start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let first = stack.make_api_key("clinic", "ada").await?;
    page.log_in(&first).await?;
    let begun = begin_with_another(&page, stack).await?;

    begun.stack.forget_api_keys().await?;
    begun.stack.gate()?.open();
    waits_for(&page, "credential").await?;
    let second = begun.stack.make_api_key("clinic", "ada").await?;
    page.log_in(&second).await?;

    let client = begun.stack.client_with(&second)?;
    for name in [NAME, "small.bin"] {
        let row = page.wait_for(name, "done").await?;
        let file = row.file_id.context("a done row has an id")?;
        let read = client.download(&file, None).await?.read_all().await?;
        assert!(name != NAME || read == begun.plaintext);
    }
    Ok(())
}

/// Begins an upload and chooses another file while it is held, so that the key ends for both.
async fn begin_with_another(page: &Page, stack: Stack) -> Result<Interrupted> {
    let begun = Interrupted::begin(page, stack).await?;
    let (path, _) = Randomness::from_printed_seed()?.file(begun.folder(), "small.bin", 1000)?;
    page.choose(&[&path]).await?;
    Ok(begun)
}

async fn without_an_api_key_files_fail_and_go_on_later(scene: Scene) -> Result<()> {
    let stack = setup(scene)?.with("auth", "api-keys").start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let api_key = stack.make_api_key("clinic", "ada").await?;
    page.log_in(&api_key).await?;
    let begun = Interrupted::begin(&page, stack).await?;
    begun.stack.forget_api_keys().await?;
    begun.stack.gate()?.open();
    waits_for(&page, "credential").await?;
    page.shows("#login .decline:not([hidden])")
        .await?
        .click()
        .await?;
    page.wait_for(NAME, "failed").await?;

    let api_key = begun.stack.make_api_key("clinic", "ada").await?;
    page.log_in(&api_key).await?;
    page.press_in_row(NAME, ".retry").await?;
    let row = page.comes_to(NAME, "done").await?;
    assert_eq!(row.upload_id, Some(begun.upload.clone()));
    Ok(())
}

async fn an_upload_that_expired_says_so_and_starts_anew(scene: Scene) -> Result<()> {
    let stack = setup(scene)?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let begun = Interrupted::begin(&page, stack).await?;
    begun.stack.set_days_ahead(8);
    begun.stack.gate()?.open();
    let row = page.wait_for(NAME, "failed").await?;
    assert_eq!(row.problem_code.as_deref(), Some("upload_gone"));

    // The store's clock cannot be set, and the store refuses signatures from the future.
    begun.stack.set_days_ahead(0);
    page.press_in_row(NAME, ".start-anew").await?;
    let row = page.comes_to(NAME, "done").await?;
    assert_ne!(row.upload_id, Some(begun.upload.clone()));
    assert!(begun.comes_back(row.file_id, &begun.plaintext).await?);
    Ok(())
}

async fn another_tab_does_not_send_the_same_upload(scene: Scene) -> Result<()> {
    let stack = setup(scene)?.start().await?;
    let browser = scene.browser().await?;
    let first = browser.open(&stack, "").await?;
    let begun = Interrupted::begin(&first, stack).await?;

    browser.new_tab().await?;
    let second = browser.open(&begun.stack, "").await?;
    second.choose_again(&begun.path).await?;
    let row = second.wait_for(NAME, "failed").await?;
    assert_eq!(row.problem_code.as_deref(), Some("other_tab"));

    browser.first_tab().await?;
    begun.stack.gate()?.open();
    let row = first.wait_for(NAME, "done").await?;
    assert!(begun.comes_back(row.file_id, &begun.plaintext).await?);
    Ok(())
}
