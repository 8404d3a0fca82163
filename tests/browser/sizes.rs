//! Files of every size come back byte for byte, with either backend.

use anyhow::{Context as _, Result};
use bytes::Bytes;
use sealift_tests::{
    Randomness, Scene, Stack, read_content,
    sizes::{EDGES, FRAME, LARGE, PART},
};
use sealift_transfer::api::FileId;
use serde_json::json;

use crate::scenes::stories;

stories!(
    chosen:
    every_size_at_an_edge_comes_back_byte_for_byte,
);
stories!(
    everywhere:
    several_files_at_once_each_come_back,
    the_link_of_a_done_row_gives_the_file,
    the_other_backend_gives_back_the_same,
    a_large_file_comes_back_byte_for_byte,
);

const WEB_CRYPTO: &str = "";
const AES_GCM: &str = "?backend=aes-gcm";

async fn comes_back(stack: &Stack, file: &FileId, plaintext: &Bytes) -> Result<bool> {
    Ok(read_content(stack, file, None).await?.whole()? == *plaintext)
}

async fn every_edge_comes_back(scene: Scene, backend: &str) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, backend).await?;
    let chosen = "return document.querySelector('[name=backend]:checked').value;";
    let chosen = page.run(chosen, vec![]).await?;
    assert_eq!(chosen == "aes-gcm", backend == AES_GCM, "{chosen}");
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;
    for len in EDGES {
        let name = format!("{len}.bin");
        let (path, plaintext) = randomness.file(folder.path(), &name, len)?;
        let file = page.upload(&path).await?;
        assert!(comes_back(&stack, &file, &plaintext).await?, "{name}");
        assert_eq!(stack.client.file(&file).await?.name, name);
    }
    Ok(())
}

async fn every_size_at_an_edge_comes_back_byte_for_byte(scene: Scene) -> Result<()> {
    every_edge_comes_back(scene, WEB_CRYPTO).await
}

async fn the_other_backend_gives_back_the_same(scene: Scene) -> Result<()> {
    every_edge_comes_back(scene, AES_GCM).await
}

async fn a_large_file_comes_back_byte_for_byte(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, WEB_CRYPTO).await?;
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;
    let (path, plaintext) = randomness.file(folder.path(), "large.bin", LARGE)?;
    let file = page.upload(&path).await?;
    assert!(comes_back(&stack, &file, &plaintext).await?);
    Ok(())
}

async fn several_files_at_once_each_come_back(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, WEB_CRYPTO).await?;
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;
    let mut files = Vec::new();
    for (name, len) in [
        ("a.bin", PART + 1),
        ("b.bin", 0),
        ("c.bin", 2 * PART),
        ("d.bin", FRAME),
    ] {
        files.push((name, randomness.file(folder.path(), name, len)?));
    }
    let paths: Vec<_> = files.iter().map(|(_, (path, _))| path.as_path()).collect();
    page.choose(&paths).await?;
    for (name, (_, plaintext)) in &files {
        let row = page.wait_for(name, "done").await?;
        let file = row.file_id.context("a done row has an id")?;
        assert!(comes_back(&stack, &file, plaintext).await?, "{name}");
    }
    Ok(())
}

async fn the_link_of_a_done_row_gives_the_file(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, WEB_CRYPTO).await?;
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;
    let (path, plaintext) = randomness.file(folder.path(), "linked.bin", FRAME + 1)?;
    page.choose(&[&path]).await?;
    let row = page.wait_for("linked.bin", "done").await?;
    let link = row.download.context("a done row has a link")?;

    // Fetches the link as the page itself would, under the page's own policy.
    let fetch = "const [link, got] = arguments;
        fetch(link)
            .then(answer => answer.bytes())
            .then(bytes => got([...bytes]), error => got(`${error}`));";
    let got = page.ask(fetch, vec![json!(link)]).await?;
    let got: Vec<u8> = serde_json::from_value(got)?;
    assert!(plaintext == got);

    let link = page.part_of_row("linked.bin", "a.download").await?;
    link.click().await?;
    assert!(browser.downloaded("linked.bin").await? == plaintext);
    Ok(())
}
