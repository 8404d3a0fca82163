//! One caller cannot see the files of another.

use anyhow::{Context as _, Result};
use bytes::Bytes;
use sealift_client::{Client, DownloadError, RequestError};
use sealift_tests::{Setup, upload};
use sealift_transfer::api::{FileRecord, ProblemCode};

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_there_for_its_owner_only() -> Result<()> {
    let stack = Setup::new().with("auth", "api-keys").start().await?;
    let ours = stack.client_with(&stack.make_api_key("clinic", "ada").await?)?;
    let plaintext = Bytes::from_static(b"ours");
    let file = upload(&ours, "ours", &plaintext).await?;

    for (tenant, owner) in [("clinic", "bob"), ("insurer", "ada")] {
        let theirs = stack.client_with(&stack.make_api_key(tenant, owner).await?)?;
        finds_nothing(&theirs, &file).await?;
    }
    let opened = ours.download(&file.id, None).await?;
    assert!(opened.read_all().await? == plaintext);
    assert_eq!(ours.files(None).await?.files, [file]);
    Ok(())
}

async fn finds_nothing(client: &Client, file: &FileRecord) -> Result<()> {
    assert!(client.files(None).await?.files.is_empty());
    let download = client.download(&file.id, None).await;
    let Err(DownloadError::Request(download)) = download else {
        anyhow::bail!("{download:?}");
    };
    let record = client.file(&file.id).await.err().context("a record")?;
    let deleted = client.delete(&file.id).await.err().context("deleted")?;
    let status = client
        .status(&file.upload_id)
        .await
        .err()
        .context("an upload")?;
    for refused in [download, record, deleted, status] {
        assert_eq!(code(&refused), Some(ProblemCode::NotFound), "{refused}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_known_api_key_nothing_is_given() -> Result<()> {
    let stack = Setup::new().with("auth", "api-keys").start().await?;
    let real = stack.make_api_key("clinic", "ada").await?;
    let forged = format!("{}a", real.trim_end_matches(char::is_alphanumeric));
    for client in [stack.client.clone(), stack.client_with(&forged)?] {
        let refused = client.files(None).await.err().context("a list")?;
        assert_eq!(
            code(&refused),
            Some(ProblemCode::Unauthenticated),
            "{refused}"
        );
    }
    Ok(())
}

fn code(error: &RequestError) -> Option<ProblemCode> {
    error.problem()?.known_code()
}
