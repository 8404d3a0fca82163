//! Regression tests: bugs that were fixed and must not come back.

use anyhow::{Context as _, Result};
use sealift_tests::{Randomness, Scene};

use crate::{
    interrupted::{Interrupted, ManyParts, NAME, setup},
    scenes::stories,
};

stories!(
    everywhere:
    who_wants_to_enter_no_key_is_asked_once_for_all_files,
);
stories!(
    chromium:
    a_file_that_the_browser_reads_no_more_is_chosen_again_to_start_anew,
    a_wrong_file_does_not_take_the_place_of_the_right_one,
    a_file_that_is_gone_does_not_keep_the_others_from_being_sent,
);

async fn a_file_that_the_browser_reads_no_more_is_chosen_again_to_start_anew(
    scene: Scene,
) -> Result<()> {
    let stack = setup(scene)?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let begun = Interrupted::begin(&page, stack).await?;
    let unsigned = begun.parts().await?.unsigned;
    let changed = begun.change(*unsigned.last().context("a part is not signed")?)?;
    begun.stack.gate()?.open();
    page.wait_for(NAME, "failed").await?;

    page.start_anew_with(NAME, &begun.path).await?;
    let row = page.comes_to(NAME, "done").await?;
    assert_ne!(row.upload_id, Some(begun.upload.clone()));
    assert!(begun.comes_back(row.file_id, &changed).await?);
    assert!(begun.stack.client.unfinished().await?.is_empty());
    Ok(())
}

async fn a_wrong_file_does_not_take_the_place_of_the_right_one(scene: Scene) -> Result<()> {
    let stack = setup(scene)?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let file = ManyParts::make()?;
    page.choose_with_handle(&file.path).await?;
    let begun = file.stopped_in(&page, stack).await?;

    let page = browser.open(&begun.stack, "").await?;
    page.listed_upload().await?;
    begun.open_gate().await?;
    let (wrong, _) = Randomness::from_printed_seed()?.file(begun.folder(), "wrong.bin", 1)?;
    page.choose_with_handle_in_listed(&wrong).await?;
    let row = page.wait_for(NAME, "failed").await?;
    assert_eq!(row.problem_code.as_deref(), Some("file_changed"));

    let page = browser.open(&begun.stack, "").await?;
    page.press_in_listed(".continue").await?;
    let row = page.wait_for(NAME, "done").await?;
    assert!(begun.comes_back(row.file_id, &begun.plaintext).await?);
    Ok(())
}

/// Offers two file handles, one of which points to a deleted file.
const OFFER_TWO: &str = "
const [done] = arguments;
const offer = async () => {
    const root = await navigator.storage.getDirectory();
    const [there, gone] = await Promise.all(
        ['there.bin', 'gone.bin'].map(name => root.getFileHandle(name, { create: true })));
    const writing = await there.createWritable();
    await writing.write('content');
    await writing.close();
    await root.removeEntry('gone.bin');
    globalThis.showOpenFilePicker = async () => [gone, there];
};
offer().then(() => done(null), error => done(`${error}`));
";

async fn a_file_that_is_gone_does_not_keep_the_others_from_being_sent(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    page.ask(OFFER_TWO, vec![]).await?;
    page.press_on("input#files").await?;
    page.wait_for("there.bin", "done").await?;
    let notice = page.shows("#notice:not([hidden])").await?.text().await?;
    assert!(notice.contains("gone.bin"), "{notice}");
    Ok(())
}

async fn who_wants_to_enter_no_key_is_asked_once_for_all_files(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.with("auth", "api-keys").start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    // These are more files than the worker accepts at a time, and far more than it sends at a time.
    let names: Vec<String> = (0..30).map(|n| format!("{n}.txt")).collect();
    page.choose_many(&names, "content").await?;
    page.shows("#login .decline:not([hidden])")
        .await?
        .click()
        .await?;
    for name in &names {
        page.wait_for(name, "failed").await?;
    }
    page.shows("#login .decline[hidden]").await?;

    page.press_in_row("0.txt", ".retry").await?;
    page.shows("#login .decline:not([hidden])").await?;
    let api_key = stack.make_api_key("clinic", "ada").await?;
    page.log_in(&api_key).await?;
    page.comes_to("0.txt", "done").await?;
    Ok(())
}
