//! Uploads that pause because the person asked, or because their credential expired.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::Result;
use bytes::Bytes;
use sealift_client::{ApiKey, RequestError, UploadControl, UploadError, UploadOptions};
use sealift_tests::{Randomness, Setup, sizes::PART, upload};

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_upload_goes_on_to_the_same_file() -> Result<()> {
    let stack = Setup::new().with_gate_after(PART / 2).start().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(6 * PART);
    let control = UploadControl::new();
    let options = UploadOptions::named("paused");
    let sending = stack
        .client
        .upload(plaintext.clone(), options, |_| (), control.clone());
    let pausing = async {
        let gate = stack.gate()?;
        gate.holds().await;
        control.pause();
        gate.break_connections();
        gate.open();
        control.go_on();
        anyhow::Ok(())
    };
    let (file, paused) = tokio::join!(sending, pausing);
    paused?;
    let opened = stack.client.download(&file?.id, None).await?;
    assert!(opened.read_all().await? == plaintext);
    assert_eq!(stack.unfinished_uploads().await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn while_it_is_paused_nothing_is_under_way() -> Result<()> {
    let stack = Setup::new().start().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(2 * PART);
    let control = UploadControl::new();
    control.pause();
    let options = UploadOptions::named("paused");
    let mut reports = 0;
    let client = stack.client.clone();
    let sending = client.upload(plaintext, options, |_| reports += 1, control.clone());
    let mut sending = Box::pin(sending);
    // Two polls are enough for the upload to see the pause. After that it has nothing to do.
    assert!(futures::poll!(&mut sending).is_pending());
    assert!(futures::poll!(&mut sending).is_pending());
    assert_eq!(stack.client.unfinished().await?, []);
    control.leave();
    let left = sending.await;
    assert!(
        matches!(left, Err(UploadError::Left { upload_id: None })),
        "{left:?}"
    );
    assert_eq!(reports, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_is_refused_is_asked_for_once_for_all_uploads() -> Result<()> {
    let stack = Setup::new().with("auth", "api-keys").start().await?;
    let good = stack.make_api_key("clinic", "ada").await?;
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let client = stack.client_with("sealift_ran_out")?;
    let client = client.with_refresh(move || {
        count.fetch_add(1, Ordering::Relaxed);
        let good = ApiKey::parse(&good).ok();
        async move { good }
    });
    let (a, b) = (Bytes::from_static(b"a"), Bytes::from_static(b"b"));
    let (a, b) = tokio::join!(upload(&client, "a", &a), upload(&client, "b", &b));
    assert_eq!((a?.size, b?.size), (1, 1));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_other_credential_the_refusal_is_reported() -> Result<()> {
    let stack = Setup::new().with("auth", "api-keys").start().await?;
    let client = stack.client_with("sealift_ran_out")?;
    let ended = client
        .upload(
            Bytes::from_static(b"a"),
            UploadOptions::named("a"),
            |_| (),
            UploadControl::new(),
        )
        .await;
    assert!(
        matches!(
            ended,
            Err(UploadError::Failed {
                upload_id: None,
                error: RequestError::Refused { status: 401, .. }
            })
        ),
        "{ended:?}"
    );
    Ok(())
}
