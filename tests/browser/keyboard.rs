//! All functions work with the keyboard alone.

use anyhow::Result;
use fantoccini::key::Key;
use sealift_tests::{Randomness, Scene, sizes::PART};
use serde_json::json;

use crate::scenes::stories;

stories!(
    everywhere:
    files_are_chosen_cancelled_and_opened_by_keyboard,
);

/// Returns whether the person can see where the focus is.
const SHOWS_FOCUS: &str = "const style = getComputedStyle(document.activeElement);
    return document.activeElement.matches(':focus-visible') && style.outlineStyle !== 'none';";

/// Returns whether the focus is on the row of the button.
const IN_THE_ROW: &str = "return document.activeElement.matches('li.file')";

async fn files_are_chosen_cancelled_and_opened_by_keyboard(scene: Scene) -> Result<()> {
    let setup = scene.setup()?.with_gate_after(PART / 2);
    let stack = setup.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;

    let chooser = page.tab_to("input#files").await?;
    let (path, _) = randomness.file(folder.path(), "held.bin", 4 * PART)?;
    // Enter would open the system's file dialog. The driver answers that dialog with the path.
    chooser.send_keys(&path.to_string_lossy()).await?;
    page.wait_for("held.bin", "sending").await?;
    page.tab_to("button.cancel").await?;
    assert_eq!(page.run(SHOWS_FOCUS, vec![]).await?, json!(true));
    page.press(Key::Enter).await?;
    page.wait_for("held.bin", "cancelled").await?;
    // The button is gone. The focus must stay in the row, so that a person who cannot see is not sent back to the top.
    assert_eq!(page.run(IN_THE_ROW, vec![]).await?, json!(true));

    stack.gate()?.open();
    let (path, _) = randomness.file(folder.path(), "short.bin", 1)?;
    page.upload(&path).await?;
    page.tab_to("a.download").await?;
    assert_eq!(page.run(SHOWS_FOCUS, vec![]).await?, json!(true));
    Ok(())
}
