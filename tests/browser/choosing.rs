//! All ways to choose files: folders, dropping, pasting, and very many files at once.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use sealift_tests::{Page, Scene, Stack, read_content};
use sealift_transfer::api::FileId;

use crate::scenes::stories;

stories!(
    everywhere:
    a_pasted_file_is_sent,
    ten_thousand_files_are_listed_and_few_are_drawn,
);
// geckodriver can neither give a folder to an input nor drag a file.
stories!(
    chromium:
    a_chosen_folder_keeps_the_paths_of_its_files,
    a_dropped_folder_keeps_the_paths_of_its_files,
    a_folder_without_files_and_a_drop_without_files_get_a_sentence,
);

/// Files in nested folders.
const FILES: [(&str, &str); 3] = [
    ("reports/2026/may.txt", "in May"),
    ("reports/2026/june.txt", "in June"),
    ("reports/summary.txt", "in short"),
];

fn make_files(below: &Path) -> Result<()> {
    fs::create_dir_all(below.join("reports/2026"))?;
    for (path, text) in FILES {
        fs::write(below.join(path), text)?;
    }
    Ok(())
}

async fn all_come_back(page: &Page, stack: &Stack) -> Result<()> {
    for (name, text) in FILES {
        let file = page.wait_for(name, "done").await?.file_id;
        comes_back(stack, file, name, text).await?;
    }
    Ok(())
}

async fn comes_back(stack: &Stack, file: Option<FileId>, name: &str, text: &str) -> Result<()> {
    let file = file.context("a done row has an id")?;
    assert_eq!(stack.client.file(&file).await?.name, name);
    assert_eq!(read_content(stack, &file, None).await?.whole()?, text);
    Ok(())
}

async fn a_chosen_folder_keeps_the_paths_of_its_files(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let folder = tempfile::tempdir()?;
    make_files(folder.path())?;
    let reports = folder.path().join("reports");
    page.answer_dialog("input#folder", &[&reports]).await?;
    all_come_back(&page, &stack).await
}

async fn a_dropped_folder_keeps_the_paths_of_its_files(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let folder = tempfile::tempdir()?;
    make_files(folder.path())?;
    page.drop(&[&folder.path().join("reports")]).await?;
    all_come_back(&page, &stack).await
}

async fn notice(page: &Page, part: &str) -> Result<()> {
    let notice = page.shows("#notice:not([hidden])").await?.text().await?;
    assert!(notice.contains(part), "{notice:?} lacks {part:?}");
    page.run("document.querySelector('#notice').hidden = true;", vec![])
        .await?;
    Ok(())
}

async fn a_folder_without_files_and_a_drop_without_files_get_a_sentence(
    scene: Scene,
) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let folder = tempfile::tempdir()?;
    let (empty, hollow) = (folder.path().join("empty"), folder.path().join("hollow"));
    fs::create_dir_all(hollow.join("inner/innermost"))?;
    fs::create_dir(&empty)?;
    fs::write(folder.path().join("a.txt"), "a")?;
    for folder in [&empty, &hollow, &empty] {
        page.answer_dialog("input#folder", &[folder]).await?;
        notice(&page, "A folder without files has nothing to send").await?;
    }
    // A dialog reports this by `cancel`; that of the driver never does.
    let cancelled = "document.querySelector('input#folder').dispatchEvent(new Event('cancel', { bubbles: true }));";
    page.run(cancelled, vec![]).await?;
    notice(&page, "A folder without files has nothing to send").await?;
    page.drop(&[&empty]).await?;
    notice(&page, "There are no files to send in empty.").await?;
    page.drop(&[&hollow, &empty]).await?;
    notice(&page, "There are no files to send in hollow, empty.").await?;
    assert!(page.rows().await?.is_empty());
    // The page sends the existing files and names the folders without files.
    page.drop(&[&folder.path().join("a.txt"), &empty]).await?;
    notice(&page, "There are no files to send in empty.").await?;
    page.wait_for("a.txt", "done").await?;

    let address = page.run("return location.href;", vec![]).await?;
    for (kind, data) in [
        ("text/plain", "some words"),
        ("text/uri-list", "https://example.org/"),
    ] {
        page.drop_data(kind, data).await?;
        notice(&page, "That was not a file").await?;
    }
    let still = page.run("return location.href;", vec![]).await?;
    assert_eq!(still, address);
    Ok(())
}

async fn a_pasted_file_is_sent(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    page.paste("pasted.txt", "from elsewhere").await?;
    let row = page.wait_for("pasted.txt", "done").await?;
    comes_back(&stack, row.file_id, "pasted.txt", "from elsewhere").await
}

async fn ten_thousand_files_are_listed_and_few_are_drawn(scene: Scene) -> Result<()> {
    // No byte passes the gate, so that all files stay in the list.
    let stack = scene.setup()?.with_gate_after(0).start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let names: Vec<String> = (1..=10_000).map(|number| format!("{number}.txt")).collect();
    page.choose_many(&names, "one of many").await?;
    page.shows("#pause-all:not([hidden])").await?;

    let to_the_end = "document.querySelector('#rows').lastElementChild.scrollIntoView(false);";
    let is_counted = "const [done] = arguments;
        const look = () => {
            if (!/10,000/.test(document.querySelector('#summary-text').textContent)) return;
            watch.disconnect();
            done();
        };
        const watch = new MutationObserver(look);
        watch.observe(document, { subtree: true, childList: true, characterData: true });
        look();";
    page.ask(is_counted, vec![]).await?;
    page.run(to_the_end, vec![]).await?;
    page.wait_for("10000.txt", "waiting").await?;
    let drawn = page.rows().await?.len();
    assert!(drawn < 400, "{drawn} rows are drawn");

    page.press_on("#pause-all").await?;
    page.wait_for("10000.txt", "paused").await?;
    page.shows("#pause-all[hidden]").await?;
    Ok(())
}
