//! PUTs fail. The client sends the same bytes again.

use anyhow::Result;
use http::StatusCode;
use sealift_client::UploadError;
use sealift_tests::{Fault, Operation, Proxy};

use crate::sending::{LEN, comes_back, plaintext, send, stack};

fn statuses(proxy: &Proxy, operation: Operation) -> Vec<Option<StatusCode>> {
    let journal = proxy.journal();
    let of = journal.iter();
    let of = of.filter(|reached| reached.request.operation == operation);
    of.map(|reached| reached.status).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_whose_put_fails_is_sent_again_with_the_same_bytes() -> Result<()> {
    let stack = stack().await?;
    let proxies = stack.proxies()?;
    for fault in [
        Fault::DropRequest,
        Fault::ResetRequest {
            after_bytes: 3 * 1024 * 1024,
        },
        Fault::ResetAnswer { after_bytes: 5 },
        Fault::TruncateAnswer { after_bytes: 5 },
        Fault::LoseAnswer,
        Fault::InternalError,
        Fault::SlowDown {
            retry_after_s: Some(1),
        },
        Fault::Expired,
    ] {
        let kind = fault.kind();
        proxies
            .client_to_store
            .on_next(Operation::UploadPart, fault);
        let plaintext = plaintext(LEN)?;
        let file = send(&stack.client, &plaintext).await?;
        comes_back(&stack, &file, &plaintext).await?;
        assert!(proxies.client_to_store.counts().contains_key(&kind));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_put_whose_answer_is_lost_is_not_accepted_twice() -> Result<()> {
    let stack = stack().await?;
    let proxies = stack.proxies()?;
    let plaintext = plaintext(100_000)?;
    proxies
        .client_to_store
        .on_next(Operation::PutObject, Fault::LoseAnswer);
    let file = send(&stack.client, &plaintext).await?;
    let once_then_refused = [StatusCode::OK, StatusCode::PRECONDITION_FAILED].map(Some);
    assert_eq!(
        statuses(&proxies.client_to_store, Operation::PutObject),
        once_then_refused
    );
    comes_back(&stack, &file, &plaintext).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_goes_on_refusing_leaves_an_upload_that_can_be_resumed() -> Result<()> {
    let stack = stack().await?;
    let proxies = stack.proxies()?;
    let plaintext = plaintext(LEN)?;
    // There are three parts, and each is signed twice.
    for _ in 0..6 {
        proxies
            .client_to_store
            .on_next(Operation::UploadPart, Fault::Expired);
    }
    let upload_id = match send(&stack.client, &plaintext).await {
        Err(UploadError::Failed {
            upload_id: Some(upload_id),
            ..
        }) => upload_id,
        other => panic!("{other:?}"),
    };
    let listed = stack.client.unfinished().await?;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].upload_id, upload_id);

    // The upload ends with the first part that is finally refused, perhaps before the others are refused a second time.
    proxies.client_to_store.forget_cues();
    let again = sealift_client::ResumeOptions::default();
    let never = sealift_client::CancellationToken::new();
    let resumed = stack
        .client
        .resume(upload_id, plaintext.clone(), again, |_| (), never);
    comes_back(&stack, &resumed.await?, &plaintext).await
}
