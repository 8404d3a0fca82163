//! Uploads that stopped half-way continue where they stopped, but only with the same file.

use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use sealift_client::{
    CancellationToken, Client, FileSource, Progress, ResumeOptions, Source, UploadControl,
    UploadError, UploadOptions,
};
use sealift_tests::{Randomness, Setup, Stack, sizes::PART};
use sealift_transfer::{
    api::{FileRecord, UploadId, UploadState},
    upload::Settings,
};

const PARTS: usize = 5;
const LEN: usize = PARTS * PART - 1;

/// Two and a half parts pass the gate.
async fn stack() -> Result<Stack> {
    let bytes = 2 * PART + PART / 2;
    Setup::new().with_gate_after(bytes).start().await
}

/// Sends one part after another until the gate holds. Then two parts are stored and a third is signed.
async fn leave_half_way(stack: &Stack, source: impl Source) -> Result<UploadId> {
    let options = UploadOptions {
        settings: Settings { most_parts_held: 1 },
        ..UploadOptions::named("half")
    };
    let control = UploadControl::new();
    let upload = stack
        .client
        .upload(source, options, |_| (), control.clone());
    let leaving = async {
        stack.gate()?.holds().await;
        control.leave();
        anyhow::Ok(())
    };
    let (ended, left) = tokio::join!(upload, leaving);
    left?;
    // The bytes that wait at the gate must not arrive later.
    stack.gate()?.break_connections();
    stack.gate()?.open();
    match ended {
        Err(UploadError::Left {
            upload_id: Some(upload_id),
        }) => Ok(upload_id),
        other => anyhow::bail!("{other:?}"),
    }
}

async fn resume(
    client: &Client,
    upload_id: &UploadId,
    source: impl Source,
) -> Result<FileRecord, UploadError> {
    let options = ResumeOptions::default();
    let control = UploadControl::new();
    client
        .resume(upload_id.clone(), source, options, |_| (), control)
        .await
}

async fn holds(stack: &Stack, file: &FileRecord, plaintext: &[u8]) -> Result<()> {
    let opened = stack.client.download(&file.id, None).await?;
    assert!(opened.read_all().await? == plaintext);
    assert_eq!(stack.unfinished_uploads().await?, 0);
    assert_eq!(stack.client.unfinished().await?, []);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_is_listed_and_goes_on_by_another_client_after_every_signed_part_was_compared()
-> Result<()> {
    let stack = stack().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(LEN);
    let upload_id = leave_half_way(&stack, plaintext.clone()).await?;

    let another = Client::new(stack.address(), None)?;
    let unfinished = another.unfinished().await?;
    let [unfinished] = unfinished.as_slice() else {
        anyhow::bail!("{unfinished:?}");
    };
    assert_eq!(unfinished.upload_id, upload_id);
    assert_eq!(unfinished.name, "half");
    assert_eq!(unfinished.signed_parts, 3);
    let status = another.status(&upload_id).await?;
    let stored: Vec<_> = status.parts.iter().map(|part| part.stored).collect();
    assert_eq!(stored, [true, true, false]);

    let mut reports: Vec<Progress> = Vec::new();
    let options = ResumeOptions::default();
    let progress = |now| reports.push(now);
    let control = CancellationToken::new();
    let file = another.resume(upload_id, plaintext.clone(), options, progress, control);
    let file = file.await?;
    holds(&stack, &file, &plaintext).await?;

    let signed = u64::try_from(3 * PART)?;
    let sends = |now: &&Progress| now.stored_plaintext_len > 0;
    let first = reports.iter().find(sends).context("nothing was reported")?;
    assert_eq!(first.to_compare_plaintext_len, signed);
    assert_eq!(first.compared_plaintext_len, signed, "sent before compared");
    assert_eq!(first.stored_plaintext_len, u64::try_from(2 * PART)?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_whose_program_died_goes_on() -> Result<()> {
    let stack = stack().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(LEN);
    let mut upload_id = None;
    let upload = stack.client.upload(
        plaintext.clone(),
        UploadOptions::named("died"),
        |now| upload_id = now.upload_id,
        UploadControl::new(),
    );
    tokio::select! {
        ended = upload => anyhow::bail!("{ended:?}"),
        () = stack.gate()?.holds() => {}
    }
    stack.gate()?.open();
    let upload_id = upload_id.context("the id was not reported")?;
    let stack = stack.restart().await?;
    let file = resume(&stack.client, &upload_id, plaintext.clone()).await?;
    holds(&stack, &file, &plaintext).await?;
    // A client that missed the answer resumes again and gets the same file.
    assert_eq!(resume(&stack.client, &upload_id, plaintext).await?, file);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_file_is_refused_and_the_right_one_still_goes_on() -> Result<()> {
    let stack = stack().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(LEN);
    let upload_id = leave_half_way(&stack, plaintext.clone()).await?;

    // The change is in a stored part first, then in the part that is only signed.
    for (offset, number) in [(PART, 2), (3 * PART - 1, 3)] {
        let altered = altered(&plaintext, offset);
        let error = resume(&stack.client, &upload_id, altered).await;
        let Err(UploadError::Changed {
            part: Some(part), ..
        }) = error
        else {
            anyhow::bail!("{error:?}");
        };
        assert_eq!(part.get(), number);
    }
    let shorter = plaintext.slice(1..);
    let error = resume(&stack.client, &upload_id, shorter).await;
    assert!(
        matches!(error, Err(UploadError::Changed { part: None, .. })),
        "{error:?}"
    );
    let file = resume(&stack.client, &upload_id, plaintext.clone()).await?;
    holds(&stack, &file, &plaintext).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_modified_in_what_is_not_signed_yet_is_sent_only_on_request() -> Result<()>
{
    let stack = stack().await?;
    let folder = tempfile::tempdir()?;
    let (path, plaintext) = Randomness::from_printed_seed()?.file(folder.path(), "half", LEN)?;
    let upload_id = leave_half_way(&stack, FileSource::open(&path)?).await?;
    let altered = altered(&plaintext, LEN - 1);
    modify(&path, &altered)?;

    let error = resume(&stack.client, &upload_id, FileSource::open(&path)?).await;
    assert!(
        matches!(error, Err(UploadError::Unchecked { .. })),
        "{error:?}"
    );
    let options = ResumeOptions {
        sends_unchecked: true,
        ..ResumeOptions::default()
    };
    let source = FileSource::open(&path)?;
    let control = UploadControl::new();
    let file = stack
        .client
        .resume(upload_id, source, options, |_| (), control);
    holds(&stack, &file.await?, &altered).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aborted_upload_is_gone() -> Result<()> {
    let stack = stack().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(LEN);
    let upload_id = leave_half_way(&stack, plaintext.clone()).await?;
    stack.client.abort(&upload_id).await?;
    let error = resume(&stack.client, &upload_id, plaintext).await;
    assert!(
        matches!(
            error,
            Err(UploadError::Gone {
                state: UploadState::Aborted | UploadState::Aborting,
                ..
            })
        ),
        "{error:?}"
    );
    assert_eq!(stack.client.unfinished().await?, []);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_resume_aborts_the_upload() -> Result<()> {
    let stack = stack().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(LEN);
    let upload_id = leave_half_way(&stack, plaintext.clone()).await?;
    let control = UploadControl::new();
    control.cancel();
    let options = ResumeOptions::default();
    let ended = stack
        .client
        .resume(upload_id, plaintext, options, |_| (), control)
        .await;
    assert!(matches!(ended, Err(UploadError::Cancelled)), "{ended:?}");
    assert_eq!(stack.unfinished_uploads().await?, 0);
    Ok(())
}

fn altered(plaintext: &Bytes, offset: usize) -> Bytes {
    let mut altered = plaintext.to_vec();
    if let Some(byte) = altered.get_mut(offset) {
        *byte ^= 1;
    }
    altered.into()
}

/// Writes the file as if somebody had edited it a day later.
fn modify(path: &Path, content: &[u8]) -> Result<()> {
    fs::write(path, content)?;
    let later = SystemTime::now() + Duration::from_secs(86_400);
    Ok(File::options()
        .write(true)
        .open(path)?
        .set_modified(later)?)
}
