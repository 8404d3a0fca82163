//! One upload by the native client, from its begin to its end, whatever happens to it.

use std::time::Duration;

use bytes::Bytes;
use sealift_client::{
    Client, RequestError, ResumeOptions, UploadControl, UploadError, UploadOptions,
};
use sealift_transfer::api::{FileRecord, UploadId, UploadState, UploadStatus};
use tokio::time::{sleep, timeout};

use crate::{
    course::{Course, Turn},
    figures::Tally,
    readings,
};

/// More resumptions than this are none any more.
const MOST_RESUMPTIONS: u64 = 40;
/// A request of ours that fails for good is made again this often.
const MOST_ASKED: u32 = 60;

type Sent = Result<FileRecord, UploadError>;

/// Sends it, takes its turn, resumes it until it has ended, and reads it back.
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
            Some(Err(UploadError::NotTakenBack { upload_id, .. })) => {
                let known = match upload_id {
                    Some(upload_id) => Some(upload_id),
                    None => find(client, course).await,
                };
                match known {
                    Some(upload_id) => {
                        take_back(client, course, plaintext, &upload_id, &mut tally).await;
                    }
                    // The server may open it yet; nothing of it will be signed.
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
        // Who crashed, or never heard an answer, looks for it by its name, as a person would.
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

/// Goes on with it. The plaintext is known to be the same; what a browser began says so by the time
/// of its file, which bytes in memory do not have.
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

/// Begins it and lets its turn happen; `None`: whoever sent it is gone.
async fn begin(
    client: &Client,
    course: &Course,
    plaintext: &Bytes,
    tally: &mut Tally,
) -> Option<Sent> {
    let control = UploadControl::new();
    let options = UploadOptions::named(course.name());
    let upload = client.upload(plaintext.clone(), options, |_| (), control.clone());
    let turn = async {
        match course.turn {
            Turn::Straight | Turn::Crash(_) => {}
            Turn::Cancel(after) => {
                sleep(after).await;
                control.cancel();
            }
            Turn::Pause(after, for_so_long) => {
                sleep(after).await;
                control.pause();
                sleep(for_so_long).await;
                control.go_on();
            }
            Turn::Leave(after) => {
                sleep(after).await;
                control.leave();
            }
        }
    };
    let sent = match course.turn {
        Turn::Crash(after) => timeout(after, upload).await.ok(),
        _ => Some(tokio::join!(upload, turn).0),
    };
    match (course.turn, &sent) {
        (Turn::Crash(_), None) => tally.crashed += 1,
        (Turn::Leave(_), Some(Err(UploadError::Left { .. }))) => tally.left += 1,
        (Turn::Pause(..), _) => tally.paused += 1,
        _ => {}
    }
    sent
}

/// The unfinished upload of that name, if the server knows one.
async fn find(client: &Client, course: &Course) -> Option<UploadId> {
    let name = course.name();
    let found = ask_until_answered(|| client.unfinished()).await.ok()?;
    let found = found.into_iter().find(|upload| upload.name == name);
    found.map(|upload| upload.upload_id)
}

/// Its client gave up taking it back; somebody else does it, unless it becomes complete before.
async fn take_back(
    client: &Client,
    course: &Course,
    plaintext: &Bytes,
    upload_id: &UploadId,
    tally: &mut Tally,
) {
    for _ in 0..MOST_ASKED {
        // Refused while it is being completed: then that decides.
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
    tally.lost.push(format!("{upload_id} cannot be taken back"));
}

/// Asks again while nobody answers or somebody is busy.
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
