//! Stored files survive a restart of the process.

use anyhow::Result;
use sealift_tests::{Randomness, Setup, sizes::FRAME};

#[tokio::test(flavor = "multi_thread")]
async fn files_open_after_a_restart() -> Result<()> {
    let stack = Setup::new().start().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(FRAME + 1);
    let file = stack.upload("kept", &plaintext).await?;
    let stack = stack.restart().await?;
    assert_eq!(stack.client.file(&file.id).await?, file);
    let opened = stack.client.download(&file.id, None).await?;
    assert!(opened.read_all().await? == plaintext);
    Ok(())
}
