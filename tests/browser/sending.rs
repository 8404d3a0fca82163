//! Stories during an upload: how many parts are sent at once, leaving the page, and the details for support.

use anyhow::Result;
use sealift_tests::{Page, Randomness, Scene};
use serde_json::json;

use crate::{
    interrupted::{Interrupted, NAME, setup},
    scenes::stories,
};

stories!(
    everywhere:
    several_parts_are_under_way_at_once_but_few_over_all_files,
    leaving_is_asked_about_while_a_file_is_sent,
    copied_details_name_the_upload_and_no_secret,
);

async fn several_parts_are_under_way_at_once_but_few_over_all_files(scene: Scene) -> Result<()> {
    let stack = setup(scene)?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let begun = Interrupted::begin(&page, stack).await?;
    let gate = begun.stack.gate()?;
    let mut randomness = Randomness::from_printed_seed()?;
    let mut paths = Vec::new();
    for number in 0..3 {
        let name = format!("{number}.bin");
        paths.push(randomness.file(begun.folder(), &name, 1000)?);
    }
    let chosen: Vec<_> = paths.iter().map(|(path, _)| path.as_path()).collect();
    page.choose(&chosen).await?;
    page.shows("li.file ~ li.file:not([data-state=waiting])")
        .await?;
    gate.holds_connections(4).await;
    assert!(gate.most_held() <= 5, "{} at once", gate.most_held());

    gate.open();
    for name in ["0.bin", "1.bin", "2.bin", NAME] {
        page.wait_for(name, "done").await?;
    }
    Ok(())
}

/// Calls back as soon as the page asks before it is left, or as soon as it does not ask.
const ASKS: &str = "
const [asks, done] = arguments;
const look = () => {
    const leaving = new Event('beforeunload', { cancelable: true });
    window.dispatchEvent(leaving);
    if (leaving.defaultPrevented === asks) done();
    else requestAnimationFrame(look);
};
look();
";

async fn leaving_is_asked_about_while_a_file_is_sent(scene: Scene) -> Result<()> {
    let stack = setup(scene)?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    asks_before_leaving(&page, false).await?;
    let begun = Interrupted::begin(&page, stack).await?;
    asks_before_leaving(&page, true).await?;
    page.press_in_row(NAME, ".pause").await?;
    asks_before_leaving(&page, false).await?;
    begun.stack.gate()?.open();
    page.press_in_row(NAME, ".continue").await?;
    page.wait_for(NAME, "done").await?;
    asks_before_leaving(&page, false).await
}

async fn asks_before_leaving(page: &Page, asks: bool) -> Result<()> {
    page.ask(ASKS, vec![json!(asks)]).await?;
    Ok(())
}

/// The clipboard belongs to the system, so this script records the text that the page puts there.
const WATCH_CLIPBOARD: &str = "
Object.defineProperty(navigator.clipboard, 'writeText', {
    value: async text => { document.body.dataset.copied = text; },
});
";

async fn copied_details_name_the_upload_and_no_secret(scene: Scene) -> Result<()> {
    let stack = setup(scene)?.with("auth", "api-keys").start().await?;
    let api_key = stack.make_api_key("clinic", "ada").await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    page.log_in(&api_key).await?;
    page.run(WATCH_CLIPBOARD, vec![]).await?;
    let begun = Interrupted::begin(&page, stack).await?;
    begun.stack.set_days_ahead(8);
    begun.stack.gate()?.open();
    page.wait_for(NAME, "failed").await?;

    page.press_in_row(NAME, ".copy-details").await?;
    page.shows("body[data-copied]").await?;
    let copied = page.run("return document.body.dataset.copied;", vec![]);
    let copied: String = serde_json::from_value(copied.await?)?;
    for part in [begun.upload.to_string().as_str(), "upload_gone"] {
        assert!(copied.contains(part), "{part} is not in {copied}");
    }
    let (_, secret) = api_key.rsplit_once('_').unwrap_or(("", &api_key));
    for kept in [NAME, secret, "http", "X-Amz", "127.0.0.1", "ada", "clinic"] {
        assert!(!copied.contains(kept), "{kept} is in {copied}");
    }
    Ok(())
}
