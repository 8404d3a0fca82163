//! Has one function for each command: it does the browser's work and returns the result.

use std::rc::Rc;

use sealift_message::ContentKey;
use sealift_transfer::{
    Event, Part, PartNumber,
    address::{Address, Moment},
    api::{
        CompleteUpload, FileRecord, OpenUpload, OpenedUpload, PartReceipt, SignParts, SignedPart,
        UploadId, UploadStatus,
    },
    upload::{Request, Until},
};

use crate::{
    allowance::Share,
    browser::{moment, online, sleep},
    failure::{Fault, RequestError},
    file_slice::ChosenFile,
    progress::Progress,
    put_part::put_part,
    report::Reason,
    seal::PartSealer,
    sealed_part::SealedPart,
    shared::Shared,
};

/// The result of a command.
pub(super) enum Done {
    /// The file has its permit.
    Turn(Share),
    Opened(Box<OpenedUpload>),
    Found(Box<UploadStatus>),
    KeyFetched(ContentKey),
    Sealed(PartReceipt, SealedPart),
    Unsealable(Fault),
    Completed(Box<FileRecord>),
    /// The signed parts, and when they were asked for.
    Signed(Vec<SignedPart>, Moment),
    /// The URL of this part expired before its PUT began. The permit is kept for the next PUT.
    AddressEnded(PartNumber, Share),
    Failed(Request, RequestError),
    /// A wait for something, or for time to pass, is over.
    Waited(Option<Reason>, Event),
    Told(Event),
}

/// Returns the part whose PUT ended with this event, successfully or not.
pub(super) fn part_of(event: &Event) -> Option<PartNumber> {
    match event {
        Event::Sent(number)
        | Event::RequestFailed {
            request: Request::Put(number),
            ..
        } => Some(*number),
        _ => None,
    }
}

pub(super) async fn open(shared: Rc<Shared>, request: OpenUpload) -> Done {
    match shared.server.open(&request).await {
        Ok(opened) => Done::Opened(Box::new(opened)),
        Err(error) => Done::Failed(Request::Open, error),
    }
}

pub(super) async fn fetch_status(shared: Rc<Shared>, upload_id: UploadId) -> Done {
    match shared.server.status(&upload_id).await {
        Ok(status) => Done::Found(Box::new(status)),
        Err(error) => Done::Failed(Request::FetchStatus, error),
    }
}

pub(super) async fn fetch_key(shared: Rc<Shared>, upload_id: UploadId) -> Done {
    match shared.server.key(&upload_id).await {
        Ok(key) => Done::KeyFetched(key),
        Err(error) => Done::Failed(Request::FetchKey, error),
    }
}

pub(super) async fn compare(
    shared: Rc<Shared>,
    sealer: Rc<PartSealer>,
    file: Rc<ChosenFile>,
    number: PartNumber,
) -> Done {
    let hash = async {
        shared
            .parts
            .hash(&sealer, &file, &sealer.part(number)?)
            .await
    };
    match hash.await {
        Ok(sha256) => Done::Told(Event::Compared(PartReceipt { number, sha256 })),
        Err(fault) => Done::Unsealable(fault),
    }
}

pub(super) async fn seal(
    shared: Rc<Shared>,
    sealer: Rc<PartSealer>,
    file: Rc<ChosenFile>,
    number: PartNumber,
) -> Done {
    let keep = async {
        shared
            .parts
            .keep(&sealer, &file, &sealer.part(number)?)
            .await
    };
    match keep.await {
        Ok((sha256, sealed)) => Done::Sealed(PartReceipt { number, sha256 }, sealed),
        Err(fault) => Done::Unsealable(fault),
    }
}

pub(super) async fn sign(
    shared: Rc<Shared>,
    upload_id: UploadId,
    receipts: Vec<PartReceipt>,
) -> Done {
    let request = SignParts(receipts);
    // The time is taken before the request, so that no URL seems younger than it is.
    let asked_at = moment();
    match shared.server.sign(&upload_id, &request).await {
        Ok(signed) => Done::Signed(signed.parts, asked_at),
        Err(error) => {
            let parts = request.0.iter().map(|receipt| receipt.number);
            Done::Failed(Request::Sign(parts.collect()), error)
        }
    }
}

/// Sends a part once it has a permit, unless its URL has expired by then.
pub(super) async fn put(
    shared: Rc<Shared>,
    signed: SignedPart,
    mut address: Address<Share>,
    part: Part,
    sealed: Rc<SealedPart>,
    progress: Rc<Progress>,
) -> Done {
    let permit = match address.kept_permit.take() {
        Some(kept) => kept,
        None => {
            let permit = shared.puts.turn().await;
            if address.has_ended(moment()) {
                return Done::AddressEnded(signed.number, permit);
            }
            permit
        }
    };
    let progress = move |sealed_bytes| progress.left(&part, sealed_bytes);
    let put = put_part(
        &signed,
        address.life,
        sealed.blob(),
        shared.patience,
        progress,
    );
    let sent = put.await;
    shared
        .puts
        .note(sent.as_ref().err().map(|error| error.failure));
    drop(permit);
    match sent {
        Ok(()) => Done::Told(Event::Sent(signed.number)),
        Err(error) => Done::Failed(Request::Put(signed.number), error),
    }
}

pub(super) async fn complete(
    shared: Rc<Shared>,
    upload_id: UploadId,
    request: CompleteUpload,
) -> Done {
    match shared.server.complete(&upload_id, request).await {
        Ok(record) => Done::Completed(Box::new(record)),
        Err(error) => Done::Failed(Request::Complete, error),
    }
}

pub(super) async fn abort(shared: Rc<Shared>, upload_id: UploadId) -> Done {
    match shared.server.abort(&upload_id).await {
        Ok(()) => Done::Told(Event::Aborted),
        Err(error) => Done::Failed(Request::Abort, error),
    }
}

pub(super) async fn wait(shared: Rc<Shared>, request: Request, until: Until) -> Done {
    match until {
        Until::Elapsed { wait_ms } => {
            sleep(wait_ms).await;
            Done::Waited(None, Event::Waited(request))
        }
        Until::Online => {
            online().await;
            Done::Waited(Some(Reason::Network), Event::Waited(request))
        }
        Until::Credential if shared.credential.renewed().await => {
            Done::Waited(Some(Reason::Credential), Event::Waited(request))
        }
        Until::Credential => Done::Told(Event::RefusedCredential(request)),
    }
}
