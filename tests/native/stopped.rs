//! Uploads that are disturbed succeed or leave no file.

use std::fs;

use anyhow::Result;
use sealift_client::{CancellationToken, FileSource, SourceError, UploadError, UploadOptions};
use sealift_tests::{Randomness, Setup, Stack, sizes::PART};

/// More parts than the client holds at a time, so that it reads some after the gate was opened.
const LEN: usize = 8 * PART;

/// Half a part passes the gate, so no part is stored.
async fn stack() -> Result<Stack> {
    Setup::new().with_gate_after(PART / 2).start().await
}

async fn left_nothing(stack: &Stack) -> Result<()> {
    assert!(stack.client.files(None).await?.files.is_empty());
    assert_eq!(stack.unfinished_uploads().await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_upload_leaves_no_file() -> Result<()> {
    let stack = stack().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(LEN);
    let cancel = CancellationToken::new();
    let upload = stack.client.upload(
        plaintext,
        UploadOptions::named("cancelled"),
        |_| (),
        cancel.clone(),
    );
    let cancelling = async {
        stack.gate()?.holds().await;
        assert_eq!(stack.unfinished_uploads().await?, 1);
        cancel.cancel();
        anyhow::Ok(())
    };
    let (ended, cancelled) = tokio::join!(upload, cancelling);
    cancelled?;
    assert!(matches!(ended, Err(UploadError::Cancelled)), "{ended:?}");
    left_nothing(&stack).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_while_it_is_sent_is_not_stored() -> Result<()> {
    let stack = stack().await?;
    let folder = tempfile::tempdir()?;
    let (path, _) = Randomness::from_printed_seed()?.file(folder.path(), "changing", LEN)?;
    let upload = stack.client.upload(
        FileSource::open(&path)?,
        UploadOptions::named("changing"),
        |_| (),
        CancellationToken::new(),
    );
    let changing = async {
        stack.gate()?.holds().await;
        let file = fs::File::options().write(true).open(&path)?;
        file.set_len(u64::try_from(LEN - 1)?)?;
        stack.gate()?.open();
        anyhow::Ok(())
    };
    let (ended, changed) = tokio::join!(upload, changing);
    changed?;
    assert!(
        matches!(ended, Err(UploadError::Source(SourceError::Changed))),
        "{ended:?}"
    );
    left_nothing(&stack).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_whose_connection_breaks_is_sent_again() -> Result<()> {
    let stack = stack().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(LEN);
    let upload = stack.upload("disturbed", &plaintext);
    let breaking = async {
        let gate = stack.gate()?;
        gate.holds().await;
        gate.break_connections();
        gate.open();
        anyhow::Ok(())
    };
    let (file, broken) = tokio::join!(upload, breaking);
    broken?;
    let opened = stack.client.download(&file?.id, None).await?;
    assert!(opened.read_all().await? == plaintext);
    Ok(())
}
