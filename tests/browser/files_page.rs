//! The page that lists the person's files: listing, searching and deleting.

use anyhow::{Context as _, Result};
use bytes::Bytes;
use fantoccini::key::Key;
use sealift_tests::{Scene, upload};
use serde_json::json;

use crate::scenes::stories;

stories!(
    everywhere:
    files_are_found_by_a_word_in_their_name_and_opened,
    a_deleted_file_is_gone_from_the_list_and_from_the_server,
    more_than_one_page_of_files_is_listed_on_request,
    what_a_verified_file_hashes_to_is_shown,
    files_are_searched_opened_and_deleted_by_keyboard,
    a_key_that_one_page_has_serves_another_and_is_stored_nowhere,
    what_a_key_refused_that_another_page_has_anew_is_done_without_a_word,
);
stories!(
    chromium:
    a_search_that_fails_mixes_no_lists,
);

async fn files_are_found_by_a_word_in_their_name_and_opened(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    for name in ["Röntgen/April.png", "invoice.pdf", "röntgen may.png"] {
        stack.upload(name, &Bytes::from_static(b"content")).await?;
    }
    let browser = scene.browser().await?;
    let files = browser.open_files(&stack).await?;
    files
        .lists(&["röntgen may.png", "invoice.pdf", "Röntgen/April.png"])
        .await?;
    files.search("RÖNT").await?;
    files
        .lists(&["röntgen may.png", "Röntgen/April.png"])
        .await?;
    files.search("nothing of the kind").await?;
    files.lists(&[]).await?;
    let said = "return document.querySelector('#count').textContent;";
    let said = files.page.run(said, vec![]).await?;
    assert_eq!(said, json!("No file has this in its name."));
    files.search("invoice").await?;
    files.lists(&["invoice.pdf"]).await?;
    files.press_in_row("invoice.pdf", ".open").await?;
    files.page.comes_to_show("main[data-state=ready]").await?;
    Ok(())
}

async fn a_deleted_file_is_gone_from_the_list_and_from_the_server(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let content = Bytes::from_static(b"content");
    let file = stack.upload("unwanted.txt", &content).await?;
    stack.upload("wanted.txt", &content).await?;
    let browser = scene.browser().await?;
    let files = browser.open_files(&stack).await?;
    files.lists(&["wanted.txt", "unwanted.txt"]).await?;
    for (answer, left) in [
        (".confirm-no", vec!["wanted.txt", "unwanted.txt"]),
        (".confirm-yes", vec!["wanted.txt"]),
    ] {
        files.press_in_row("unwanted.txt", ".delete").await?;
        let question = files.page.shows("#ask[open] p").await?.text().await?;
        assert!(question.contains("cannot be brought back"), "{question}");
        files.page.press_on(&format!("#ask {answer}")).await?;
        files.lists(&left).await?;
    }
    assert!(stack.client.file(&file.id).await.is_err());
    // The page of the deleted file says so, too.
    let page = browser.open_file(&stack.file_page_url(&file.id)).await?;
    page.comes_to("absent").await?;
    assert_eq!(page.problem_code().await?, "not_found");
    Ok(())
}

async fn more_than_one_page_of_files_is_listed_on_request(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let names: Vec<String> = (0..60).map(|n| format!("{n}.txt")).collect();
    for name in &names {
        stack.upload(name, &Bytes::from_static(b"1")).await?;
    }
    let newest_first: Vec<&str> = names.iter().rev().map(String::as_str).collect();
    let browser = scene.browser().await?;
    let files = browser.open_files(&stack).await?;
    files
        .lists(newest_first.get(..50).context("fifty")?)
        .await?;
    files.page.press_on("#more").await?;
    files.lists(&newest_first).await?;
    files.page.shows("#more[hidden]").await?;
    Ok(())
}

async fn what_a_verified_file_hashes_to_is_shown(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.with("verify", "full").start().await?;
    let file = stack.upload("abc.txt", &Bytes::from_static(b"abc")).await?;
    let browser = scene.browser().await?;
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    // The server verifies the file after the upload. Until then the page says that it is not verified.
    loop {
        let page = browser.open_file(&stack.file_page_url(&file.id)).await?;
        page.comes_to("ready").await?;
        let verification = page.text("#verification").await?;
        if verification.starts_with("Verified") {
            let shown = "return document.querySelector('.plaintext-sha256').textContent;";
            assert_eq!(page.page.run(shown, vec![]).await?, json!(hash));
            return Ok(());
        }
        assert_eq!(verification, "Not verified yet");
    }
}

async fn files_are_searched_opened_and_deleted_by_keyboard(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    for name in ["first.txt", "second.txt"] {
        stack.upload(name, &Bytes::from_static(b"content")).await?;
    }
    let browser = scene.browser().await?;
    let files = browser.open_files(&stack).await?;
    files.lists(&["second.txt", "first.txt"]).await?;
    let box_ = files.page.tab_to("#search-text").await?;
    box_.send_keys("second").await?;
    files.lists(&["second.txt"]).await?;
    files.page.tab_to(".listed .delete").await?;
    files.page.press(Key::Enter).await?;
    files.page.shows("#ask[open]").await?;
    // The safe answer has the focus. One Tab leads to the other answer, without a way through the browser's own buttons.
    let safe = "return document.activeElement.matches('#ask .confirm-no');";
    assert_eq!(files.page.run(safe, vec![]).await?, json!(true));
    files.page.tab_to("#ask .confirm-yes").await?;
    files.page.press(Key::Enter).await?;
    files.lists(&[]).await?;
    let stays = "return document.activeElement.matches('#search-text');";
    assert_eq!(files.page.run(stays, vec![]).await?, json!(true));

    let files = browser.open_files(&stack).await?;
    files.lists(&["first.txt"]).await?;
    files.page.tab_to(".listed .open").await?;
    files.page.press(Key::Enter).await?;
    files.page.comes_to_show("main[data-state=ready]").await?;
    files.page.tab_to("#save").await?;
    Ok(())
}

async fn a_key_that_one_page_has_serves_another_and_is_stored_nowhere(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.with("auth", "api-keys").start().await?;
    let api_key = stack.make_api_key("clinic", "ada").await?;
    let ada = stack.client_with(&api_key)?;
    let file = upload(&ada, "hers.txt", &Bytes::from_static(b"content")).await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    page.log_in(&api_key).await?;
    // Another page in the same browser gets the key without typing.
    browser.new_tab().await?;
    let files = browser.open_files(&stack).await?;
    files.lists(&["hers.txt"]).await?;
    let opened = browser.open_file(&stack.file_page_url(&file.id)).await?;
    opened.comes_to("ready").await?;
    let kept = "return [localStorage.length, sessionStorage.length, document.cookie];";
    assert_eq!(opened.page.run(kept, vec![]).await?, json!([0, 0, ""]));
    // The page does not offer to show the file, because an element of the browser could not send the key.
    opened.page.shows("#show[hidden]").await?;

    // Once no page holds the key any more, the person must type it again.
    let alone = scene.browser().await?;
    let opened = alone.open_file(&stack.file_page_url(&file.id)).await?;
    opened.comes_to("asking").await?;
    opened.page.log_in(&api_key).await?;
    opened.comes_to("ready").await?;
    Ok(())
}

async fn what_a_key_refused_that_another_page_has_anew_is_done_without_a_word(
    scene: Scene,
) -> Result<()> {
    let stack = scene.setup()?.with("auth", "api-keys").start().await?;
    let old = stack.make_api_key("clinic", "ada").await?;
    let ada = stack.client_with(&old)?;
    let content = Bytes::from_static(b"content");
    let unwanted = upload(&ada, "unwanted.txt", &content).await?;
    upload(&ada, "wanted.txt", &content).await?;
    let browser = scene.browser().await?;
    let files = browser.open_files(&stack).await?;
    files.page.log_in(&old).await?;
    files.lists(&["wanted.txt", "unwanted.txt"]).await?;

    stack.forget_api_keys().await?;
    let new = stack.make_api_key("clinic", "ada").await?;
    browser.new_tab().await?;
    let beside = browser.open(&stack, "").await?;
    beside.log_in(&new).await?;
    beside.shows("#login .decline[hidden]").await?;

    browser.first_tab().await?;
    files.press_in_row("unwanted.txt", ".delete").await?;
    files.page.press_on("#ask .confirm-yes").await?;
    files.lists(&["wanted.txt"]).await?;
    files.page.shows("#notice[hidden]").await?;
    let ada = stack.client_with(&new)?;
    assert!(ada.file(&unwanted.id).await.is_err());
    Ok(())
}

/// Holds requests that search for names so that the test can fail them, and counts all requests. This works in Chromium
/// only, because in Firefox a script of the driver shares no globals with the page.
const HOLD_SEARCHES: &str = "
const real = fetch;
globalThis.asked = 0;
globalThis.fetch = (address, given) => {
    asked += 1;
    if (!address.includes('search=')) return real(address, given);
    return new Promise((_, lose) => {
        globalThis.loseSearch = () => {
            globalThis.fetch = real;
            lose(new TypeError('lost'));
        };
    });
};
";

async fn a_search_that_fails_mixes_no_lists(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let names: Vec<String> = (0..60).map(|n| format!("{n}.txt")).collect();
    for name in &names {
        stack.upload(name, &Bytes::from_static(b"1")).await?;
    }
    let newest_first: Vec<&str> = names.iter().rev().map(String::as_str).collect();
    let first = newest_first.get(..50).context("fifty")?;
    let browser = scene.browser().await?;
    let files = browser.open_files(&stack).await?;
    files.lists(first).await?;
    files.page.shows("#more:not([hidden])").await?;

    files.page.run(HOLD_SEARCHES, vec![]).await?;
    files.search("5").await?;
    files.page.shows("#more[hidden]").await?;
    let asks = "const before = asked;
        document.querySelector('#more').click();
        return asked - before;";
    assert_eq!(files.page.run(asks, vec![]).await?, json!(0));
    files.page.run("loseSearch();", vec![]).await?;
    files.page.shows("#notice:not([hidden])").await?;
    files.page.shows("#more[hidden]").await?;
    files.lists(first).await?;

    files.page.press_on("#again").await?;
    let found: Vec<&str> = newest_first
        .into_iter()
        .filter(|name| name.contains('5'))
        .collect();
    files.lists(&found).await?;
    Ok(())
}
