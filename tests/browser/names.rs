//! A file's name is text: it is shown as it is, and does nothing.

use anyhow::Result;
use sealift_tests::{Browser, Randomness, Setup};

/// Markup, quotes, marks that turn the direction of writing, spaces that one does not see.
const NAMES: [&str; 4] = [
    r#""><img src=x onerror="document.title='run'">.txt"#,
    "it's \"quoted\" & 100% <b>bold<b>.txt",
    "invoice\u{202e}fdp.exe",
    "\u{200f}\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{2066}a\u{2069} .txt",
];

#[tokio::test(flavor = "multi_thread")]
async fn quotes_markup_and_direction_marks_are_shown_as_text() -> Result<()> {
    let stack = Setup::new().with_page()?.start().await?;
    let browser = Browser::start().await?;
    let page = browser.open(&stack, "").await?;
    let images = "return document.images.length + document.querySelectorAll('b').length;";
    let title = page.run("return document.title;", vec![]).await?;
    let before = page.run(images, vec![]).await?;
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;
    for name in NAMES {
        let (path, plaintext) = randomness.file(folder.path(), name, 100)?;
        let file = page.upload(&path).await?;
        assert_eq!(stack.client.file(&file).await?.name, name);
        let opened = stack.client.download(&file, None).await?;
        assert!(opened.read_all().await? == plaintext);

        // Marks within the name must not turn what stands beside it.
        let shown = page.part_of_row(name, ".file-name").await?;
        let bidi = shown.css_value("unicode-bidi").await?;
        assert!(
            ["isolate", "plaintext", "isolate-override"].contains(&bidi.as_str()),
            "{bidi}"
        );
    }
    assert_eq!(page.run("return document.title;", vec![]).await?, title);
    assert_eq!(page.run(images, vec![]).await?, before);
    Ok(())
}
