//! No data of a decrypted file stays in the browser's own file system after its page is left.

use core::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use sealift_tests::{Browser, BrowserKind, FilePage, Page, Randomness, Scene, Stack, sizes::PART};
use sealift_transfer::api::FileRecord;

use crate::scenes::stories;

stories!(
    chosen:
    a_finished_download_is_whole_and_leaves_nothing_on_the_browsers_disk,
);
// Firefox ends a worker before the worker learns that its page is left.
stories!(
    chromium:
    an_abandoned_download_leaves_nothing_on_the_browsers_disk,
);
stories!(
    everywhere:
    every_page_deletes_what_a_crash_left_and_nothing_of_an_open_page,
);

/// Opens the page of a stored file and removes the save dialog from its browser.
async fn opened(browser: &Browser, stack: &Stack, file: &FileRecord) -> Result<FilePage> {
    let page = browser.open_file(&stack.file_page_url(&file.id)).await?;
    page.comes_to("ready").await?;
    let has_none = "delete Window.prototype.showSaveFilePicker; delete window.showSaveFilePicker;";
    page.page.run(has_none, vec![]).await?;
    Ok(page)
}

/// Uploads a file through the server, which seals it, so that its bytes do not use up the gate for
/// the browser's requests.
async fn sent(stack: &Stack, name: &str, plaintext: &Bytes) -> Result<FileRecord> {
    let sent = reqwest::Client::new()
        .put(format!("{}/upload/{name}", stack.address()))
        .header("accept", "application/json")
        .body(plaintext.clone())
        .send()
        .await?;
    Ok(serde_json::from_slice(&sent.bytes().await?)?)
}

/// Waits until nothing stays. Browsers delete the files in the background after the page is left.
async fn nothing_stays(fresh: &Page) -> Result<()> {
    let deleted = async {
        while !fresh.kept(true).await?.is_empty() {}
        Ok(())
    };
    let deleted = tokio::time::timeout(LONGEST_DELETION, deleted).await;
    deleted.context("something stays on the browser's disk")?
}

/// More pieces than the page gets at once, so that the gate holds some.
const LEN: usize = 4 * PART;

const LONGEST_DELETION: Duration = Duration::from_secs(120);

async fn a_finished_download_is_whole_and_leaves_nothing_on_the_browsers_disk(
    scene: Scene,
) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(LEN);
    for by_closing in [false, true] {
        let name = format!("finished-{by_closing}.bin");
        let file = stack.upload(&name, &plaintext).await?;
        if by_closing {
            browser.new_tab().await?;
        }
        let page = opened(&browser, &stack, &file).await?;
        page.press("#save").await?;
        page.comes_to("done").await?;
        assert_eq!(page.kept().await?.len(), 1);
        // The browser may still be copying the file that it got from the page.
        if by_closing {
            browser.close_tab().await?;
        }
        if by_closing && scene.browser == BrowserKind::Firefox {
            // Firefox may end a closed tab before it deletes the file. Then a page deletes it that is opened after
            // the closed tab has lost its lock.
            let opened_again = async {
                while !browser.open(&stack, "").await?.kept(true).await?.is_empty() {}
                Ok::<_, anyhow::Error>(())
            };
            tokio::time::timeout(LONGEST_DELETION, opened_again).await??;
        }
        let fresh = browser.open_scriptless(&stack).await?;
        nothing_stays(&fresh).await.context(name.clone())?;
        let saved = browser.downloaded_bytes(&name, plaintext.len()).await?;
        assert!(saved == plaintext, "{name}");
    }
    Ok(())
}

async fn an_abandoned_download_leaves_nothing_on_the_browsers_disk(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.with_gate_after(2500).start().await?;
    let browser = scene.browser().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(LEN);
    let file = sent(&stack, "abandoned.bin", &plaintext).await?;
    let page = opened(&browser, &stack, &file).await?;
    page.press("#save").await?;
    // The gate holds the bytes, so the download cannot end.
    while page.kept().await?.is_empty() {}
    let fresh = browser.open_scriptless(&stack).await?;
    nothing_stays(&fresh).await?;
    assert_eq!(browser.downloads()?, 0);
    Ok(())
}

async fn every_page_deletes_what_a_crash_left_and_nothing_of_an_open_page(
    scene: Scene,
) -> Result<()> {
    let stack = scene.setup()?.with_gate_after(2500).start().await?;
    let browser = scene.browser().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(LEN);
    let file = sent(&stack, "going-on.bin", &plaintext).await?;
    let page = opened(&browser, &stack, &file).await?;
    page.press("#save").await?;
    // The gate holds the bytes, so the download cannot end.
    let of_the_open_page = loop {
        let kept = page.kept().await?;
        if !kept.is_empty() {
            break kept;
        }
    };

    let visits = async || {
        browser.new_tab().await?;
        for address in ["", "files", &format!("files/{}", file.id)] {
            let fresh = browser.open_scriptless(&stack).await?;
            fresh.leave_file_of_a_crash().await?;
            let url = format!("{}/{address}", stack.address());
            let visited = browser.open_file(&url).await?;
            visited.page.file_of_a_crash_is_deleted().await?;
            assert_eq!(visited.kept().await?, of_the_open_page, "{address}");
        }
        browser.close_tab().await?;
        browser.first_tab().await
    };
    visits().await?;
    stack.gate()?.open();
    page.comes_to("done").await?;
    let saved = browser.downloaded_bytes("going-on.bin", plaintext.len());
    assert!(saved.await? == plaintext);
    // Nothing writes the file any more, so only the lock of its page keeps it.
    visits().await
}
