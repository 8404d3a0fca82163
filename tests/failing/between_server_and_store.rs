//! The server's own requests to the store fail. The server looks at the object to find out what happened.

use anyhow::Result;
use sealift_client::{CancellationToken, DownloadError, RequestError, ResumeOptions, UploadError};
use sealift_tests::{Fault, Operation};
use sealift_transfer::api::{OpenUpload, ProblemCode, UploadState};

use crate::sending::{LEN, comes_back, plaintext, send, stack};

/// The number of attempts of the AWS SDK before it gives up.
const SDK_ATTEMPTS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_completion_is_answered_the_file_is_there_once() -> Result<()> {
    let stack = stack().await?;
    let proxies = stack.proxies()?;
    for fault in [
        Fault::LoseAnswer,
        Fault::DropRequest,
        Fault::ResetAnswer { after_bytes: 40 },
        Fault::OkWithError,
        Fault::InternalError,
        Fault::SlowDown {
            retry_after_s: None,
        },
    ] {
        for _ in 0..SDK_ATTEMPTS {
            proxies
                .server_to_store
                .on_next(Operation::CompleteMultipart, fault.clone());
        }
        let plaintext = plaintext(LEN)?;
        let file = send(&stack.client, &plaintext).await?;
        comes_back(&stack, &file, &plaintext).await?;
        assert_eq!(stack.client.unfinished().await?, [], "after {fault:?}");
        proxies.server_to_store.forget_cues();
    }
    assert_eq!(stack.client.files(None).await?.files.len(), 6);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_will_stay_is_reported_at_once_and_the_upload_goes_on_afterwards()
-> Result<()> {
    let stack = stack().await?;
    let proxies = stack.proxies()?;
    let plaintext = plaintext(LEN)?;
    // This is a 403 AccessDenied. If the server asked again, the store would join the parts.
    proxies
        .server_to_store
        .on_next(Operation::CompleteMultipart, Fault::Expired);
    let (upload_id, problem) = match send(&stack.client, &plaintext).await {
        Err(UploadError::Failed {
            upload_id: Some(upload_id),
            error: RequestError::Refused { problem, .. },
            ..
        }) => (upload_id, problem),
        other => panic!("{other:?}"),
    };
    assert_eq!(problem.known_code(), Some(ProblemCode::RefusedByStore));
    assert!(
        problem.detail.contains("AccessDenied"),
        "{}",
        problem.detail
    );
    let listed = stack.client.unfinished().await?;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].state, UploadState::Open);
    let resumed = stack.client.resume(
        upload_id,
        plaintext.clone(),
        ResumeOptions::default(),
        |_| (),
        CancellationToken::new(),
    );
    comes_back(&stack, &resumed.await?, &plaintext).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_multipart_upload_whose_answer_was_lost_is_swept() -> Result<()> {
    let stack = stack().await?;
    let proxies = stack.proxies()?;
    proxies
        .server_to_store
        .on_next(Operation::CreateMultipart, Fault::LoseAnswer);
    let plaintext = plaintext(LEN)?;
    let file = send(&stack.client, &plaintext).await?;
    comes_back(&stack, &file, &plaintext).await?;
    let report = stack.server().sweep_now().await;
    let late = report.of(sealift_server::SweepKind::LateMultipart);
    assert_eq!((late.found, late.done), (1, 1), "{report}");
    comes_back(&stack, &file, &plaintext).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_was_cut_off_while_it_opened_can_be_resumed() -> Result<()> {
    let stack = stack().await?;
    let proxies = stack.proxies()?;
    let plaintext = plaintext(LEN)?;
    for _ in 0..SDK_ATTEMPTS {
        proxies
            .server_to_store
            .on_next(Operation::CreateMultipart, Fault::DropRequest);
    }
    let request = OpenUpload {
        client_token: "of-one-who-crashed".to_owned(),
        name: "cut off".to_owned(),
        content_type: None,
        size: u64::try_from(LEN)?,
        last_modified_ms: None,
        metadata: None,
        reference: None,
    };
    assert!(stack.client.open_upload(&request).await.is_err());
    let listed = stack.client.unfinished().await?;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].state, UploadState::Opening);

    let resumed = stack.client.resume(
        listed[0].upload_id.clone(),
        plaintext.clone(),
        ResumeOptions::default(),
        |_| (),
        CancellationToken::new(),
    );
    comes_back(&stack, &resumed.await?, &plaintext).await
}

/// The store breaks off after these bytes of its answer, when the server has already sent frames to the client.
const BROKEN_OFF: [Fault; 2] = [
    Fault::TruncateAnswer {
        after_bytes: 2 * 1024 * 1024,
    },
    Fault::ResetAnswer {
        after_bytes: 2 * 1024 * 1024,
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_breaks_off_every_time_is_never_a_short_file() -> Result<()> {
    let stack = stack().await?;
    let proxies = stack.proxies()?;
    let plaintext = plaintext(LEN)?;
    let file = send(&stack.client, &plaintext).await?;
    for fault in BROKEN_OFF {
        // Twenty faults are more than the server's attempts for all pieces together.
        for _ in 0..20 {
            proxies
                .server_to_store
                .on_next(Operation::GetObject, fault.clone());
        }
        let download = stack.client.download(&file.id, None).await?;
        let read = download.read_all().await.map(|bytes| bytes.len());
        assert!(matches!(read, Err(DownloadError::Cut { .. })), "{read:?}");
        proxies.server_to_store.forget_cues();
    }
    comes_back(&stack, &file, &plaintext).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_object_that_breaks_off_only_the_rest_is_read_again() -> Result<()> {
    let stack = stack().await?;
    let proxies = stack.proxies()?;
    let plaintext = plaintext(LEN)?;
    let file = send(&stack.client, &plaintext).await?;
    for fault in BROKEN_OFF {
        let before = proxies.server_to_store.journal().iter().count();
        let is_reset = matches!(fault, Fault::ResetAnswer { .. });
        proxies.server_to_store.on_next(Operation::GetObject, fault);
        comes_back(&stack, &file, &plaintext).await?;
        let journal = proxies.server_to_store.journal();
        let asked = journal.iter().skip(before);
        let mut asked: Vec<_> = asked
            .filter_map(|reached| Some(reached.request.range.clone()?.start))
            .collect();
        asked.sort_unstable();
        assert_eq!(asked.len(), 3, "two pieces, and the rest of the first");
        // A reset may also discard bytes that had arrived already.
        assert!(is_reset || asked[1] > 1024 * 1024, "{asked:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abort_whose_answer_is_lost_leaves_nothing() -> Result<()> {
    let stack = stack().await?;
    let proxies = stack.proxies()?;
    let request = OpenUpload {
        client_token: "of-one-who-changes-her-mind".to_owned(),
        name: "aborted".to_owned(),
        content_type: None,
        size: u64::try_from(LEN)?,
        last_modified_ms: None,
        metadata: None,
        reference: None,
    };
    let opened = stack.client.open_upload(&request).await?;
    for _ in 0..SDK_ATTEMPTS {
        proxies
            .server_to_store
            .on_next(Operation::AbortMultipart, Fault::LoseAnswer);
    }
    // Either this abort took effect, or the next one does.
    if stack.client.abort(&opened.upload_id).await.is_err() {
        stack.client.abort(&opened.upload_id).await?;
    }
    let status = stack.client.status(&opened.upload_id).await?;
    assert_eq!(status.state, UploadState::Aborted);
    assert_eq!(stack.client.unfinished().await?, []);
    Ok(())
}
