//! The running commands: each is a future that ends with the command's result.

use std::sync::Arc;

use bytes::Bytes;
use sealift_message::ContentKey;
use sealift_transfer::{
    Event, PartNumber,
    address::{Address, Moment},
    api::{
        CompleteUpload, FileRecord, OpenUpload, OpenedUpload, PartReceipt, SignParts, SignedPart,
        SignedParts, UploadId, UploadStatus,
    },
    retry::RequestFailure,
    upload::{Request, Until},
};
use tokio::time::{Duration, sleep};

use crate::{
    client::Client, clocks, error::RequestError, part_buffers::PartBuffers,
    part_sealer::PartSealer, put_turns::PutTurn, source::Source, upload::UploadError,
};

/// The result of a command.
pub(super) enum Done {
    Opened(Box<OpenedUpload>),
    Found(Box<UploadStatus>),
    KeyFetched(ContentKey),
    Sealed(PartReceipt, Bytes),
    Completed(Box<FileRecord>),
    /// The signed parts, and the moment at which they were asked for.
    Signed(Vec<SignedPart>, Moment),
    /// The address of this part ended before its PUT began; the permit is kept for the next PUT.
    AddressEnded(PartNumber, PutTurn),
    Failed(Failed),
    Unsealable(UploadError),
    Told(Event),
}

/// A request that failed.
pub(super) struct Failed {
    pub(super) request: Request,
    pub(super) error: RequestError,
    /// The failure as the retry policy judges it.
    pub(super) failure: RequestFailure,
    /// The version of the credential when the request was made.
    pub(super) credential: u64,
}

/// Sends a request to the server and returns the result.
async fn ask<T>(
    client: &Client,
    request: Request,
    answer: impl Future<Output = Result<T, RequestError>>,
    done: impl FnOnce(T) -> Done,
) -> Done {
    let credential = client.credential.version();
    match answer.await {
        Ok(answer) => done(answer),
        Err(error) => Done::Failed(Failed {
            request,
            failure: error.failure(),
            error,
            credential,
        }),
    }
}

pub(super) async fn open(client: Client, request: OpenUpload) -> Done {
    let answer = client.open_upload(&request);
    let done = |opened| Done::Opened(Box::new(opened));
    ask(&client, Request::Open, answer, done).await
}

pub(super) async fn fetch_status(client: Client, upload_id: UploadId) -> Done {
    let answer = client.status(&upload_id);
    let done = |status| Done::Found(Box::new(status));
    ask(&client, Request::FetchStatus, answer, done).await
}

pub(super) async fn fetch_key(client: Client, upload_id: UploadId) -> Done {
    let answer = client.key(&upload_id);
    ask(&client, Request::FetchKey, answer, Done::KeyFetched).await
}

pub(super) async fn sign(client: Client, upload_id: UploadId, receipts: Vec<PartReceipt>) -> Done {
    let parts = receipts.iter().map(|receipt| receipt.number).collect();
    let request = SignParts(receipts);
    // The clock is read before the request is sent, so that no address seems younger than it is.
    let asked_at = clocks::now();
    let answer = client.sign_parts(&upload_id, &request);
    let done = |signed: SignedParts| Done::Signed(signed.parts, asked_at);
    ask(&client, Request::Sign(parts), answer, done).await
}

pub(super) async fn complete(client: Client, upload_id: UploadId, request: CompleteUpload) -> Done {
    let answer = client.complete(&upload_id, &request);
    let done = |record| Done::Completed(Box::new(record));
    ask(&client, Request::Complete, answer, done).await
}

pub(super) async fn abort(client: Client, upload_id: UploadId) -> Done {
    let answer = client.abort(&upload_id);
    let done = |()| Done::Told(Event::Aborted);
    ask(&client, Request::Abort, answer, done).await
}

/// Waits for a permit and sends a part, unless its address has ended by then.
pub(super) async fn put(
    client: Client,
    signed: SignedPart,
    mut address: Address<PutTurn>,
    sealed: Bytes,
) -> Done {
    let turn = match address.kept_permit.take() {
        Some(kept) => kept,
        None => {
            let turn = client.put_turns.take().await;
            if address.has_ended(clocks::now()) {
                return Done::AddressEnded(signed.number, turn);
            }
            turn
        }
    };
    match client.put_part(&signed, sealed).await {
        Ok(()) => {
            turn.sent();
            Done::Told(Event::Sent(signed.number))
        }
        Err(error) => {
            let failure = error.put_failure(address.has_ended(clocks::now()));
            turn.failed(failure);
            Done::Failed(Failed {
                request: Request::Put(signed.number),
                error,
                failure,
                credential: client.credential.version(),
            })
        }
    }
}

/// Everything that sealing a part needs.
#[derive(Clone)]
pub(super) struct Sealing {
    pub(super) sealer: Arc<PartSealer>,
    pub(super) source: Arc<dyn Source>,
    pub(super) buffers: PartBuffers,
}

/// Seals a part and keeps its bytes.
pub(super) async fn seal(sealing: Sealing, part: PartNumber) -> Done {
    match sealing.run(part).await {
        Ok((receipt, sealed)) => Done::Sealed(receipt, sealed),
        Err(error) => Done::Unsealable(error),
    }
}

/// Seals a part for its receipt only.
pub(super) async fn compare(sealing: Sealing, part: PartNumber) -> Done {
    match sealing.run(part).await {
        Ok((receipt, _)) => Done::Told(Event::Compared(receipt)),
        Err(error) => Done::Unsealable(error),
    }
}

impl Sealing {
    /// Seals a part on a blocking thread, so that the threads that serve connections stay free.
    async fn run(self, part: PartNumber) -> Result<(PartReceipt, Bytes), UploadError> {
        let mut buffer = self.buffers.take().await;
        let sealing = tokio::task::spawn_blocking(move || {
            let receipt = self
                .sealer
                .seal(part, self.source.as_ref(), buffer.sealed())?;
            Ok((receipt, buffer.share()))
        });
        let sealed = sealing.await;
        sealed.unwrap_or(Err(UploadError::Broken("sealing stopped")))
    }
}

/// Waits until `request` may be sent again. `refused` is the version of the credential that the
/// request was made with.
pub(super) async fn wait(client: Client, request: Request, until: Until, refused: u64) -> Done {
    match until {
        Until::Elapsed { wait_ms } => sleep(Duration::from_millis(wait_ms)).await,
        // This driver cannot detect a missing network, so it never reports `Offline`.
        Until::Online => sleep(Duration::from_secs(1)).await,
        Until::Credential => {
            if !client.credential.is_renewed(refused).await {
                return Done::Told(Event::RefusedCredential(request));
            }
        }
    }
    Done::Told(Event::Waited(request))
}
