//! Chromium saves a file whose download breaks off in the middle, and must not treat it as complete.

use std::fs;

use anyhow::{Context as _, Result};
use sealift_tests::{Randomness, Scene, sizes::FRAME};
use serde_json::json;

// Only Chromium has a list of downloads that a script can read, and only the embedded store's objects
// can be altered on disk.
crate::scenes::tests!(
    a_saved_file_that_breaks_off_is_marked_as_interrupted: chromium_embedded CHROMIUM_EMBEDDED;
);

/// The last frame holds bytes of the file. If it were empty, a browser that asks for the rest of a download would
/// already have the whole file without it.
const LEN: usize = 40 * FRAME - 1;

/// Saves a URL as a link on the page does.
const SAVE: &str = "const link = document.createElement('a');
    link.href = arguments[0];
    link.download = '';
    document.body.append(link);
    link.click();";

/// Reads all bytes of a URL and calls back with the result.
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
