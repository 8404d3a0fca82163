//! The driver of one upload: carries out what [`Upload`] commands, and tells it what came of it.

mod running;

use std::{collections::BTreeMap, rc::Rc};

use futures::{
    FutureExt as _, StreamExt as _, channel::oneshot, future::LocalBoxFuture,
    stream::FuturesUnordered,
};
use sealift_message::ContentKey;
use sealift_transfer::{
    Command, Event, PartNumber, PartPlan, Upload,
    api::{FileRecord, OpenUpload, OpenedUpload, UploadId},
    upload::{Outcome, Request, Settings},
};

use crate::{
    allowance::Allowance,
    browser::jitter,
    failure::{Fault, RequestError},
    file_slice::ChosenFile,
    part_buffers::{PartBuffer, PartBuffers},
    progress::Progress,
    report::{FileReporter, State},
    seal::{Backend, PartSealer},
    server_api::ServerApi,
};
use running::Done;

/// What all uploads of a page share.
pub struct Shared {
    /// The server.
    pub server: ServerApi,
    /// Which AES seals.
    pub backend: Backend,
    /// PUTs at once.
    pub puts: Allowance,
    /// Parts read and sealed at once; a part is hashed while the next is sealed.
    pub seals: Allowance,
    /// Memory for sealed parts.
    pub buffers: PartBuffers,
}

impl Shared {
    /// Nothing is in use yet.
    #[must_use]
    pub fn new(backend: Backend) -> Self {
        Self {
            server: ServerApi::default(),
            backend,
            puts: Allowance::of(MOST_PUTS),
            seals: Allowance::of(1),
            buffers: PartBuffers::default(),
        }
    }
}

/// Browsers keep six connections to an origin; one stays free.
const MOST_PUTS: u64 = 5;

/// Parts whose bytes one upload holds: five on the way while one is sealed. What all uploads hold
/// together is bounded by [`PartBuffers`].
const SETTINGS: Settings = Settings { most_parts_held: 6 };

/// How an upload ended.
pub enum Ended {
    /// The file is there.
    Done(Box<FileRecord>),
    /// Taken back because the person wanted so.
    Cancelled,
    /// Not sent.
    Failed(Fault),
}

/// One upload under way.
pub struct Uploader {
    shared: Rc<Shared>,
    file: Rc<ChosenFile>,
    request: Rc<OpenUpload>,
    progress: Rc<Progress>,
    reporter: FileReporter,
    opened: Option<Opened>,
    /// Sealed bytes, from sealing until the store has them.
    held: BTreeMap<PartNumber, Rc<PartBuffer>>,
    running: FuturesUnordered<LocalBoxFuture<'static, Done>>,
    sends: bool,
    /// Why the upload is taken back, if not by wish.
    fault: Option<Fault>,
    /// The last request that failed.
    failed: Option<RequestError>,
    record: Option<Box<FileRecord>>,
    ended: Option<Outcome>,
}

/// What the server said at the start.
struct Opened {
    upload_id: UploadId,
    header: Vec<u8>,
    plan: PartPlan,
    /// Once there is a content key, and the header was checked with it.
    sealer: Option<Rc<PartSealer>>,
}

const NOT_OPENED: Fault = Fault::Answer("a command came before the upload was open");
const NOT_HELD: Fault = Fault::Answer("a part is to be sent that is not held");
const UNTOLD: Fault = Fault::Answer("the upload ended, and nothing says how");

impl Uploader {
    /// An upload of `file`, opened by `client_token`: one of an earlier attempt goes on with that
    /// attempt's upload.
    #[must_use]
    pub fn new(
        shared: Rc<Shared>,
        file: Rc<ChosenFile>,
        client_token: String,
        reporter: FileReporter,
    ) -> Self {
        let request = OpenUpload {
            client_token,
            name: file.name(),
            content_type: file.content_type(),
            size: file.size(),
            last_modified_ms: Some(file.last_modified_ms()),
            metadata: None,
            reference: None,
        };
        Self {
            shared,
            file,
            request: Rc::new(request),
            progress: Rc::new(Progress::new(reporter.clone())),
            reporter,
            opened: None,
            held: BTreeMap::new(),
            running: FuturesUnordered::new(),
            sends: false,
            fault: None,
            failed: None,
            record: None,
            ended: None,
        }
    }

    /// To the end. `cancel` may come at any time.
    pub async fn run(mut self, cancel: oneshot::Receiver<()>) -> Ended {
        match self.drive(cancel).await {
            Ok(outcome) => self.result(outcome),
            Err(fault) => Ended::Failed(fault),
        }
    }

    async fn drive(&mut self, cancel: oneshot::Receiver<()>) -> Result<Outcome, Fault> {
        self.reporter.state(State::Sealing);
        let mut cancel = cancel.fuse();
        let (mut upload, commands) = Upload::start(SETTINGS);
        for command in commands {
            self.begin(command)?;
        }
        loop {
            if let Some(outcome) = self.ended.take() {
                return Ok(outcome);
            }
            let events = futures::select_biased! {
                wish = cancel => wish.map(|()| Event::Cancelled).into_iter().collect(),
                done = self.running.next() => match done {
                    Some(done) => self.note(done).await,
                    None => return Err(UNTOLD),
                },
            };
            for event in events {
                let arrived = running::part_of(&event);
                for command in upload.on(event) {
                    self.begin(command)?;
                }
                if let Some(number) = arrived {
                    self.progress.arrived(number, upload.stored_plaintext_len());
                }
            }
        }
    }

    /// Keeps what came, and says it in the machine's words.
    async fn note(&mut self, done: Done) -> Vec<Event> {
        match done {
            Done::Opened(opened) => self.opened(*opened).await,
            Done::KeyFetched(key) => match self.check_header(key).await {
                Ok(()) => vec![Event::KeyFetched],
                Err(fault) => {
                    self.fault = Some(fault);
                    vec![Event::SourceFailed]
                }
            },
            Done::Sealed(receipt, sealed) => {
                self.held.insert(receipt.number, Rc::new(sealed));
                vec![Event::Sealed(receipt)]
            }
            Done::Unsealable(fault) => {
                self.fault = Some(fault);
                vec![Event::SourceFailed]
            }
            Done::Completed(record) => {
                self.record = Some(record);
                vec![Event::Completed]
            }
            Done::Failed(request, error) => {
                let failure = error.failure;
                // Nobody waits for an abort: what led to it is what is told.
                if request != Request::Abort {
                    self.failed = Some(error);
                }
                vec![Event::RequestFailed {
                    request,
                    failure,
                    jitter: jitter(),
                }]
            }
            Done::Told(event) => vec![event],
        }
    }

    async fn opened(&mut self, opened: OpenedUpload) -> Vec<Event> {
        if opened.file.is_some() {
            self.record = opened.file;
            return vec![Event::FoundComplete(opened.upload_id)];
        }
        let key = opened.content_key.as_ref().and_then(|key| key.to_bytes());
        let key = key.map(|bytes| ContentKey::from_bytes(&bytes));
        let event = Event::Opened {
            upload_id: opened.upload_id.clone(),
            plan: opened.plan,
            most_parts_per_request: opened.most_parts_per_request,
            has_key: key.is_some(),
        };
        self.opened = Some(Opened {
            upload_id: opened.upload_id,
            header: opened.header,
            plan: opened.plan,
            sealer: None,
        });
        let checked = match key {
            _ if opened.plan.plaintext_len() != self.request.size => {
                Err(Fault::Answer("the part plan is for a file of another size"))
            }
            Some(key) => self.check_header(key).await,
            None => Ok(()),
        };
        match checked {
            Ok(()) => vec![event],
            // In this order nothing is sealed, and the upload just opened is taken back.
            Err(fault) => {
                self.fault = Some(fault);
                vec![Event::SourceFailed, event]
            }
        }
    }

    async fn check_header(&mut self, key: ContentKey) -> Result<(), Fault> {
        let backend = self.shared.backend;
        let opened = self.opened.as_mut().ok_or(NOT_OPENED)?;
        let sealer = PartSealer::new(&opened.header, key, opened.plan, backend).await?;
        opened.sealer = Some(Rc::new(sealer));
        Ok(())
    }

    fn begin(&mut self, command: Command) -> Result<(), Fault> {
        let shared = self.shared.clone();
        let task = match command {
            Command::Open => running::open(shared, self.request.clone()).boxed_local(),
            Command::FetchKey(upload_id) => running::fetch_key(shared, upload_id).boxed_local(),
            Command::Seal(number) => {
                let sealer = self.sealer()?;
                running::seal(shared, sealer, self.file.clone(), number).boxed_local()
            }
            Command::Sign(receipts) => {
                let upload_id = self.upload_id()?;
                running::sign(shared, upload_id, receipts).boxed_local()
            }
            Command::Put(signed) => {
                if !self.sends {
                    self.sends = true;
                    self.reporter.state(State::Sending);
                }
                let part = self.sealer()?.part(signed.number)?;
                let sealed = self.held.get(&signed.number).ok_or(NOT_HELD)?.clone();
                running::put(shared, signed, part, sealed, self.progress.clone()).boxed_local()
            }
            Command::Release(number) => {
                self.held.remove(&number);
                return Ok(());
            }
            Command::Complete(request) => {
                self.reporter.state(State::Checking);
                running::complete(shared, self.upload_id()?, request).boxed_local()
            }
            Command::Abort(upload_id) => {
                // Nothing else matters any more.
                self.running.clear();
                self.held.clear();
                running::abort(shared, upload_id).boxed_local()
            }
            Command::Wait { request, wait_ms } => {
                self.reporter.retrying();
                running::wait(request, wait_ms).boxed_local()
            }
            Command::End(outcome) => {
                self.ended = Some(outcome);
                return Ok(());
            }
        };
        self.running.push(task);
        Ok(())
    }

    fn upload_id(&self) -> Result<UploadId, Fault> {
        let opened = self.opened.as_ref().ok_or(NOT_OPENED)?;
        Ok(opened.upload_id.clone())
    }

    fn sealer(&self) -> Result<Rc<PartSealer>, Fault> {
        let opened = self.opened.as_ref().ok_or(NOT_OPENED)?;
        opened.sealer.clone().ok_or(NOT_OPENED)
    }

    fn result(self, outcome: Outcome) -> Ended {
        match outcome {
            Outcome::Complete(_) => match self.record {
                Some(record) => Ended::Done(record),
                None => Ended::Failed(UNTOLD),
            },
            Outcome::Cancelled => Ended::Cancelled,
            Outcome::SourceFailed => Ended::Failed(self.fault.unwrap_or(UNTOLD)),
            Outcome::Failed { .. } => Ended::Failed(match self.failed {
                Some(error) => error.into(),
                None => UNTOLD,
            }),
            Outcome::Broken(why) => Ended::Failed(Fault::Answer(why)),
        }
    }
}
