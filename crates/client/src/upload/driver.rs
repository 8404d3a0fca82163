//! One upload under way.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use sealift_message::ContentKey;
use sealift_transfer::{
    Command, Event, PartNumber, PartPlan, Upload,
    api::{FileRecord, OpenUpload, OpenedUpload, PartReceipt, SignParts, SignedPart, UploadId},
    upload::{Outcome, Request, Settings},
};
use tokio::time::{Duration, sleep};
use tokio_util::sync::CancellationToken;

use super::{Progress, UploadError, UploadOptions};
use crate::{
    client::Client, error::RequestError, part_buffers::PartBuffers, part_sealer::PartSealer,
    random, source::Source,
};

/// What the commands work with.
pub(super) struct Driver {
    client: Client,
    source: Arc<dyn Source>,
    request: Arc<OpenUpload>,
    opened: Option<Opened>,
    buffers: PartBuffers,
    /// Sealed bytes, from sealing until the store has them.
    held: BTreeMap<PartNumber, Bytes>,
    running: FuturesUnordered<BoxFuture<'static, Done>>,
    ended: Option<Outcome>,
    record: Option<FileRecord>,
    /// Why the upload is taken back, if not by wish.
    fault: Option<UploadError>,
    /// The last request that failed.
    failed: Option<RequestError>,
}

/// What the server said at the start.
struct Opened {
    upload_id: UploadId,
    header: Vec<u8>,
    plan: PartPlan,
    /// Once there is a content key, and the header was checked with it.
    sealer: Option<Arc<PartSealer>>,
}

/// What came of a command.
enum Done {
    Opened(Box<OpenedUpload>),
    KeyFetched(ContentKey),
    Sealed(PartReceipt, Bytes),
    Completed(Box<FileRecord>),
    Failed(Request, RequestError),
    Unsealable(UploadError),
    Told(Event),
}

const NOT_OPENED: UploadError = UploadError::Broken("a command came before the upload was open");
const NOT_SEALED: UploadError = UploadError::Broken("a part is to be sent that is not held");

impl Driver {
    pub(super) fn new(
        client: Client,
        source: impl Source,
        options: UploadOptions,
        client_token: String,
    ) -> Self {
        let request = OpenUpload {
            client_token,
            name: options.name,
            content_type: options.content_type,
            size: source.plaintext_len(),
            last_modified_ms: source.last_modified_ms(),
            metadata: options.metadata,
            reference: options.reference,
        };
        Self {
            client,
            source: Arc::new(source),
            request: Arc::new(request),
            opened: None,
            buffers: PartBuffers::default(),
            held: BTreeMap::new(),
            running: FuturesUnordered::new(),
            ended: None,
            record: None,
            fault: None,
            failed: None,
        }
    }

    /// Everything in order: do what is commanded, tell what came of it, until the end.
    pub(super) async fn drive(
        mut self,
        settings: Settings,
        progress: &mut impl FnMut(Progress),
        cancel: CancellationToken,
    ) -> Result<FileRecord, UploadError> {
        let (mut upload, commands) = Upload::start(settings);
        for command in commands {
            self.begin(command)?;
        }
        let mut is_cancelled = false;
        let mut told = None;
        loop {
            if let Some(outcome) = self.ended.take() {
                return self.result(outcome);
            }
            if self.running.is_empty() {
                return Err(UploadError::Broken("nothing is left to do before the end"));
            }
            let events = tokio::select! {
                () = cancel.cancelled(), if !is_cancelled => {
                    is_cancelled = true;
                    vec![Event::Cancelled]
                }
                Some(done) = self.running.next() => self.note(done),
            };
            for event in events {
                for command in upload.on(event) {
                    self.begin(command)?;
                }
            }
            let stored_plaintext_len = upload.stored_plaintext_len();
            if told.is_none_or(|told| stored_plaintext_len > told) {
                told = Some(stored_plaintext_len);
                progress(Progress {
                    stored_plaintext_len,
                    plaintext_len: self.request.size,
                });
            }
        }
    }

    /// Keeps what came, and says it in the machine's words.
    fn note(&mut self, done: Done) -> Vec<Event> {
        match done {
            Done::Opened(opened) if opened.file.is_some() => {
                self.record = opened.file.map(|file| *file);
                vec![Event::FoundComplete(opened.upload_id)]
            }
            Done::Opened(opened) => {
                let key = opened.content_key.as_ref();
                let key = key.and_then(|key| Some(ContentKey::from_bytes(&*key.to_bytes()?)));
                let event = Event::Opened {
                    upload_id: opened.upload_id.clone(),
                    plan: opened.plan,
                    most_parts_per_request: opened.most_parts_per_request,
                    has_key: key.is_some(),
                };
                let plan = opened.plan;
                self.opened = Some(Opened {
                    upload_id: opened.upload_id,
                    header: opened.header,
                    plan,
                    sealer: None,
                });
                let checked = match key {
                    _ if plan.plaintext_len() != self.request.size => Err(UploadError::Broken(
                        "the server's part plan is for a file of another size",
                    )),
                    Some(key) => self.check_header(&key),
                    None => Ok(()),
                };
                match checked {
                    Ok(()) => vec![event],
                    // In this order nothing is sealed, and the upload just opened is aborted.
                    Err(fault) => {
                        self.fault = Some(fault);
                        vec![Event::Cancelled, event]
                    }
                }
            }
            Done::KeyFetched(key) => match self.check_header(&key) {
                Ok(()) => vec![Event::KeyFetched],
                Err(fault) => {
                    self.fault = Some(fault);
                    vec![Event::Cancelled]
                }
            },
            Done::Sealed(receipt, sealed) => {
                self.held.insert(receipt.number, sealed);
                vec![Event::Sealed(receipt)]
            }
            Done::Completed(record) => {
                self.record = Some(*record);
                vec![Event::Completed]
            }
            Done::Failed(request, error) => {
                let failure = error.failure();
                self.failed = Some(error);
                let jitter = random::jitter();
                vec![Event::RequestFailed {
                    request,
                    failure,
                    jitter,
                }]
            }
            Done::Unsealable(fault) => {
                self.fault = Some(fault);
                vec![Event::SourceFailed]
            }
            Done::Told(event) => vec![event],
        }
    }

    fn check_header(&mut self, key: &ContentKey) -> Result<(), UploadError> {
        let opened = self.opened.as_mut().ok_or(NOT_OPENED)?;
        let sealer = PartSealer::new(&opened.header, key, opened.plan)?;
        opened.sealer = Some(Arc::new(sealer));
        Ok(())
    }

    fn begin(&mut self, command: Command) -> Result<(), UploadError> {
        let client = self.client.clone();
        let running = match command {
            Command::Open => open(client, self.request.clone()).boxed(),
            Command::FetchKey(upload_id) => fetch_key(client, upload_id).boxed(),
            Command::Seal(part) => {
                let sealer = self.opened()?.sealer.clone().ok_or(NOT_OPENED)?;
                seal(sealer, self.source.clone(), self.buffers.clone(), part).boxed()
            }
            Command::Sign(receipts) => {
                sign(client, self.opened()?.upload_id.clone(), receipts).boxed()
            }
            Command::Put(signed) => {
                let sealed = self.held.get(&signed.number).ok_or(NOT_SEALED)?;
                put(client, signed, sealed.clone()).boxed()
            }
            Command::Release(part) => {
                self.held.remove(&part);
                return Ok(());
            }
            Command::Complete(request) => {
                let upload_id = self.opened()?.upload_id.clone();
                async move {
                    match client.complete(&upload_id, &request).await {
                        Ok(record) => Done::Completed(Box::new(record)),
                        Err(error) => Done::Failed(Request::Complete, error),
                    }
                }
                .boxed()
            }
            Command::Abort(upload_id) => {
                // Nothing else matters any more.
                self.running.clear();
                self.held.clear();
                async move {
                    match client.abort(&upload_id).await {
                        Ok(()) => Done::Told(Event::Aborted),
                        Err(error) => Done::Failed(Request::Abort, error),
                    }
                }
                .boxed()
            }
            Command::Wait { request, wait_ms } => async move {
                sleep(Duration::from_millis(wait_ms)).await;
                Done::Told(Event::Waited(request))
            }
            .boxed(),
            Command::End(outcome) => {
                self.ended = Some(outcome);
                return Ok(());
            }
        };
        self.running.push(running);
        Ok(())
    }

    fn opened(&self) -> Result<&Opened, UploadError> {
        self.opened.as_ref().ok_or(NOT_OPENED)
    }

    fn result(self, outcome: Outcome) -> Result<FileRecord, UploadError> {
        const UNTOLD: UploadError = UploadError::Broken("the upload ended, and nothing says how");
        match outcome {
            Outcome::Complete(_) => self.record.ok_or(UNTOLD),
            Outcome::Cancelled => Err(self.fault.unwrap_or(UploadError::Cancelled)),
            Outcome::SourceFailed => Err(self.fault.unwrap_or(UNTOLD)),
            Outcome::Failed { .. } => Err(match self.failed {
                Some(error) => UploadError::Failed {
                    upload_id: self.opened.map(|opened| opened.upload_id),
                    error,
                },
                None => UNTOLD,
            }),
            Outcome::Broken(why) => Err(UploadError::Broken(why)),
        }
    }
}

async fn open(client: Client, request: Arc<OpenUpload>) -> Done {
    match client.open_upload(&request).await {
        Ok(opened) => Done::Opened(Box::new(opened)),
        Err(error) => Done::Failed(Request::Open, error),
    }
}

async fn fetch_key(client: Client, upload_id: UploadId) -> Done {
    match client.key(&upload_id).await {
        Ok(key) => Done::KeyFetched(key),
        Err(error) => Done::Failed(Request::FetchKey, error),
    }
}

/// Away from the threads that serve connections.
async fn seal(
    sealer: Arc<PartSealer>,
    source: Arc<dyn Source>,
    buffers: PartBuffers,
    part: PartNumber,
) -> Done {
    let sealing = tokio::task::spawn_blocking(move || {
        let mut sealed = buffers.take();
        let receipt = sealer.seal(part, source.as_ref(), &mut sealed);
        receipt.map(|receipt| (receipt, buffers.share(sealed)))
    });
    match sealing.await {
        Ok(Ok((receipt, sealed))) => Done::Sealed(receipt, sealed),
        Ok(Err(error)) => Done::Unsealable(error.into()),
        Err(_) => Done::Unsealable(UploadError::Broken("sealing stopped")),
    }
}

async fn sign(client: Client, upload_id: UploadId, receipts: Vec<PartReceipt>) -> Done {
    let request = SignParts(receipts);
    match client.sign_parts(&upload_id, &request).await {
        Ok(signed) => Done::Told(Event::Signed(signed.parts)),
        Err(error) => {
            let parts = request.0.iter().map(|receipt| receipt.number);
            Done::Failed(Request::Sign(parts.collect()), error)
        }
    }
}

async fn put(client: Client, signed: SignedPart, sealed: Bytes) -> Done {
    match client.put_part(&signed, sealed).await {
        Ok(()) => Done::Told(Event::Sent(signed.number)),
        Err(error) => Done::Failed(Request::Put(signed.number), error),
    }
}
