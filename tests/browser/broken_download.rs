//! Chromium saves a file that breaks off in the middle: it is not taken for the file.

use std::fs;

use anyhow::{Context as _, Result};
use sealift_tests::{Randomness, Scene, sizes::FRAME};
use serde_json::json;

// Only Chromium's own list of downloads can be asked, and the object is altered on the store's disk.
crate::scenes::tests!(
    a_saved_file_that_breaks_off_is_marked_as_interrupted: chromium_embedded CHROMIUM_EMBEDDED;
);

/// The last frame holds bytes of the file: where it is empty, a browser that asks for the rest of a
/// download has all of the file without it.
const LEN: usize = 40 * FRAME - 1;

/// Saves an address as a link on the page does.
const SAVE: &str = "const link = document.createElement('a');
    link.href = arguments[0];
    link.download = '';
    document.body.append(link);
    link.click();";

/// Reads all of an address; calls back with how that went.
const READ: &str = "const [address, read] = arguments;
    fetch(address).then(answer => answer.arrayBuffer()).then(() => read('whole'), () => read('broken off'));";

async fn a_saved_file_that_breaks_off_is_marked_as_interrupted(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(LEN);
    for (name, damaged, expected) in [
        ("good.bin", false, "Complete"),
        ("damaged.bin", true, "Interrupted"),
    ] {
        let file = stack.upload(name, &plaintext).await?;
        if damaged {
            let path = stack.object_path(&file);
            let mut sealed = fs::read(&path)?;
            *sealed.last_mut().context("an object")? ^= 1;
            fs::write(path, sealed)?;
        }
        let page = browser.open(&stack, "").await?;
        let address = json!(stack.content_url(&file.id));
        let fetched = page.ask(READ, vec![address.clone()]).await?;
        assert_eq!(fetched == json!("whole"), !damaged);
        page.run(SAVE, vec![address]).await?;
        assert_eq!(browser.end_of_download().await?, expected, "{name}");
        assert_eq!(browser.has_downloaded(name), !damaged, "{name}");
    }
    Ok(())
}
