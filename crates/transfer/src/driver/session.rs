//! The server's facts about an upload, and the content key until it is imported.

use sealift_message::ContentKey;

use super::{Driver, Effect, Ended, NOT_OPENED, Side, ended::GivenUp};
use crate::{
    api::{OpenedUpload, UploadId, UploadState, UploadStatus},
    part_plan::{Part, PartNumber, PartPlan},
    upload::{Event, FoundUpload},
};

/// What is known about the upload on the server.
pub(super) enum Session<Sealer> {
    /// Nothing: no request has opened it yet.
    Unopened,
    /// An upload that was begun earlier. Its status has not arrived yet.
    Earlier(UploadId),
    Known(Known<Sealer>),
}

/// The server's facts about the upload.
pub(super) struct Known<Sealer> {
    pub(super) upload_id: UploadId,
    header: Vec<u8>,
    plan: PartPlan,
    key: Key<Sealer>,
}

pub(super) enum Key<Sealer> {
    Missing,
    /// The side checks the header and imports the key. The machine gets this event afterwards.
    Importing(Event),
    Imported(Sealer),
}

pub(super) const OTHER_PLAN: &str = "the server's part plan is for a file of another size";
pub(super) const OTHER_HEADER: &str = "the server named two headers for one upload";
const NO_SUCH_PART: &str = "the part plan has no such part";

impl<S: Side> Driver<S> {
    pub(super) fn opened(&mut self, opened: OpenedUpload) -> Vec<Effect<S>> {
        if opened.file.is_some() {
            self.record = opened.file;
            return self.apply(Event::FoundComplete(opened.upload_id));
        }
        let key = opened.content_key.as_ref().and_then(|key| key.to_bytes());
        let key = key.map(|bytes| ContentKey::from_bytes(&bytes));
        let has_other_size = opened.plan.plaintext_len() != self.plaintext_len;
        let upload_id = opened.upload_id.clone();
        let event = if opened.signed_parts == Some(0) && key.is_none() && !has_other_size {
            Event::Found(Box::new(FoundUpload {
                upload_id,
                plan: opened.plan,
                method: opened.method,
                most_parts_per_request: opened.most_parts_per_request,
                state: UploadState::Open,
                last_modified_ms: None,
                parts: Vec::new(),
            }))
        } else {
            Event::Opened {
                upload_id,
                plan: opened.plan,
                method: opened.method,
                most_parts_per_request: opened.most_parts_per_request,
                has_key: key.is_some(),
            }
        };
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

    pub(super) fn found(&mut self, status: UploadStatus) -> Event {
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
    pub(super) fn import(&mut self, key: ContentKey, then: Event) -> Vec<Effect<S>> {
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

    pub(super) fn imported(&mut self, sealer: S::Sealer) -> Vec<Effect<S>> {
        let Session::Known(known) = &mut self.session else {
            return vec![Effect::End(Ended::Broken(NOT_OPENED))];
        };
        match core::mem::replace(&mut known.key, Key::Imported(sealer)) {
            Key::Importing(event) => self.apply(event),
            Key::Missing | Key::Imported(_) => Vec::new(),
        }
    }

    pub(super) fn give_up(&mut self, fault: S::Fault, leaves: bool) -> Vec<Effect<S>> {
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
    pub(super) fn take_importing(&mut self) -> Option<Event> {
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

    pub(super) fn sealing(&self, part: PartNumber) -> Result<(S::Sealer, Part), &'static str> {
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
