//! Follows one upload of the native client from beginning to end, whatever happens to it.

use std::time::Duration;

use bytes::Bytes;
use sealift_client::{
    Client, RequestError, ResumeOptions, UploadControl, UploadError, UploadOptions,
};
use sealift_transfer::api::{FileRecord, UploadId, UploadState, UploadStatus};
use tokio::time::{sleep, timeout};

use crate::{
    course::{Action, Course},
    figures::Tally,
    readings,
};

/// An upload that needs more resumptions than this counts as lost.
const MOST_RESUMPTIONS: u64 = 40;
/// How often a request is made before its failure counts as final.
const MOST_ASKED: u32 = 60;

type Sent = Result<FileRecord, UploadError>;

/// Sends the upload, performs its action, resumes it until it has ended, and reads the file back.
pub(crate) async fn send(client: &Client, course: &Course, plaintext: &Bytes) -> Tally {
    let mut tally = Tally {
        uploads: 1,
        ..Tally::default()
    };
    let mut sent = begin(client, course, plaintext, &mut tally).await;
    for _ in 0..MOST_RESUMPTIONS {
        let next = match sent {
            Some(Ok(file)) => {
                tally.complete += 1;
                readings::compare(client, &file, plaintext, &mut tally).await;
                return tally;
            }
            Some(Err(UploadError::Cancelled)) => {
                tally.cancelled.insert(course.number);
                return tally;
            }
            Some(Err(UploadError::NotAborted { upload_id, .. })) => {
                let known = match upload_id {
                    Some(upload_id) => Some(upload_id),
                    None => find(client, course).await,
                };
                match known {
                    Some(upload_id) => {
                        abort_for_client(client, course, plaintext, &upload_id, &mut tally).await;
                    }
                    // The server may still open the upload later, but no part of it will be signed.
                    None => {
                        tally.cancelled.insert(course.number);
                    }
                }
                return tally;
            }
            Some(Err(UploadError::Failed { upload_id, .. } | UploadError::Left { upload_id })) => {
                upload_id
            }
            Some(Err(UploadError::Gone { .. })) | None => None,
            Some(Err(error)) => {
                tally
                    .lost
                    .push(format!("{}: {error} ({error:?})", course.name()));
                return tally;
            }
        };
        // A client that crashed or never got an answer looks for the upload by its name, as a person would.
        let next = match next {
            Some(upload_id) => Some(upload_id),
            None => find(client, course).await,
        };
        sent = Some(match next {
            Some(upload_id) => {
                tally.resumed += 1;
                resume(client, upload_id, plaintext).await
            }
            None => {
                tally.begun_anew += 1;
                let options = UploadOptions::named(course.name());
                let control = UploadControl::new();
                client
                    .upload(plaintext.clone(), options, |_| (), control)
                    .await
            }
        });
    }
    let last = format!("{sent:?}");
    let name = course.name();
    tally.lost.push(format!(
        "{name}: not complete after {MOST_RESUMPTIONS} resumptions: {last}"
    ));
    tally
}

/// Resumes the upload. `sends_unchecked` is set because the plaintext is known to be the same, but bytes in memory lack
/// the modification time that a browser's upload recorded.
pub(crate) async fn resume(client: &Client, upload_id: UploadId, plaintext: &Bytes) -> Sent {
    let options = ResumeOptions {
        sends_unchecked: true,
        ..ResumeOptions::default()
    };
    let control = UploadControl::new();
    client
        .resume(upload_id, plaintext.clone(), options, |_| (), control)
        .await
}

/// Begins the upload and performs its action. Returns `None` if the sender crashed.
async fn begin(
    client: &Client,
    course: &Course,
    plaintext: &Bytes,
    tally: &mut Tally,
) -> Option<Sent> {
    let control = UploadControl::new();
    let options = UploadOptions::named(course.name());
    let upload = client.upload(plaintext.clone(), options, |_| (), control.clone());
    let action = async {
        match course.action {
            Action::Straight | Action::Crash(_) => {}
            Action::Cancel(after) => {
                sleep(after).await;
                control.cancel();
            }
            Action::Pause(after, for_so_long) => {
                sleep(after).await;
                control.pause();
                sleep(for_so_long).await;
                control.go_on();
            }
            Action::Leave(after) => {
                sleep(after).await;
                control.leave();
            }
        }
    };
    let sent = match course.action {
        Action::Crash(after) => timeout(after, upload).await.ok(),
        _ => Some(tokio::join!(upload, action).0),
    };
    match (course.action, &sent) {
        (Action::Crash(_), None) => tally.crashed += 1,
        (Action::Leave(_), Some(Err(UploadError::Left { .. }))) => tally.left += 1,
        (Action::Pause(..), _) => tally.paused += 1,
        _ => {}
    }
    sent
}

/// Returns the unfinished upload of that name, if the server has one.
async fn find(client: &Client, course: &Course) -> Option<UploadId> {
    let name = course.name();
    let found = ask_until_answered(|| client.unfinished()).await.ok()?;
    let found = found.into_iter().find(|upload| upload.name == name);
    found.map(|upload| upload.upload_id)
}

/// Aborts an upload whose own client failed to abort it, unless the upload completes first.
async fn abort_for_client(
    client: &Client,
    course: &Course,
    plaintext: &Bytes,
    upload_id: &UploadId,
    tally: &mut Tally,
) {
    for _ in 0..MOST_ASKED {
        // The server refuses this while the upload is being completed. Then the completion decides the outcome.
        let _ = ask_until_answered(|| client.abort(upload_id)).await;
        match ask_until_answered(|| client.status(upload_id)).await {
            Ok(status) if status.state == UploadState::Aborted => {
                tally.cancelled.insert(course.number);
                return;
            }
            Ok(UploadStatus {
                file: Some(file), ..
            }) => {
                tally.complete += 1;
                readings::compare(client, &file, plaintext, tally).await;
                return;
            }
            _ => sleep(Duration::from_secs(2)).await,
        }
    }
    tally.lost.push(format!("{upload_id} cannot be aborted"));
}

/// Repeats a request while the server does not answer or is busy.
pub(crate) async fn ask_until_answered<T, A>(mut ask: impl FnMut() -> A) -> Result<T, RequestError>
where
    A: Future<Output = Result<T, RequestError>>,
{
    let mut asked = 0;
    loop {
        asked += 1;
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) if asked == MOST_ASKED || is_final(&error) => return Err(error),
            Err(_) => sleep(Duration::from_millis(500)).await,
        }
    }
}

fn is_final(error: &RequestError) -> bool {
    matches!(error, RequestError::Refused { status, .. } if *status < 500 && *status != 429)
}
