//! The driver of one upload without its effects. It keeps what the steps of an upload need from each other,
//! feeds the state machine [`Upload`], and says which effect comes next.
//!
//! The native client and the browser carry the effects out ([`Effect`]) and report what came of each
//! ([`Done`]): they seal, hash, send, wait and ask for a credential. Everything that both sides must remember
//! meanwhile is here: the sealed parts until the store has them, the addresses of the parts, the header and
//! the sealer, the errors, the file's record, and how the upload ended ([`Ended`]).

mod control;
mod done;
mod effect;
mod ended;
#[cfg(test)]
mod tests;

pub use control::Control;
pub use done::Done;
pub use effect::Effect;
pub use ended::Ended;

use sealift_message::ContentKey;

use crate::{
    address::Addresses,
    api::{FileRecord, OpenedUpload, UploadId, UploadState, UploadStatus},
    part_map::PartMap,
    part_plan::{Part, PartNumber, PartPlan},
    upload::{Command, Event, Request, Resume, Settings, Upload},
};
use ended::GivenUp;

/// The types that each side has of its own.
pub trait Side {
    /// The sealed bytes of one part.
    type Sealed: Clone;
    /// Seals the parts of one upload. It exists only after the header was checked with the content key.
    type Sealer: Clone;
    /// The permit for one PUT.
    type Permit;
    /// The error of a request.
    type Error;
    /// The reason why the side gives an upload up.
    type Fault;
}

/// The driver of one upload.
pub struct Driver<S: Side> {
    upload: Upload,
    plaintext_len: u64,
    is_new: bool,
    session: Session<S::Sealer>,
    /// The sealed bytes of each part, from sealing until the store has them.
    held: PartMap<S::Sealed>,
    addresses: Addresses<S::Permit>,
    given_up: Option<GivenUp<S::Fault>>,
    /// The last error of each kind of request.
    errors: Vec<(Request, S::Error)>,
    record: Option<Box<FileRecord>>,
}

/// What is known about the upload on the server.
enum Session<Sealer> {
    /// Nothing: no request has opened it yet.
    Unopened,
    /// An upload that was begun earlier. Its status has not arrived yet.
    Earlier(UploadId),
    Known(Known<Sealer>),
}

/// The server's facts about the upload.
struct Known<Sealer> {
    upload_id: UploadId,
    header: Vec<u8>,
    plan: PartPlan,
    key: Key<Sealer>,
}

enum Key<Sealer> {
    Missing,
    /// The side checks the header and imports the key. The machine gets this event afterwards.
    Importing(Event),
    Imported(Sealer),
}

const NOT_OPENED: &str = "a command came before the upload was open";
const NOT_SEALED: &str = "the bytes of a part to send are missing";
const OTHER_PLAN: &str = "the server's part plan is for a file of another size";
const OTHER_HEADER: &str = "the server named two headers for one upload";

impl<S: Side> Driver<S> {
    /// Starts a new upload of a file of that size. Returns the driver with its first effects.
    #[must_use]
    pub fn start(settings: Settings, plaintext_len: u64) -> (Self, Vec<Effect<S>>) {
        let upload = Upload::start(settings);
        Self::begin(upload, plaintext_len, true, Session::Unopened)
    }

    /// Resumes an upload that was begun earlier. Returns the driver with its first effects.
    #[must_use]
    pub fn resume(settings: Settings, resume: Resume) -> (Self, Vec<Effect<S>>) {
        let (plaintext_len, upload_id) = (resume.size, resume.upload_id.clone());
        let upload = Upload::resume(settings, resume);
        Self::begin(upload, plaintext_len, false, Session::Earlier(upload_id))
    }

    fn begin(
        (upload, commands): (Upload, Vec<Command>),
        plaintext_len: u64,
        is_new: bool,
        session: Session<S::Sealer>,
    ) -> (Self, Vec<Effect<S>>) {
        let mut driver = Self {
            upload,
            plaintext_len,
            is_new,
            session,
            held: PartMap::default(),
            addresses: Addresses::default(),
            given_up: None,
            errors: Vec::new(),
            record: None,
        };
        let effects = driver.effects(commands);
        (driver, effects)
    }

    /// Handles the result of an effect. Returns the effects to carry out now, in this order.
    pub fn on(&mut self, done: Done<S>) -> Vec<Effect<S>> {
        let event = match done {
            Done::Opened(opened) => return self.opened(*opened),
            Done::Found(status) => self.found(*status),
            Done::KeyFetched(key) => return self.import(key, Event::KeyFetched),
            Done::KeyImported(sealer) => return self.imported(sealer),
            Done::Compared(receipt) => Event::Compared(receipt),
            Done::Confirmed => Event::Confirmed,
            Done::Sealed(receipt, sealed) => {
                self.held.insert(receipt.number, sealed);
                Event::Sealed(receipt)
            }
            Done::Signed { parts, asked_at } => {
                self.addresses.signed(&parts, asked_at);
                Event::Signed(parts)
            }
            Done::Sent(part) => Event::Sent(part),
            Done::AddressEnded(part, permit) => {
                self.addresses.keep_permit(part, permit);
                Event::AddressEnded(part)
            }
            Done::Completed(record) => {
                self.record = Some(record);
                Event::Completed
            }
            Done::Aborted => Event::Aborted,
            Done::Failed {
                request,
                failure,
                jitter,
                error,
            } => {
                self.keep_error(request.clone(), error);
                Event::RequestFailed {
                    request,
                    failure,
                    jitter,
                }
            }
            Done::Waited(request) => Event::Waited(request),
            Done::RefusedCredential(request) => Event::RefusedCredential(request),
            Done::GaveUp { fault, leaves } => return self.give_up(fault, leaves),
        };
        self.apply(event)
    }

    /// Does what the person asks. Returns the effects to carry out now.
    pub fn control(&mut self, control: Control) -> Vec<Effect<S>> {
        self.apply(match control {
            Control::Pause => Event::Paused,
            Control::Continue => Event::Continued,
            Control::Cancel => Event::Cancelled,
            Control::Leave => Event::Left,
        })
    }

    /// Returns whether the upload is paused. Nothing of it runs then.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.upload.is_paused()
    }

    /// Returns the upload's id, if the server has opened one.
    #[must_use]
    pub fn upload_id(&self) -> Option<&UploadId> {
        match &self.session {
            Session::Unopened => None,
            Session::Earlier(upload_id) => Some(upload_id),
            Session::Known(known) => Some(&known.upload_id),
        }
    }

    /// Returns the state machine, which counts how far the upload is.
    #[must_use]
    pub fn upload(&self) -> &Upload {
        &self.upload
    }

    fn apply(&mut self, event: Event) -> Vec<Effect<S>> {
        let commands = self.upload.on(event);
        self.effects(commands)
    }

    fn opened(&mut self, opened: OpenedUpload) -> Vec<Effect<S>> {
        if opened.file.is_some() {
            self.record = opened.file;
            return self.apply(Event::FoundComplete(opened.upload_id));
        }
        let key = opened.content_key.as_ref().and_then(|key| key.to_bytes());
        let key = key.map(|bytes| ContentKey::from_bytes(&bytes));
        let event = Event::Opened {
            upload_id: opened.upload_id.clone(),
            plan: opened.plan,
            method: opened.method,
            most_parts_per_request: opened.most_parts_per_request,
            has_key: key.is_some(),
        };
        let has_other_size = opened.plan.plaintext_len() != self.plaintext_len;
        self.session = Session::Known(Known {
            upload_id: opened.upload_id,
            header: opened.header,
            plan: opened.plan,
            key: Key::Missing,
        });
        match key {
            _ if has_other_size => {
                let why = GivenUp::Broken(OTHER_PLAN);
                self.abort_opened(why, Some(event))
            }
            Some(key) => self.import(key, event),
            None => self.apply(event),
        }
    }

    fn found(&mut self, status: UploadStatus) -> Event {
        if status.state == UploadState::Complete {
            self.record = status.file;
            return Event::FoundComplete(status.upload_id);
        }
        let event = Event::Found(Box::new((&status).into()));
        match &self.session {
            // A message has one header (docs/FORMAT.md, R1), which never changes.
            Session::Known(known)
                if (&known.header, known.plan) != (&status.header, status.plan) =>
            {
                self.given_up = Some(GivenUp::Broken(OTHER_HEADER));
                if self.is_new {
                    Event::SourceFailed
                } else {
                    Event::Left
                }
            }
            Session::Known(_) => event,
            Session::Unopened | Session::Earlier(_) => {
                self.session = Session::Known(Known {
                    upload_id: status.upload_id,
                    header: status.header,
                    plan: status.plan,
                    key: Key::Missing,
                });
                event
            }
        }
    }

    /// Has the key imported. The machine gets `then` afterwards.
    fn import(&mut self, key: ContentKey, then: Event) -> Vec<Effect<S>> {
        let Session::Known(known) = &mut self.session else {
            return vec![Effect::End(Ended::Broken(NOT_OPENED))];
        };
        let is_new = matches!(then, Event::Opened { .. });
        known.key = Key::Importing(then);
        vec![Effect::ImportKey {
            header: known.header.clone(),
            plan: known.plan,
            key,
            is_new,
        }]
    }

    fn imported(&mut self, sealer: S::Sealer) -> Vec<Effect<S>> {
        let Session::Known(known) = &mut self.session else {
            return vec![Effect::End(Ended::Broken(NOT_OPENED))];
        };
        match core::mem::replace(&mut known.key, Key::Imported(sealer)) {
            Key::Importing(event) => self.apply(event),
            Key::Missing | Key::Imported(_) => Vec::new(),
        }
    }

    fn give_up(&mut self, fault: S::Fault, leaves: bool) -> Vec<Effect<S>> {
        let why = GivenUp::Fault(fault);
        if leaves {
            self.given_up = Some(why);
            return self.apply(Event::Left);
        }
        let opened = self.take_importing();
        self.abort_opened(why, opened)
    }

    /// Gives the upload up and aborts it. `opened` is the event that the machine did not get yet.
    fn abort_opened(&mut self, why: GivenUp<S::Fault>, opened: Option<Event>) -> Vec<Effect<S>> {
        self.given_up = Some(why);
        // In this order, nothing is sealed and the upload that was just opened is aborted.
        let mut effects = self.apply(Event::SourceFailed);
        if let Some(event) = opened {
            effects.extend(self.apply(event));
        }
        effects
    }

    /// Returns the event that waits for the import of the key, if one does. The import is forgotten.
    fn take_importing(&mut self) -> Option<Event> {
        let Session::Known(known) = &mut self.session else {
            return None;
        };
        if !matches!(known.key, Key::Importing(_)) {
            return None;
        }
        match core::mem::replace(&mut known.key, Key::Missing) {
            Key::Importing(event) => Some(event),
            Key::Missing | Key::Imported(_) => None,
        }
    }

    /// Returns the last error of that kind of request.
    #[must_use]
    pub fn error_of(&self, request: &Request) -> Option<&S::Error> {
        let mut errors = self.errors.iter();
        let found = errors.find(|(other, _)| is_alike(other, request));
        found.map(|(_, error)| error)
    }

    fn keep_error(&mut self, request: Request, error: S::Error) {
        self.errors.retain(|(other, _)| !is_alike(other, &request));
        self.errors.push((request, error));
    }

    fn take_error(&mut self, request: &Request) -> Option<S::Error> {
        let at = self
            .errors
            .iter()
            .position(|(other, _)| is_alike(other, request))?;
        Some(self.errors.swap_remove(at).1)
    }

    fn effects(&mut self, commands: Vec<Command>) -> Vec<Effect<S>> {
        let effects = commands.into_iter().filter_map(|command| {
            self.effect(command)
                .unwrap_or_else(|why| Some(Effect::End(Ended::Broken(why))))
        });
        effects.collect()
    }

    /// Returns the effect that carries out a command, or `None` if this driver does it alone.
    fn effect(&mut self, command: Command) -> Result<Option<Effect<S>>, &'static str> {
        Ok(Some(match command {
            Command::Open => Effect::Open,
            Command::FetchStatus(upload_id) => Effect::FetchStatus(upload_id),
            Command::FetchKey(upload_id) => Effect::FetchKey(upload_id),
            Command::Compare(part) => {
                let (sealer, part) = self.sealing(part)?;
                Effect::Compare { sealer, part }
            }
            Command::AskUnchecked => Effect::AskUnchecked,
            Command::Seal(part) => {
                let (sealer, part) = self.sealing(part)?;
                Effect::Seal { sealer, part }
            }
            Command::Sign(receipts) => Effect::Sign {
                upload_id: self.upload_id().ok_or(NOT_OPENED)?.clone(),
                receipts,
            },
            Command::Put(signed) => Effect::Put {
                sealed: self.held.get(signed.number).ok_or(NOT_SEALED)?.clone(),
                part: self.sealing(signed.number)?.1,
                address: self.addresses.of_put(signed.number),
                signed,
            },
            Command::Release(part) => {
                self.held.remove(part);
                self.addresses.release(part);
                return Ok(None);
            }
            Command::Complete(request) => Effect::Complete {
                upload_id: self.upload_id().ok_or(NOT_OPENED)?.clone(),
                request,
            },
            Command::Abort(upload_id) => Effect::Abort(upload_id),
            Command::Wait { request, until } => {
                if let Request::Sign(parts) = &request {
                    self.addresses.signatures_wait(parts);
                }
                Effect::Wait { request, until }
            }
            Command::Stop => {
                self.held.clear();
                self.addresses = Addresses::default();
                // After a pause, the machine asks for the key again.
                let _dropped = self.take_importing();
                Effect::Stop
            }
            Command::End(outcome) => {
                self.held.clear();
                Effect::End(self.ended(outcome))
            }
        }))
    }

    fn sealing(&self, part: PartNumber) -> Result<(S::Sealer, Part), &'static str> {
        match &self.session {
            Session::Known(Known {
                plan,
                key: Key::Imported(sealer),
                ..
            }) => Ok((sealer.clone(), plan.part(part).ok_or(NO_SUCH_PART)?)),
            _ => Err(NOT_OPENED),
        }
    }
}

const NO_SUCH_PART: &str = "the part plan has no such part";

/// Returns whether both are the same kind of request.
fn is_alike(request: &Request, other: &Request) -> bool {
    core::mem::discriminant(request) == core::mem::discriminant(other)
}
