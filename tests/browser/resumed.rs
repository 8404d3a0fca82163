//! Uploads that continue after the page was left, after the browser was killed, or on another machine.

use std::fs;

use anyhow::Result;
use sealift_tests::{Browser, Page, Scene};

use crate::{
    interrupted::{Interrupted, ManyParts, NAME, PART, setup},
    scenes::stories,
};

stories!(
    chosen:
    an_upload_goes_on_after_a_reload_and_sends_nothing_twice,
);
stories!(
    everywhere:
    an_upload_goes_on_after_the_browser_was_killed,
    another_machine_with_the_same_file_goes_on,
);
stories!(
    chromium:
    one_click_goes_on_where_the_browser_kept_a_handle,
    a_dropped_file_that_fits_goes_on_where_the_person_says_so,
);

async fn an_upload_goes_on_after_a_reload_and_sends_nothing_twice(scene: Scene) -> Result<()> {
    let stack = setup(scene)?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let begun = Interrupted::begin(&page, stack).await?;

    let page = browser.open(&begun.stack, "").await?;
    assert_eq!(page.listed_upload().await?, begun.upload);
    begun.open_gate().await?;
    let parts = begun.parts().await?;
    let before = begun.stack.gate()?.passed_bytes();
    page.record_states().await?;
    page.choose_again(&begun.path).await?;
    goes_on(&page, &begun).await?;

    let states = page.states(NAME).await?;
    let position = |state: &str| states.iter().position(|passed| passed == state);
    assert!(position("comparing").is_some(), "{states:?}");
    assert!(position("comparing") < position("sending"), "{states:?}");
    let sent = begun.stack.gate()?.passed_bytes() - before;
    let missing = parts.signed.len() + parts.unsigned.len();
    // The bytes that frames and requests add are less than one part.
    let most = u64::try_from((missing + 1) * PART)?;
    assert!(sent < most, "{sent} bytes were sent again of {parts:?}");
    Ok(())
}

async fn goes_on(page: &Page, begun: &Interrupted) -> Result<()> {
    let row = page.wait_for(NAME, "done").await?;
    assert_eq!(row.upload_id, Some(begun.upload.clone()));
    assert!(begun.comes_back(row.file_id, &begun.plaintext).await?);
    assert_eq!(begun.stack.client.files(None).await?.files.len(), 1);
    assert!(begun.stack.client.unfinished().await?.is_empty());
    Ok(())
}

async fn an_upload_goes_on_after_the_browser_was_killed(scene: Scene) -> Result<()> {
    let stack = setup(scene)?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let begun = Interrupted::begin(&page, stack).await?;

    let browser = Browser::start_with(browser.crash()?).await?;
    let page = browser.open(&begun.stack, "").await?;
    assert_eq!(page.listed_upload().await?, begun.upload);
    begun.open_gate().await?;
    page.choose_again(&begun.path).await?;
    goes_on(&page, &begun).await
}

async fn one_click_goes_on_where_the_browser_kept_a_handle(scene: Scene) -> Result<()> {
    let stack = setup(scene)?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let file = ManyParts::make()?;
    page.choose_with_handle(&file.path).await?;
    let begun = file.stopped_in(&page, stack).await?;

    let browser = Browser::start_with(browser.crash()?).await?;
    let page = browser.open(&begun.stack, "").await?;
    begun.open_gate().await?;
    page.press_in_listed(".continue").await?;
    goes_on(&page, &begun).await?;
    assert_eq!(page.kept_handles().await?, 0);
    Ok(())
}

async fn another_machine_with_the_same_file_goes_on(scene: Scene) -> Result<()> {
    let stack = setup(scene)?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let begun = Interrupted::begin(&page, stack).await?;
    drop(browser);

    let copy = begun.folder().join("copied elsewhere.bin");
    fs::copy(&begun.path, &copy)?;
    let modified = fs::metadata(&begun.path)?.modified()?;
    fs::File::options()
        .write(true)
        .open(&copy)?
        .set_modified(modified)?;
    let browser = scene.browser().await?;
    let page = browser.open(&begun.stack, "").await?;
    begun.open_gate().await?;
    page.choose_again(&copy).await?;
    goes_on(&page, &begun).await
}

async fn a_dropped_file_that_fits_goes_on_where_the_person_says_so(scene: Scene) -> Result<()> {
    let stack = setup(scene)?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let begun = Interrupted::begin(&page, stack).await?;

    let page = browser.open(&begun.stack, "").await?;
    page.listed_upload().await?;
    begun.open_gate().await?;
    page.drop(&[&begun.path]).await?;
    page.wait_for(NAME, "known").await?;
    page.press_in_row(NAME, ".confirm-yes").await?;
    goes_on(&page, &begun).await
}
