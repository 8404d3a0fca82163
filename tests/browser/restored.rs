//! Opens the page of a server whose database was restored from a backup, so that it is read-only.

use anyhow::Result;
use sealift_tests::{Randomness, Scene};

use crate::scenes::stories;

stories!(
    everywhere:
    the_page_says_that_the_server_is_read_only_before_anything_is_chosen,
);

async fn the_page_says_that_the_server_is_read_only_before_anything_is_chosen(
    scene: Scene,
) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    stack.fall_behind_the_mark().await?;
    let stack = stack.restart().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let notice = page.shows("#notice:not([hidden])").await?.text().await?;
    assert!(notice.contains("This server is read-only"), "{notice}");
    assert!(notice.contains("sealift records new-epoch"), "{notice}");
    let folder = tempfile::tempdir()?;
    let (path, _) = Randomness::from_printed_seed()?.file(folder.path(), "refused.bin", 10)?;
    page.choose(&[&path]).await?;
    let row = page.wait_for("refused.bin", "failed").await?;
    assert_eq!(row.problem_code.as_deref(), Some("read_only"));
    Ok(())
}
