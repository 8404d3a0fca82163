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
mod session;
#[cfg(test)]
mod tests;

pub use control::Control;
pub use done::Done;
pub use effect::Effect;
pub use ended::Ended;

use crate::{
    address::Addresses,
    api::{FileRecord, UploadId},
    part_map::PartMap,
    upload::{Command, Event, Request, Resume, Settings, Upload},
};
use ended::GivenUp;
use session::Session;

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

const NOT_OPENED: &str = "a command came before the upload was open";
const NOT_SEALED: &str = "the bytes of a part to send are missing";
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
}

/// Returns whether both are the same kind of request.
fn is_alike(request: &Request, other: &Request) -> bool {
    core::mem::discriminant(request) == core::mem::discriminant(other)
}
