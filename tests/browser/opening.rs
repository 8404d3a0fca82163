//! Files that are decrypted in the browser. They come back whole, byte for byte, or not at all.

use std::fs;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use sealift_tests::{
    Browser, BrowserKind, FilePage, Randomness, Scene, Stack,
    sizes::{FRAME, PART},
    upload,
};
use sealift_transfer::api::FileRecord;
use serde_json::json;

use crate::scenes::stories;

stories!(
    chosen:
    a_file_is_opened_in_the_browser_and_saved_byte_for_byte,
);
stories!(
    everywhere:
    who_cancels_has_no_file,
    a_name_of_another_system_is_shown_as_text_and_saved_safely,
);
stories!(
    embedded:
    an_altered_object_is_reported_and_leaves_no_file,
    an_object_that_was_cut_or_swapped_is_reported_and_leaves_no_file,
);
stories!(
    chromium:
    without_a_dialog_the_browser_downloads_what_was_opened,
    closing_the_dialog_saves_nothing,
    a_download_goes_on_where_its_file_is_not_deleted,
    opening_breaks_no_rule_of_the_policy_and_logs_no_error,
);

async fn open(browser: &Browser, stack: &Stack, file: &FileRecord) -> Result<FilePage> {
    let page = browser.open_file(&stack.file_page_url(&file.id)).await?;
    page.comes_to("ready").await?;
    Ok(page)
}

/// Returns whether the saved file holds exactly these bytes.
async fn is_saved(
    browser: &Browser,
    page: &FilePage,
    scene: Scene,
    name: &str,
    expected: &Bytes,
) -> Result<bool> {
    match scene.browser {
        BrowserKind::Chromium => page.saved(expected).await,
        BrowserKind::Firefox => {
            Ok(browser.downloaded_bytes(name, expected.len()).await? == *expected)
        }
    }
}

async fn a_file_is_opened_in_the_browser_and_saved_byte_for_byte(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let mut randomness = Randomness::from_printed_seed()?;
    for size in [0, 1, FRAME, 2 * PART + 3] {
        let name = format!("{size}.bin");
        let plaintext = randomness.bytes(size);
        let file = stack.upload(&name, &plaintext).await?;
        let page = open(&browser, &stack, &file).await?;
        page.offer_dialog().await?;
        page.press("#save").await?;
        page.comes_to("done").await?;
        assert!(
            is_saved(&browser, &page, scene, &name, &plaintext).await?,
            "{size}"
        );
        let said = page.text("#outcome").await?;
        assert!(said.contains("Every part was checked"), "{said}");
    }
    Ok(())
}

async fn without_a_dialog_the_browser_downloads_what_was_opened(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(PART + 1);
    let file = stack.upload("downloaded.bin", &plaintext).await?;
    let page = open(&browser, &stack, &file).await?;
    let has_none = "delete Window.prototype.showSaveFilePicker; delete window.showSaveFilePicker;
        return 'showSaveFilePicker' in window;";
    assert_eq!(page.page.run(has_none, vec![]).await?, json!(false));
    page.press("#save").await?;
    page.comes_to("done").await?;
    let saved = browser.downloaded_bytes("downloaded.bin", plaintext.len());
    assert!(saved.await? == plaintext);
    Ok(())
}

async fn closing_the_dialog_saves_nothing(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(100);
    let file = stack.upload("thought-better.bin", &plaintext).await?;
    let page = open(&browser, &stack, &file).await?;
    let close = "window.showSaveFilePicker = async () => {
        throw new DOMException('closed', 'AbortError');
    };";
    page.page.run(close, vec![]).await?;
    page.press("#save").await?;
    page.comes_to("cancelled").await?;
    assert_eq!(browser.downloads()?, 0);
    Ok(())
}

async fn who_cancels_has_no_file(scene: Scene) -> Result<()> {
    // The server seals and stores the file without the gate. Two of the browser's requests pass the gate.
    let stack = scene.setup()?.with_gate_after(2500).start().await?;
    let browser = scene.browser().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(4 * PART);
    let url = format!("{}/upload/cancelled.bin", stack.address());
    let sent = reqwest::Client::new()
        .put(url)
        .header("accept", "application/json")
        .body(plaintext.clone())
        .send()
        .await?;
    let file: FileRecord = serde_json::from_slice(&sent.bytes().await?)?;
    let page = open(&browser, &stack, &file).await?;
    page.offer_dialog().await?;
    page.press("#save").await?;
    stack.gate()?.holds().await;
    page.press("#stop").await?;
    page.comes_to("cancelled").await?;
    assert!(!is_there(&browser, &page, scene).await?);

    stack.gate()?.open();
    page.press("#save").await?;
    page.comes_to("done").await?;
    assert!(is_saved(&browser, &page, scene, "cancelled.bin", &plaintext).await?);
    Ok(())
}

async fn a_download_goes_on_where_its_file_is_not_deleted(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.with("auth", "api-keys").start().await?;
    let api_key = stack.make_api_key("clinic", "ada").await?;
    let ada = stack.client_with(&api_key)?;
    let file = upload(&ada, "wanted.txt", &Bytes::from_static(b"content")).await?;
    let browser = scene.browser().await?;
    let page = browser.open_file(&stack.file_page_url(&file.id)).await?;
    page.comes_to("asking").await?;
    page.page.log_in(&api_key).await?;
    page.comes_to("ready").await?;
    page.leave_dialog_open().await?;
    page.press("#save").await?;
    page.comes_to("saving").await?;

    stack.forget_api_keys().await?;
    page.press("#delete").await?;
    page.page.press_on("#ask .confirm-yes").await?;
    page.page.shows("#login:not([hidden])").await?;
    page.comes_to("saving").await?;
    // The page reads the record again with another key. The download stays visible.
    let api_key = stack.make_api_key("clinic", "ada").await?;
    let empty = "document.querySelector('#facts').textContent = '';";
    page.page.run(empty, vec![]).await?;
    page.page.log_in(&api_key).await?;
    page.page.shows("#facts:not(:empty)").await?;
    page.page
        .shows("[data-state=saving] #saving:not([hidden])")
        .await?;

    page.press("#delete").await?;
    page.page.press_on("#ask .confirm-yes").await?;
    page.comes_to("deleted").await?;
    // The download has ended with the deletion and does not make the page show the file again.
    page.page
        .shows("[data-state=deleted] #file[hidden]")
        .await?;
    let ada = stack.client_with(&api_key)?;
    assert!(ada.file(&file.id).await.is_err());
    Ok(())
}

/// Returns whether any file was saved, or any decrypted data is kept.
async fn is_there(browser: &Browser, page: &FilePage, scene: Scene) -> Result<bool> {
    let kept = page.kept().await?;
    Ok(!kept.is_empty() || (scene.browser == BrowserKind::Firefox && browser.downloads()? > 0))
}

async fn an_altered_object_is_reported_and_leaves_no_file(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(3 * PART);
    let file = stack.upload("altered.bin", &plaintext).await?;
    let path = stack.object_path(&file);
    let sealed = fs::read(&path)?;
    for at in [0, sealed.len() / 2, sealed.len() - 1] {
        let mut altered = sealed.clone();
        *altered.get_mut(at).context("the place is in the object")? ^= 1;
        fs::write(&path, altered)?;
        is_refused(&browser, &stack, &file, scene).await?;
    }
    fs::write(&path, &sealed)?;
    let page = open(&browser, &stack, &file).await?;
    page.offer_dialog().await?;
    page.press("#save").await?;
    page.comes_to("done").await?;
    assert!(is_saved(&browser, &page, scene, "altered.bin", &plaintext).await?);
    Ok(())
}

async fn an_object_that_was_cut_or_swapped_is_reported_and_leaves_no_file(
    scene: Scene,
) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let mut randomness = Randomness::from_printed_seed()?;
    let plaintext = randomness.bytes(PART + 7);
    let file = stack.upload("swapped.bin", &plaintext).await?;
    let other = stack
        .upload("other.bin", &randomness.bytes(PART + 7))
        .await?;
    let path = stack.object_path(&file);
    let sealed = fs::read(&path)?;
    let shorter = sealed.get(..sealed.len() - 1).context("it has bytes")?;
    let longer = [sealed.as_slice(), &[0]].concat();
    let swapped = fs::read(stack.object_path(&other))?;
    for instead in [shorter, &longer, &swapped] {
        fs::write(&path, instead)?;
        is_refused(&browser, &stack, &file, scene).await?;
    }
    Ok(())
}

async fn is_refused(
    browser: &Browser,
    stack: &Stack,
    file: &FileRecord,
    scene: Scene,
) -> Result<()> {
    let page = open(browser, stack, file).await?;
    page.offer_dialog().await?;
    page.press("#save").await?;
    page.comes_to("failed").await?;
    let code = page.problem_code().await?;
    assert!(
        ["object_damaged", "object_replaced"].contains(&code.as_str()),
        "{code}"
    );
    let said = page.text("#problem").await?;
    assert!(said.contains("nothing was saved"), "{said}");
    assert!(!is_there(browser, &page, scene).await?);
    Ok(())
}

async fn a_name_of_another_system_is_shown_as_text_and_saved_safely(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let name = "folder/<img src=x>\u{202e}fdp.exe";
    let plaintext = Bytes::from_static(b"content");
    let file = stack.upload(name, &plaintext).await?;
    let page = open(&browser, &stack, &file).await?;
    let shown = page.text("#title").await?;
    assert_eq!(shown, "folder/<img src=x>[U+202E]fdp.exe");
    let made = "return document.querySelectorAll('main img').length;";
    assert_eq!(page.page.run(made, vec![]).await?, json!(0));
    page.offer_dialog().await?;
    page.press("#save").await?;
    page.comes_to("done").await?;
    let safe = "_img src=x__fdp.exe";
    if scene.browser == BrowserKind::Firefox {
        assert!(browser.downloaded_bytes(safe, plaintext.len()).await? == plaintext);
    } else {
        assert!(page.saved(&plaintext).await?);
        assert_eq!(page.suggested_name().await?, safe);
    }
    Ok(())
}

async fn opening_breaks_no_rule_of_the_policy_and_logs_no_error(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(PART + 1);
    let file = stack.upload("quiet.bin", &plaintext).await?;
    browser.console().await?;
    browser
        .open_files(&stack)
        .await?
        .lists(&["quiet.bin"])
        .await?;
    let page = open(&browser, &stack, &file).await?;
    page.offer_dialog().await?;
    page.press("#save").await?;
    page.comes_to("done").await?;
    let console = browser.console().await?;
    let is_error =
        |line: &&sealift_tests::ConsoleLine| line.is_policy_violation() || line.level == "SEVERE";
    let errors: Vec<_> = console.iter().filter(is_error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    Ok(())
}
