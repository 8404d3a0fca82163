//! Drives one upload: carries out the commands of [`Upload`], and applies their results to it as events.

#[cfg(test)]
mod address_tests;
mod commands;
mod news;
mod running;
mod waits;
mod wishes;

pub use wishes::Wish;

use std::rc::Rc;

use futures::{
    FutureExt as _, StreamExt as _, channel::mpsc, future::LocalBoxFuture, stream::FuturesUnordered,
};
use sealift_message::ContentKey;
use sealift_transfer::{
    Event, PartNumber, PartPlan, Upload,
    address::Addresses,
    api::{FileRecord, UploadId},
    upload::{Outcome, Request, Resume, Settings},
};

use crate::{
    allowance::Share,
    failure::{Fault, RequestError},
    file_slice::ChosenFile,
    progress::Progress,
    report::{FileReporter, State},
    seal::PartSealer,
    sealed_part::SealedPart,
    shared::Shared,
    short_map::ShortMap,
    tab_lock::TabLock,
};
use running::Done;
use waits::Waits;

/// One upload holds the bytes of six parts: five are sent while one is sealed.
/// [`SealedParts`](crate::sealed_part::SealedParts) bounds what all uploads hold together.
const SETTINGS: Settings = Settings { most_parts_held: 6 };

/// How an upload begins.
pub enum Beginning {
    /// With the open request and this client token. The token of an earlier attempt finds that attempt's
    /// upload.
    Open {
        /// The client token.
        client_token: String,
        /// The name under which the server records the file.
        name: String,
    },
    /// By resuming an upload that was begun earlier, in this page or anywhere.
    Resume(UploadId),
}

/// The end of an upload.
pub struct Ended {
    /// How it ended.
    pub ending: Ending,
    /// Whether the same upload can be resumed.
    pub goes_on: bool,
    /// The upload's id, if it was opened.
    pub upload_id: Option<UploadId>,
}

/// How an upload ended, in the form that the page gets.
pub enum Ending {
    /// The file is stored.
    Done(Box<FileRecord>),
    /// The page cancelled it.
    Cancelled,
    /// The page ended it and left it on the server.
    Left,
    /// The upload failed.
    Failed(Fault),
}

/// One upload under way.
pub struct Uploader {
    shared: Rc<Shared>,
    file: Rc<ChosenFile>,
    beginning: Beginning,
    progress: Rc<Progress>,
    reporter: Rc<FileReporter>,
    /// The state machine, once this file has its first permit.
    upload: Option<Upload>,
    turn: Option<Share>,
    /// The event for the state machine once the next permit is there.
    on_turn: Option<Event>,
    is_paused: bool,
    lock: Option<TabLock>,
    opened: Option<Opened>,
    /// Sealed parts, until the store has them.
    held: ShortMap<PartNumber, Rc<SealedPart>>,
    addresses: Addresses<Share>,
    running: FuturesUnordered<LocalBoxFuture<'static, Done>>,
    waits: Waits,
    sends: bool,
    /// Why the upload ends, if the page did not ask for it.
    fault: Option<Fault>,
    /// The last failure of each kind of request.
    failed: Vec<(Request, RequestError)>,
    record: Option<Box<FileRecord>>,
    ended: Option<Outcome>,
}

/// The server's answer about the upload.
struct Opened {
    upload_id: UploadId,
    header: Vec<u8>,
    plan: PartPlan,
    /// Present once there is a content key and the header was checked with it.
    sealer: Option<Rc<PartSealer>>,
}

const NOT_OPENED: Fault = Fault::Answer("a command came before the upload was open");
const UNTOLD: Fault = Fault::Answer("the upload ended, and nothing says how");

impl Uploader {
    /// Prepares an upload of `file`.
    #[must_use]
    pub fn new(
        shared: Rc<Shared>,
        file: Rc<ChosenFile>,
        beginning: Beginning,
        reporter: FileReporter,
    ) -> Self {
        let reporter = Rc::new(reporter);
        Self {
            shared,
            file,
            beginning,
            progress: Rc::new(Progress::new(reporter.clone())),
            reporter,
            upload: None,
            turn: None,
            on_turn: None,
            is_paused: false,
            lock: None,
            opened: None,
            held: ShortMap::default(),
            addresses: Addresses::default(),
            running: FuturesUnordered::new(),
            waits: Waits::default(),
            sends: false,
            fault: None,
            failed: Vec::new(),
            record: None,
            ended: None,
        }
    }

    /// Waits for a permit, then runs to the end. The page may send commands at any time.
    pub async fn run(mut self, wishes: mpsc::UnboundedReceiver<Wish>) -> Ended {
        let outcome = self.drive(wishes).await;
        let is_open = !matches!(
            outcome,
            Ok(Outcome::Cancelled | Outcome::SourceFailed | Outcome::Gone(_))
        );
        let ending = match outcome {
            Ok(outcome) => self.ending(outcome),
            Err(fault) => Ending::Failed(fault),
        };
        let may_go_on = match &ending {
            Ending::Done(_) | Ending::Cancelled => false,
            Ending::Left => true,
            Ending::Failed(fault) => fault.can_go_on(),
        };
        Ended {
            ending,
            goes_on: is_open && may_go_on,
            upload_id: self.upload_id(),
        }
    }

    async fn drive(&mut self, mut wishes: mpsc::UnboundedReceiver<Wish>) -> Result<Outcome, Fault> {
        if let Beginning::Resume(upload_id) = &self.beginning {
            let upload_id = upload_id.clone();
            self.lock(&upload_id).await?;
        }
        self.wait_for_turn(Event::Continued);
        while self.ended.is_none() {
            let events = futures::select_biased! {
                wish = wishes.select_next_some() => self.heed(wish)?,
                done = self.running.select_next_some() => self.note(done).await?,
                complete => return Err(UNTOLD),
            };
            for event in events {
                self.tell(event)?;
            }
        }
        self.ended.take().ok_or(UNTOLD)
    }

    /// Waits for one of the few permits of a page's files. A file that is paused gives its permit back.
    fn wait_for_turn(&mut self, on_turn: Event) {
        self.on_turn = Some(on_turn);
        let files = self.shared.files.clone();
        self.running
            .push(async move { Done::Turn(files.take(1).await) }.boxed_local());
    }

    /// Goes on with a permit, for the first time or after a pause.
    fn begin(&mut self, turn: Share) -> Result<Vec<Event>, Fault> {
        self.turn = Some(turn);
        self.reporter.state(State::Sealing);
        let on_turn = self.on_turn.take();
        if self.upload.is_some() {
            return Ok(Vec::from_iter(on_turn));
        }
        let (upload, commands) = match &self.beginning {
            Beginning::Open { .. } => Upload::start(SETTINGS),
            Beginning::Resume(upload_id) => {
                let resume = Resume {
                    upload_id: upload_id.clone(),
                    size: self.file.size(),
                    last_modified_ms: Some(self.file.last_modified_ms()),
                };
                Upload::resume(SETTINGS, resume)
            }
        };
        self.upload = Some(upload);
        for command in commands {
            self.carry_out(command)?;
        }
        Ok(Vec::new())
    }

    fn tell(&mut self, event: Event) -> Result<(), Fault> {
        let put = running::part_of(&event);
        let is_compared = matches!(event, Event::Compared(_));
        let Some(upload) = &mut self.upload else {
            return Err(NOT_OPENED);
        };
        let commands = upload.on(event);
        let stored = upload.stored_plaintext_len();
        let compared = upload.compared_plaintext_len();
        let to_compare = upload.to_compare_plaintext_len();
        if is_compared {
            self.reporter.comparing(compared, to_compare);
        }
        if let Some(number) = put {
            self.progress.arrived(number, stored);
        } else if is_compared && stored > 0 {
            self.progress.found(stored);
        }
        for command in commands {
            self.carry_out(command)?;
        }
        Ok(())
    }

    fn upload_id(&self) -> Option<UploadId> {
        match (&self.opened, &self.beginning) {
            (Some(opened), _) => Some(opened.upload_id.clone()),
            (None, Beginning::Resume(upload_id)) => Some(upload_id.clone()),
            (None, Beginning::Open { .. }) => None,
        }
    }

    async fn check_header(&mut self, key: ContentKey) -> Result<(), Fault> {
        let backend = self.shared.backend;
        let opened = self.opened.as_mut().ok_or(NOT_OPENED)?;
        let sealer = PartSealer::new(&opened.header, key, opened.plan, backend).await?;
        opened.sealer = Some(Rc::new(sealer));
        Ok(())
    }

    /// Takes the upload's lock, so that one tab at a time has it. It is held to the end, even during pauses.
    async fn lock(&mut self, upload_id: &UploadId) -> Result<(), Fault> {
        if self.lock.is_none() {
            let lock = TabLock::take(&crate::shared::lock_of(upload_id)).await?;
            self.lock = Some(lock.ok_or(Fault::OtherTab)?);
            self.reporter.opened(upload_id.clone());
        }
        Ok(())
    }

    fn ending(&mut self, outcome: Outcome) -> Ending {
        let fault = self.fault.take();
        match outcome {
            Outcome::Complete(_) => match self.record.take() {
                Some(record) => Ending::Done(record),
                None => Ending::Failed(UNTOLD),
            },
            Outcome::Cancelled => Ending::Cancelled,
            Outcome::Left => fault.map_or(Ending::Left, Ending::Failed),
            Outcome::SourceFailed => Ending::Failed(fault.unwrap_or(UNTOLD)),
            Outcome::Failed { request, .. } => {
                let failed = core::mem::take(&mut self.failed).into_iter();
                let mut errors = failed.filter(|(other, _)| is_alike(other, &request));
                let error = errors.next().map(|(_, error)| error.into());
                Ending::Failed(error.unwrap_or(UNTOLD))
            }
            Outcome::NotTakenBack { .. } => Ending::Failed(Fault::NotTakenBack),
            Outcome::Changed { part } => Ending::Failed(Fault::OtherFile { part }),
            Outcome::Gone(_) => Ending::Failed(Fault::UploadGone),
            Outcome::Broken(why) => Ending::Failed(Fault::Answer(why)),
        }
    }
}

/// Returns whether both are the same kind of request.
fn is_alike(request: &Request, other: &Request) -> bool {
    core::mem::discriminant(request) == core::mem::discriminant(other)
}
