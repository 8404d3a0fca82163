//! A resource that a page needs does not load, or the browser denies it.

use std::{env, fs, os::unix::fs::symlink};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use sealift_tests::Scene;
use serde_json::json;
use tempfile::TempDir;

use crate::scenes::stories;

stories!(
    chromium:
    a_worker_that_does_not_load_is_requested_once_a_download_and_reported,
    where_nothing_may_be_stored_files_are_opened_and_sending_says_why_not,
);

/// Counts the workers that the page creates, and those that failed.
const COUNT_WORKERS: &str = "
globalThis.made = 0;
let failed = 0;
globalThis.Worker = class extends Worker {
    constructor(...given) {
        super(...given);
        made += 1;
        this.addEventListener('error', () => {
            failed += 1;
            document.documentElement.dataset.failed = failed;
        });
    }
};
";

/// Returns a copy of the built pages without the files whose names begin with `name`.
fn pages_without(name: &str) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    for entry in fs::read_dir(env::var("SEALIFT_TEST_PAGE_DIR")?)? {
        let entry = entry?;
        let file = entry.file_name();
        if !file.to_string_lossy().starts_with(name) {
            symlink(entry.path(), folder.path().join(file))?;
        }
    }
    Ok(folder)
}

async fn a_worker_that_does_not_load_is_requested_once_a_download_and_reported(
    scene: Scene,
) -> Result<()> {
    let pages = pages_without("open-worker.js")?;
    let folder = pages.path().to_str().context("a path of text")?;
    let stack = scene.setup()?.with("page_dir", folder).start().await?;
    let content = Bytes::from_static(b"content");
    let file = stack.upload("no-worker.txt", &content).await?;
    let browser = scene.browser().await?;
    browser.before_every_page(COUNT_WORKERS).await?;
    let page = browser.open_file(&stack.file_page_url(&file.id)).await?;
    page.comes_to("ready").await?;
    page.page.shows("html[data-failed='1']").await?;

    page.offer_dialog().await?;
    page.press("#save").await?;
    page.comes_to("failed").await?;
    assert_eq!(page.problem_code().await?, "worker_stopped");
    let said = page.text("#problem").await?;
    assert!(said.contains("has stopped"), "{said}");
    // The page makes one worker in advance and one for the download.
    assert_eq!(page.page.run("return made;", vec![]).await?, json!(2));
    // The page removes the file that the person picked after it has shown the failure.
    while !page.kept().await?.is_empty() {}
    Ok(())
}

/// Imitates a browser in which the person has blocked site data, and an older browser.
const WITHHOLD: &str = "
const denied = () => new DOMException('denied', 'SecurityError');
globalThis.BroadcastChannel = class {
    constructor() {
        throw denied();
    }
};
LockManager.prototype.request = async () => {
    throw denied();
};
delete AbortSignal.any;
";

async fn where_nothing_may_be_stored_files_are_opened_and_sending_says_why_not(
    scene: Scene,
) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let content = Bytes::from_static(b"content");
    let file = stack.upload("readable.txt", &content).await?;
    stack.upload("other.txt", &content).await?;
    let browser = scene.browser().await?;
    browser.before_every_page(WITHHOLD).await?;

    let sending = browser.open_file(stack.address()).await?;
    sending.page.shows("#unfit:not([hidden])").await?;
    let said = sending.text("#unfit").await?;
    assert!(said.contains("does not let this site store data"), "{said}");

    let files = browser.open_files(&stack).await?;
    files.lists(&["other.txt", "readable.txt"]).await?;
    files.search("read").await?;
    files.lists(&["readable.txt"]).await?;

    let page = browser.open_file(&stack.file_page_url(&file.id)).await?;
    page.comes_to("ready").await?;
    page.offer_dialog().await?;
    page.press("#save").await?;
    page.comes_to("done").await?;
    assert!(page.saved(&content).await?);
    Ok(())
}
