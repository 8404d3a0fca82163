//! A file's name is shown as text. It cannot run anything and cannot deceive anybody.

use anyhow::{Context as _, Result};
use sealift_tests::{Randomness, Scene};

use crate::scenes::stories;

stories!(
    everywhere:
    quotes_markup_and_direction_marks_are_shown_as_text,
);

/// Names and how the page shows them. Markup and quotes appear unchanged. Characters that are invisible or change the
/// writing direction appear as their code points.
const NAMES: [(&str, &str); 7] = [
    (
        r#""><img src=x onerror="document.title='run'">.txt"#,
        r#""><img src=x onerror="document.title='run'">.txt"#,
    ),
    (
        "it's \"quoted\" & 100% <b>bold<b>.txt",
        "it's \"quoted\" & 100% <b>bold<b>.txt",
    ),
    // A composed and a decomposed letter, and characters that need escapes in other contexts.
    ("p\u{e4}per.txt", "p\u{e4}per.txt"),
    ("pa\u{308}per.txt", "pa\u{308}per.txt"),
    ("a\\b %22%0A .txt", "a\\b %22%0A .txt"),
    ("invoice\u{202e}fdp.exe", "invoice[U+202E]fdp.exe"),
    (
        "\u{200f}\u{5e9}\u{5dc}\u{5d5}\u{5dd}\u{2066}a\u{2069}.txt",
        "[U+200F]\u{5e9}\u{5dc}\u{5d5}\u{5dd}[U+2066]a[U+2069].txt",
    ),
];

async fn quotes_markup_and_direction_marks_are_shown_as_text(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let made_of_markup = "return document.querySelectorAll('img, b').length;";
    let title = page.run("return document.title;", vec![]).await?;
    let before = page.run(made_of_markup, vec![]).await?;
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;
    for (name, shown) in NAMES {
        let (path, plaintext) = randomness.file(folder.path(), name, 100)?;
        page.choose(&[&path]).await?;
        let row = page.wait_for(shown, "done").await?;
        let file = row.file_id.context("a done row has an id")?;
        assert_eq!(stack.client.file(&file).await?.name, name);
        let opened = stack.client.download(&file, None).await?;
        assert!(opened.read_all().await? == plaintext);

        // Right-to-left letters must not change the direction of the text beside the name.
        let text = page.part_of_row(shown, ".file-name").await?;
        let bidi = text.css_value("unicode-bidi").await?;
        assert!(
            ["isolate", "plaintext", "isolate-override"].contains(&bidi.as_str()),
            "{bidi}"
        );
    }
    assert_eq!(page.run("return document.title;", vec![]).await?, title);
    assert_eq!(page.run(made_of_markup, vec![]).await?, before);
    Ok(())
}
