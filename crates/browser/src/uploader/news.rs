//! Keeps the result of each command, and turns it into events for the state machine.

use sealift_message::ContentKey;
use sealift_transfer::{
    Event, PartNumber,
    api::{OpenedUpload, UploadStatus},
    upload::FoundUpload,
};

use super::{Opened, Uploader, is_alike, running::Done};
use crate::{browser::jitter, failure::Fault};

use std::rc::Rc;

impl Uploader {
    pub(super) async fn note(&mut self, done: Done) -> Result<Vec<Event>, Fault> {
        Ok(match done {
            Done::Turn(turn) => self.begin(turn)?,
            Done::Opened(opened) => self.note_opened(*opened).await,
            Done::Found(status) => self.note_found(*status).await,
            Done::KeyFetched(key) => match self.check_header(key).await {
                Ok(()) => vec![Event::KeyFetched],
                Err(fault) => self.leave(fault),
            },
            Done::Sealed(receipt, sealed) => {
                self.held.insert(receipt.number, Rc::new(sealed));
                vec![Event::Sealed(receipt)]
            }
            Done::Unsealable(fault) => self.leave(fault),
            Done::Completed(record) => {
                self.record = Some(record);
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
            Done::Failed(request, error) => {
                let failure = error.failure;
                self.failed.retain(|(other, _)| !is_alike(other, &request));
                self.failed.push((request.clone(), error));
                vec![Event::RequestFailed {
                    request,
                    failure,
                    jitter: jitter(),
                }]
            }
            Done::Waited(reason, event) => {
                if let Some(reason) = reason {
                    self.waits.end(reason, &self.reporter);
                }
                vec![event]
            }
            Done::Told(event) => vec![event],
        })
    }

    /// Ends the upload here and leaves it on the server. It can be resumed, for example when the file is back in
    /// its place, the disk has more room, or the other tab is closed.
    fn leave(&mut self, fault: Fault) -> Vec<Event> {
        self.fault = Some(fault);
        vec![Event::Left]
    }

    async fn note_opened(&mut self, opened: OpenedUpload) -> Vec<Event> {
        if opened.file.is_some() {
            self.record = opened.file;
            return vec![Event::FoundComplete(opened.upload_id)];
        }
        if let Err(fault) = self.lock(&opened.upload_id).await {
            return self.leave(fault);
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
        self.opened = Some(Opened {
            upload_id: opened.upload_id,
            header: opened.header,
            plan: opened.plan,
            sealer: None,
        });
        match self.check_opened(key).await {
            Ok(()) => vec![event],
            Err(fault) if fault.can_go_on() => self.leave(fault),
            // In this order nothing is sealed, and the upload that was just opened is cancelled.
            Err(fault) => {
                self.fault = Some(fault);
                vec![Event::SourceFailed, event]
            }
        }
    }

    async fn check_opened(&mut self, key: Option<ContentKey>) -> Result<(), Fault> {
        let plan = self.opened.as_ref().map(|opened| opened.plan);
        if plan.is_none_or(|plan| plan.plaintext_len() != self.file.size()) {
            return Err(Fault::Answer("the part plan is for a file of another size"));
        }
        self.check_room().await?;
        match key {
            Some(key) => self.check_header(key).await,
            None => Ok(()),
        }
    }

    /// Checks the room at the start rather than when the first part is sealed. No other part is longer than the
    /// first, except by 8 bytes.
    async fn check_room(&self) -> Result<(), Fault> {
        let plan = self.opened.as_ref().map(|opened| opened.plan);
        let first = plan.and_then(|plan| plan.part(PartNumber::FIRST));
        let part_bytes = first.map_or(0, |part| part.sealed_len());
        self.shared.parts.check_room(part_bytes).await
    }

    async fn note_found(&mut self, mut status: UploadStatus) -> Vec<Event> {
        if status.file.is_some() {
            self.record = status.file.take();
            return vec![Event::FoundComplete(status.upload_id)];
        }
        let found = FoundUpload::from(&status);
        self.opened = Some(Opened {
            upload_id: status.upload_id,
            header: status.header,
            plan: status.plan,
            sealer: None,
        });
        match self.check_room().await {
            Ok(()) => vec![Event::Found(Box::new(found))],
            Err(fault) => self.leave(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use sealift_transfer::{
        retry::RequestFailure,
        upload::{Outcome, Request},
    };
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{
        failure::{Peer, RequestError},
        report::tests::heard,
        uploader::{Ending, wishes::tests::uploader},
    };

    #[wasm_bindgen_test]
    fn the_failure_that_ended_an_upload_is_told_though_a_look_at_it_failed_too() {
        let mut uploader = uploader(&heard().0);
        let refusal = |status| RequestFailure::Status {
            status,
            retry_after_ms: None,
        };
        for (request, status) in [(Request::Complete, 409), (Request::FetchStatus, 404)] {
            let error = RequestError {
                peer: Peer::Server,
                failure: refusal(status),
                problem: None,
            };
            let noted = uploader.note(Done::Failed(request, error)).now_or_never();
            assert!(matches!(noted, Some(Ok(_))));
        }
        let ending = uploader.ending(Outcome::Failed {
            request: Request::Complete,
            failure: refusal(409),
        });
        let Ending::Failed(Fault::Request(told)) = ending else {
            panic!("it failed by a request");
        };
        assert_eq!(told.failure, refusal(409));
    }
}
