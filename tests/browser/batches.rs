//! Many small files that the page sends in few requests.

use anyhow::{Context as _, Result};
use sealift_tests::{Operation, Randomness, Scene};

use crate::scenes::stories;

stories!(
    embedded:
    many_small_files_make_few_requests_and_are_whole,
);

const FILES: usize = 60;

async fn many_small_files_make_few_requests_and_are_whole(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.with_proxies().start().await?;
    let browser = scene.browser().await?;
    let client_to_server = &stack.proxies()?.client_to_server;
    let page = browser.open_at(&client_to_server.endpoint()).await?;
    let folder = tempfile::tempdir()?;
    let mut randomness = Randomness::from_printed_seed()?;
    let mut files = Vec::new();
    for at in 0..FILES {
        files.push(randomness.file(folder.path(), &format!("{at}.bin"), 10 * 1024)?);
    }
    let chosen: Vec<_> = files.iter().map(|(path, _)| path.as_path()).collect();
    page.choose(&chosen).await?;
    for at in 0..FILES {
        page.wait_for(&format!("{at}.bin"), "done").await?;
    }
    let journal = client_to_server.journal();
    for operation in [Operation::Open, Operation::Sign, Operation::Complete] {
        let requests = journal.count(operation);
        assert!(requests < FILES / 2, "{requests} for {operation:?}");
    }
    let stored = stack.client.files(None).await?.files;
    assert_eq!(stored.len(), FILES);
    for (at, (_, plaintext)) in files.iter().enumerate().step_by(19) {
        let name = format!("{at}.bin");
        let file = stored.iter().find(|file| file.name == name);
        let file = file.context(name.clone())?;
        let read = stack.client.download(&file.id, None).await?;
        assert!(read.read_all().await? == *plaintext, "{name}");
    }
    Ok(())
}
