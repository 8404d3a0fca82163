//! One function a command: what the browser does for it, and what came of it.

use std::rc::Rc;

use sealift_message::ContentKey;
use sealift_transfer::{
    Event, Part, PartNumber,
    api::{
        CompleteUpload, FileRecord, OpenUpload, OpenedUpload, PartReceipt, SignParts, SignedPart,
        UploadId,
    },
    upload::Request,
};

use super::Shared;
use crate::{
    browser::sleep,
    failure::{Fault, RequestError},
    file_slice::ChosenFile,
    part_buffers::PartBuffer,
    progress::Progress,
    put_part::put_part,
    seal::{PartSealer, sha256},
};

/// What came of a command.
pub(super) enum Done {
    Opened(Box<OpenedUpload>),
    KeyFetched(ContentKey),
    Sealed(PartReceipt, PartBuffer),
    Unsealable(Fault),
    Completed(Box<FileRecord>),
    Failed(Request, RequestError),
    Told(Event),
}

/// The part whose PUT this is the end of, well or not.
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

pub(super) async fn open(shared: Rc<Shared>, request: Rc<OpenUpload>) -> Done {
    match shared.server.open(&request).await {
        Ok(opened) => Done::Opened(Box::new(opened)),
        Err(error) => Done::Failed(Request::Open, error),
    }
}

pub(super) async fn fetch_key(shared: Rc<Shared>, upload_id: UploadId) -> Done {
    match shared.server.key(&upload_id).await {
        Ok(key) => Done::KeyFetched(key),
        Err(error) => Done::Failed(Request::FetchKey, error),
    }
}

pub(super) async fn seal(
    shared: Rc<Shared>,
    sealer: Rc<PartSealer>,
    file: Rc<ChosenFile>,
    number: PartNumber,
) -> Done {
    match sealed(&shared, &sealer, &file, number).await {
        Ok((receipt, sealed)) => Done::Sealed(receipt, sealed),
        Err(fault) => Done::Unsealable(fault),
    }
}

/// Reads, seals, hashes. The next part's turn comes before the hashing, so that both go on at once.
async fn sealed(
    shared: &Shared,
    sealer: &PartSealer,
    file: &ChosenFile,
    number: PartNumber,
) -> Result<(PartReceipt, PartBuffer), Fault> {
    let part = sealer.part(number)?;
    let buffer = shared.buffers.take(part.sealed_len()).await?;
    let turn = shared.seals.take(1).await;
    let plaintext = file.read(&part.plaintext).await?;
    sealer.seal(&part, &plaintext, buffer.bytes()).await?;
    drop((turn, plaintext));
    let sha256 = sha256(buffer.bytes()).await?;
    Ok((PartReceipt { number, sha256 }, buffer))
}

pub(super) async fn sign(
    shared: Rc<Shared>,
    upload_id: UploadId,
    receipts: Vec<PartReceipt>,
) -> Done {
    let request = SignParts(receipts);
    match shared.server.sign(&upload_id, &request).await {
        Ok(signed) => Done::Told(Event::Signed(signed.parts)),
        Err(error) => {
            let parts = request.0.iter().map(|receipt| receipt.number);
            Done::Failed(Request::Sign(parts.collect()), error)
        }
    }
}

pub(super) async fn put(
    shared: Rc<Shared>,
    signed: SignedPart,
    part: Part,
    sealed: Rc<PartBuffer>,
    progress: Rc<Progress>,
) -> Done {
    let _turn = shared.puts.take(1).await;
    let progress = move |sealed_bytes| progress.left(&part, sealed_bytes);
    match put_part(&signed, sealed.bytes(), progress).await {
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

pub(super) async fn wait(request: Request, wait_ms: u64) -> Done {
    sleep(wait_ms).await;
    Done::Told(Event::Waited(request))
}
