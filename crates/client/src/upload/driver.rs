//! The driver of one upload. It carries out the commands of the state machine and reports the results
//! as events.

mod ending;
mod running;

use core::future::ready;
use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use sealift_message::ContentKey;
use sealift_transfer::{
    Command, Event, PartNumber, PartPlan, Upload,
    address::Addresses,
    api::{FileRecord, OpenUpload, OpenedUpload, UploadId, UploadState, UploadStatus},
    upload::{Outcome, Request, Settings, Until},
};

use super::{Progress, UploadError, control::Wishes};
use crate::{
    client::Client,
    error::RequestError,
    part_buffers::PartBuffers,
    part_sealer::PartSealer,
    put_turns::PutTurn,
    random,
    source::{Source, SourceError},
};
use running::{Done, Failed, Sealing};

/// The driver of one upload, with everything that its commands need.
pub(super) struct Driver {
    client: Client,
    source: Arc<dyn Source>,
    begun: Begun,
    session: Option<Session>,
    buffers: PartBuffers,
    /// The sealed bytes of each part, from sealing until the store has them.
    held: BTreeMap<PartNumber, Bytes>,
    addresses: Addresses<PutTurn>,
    running: FuturesUnordered<BoxFuture<'static, Done>>,
    ended: Option<Outcome>,
    record: Option<FileRecord>,
    /// Why the upload is aborted or left, if the person did not ask for it.
    fault: Option<UploadError>,
    /// The error of the last request that failed.
    failed: Option<RequestError>,
    /// The version of the credential that this request was made with.
    refused: u64,
    /// Milliseconds until the next attempt.
    retries_in_ms: Option<u64>,
}

/// How the upload was begun.
pub(super) enum Begun {
    /// This driver opens the upload with this request.
    Here(OpenUpload),
    /// An earlier call opened the upload.
    Earlier {
        upload_id: UploadId,
        sends_unchecked: bool,
        must_compare: bool,
    },
}

/// The server's facts about the upload.
struct Session {
    upload_id: UploadId,
    header: Vec<u8>,
    plan: PartPlan,
    /// The sealer, once the content key is known and the header was checked with it.
    sealer: Option<Arc<PartSealer>>,
}

const NOT_OPENED: UploadError = UploadError::Broken("a command came before the upload was open");
const NOT_SEALED: UploadError = UploadError::Broken("the bytes of a part to send are missing");
const OTHER_PLAN: UploadError =
    UploadError::Broken("the server's part plan is for a file of another size");
const OTHER_HEADER: UploadError =
    UploadError::Broken("the server named two headers for one upload");
const UNTOLD: UploadError = UploadError::Broken("the upload ended without a known reason");

impl Driver {
    pub(super) fn new(
        client: Client,
        source: impl Source,
        begun: Begun,
        settings: Settings,
    ) -> Self {
        Self {
            client,
            source: Arc::new(source),
            begun,
            session: None,
            buffers: PartBuffers::at_most(settings.most_parts_held.into()),
            held: BTreeMap::new(),
            addresses: Addresses::default(),
            running: FuturesUnordered::new(),
            ended: None,
            record: None,
            fault: None,
            failed: None,
            refused: 0,
            retries_in_ms: None,
        }
    }

    /// Runs the upload to its end: carries out commands and reports their results to the machine.
    pub(super) async fn drive(
        mut self,
        (mut upload, commands): (Upload, Vec<Command>),
        progress: &mut impl FnMut(Progress),
        mut wishes: Wishes,
    ) -> Result<FileRecord, UploadError> {
        let mut told = self.progress(&upload, &Progress::default());
        progress(told.clone());
        for command in commands {
            self.begin(command)?;
        }
        loop {
            if let Some(outcome) = self.ended.take() {
                return self.result(outcome);
            }
            let now = self.progress(&upload, &told);
            if told != now {
                told = now.clone();
                progress(now);
            }
            if self.running.is_empty() && !wishes.is_paused() {
                return Err(UploadError::Broken("no command is left before the end"));
            }
            let events = tokio::select! {
                wish = wishes.next() => vec![wish],
                Some(done) = self.running.next() => self.note(done),
            };
            for event in events {
                for command in upload.on(event) {
                    self.begin(command)?;
                }
            }
        }
    }

    /// Returns the present progress, which is never less than `before`.
    fn progress(&self, upload: &Upload, before: &Progress) -> Progress {
        let compared = upload.compared_plaintext_len();
        let to_compare = upload.to_compare_plaintext_len();
        let stored = upload.stored_plaintext_len();
        Progress {
            upload_id: self.known_upload_id(),
            compared_plaintext_len: compared.max(before.compared_plaintext_len),
            to_compare_plaintext_len: to_compare.max(before.to_compare_plaintext_len),
            stored_plaintext_len: stored.max(before.stored_plaintext_len),
            plaintext_len: self.source.plaintext_len(),
            retries_in_ms: self.retries_in_ms,
        }
    }

    /// Keeps the result of a command and translates it into events for the machine.
    fn note(&mut self, done: Done) -> Vec<Event> {
        self.retries_in_ms = None;
        match done {
            Done::Opened(opened) => self.opened(*opened),
            Done::Found(status) => vec![self.found(*status)],
            Done::KeyFetched(key) => vec![match self.check_header(&key) {
                Ok(()) => Event::KeyFetched,
                Err(fault) => self.give_up(fault),
            }],
            Done::Sealed(receipt, sealed) => {
                self.held.insert(receipt.number, sealed);
                vec![Event::Sealed(receipt)]
            }
            Done::Completed(record) => {
                self.record = Some(*record);
                vec![Event::Completed]
            }
            Done::Signed(signed, asked_at) => {
                self.addresses.signed(&signed, asked_at);
                vec![Event::Signed(signed)]
            }
            Done::AddressEnded(number, permit) => {
                self.addresses.keep_permit(number, permit);
                vec![Event::AddressEnded(number)]
            }
            Done::Failed(Failed {
                request,
                error,
                failure,
                credential,
            }) => {
                self.refused = credential;
                self.failed = Some(error);
                let jitter = random::jitter();
                vec![Event::RequestFailed {
                    request,
                    failure,
                    jitter,
                }]
            }
            Done::Unsealable(fault) => vec![self.give_up(fault)],
            Done::Told(event) => vec![event],
        }
    }

    fn opened(&mut self, opened: OpenedUpload) -> Vec<Event> {
        if opened.file.is_some() {
            self.record = opened.file.map(|file| *file);
            return vec![Event::FoundComplete(opened.upload_id)];
        }
        let key = opened.content_key.as_ref();
        let key = key.and_then(|key| Some(ContentKey::from_bytes(&*key.to_bytes()?)));
        let event = Event::Opened {
            upload_id: opened.upload_id.clone(),
            plan: opened.plan,
            method: opened.method,
            most_parts_per_request: opened.most_parts_per_request,
            has_key: key.is_some(),
        };
        self.session = Some(Session {
            upload_id: opened.upload_id,
            header: opened.header,
            plan: opened.plan,
            sealer: None,
        });
        let checked = match key {
            _ if opened.plan.plaintext_len() != self.source.plaintext_len() => Err(OTHER_PLAN),
            Some(key) => self.check_header(&key),
            None => Ok(()),
        };
        match checked {
            Ok(()) => vec![event],
            // In this order, nothing is sealed and the upload that was just opened is aborted.
            Err(fault) => vec![self.give_up(fault), event],
        }
    }

    fn found(&mut self, status: UploadStatus) -> Event {
        let event = Event::Found(Box::new((&status).into()));
        if status.state == UploadState::Complete {
            // Without a record, `result` reports the upload as gone.
            if !self.must_have_compared() {
                self.record = status.file.map(|file| *file);
            }
            return Event::FoundComplete(status.upload_id);
        }
        match &self.session {
            // A message has one header (docs/FORMAT.md, R1), which never changes.
            Some(session) if (&session.header, session.plan) != (&status.header, status.plan) => {
                self.give_up(OTHER_HEADER)
            }
            Some(_) => event,
            None => {
                self.session = Some(Session {
                    upload_id: status.upload_id,
                    header: status.header,
                    plan: status.plan,
                    sealer: None,
                });
                event
            }
        }
    }

    /// Returns whether the caller requires a comparison that was not made, because somebody else has
    /// already completed the upload.
    fn must_have_compared(&self) -> bool {
        let must_compare = matches!(
            self.begun,
            Begun::Earlier {
                must_compare: true,
                ..
            }
        );
        must_compare && self.session.is_none()
    }

    /// Gives the upload up. A new upload is aborted; if its source was only unreadable, or if the
    /// upload was begun earlier, it is left, because the same or another file may help later.
    fn give_up(&mut self, fault: UploadError) -> Event {
        let may_be_mended = match &fault {
            UploadError::Source(SourceError::Unreadable(_)) => true,
            _ => matches!(self.begun, Begun::Earlier { .. }),
        };
        self.fault = Some(fault);
        match may_be_mended {
            true => Event::Left,
            false => Event::SourceFailed,
        }
    }

    fn check_header(&mut self, key: &ContentKey) -> Result<(), UploadError> {
        let session = self.session.as_mut().ok_or(NOT_OPENED)?;
        let sealer = PartSealer::new(&session.header, key, session.plan)?;
        session.sealer = Some(Arc::new(sealer));
        Ok(())
    }

    fn begin(&mut self, command: Command) -> Result<(), UploadError> {
        let client = self.client.clone();
        let running = match command {
            Command::Open => {
                let Begun::Here(request) = &self.begun else {
                    return Err(NOT_OPENED);
                };
                running::open(client, request.clone()).boxed()
            }
            Command::FetchStatus(upload_id) => running::fetch_status(client, upload_id).boxed(),
            Command::FetchKey(upload_id) => running::fetch_key(client, upload_id).boxed(),
            Command::Compare(part) => running::compare(self.sealing()?, part).boxed(),
            Command::AskUnchecked => ready(Done::Told(self.confirm_unchecked())).boxed(),
            Command::Seal(part) => running::seal(self.sealing()?, part).boxed(),
            Command::Sign(receipts) => running::sign(client, self.upload_id()?, receipts).boxed(),
            Command::Put(signed) => {
                let sealed = self.held.get(&signed.number).ok_or(NOT_SEALED)?;
                let address = self.addresses.of_put(signed.number);
                running::put(client, signed, address, sealed.clone()).boxed()
            }
            Command::Release(part) => {
                self.held.remove(&part);
                self.addresses.release(part);
                return Ok(());
            }
            Command::Complete(request) => {
                running::complete(client, self.upload_id()?, request).boxed()
            }
            Command::Abort(upload_id) => running::abort(client, upload_id).boxed(),
            Command::Wait { request, until } => {
                if let Until::Elapsed { wait_ms } = until {
                    self.retries_in_ms = Some(wait_ms);
                }
                if let Request::Sign(parts) = &request {
                    self.addresses.signatures_wait(parts);
                }
                running::wait(client, request, until, self.refused).boxed()
            }
            Command::Stop => {
                self.running.clear();
                self.held.clear();
                self.addresses = Addresses::default();
                return Ok(());
            }
            Command::End(outcome) => {
                self.ended = Some(outcome);
                return Ok(());
            }
        };
        self.running.push(running);
        Ok(())
    }

    fn confirm_unchecked(&mut self) -> Event {
        match &self.begun {
            Begun::Earlier {
                upload_id,
                sends_unchecked: false,
                ..
            } => {
                let upload_id = upload_id.clone();
                self.give_up(UploadError::Unchecked { upload_id })
            }
            Begun::Earlier { .. } | Begun::Here(_) => Event::Confirmed,
        }
    }

    fn sealing(&self) -> Result<Sealing, UploadError> {
        let sealer = self.session.as_ref().and_then(|s| s.sealer.clone());
        Ok(Sealing {
            sealer: sealer.ok_or(NOT_OPENED)?,
            source: self.source.clone(),
            buffers: self.buffers.clone(),
        })
    }

    /// Returns the id of the upload, if the server opened one.
    fn known_upload_id(&self) -> Option<UploadId> {
        match (&self.begun, &self.session) {
            (Begun::Earlier { upload_id, .. }, _) => Some(upload_id.clone()),
            (Begun::Here(_), session) => session.as_ref().map(|s| s.upload_id.clone()),
        }
    }

    fn upload_id(&self) -> Result<UploadId, UploadError> {
        self.known_upload_id().ok_or(NOT_OPENED)
    }
}
