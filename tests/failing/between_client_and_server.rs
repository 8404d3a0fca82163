//! Requests to the server fail. The client may repeat each of them, and each takes effect only once.

use anyhow::{Context as _, Result};
use sealift_client::{Client, DownloadError};
use sealift_tests::{Fault, Operation, Stack};

use crate::sending::{LEN, plaintext, send, stack};

/// Returns a client whose requests to the server pass the proxy.
fn client(stack: &Stack) -> Result<Client> {
    Ok(Client::new(
        &stack.proxies()?.client_to_server.endpoint(),
        None,
    )?)
}

#[tokio::test(flavor = "multi_thread")]
async fn any_request_of_an_upload_may_lose_its_answer() -> Result<()> {
    let stack = stack().await?;
    let (client, client_to_server) = (client(&stack)?, &stack.proxies()?.client_to_server);
    for operation in [Operation::Open, Operation::Sign, Operation::Complete] {
        for fault in [
            Fault::LoseAnswer,
            Fault::TruncateAnswer { after_bytes: 300 },
            Fault::DropRequest,
            Fault::InternalError,
        ] {
            let what = format!("{fault:?} of {operation:?}");
            client_to_server.on_next(operation, fault);
            let plaintext = plaintext(LEN)?;
            let file = send(&client, &plaintext).await.context(what.clone())?;
            let opened = stack.client.download(&file.id, None).await?;
            assert!(opened.read_all().await? == plaintext, "{what}");
        }
    }
    assert_eq!(client_to_server.counts().values().sum::<u64>(), 12);
    assert_eq!(stack.client.files(None).await?.files.len(), 12);
    assert_eq!(stack.client.unfinished().await?, []);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_breaks_off_is_never_a_short_file() -> Result<()> {
    let stack = stack().await?;
    let (client, client_to_server) = (client(&stack)?, &stack.proxies()?.client_to_server);
    let plaintext = plaintext(LEN)?;
    let file = stack.upload("read", &plaintext).await?;
    for fault in [
        Fault::TruncateAnswer {
            after_bytes: 1_000_000,
        },
        Fault::ResetAnswer {
            after_bytes: 1_000_000,
        },
    ] {
        client_to_server.on_next(Operation::Content, fault);
        let download = client.download(&file.id, None).await?;
        let read = download.read_all().await;
        assert!(matches!(read, Err(DownloadError::Cut { .. })), "{read:?}");
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("read");
    for fault in [
        Fault::LoseAnswer,
        Fault::TruncateAnswer {
            after_bytes: 1_000_000,
        },
        Fault::ResetAnswer {
            after_bytes: 1_000_000,
        },
    ] {
        client_to_server.on_next(Operation::Content, fault);
        client.download_to(&file.id, &path).await?;
        assert!(std::fs::read(&path)? == plaintext);
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
    }
    // Each of the last three downloads continued after one failure. The first two ended with their failure.
    assert_eq!(client_to_server.counts().values().sum::<u64>(), 5);
    Ok(())
}
