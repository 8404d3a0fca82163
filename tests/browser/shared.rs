//! Share links that one person makes for another. Each works once.

use anyhow::{Context as _, Result};
use bytes::Bytes;
use sealift_client::{CancellationToken, UploadOptions};
use sealift_tests::{BrowserKind, FilePage, Randomness, Scene, Stack, upload};
use serde_json::json;

use crate::scenes::stories;

stories!(
    chosen:
    a_link_works_once_and_not_in_a_second_browser,
);
stories!(
    everywhere:
    looking_at_a_link_does_not_use_it_up,
    a_revoked_link_says_so,
    a_file_that_was_just_sent_is_shared_from_its_row,
    a_picture_is_shown_to_who_has_a_link_and_does_not_run,
    a_link_is_opened_where_a_key_of_somebody_else_is_in_use,
);
stories!(
    chromium:
    a_link_that_comes_while_its_file_is_saved_is_kept_for_later,
);

const NAME: &str = "for you.bin";

/// Starts a server that requires an API key, and stores a file of ada. Returns the server, ada's key and the plaintext.
async fn with_file(scene: Scene) -> Result<(Stack, String, Bytes)> {
    let stack = scene.setup()?.with("auth", "api-keys").start().await?;
    let api_key = stack.make_api_key("clinic", "ada").await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(300_000);
    upload(&stack.client_with(&api_key)?, NAME, &plaintext).await?;
    Ok((stack, api_key, plaintext))
}

/// Makes a share link of ada's file with the native client, because a browser takes seconds to start. Other stories here
/// make links in the page.
async fn shared_by_ada(stack: &Stack, api_key: &str) -> Result<String> {
    let ada = stack.client_with(api_key)?;
    let files = ada.files(None).await?.files;
    let file = files.iter().find(|file| file.name == NAME);
    let made = ada
        .make_ticket(&file.context("ada's file")?.id, None)
        .await?;
    Ok(ada.link(&made).to_string())
}

async fn redeem(page: &FilePage) -> Result<()> {
    page.comes_to("invited").await?;
    page.press("#redeem").await?;
    page.comes_to("ready").await
}

async fn a_link_works_once_and_not_in_a_second_browser(scene: Scene) -> Result<()> {
    let (stack, api_key, plaintext) = with_file(scene).await?;
    let link = shared_by_ada(&stack, &api_key).await?;

    let friend = scene.browser().await?;
    let page = friend.open_file(&link).await?;
    page.comes_to("invited").await?;
    // A person who sees the screen or the browser's history must not find the ticket.
    let shown = page.page.run("return location.href;", vec![]).await?;
    assert_eq!(shown, json!(link.split('#').next()));
    redeem(&page).await?;
    assert_eq!(page.text("#title").await?, NAME);
    page.offer_dialog().await?;
    page.press("#save").await?;
    page.comes_to("done").await?;
    match scene.browser {
        BrowserKind::Chromium => assert!(page.saved(&plaintext).await?),
        BrowserKind::Firefox => {
            assert!(friend.downloaded_bytes(NAME, plaintext.len()).await? == plaintext)
        }
    }

    // For some time this browser may come back without the ticket.
    let address = link.split('#').next().unwrap_or_default();
    let page = friend.open_file(address).await?;
    page.comes_to("ready").await?;
    let readable = "return document.cookie;";
    assert_eq!(page.page.run(readable, vec![]).await?, json!(""));

    let stranger = scene.browser().await?;
    let page = stranger.open_file(&link).await?;
    page.comes_to("invited").await?;
    page.press("#redeem").await?;
    page.comes_to("used").await?;
    assert_eq!(page.problem_code().await?, "ticket_used");
    let said = page.text("#problem").await?;
    assert!(said.contains("ask for a new one"), "{said}");
    // The address alone does not open the file either.
    let page = stranger.open_file(address).await?;
    page.comes_to("asking").await?;
    let said = page.text("#facts").await?;
    assert!(said.contains("open it again"), "{said}");
    follow(&page, &link).await?;
    page.comes_to("invited").await?;
    page.page.shows("#login[hidden]").await?;
    Ok(())
}

async fn a_link_is_opened_where_a_key_of_somebody_else_is_in_use(scene: Scene) -> Result<()> {
    let (stack, adas, plaintext) = with_file(scene).await?;
    let bobs = stack.make_api_key("clinic", "bob").await?;
    let own = upload(&stack.client_with(&bobs)?, "bobs.bin", &plaintext).await?;
    let link = shared_by_ada(&stack, &adas).await?;
    let later = shared_by_ada(&stack, &adas).await?;
    let browser = scene.browser().await?;

    // Bob's key shows nothing at the address of ada's file until he opens her link in another tab.
    let address = link.split('#').next().unwrap_or_default();
    let page = browser.open_file(address).await?;
    page.comes_to("asking").await?;
    page.page.log_in(&bobs).await?;
    page.comes_to("absent").await?;
    browser.new_tab().await?;
    redeem(&browser.open_file(&link).await?).await?;
    browser.first_tab().await?;
    page.press("#again").await?;
    page.comes_to("ready").await?;
    assert_eq!(page.text("#title").await?, NAME);

    // If he follows a link while the page of his own file is open, the linked file opens without his key.
    let page = browser.open_file(&stack.file_page_url(&own.id)).await?;
    page.comes_to("asking").await?;
    page.page.log_in(&bobs).await?;
    page.comes_to("ready").await?;
    follow(&page, &later).await?;
    redeem(&page).await?;
    assert_eq!(page.text("#title").await?, NAME);
    page.offer_dialog().await?;
    page.press("#save").await?;
    page.comes_to("done").await?;
    Ok(())
}

/// Gives the ticket of a link to an open page.
async fn follow(page: &FilePage, link: &str) -> Result<()> {
    let ticket = link.split('#').nth(1);
    let come = "location.hash = arguments[0];";
    page.page.run(come, vec![json!(ticket)]).await?;
    Ok(())
}

async fn a_link_that_comes_while_its_file_is_saved_is_kept_for_later(scene: Scene) -> Result<()> {
    let (stack, api_key, _) = with_file(scene).await?;
    let link = shared_by_ada(&stack, &api_key).await?;
    let later = shared_by_ada(&stack, &api_key).await?;
    let friend = scene.browser().await?;
    let page = friend.open_file(&link).await?;
    redeem(&page).await?;
    page.leave_dialog_open().await?;
    page.press("#save").await?;
    page.comes_to("saving").await?;
    follow(&page, &later).await?;
    page.press("#stop").await?;
    page.comes_to("cancelled").await?;
    page.press("#invitation:not([hidden]) #redeem").await?;
    page.comes_to("ready").await?;
    page.page.shows("#invitation[hidden]").await?;
    Ok(())
}

async fn looking_at_a_link_does_not_use_it_up(scene: Scene) -> Result<()> {
    let (stack, api_key, _) = with_file(scene).await?;
    let link = shared_by_ada(&stack, &api_key).await?;
    // One program makes previews without scripts, the other runs the page's scripts for its preview.
    let address = link.split('#').next().unwrap_or_default();
    let looked = reqwest::get(address).await?;
    assert!(looked.status().is_success());
    let runner = scene.browser().await?;
    runner.open_file(&link).await?.comes_to("invited").await?;

    let friend = scene.browser().await?;
    let page = friend.open_file(&link).await?;
    redeem(&page).await?;
    Ok(())
}

async fn a_revoked_link_says_so(scene: Scene) -> Result<()> {
    let (stack, api_key, _) = with_file(scene).await?;
    let browser = scene.browser().await?;
    let files = browser.open_files(&stack).await?;
    files.page.log_in(&api_key).await?;
    files.lists(&[NAME]).await?;
    let link = files.share(NAME).await?;
    files.page.press_on("#share .revoke-link").await?;
    files.page.shows("#share .share-form:not([hidden])").await?;
    let kept = "return document.querySelector('#share-link').value;";
    assert_eq!(files.page.run(kept, vec![]).await?, json!(""));

    // The list of links has those that the dialog no longer shows, and revokes them too.
    let later = files.share(NAME).await?;
    files.page.press_on("#share .share-close").await?;
    files.page.press_on("#links summary").await?;
    let listed = "#links li[data-state=waiting]:first-child + li[data-state=revoked]:last-child";
    files.page.shows(listed).await?;
    files.page.press_on("#links .link-set").await?;
    files
        .page
        .shows("#links li[data-state=waiting]:focus")
        .await?;
    files
        .page
        .press_on("#links li[data-state=waiting] .link-revoke")
        .await?;
    let listed = "#links li[data-state=revoked]:focus + li[data-state=revoked]";
    files.page.shows(listed).await?;

    let friend = scene.browser().await?;
    let page = friend.open_file(&link).await?;
    page.comes_to("invited").await?;
    page.press("#redeem").await?;
    page.comes_to("used").await?;
    follow(&page, &later).await?;
    page.comes_to("invited").await?;
    page.press("#redeem").await?;
    page.comes_to("used").await?;
    Ok(())
}

async fn a_file_that_was_just_sent_is_shared_from_its_row(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.with("auth", "api-keys").start().await?;
    let api_key = stack.make_api_key("clinic", "ada").await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    page.log_in(&api_key).await?;
    let folder = tempfile::tempdir()?;
    let (path, _) = Randomness::from_printed_seed()?.file(folder.path(), "row.bin", 10)?;
    page.upload(&path).await?;
    page.press_in_row("row.bin", ".share").await?;
    let link = page.make_link().await?;

    let friend = scene.browser().await?;
    let page = friend.open_file(&link).await?;
    redeem(&page).await?;
    assert_eq!(page.text("#title").await?, "row.bin");
    Ok(())
}

/// A picture of one pixel.
const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\
    \0\0\0\x0bIDATx\x9cc\xf8\x0f\x04\0\x09\xfb\x03\xfd\xfb^k+\0\0\0\0IEND\xaeB`\x82";

/// An image format that can hold a script, so the server never serves it as an image.
const SVG: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'></svg>";

async fn a_picture_is_shown_to_who_has_a_link_and_does_not_run(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.with("auth", "api-keys").start().await?;
    let api_key = stack.make_api_key("clinic", "ada").await?;
    let ada = stack.client_with(&api_key)?;
    for (name, bytes) in [("point.png", PNG), ("active.png", SVG)] {
        let mut options = UploadOptions::named(name);
        options.content_type = Some("image/png".to_owned());
        let bytes = Bytes::from_static(bytes);
        ada.upload(bytes, options, |_| (), CancellationToken::new())
            .await?;
    }
    let browser = scene.browser().await?;
    let files = browser.open_files(&stack).await?;
    files.page.log_in(&api_key).await?;
    files.lists(&["active.png", "point.png"]).await?;
    let point = files.share("point.png").await?;
    files.page.press_on("#share .share-close").await?;
    let active = files.share("active.png").await?;

    let friend = scene.browser().await?;
    let page = friend.open_file(&point).await?;
    redeem(&page).await?;
    page.press("#show").await?;
    let is_shown = "const [done] = arguments;
        const image = document.querySelector('#viewer img');
        image.decode().then(() => done(image.naturalWidth), error => done(`${error}`));";
    assert_eq!(page.page.ask(is_shown, vec![]).await?, json!(1));

    let page = friend.open_file(&active).await?;
    redeem(&page).await?;
    page.press("#show").await?;
    page.page.shows("#outcome:not([hidden])").await?;
    assert!(page.text("#outcome").await?.contains("cannot show it"));
    Ok(())
}
