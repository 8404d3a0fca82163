//! Begins each command of the state machine.

use std::rc::Rc;

use futures::FutureExt as _;
use sealift_transfer::{
    Command,
    address::Addresses,
    api::OpenUpload,
    upload::{Request, Until},
};

use super::{Beginning, NOT_OPENED, Uploader, running, waits::Waits};
use crate::{
    failure::Fault,
    report::{Reason, State},
    seal::PartSealer,
};

const NOT_HELD: Fault = Fault::Answer("a part is to be sent that is not held");

impl Uploader {
    pub(super) fn carry_out(&mut self, command: Command) -> Result<(), Fault> {
        let shared = self.shared.clone();
        let task = match command {
            Command::Open => running::open(shared, self.request()?).boxed_local(),
            Command::FetchStatus(upload_id) => {
                running::fetch_status(shared, upload_id).boxed_local()
            }
            Command::FetchKey(upload_id) => running::fetch_key(shared, upload_id).boxed_local(),
            Command::Compare(number) => {
                running::compare(shared, self.sealer()?, self.file.clone(), number).boxed_local()
            }
            Command::AskUnchecked => {
                // The person may take long to answer, so another file gets the permit.
                self.turn = None;
                self.reporter.unchecked();
                return Ok(());
            }
            Command::Seal(number) => {
                running::seal(shared, self.sealer()?, self.file.clone(), number).boxed_local()
            }
            Command::Sign(receipts) => {
                let upload_id = self.upload_id().ok_or(NOT_OPENED)?;
                running::sign(shared, upload_id, receipts).boxed_local()
            }
            Command::Put(signed) => {
                if !self.sends {
                    self.sends = true;
                    self.reporter.state(State::Sending);
                }
                let part = self.sealer()?.part(signed.number)?;
                let sealed = self.held.get(&signed.number).ok_or(NOT_HELD)?.clone();
                let address = self.addresses.of_put(signed.number);
                let progress = self.progress.clone();
                running::put(shared, signed, address, part, sealed, progress).boxed_local()
            }
            Command::Release(number) => {
                self.held.remove(&number);
                self.addresses.release(number);
                return Ok(());
            }
            Command::Complete(request) => {
                self.reporter.state(State::Checking);
                let upload_id = self.upload_id().ok_or(NOT_OPENED)?;
                running::complete(shared, upload_id, request).boxed_local()
            }
            Command::Abort(upload_id) => running::abort(shared, upload_id).boxed_local(),
            Command::Wait { request, until } => {
                if let Request::Sign(parts) = &request {
                    self.addresses.signatures_wait(parts);
                }
                match until {
                    Until::Elapsed { .. } => self.reporter.retrying(),
                    Until::Online => self.waits.begin(Reason::Network, &self.reporter),
                    Until::Credential => self.waits.begin(Reason::Credential, &self.reporter),
                }
                running::wait(shared, request, until).boxed_local()
            }
            Command::Stop => {
                self.running.clear();
                self.on_turn = None;
                self.held.clear();
                self.addresses = Addresses::default();
                self.waits = Waits::default();
                self.progress.stopped();
                self.sends = false;
                return Ok(());
            }
            Command::End(outcome) => {
                self.ended = Some(outcome);
                return Ok(());
            }
        };
        self.running.push(task);
        Ok(())
    }

    fn request(&self) -> Result<OpenUpload, Fault> {
        let Beginning::Open { client_token, name } = &self.beginning else {
            return Err(NOT_OPENED);
        };
        Ok(OpenUpload {
            client_token: client_token.clone(),
            name: name.clone(),
            content_type: self.file.content_type(),
            size: self.file.size(),
            last_modified_ms: Some(self.file.last_modified_ms()),
            metadata: None,
            reference: None,
        })
    }

    fn sealer(&self) -> Result<Rc<PartSealer>, Fault> {
        let opened = self.opened.as_ref().ok_or(NOT_OPENED)?;
        opened.sealer.clone().ok_or(NOT_OPENED)
    }
}
