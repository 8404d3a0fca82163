//! Carries out the effects of one upload: seals, hashes, sends requests, and waits.

use std::rc::Rc;

use sealift_transfer::{
    Done, Effect, Part, PartNumber, PartPlan,
    address::Address,
    api::{
        OpenUpload, PartReceipt, SignParts, SignedPart,
        batch::{FinishUpload, SignUpload},
    },
    batches::Ask,
    driver::Side,
    upload::{Request, Until},
};

use super::{Beginning, UNKNOWN_REASON};
use crate::{
    browser::{jitter, moment, online, sleep},
    failure::{Fault, RequestError},
    file_slice::ChosenFile,
    progress::Progress,
    put_part::put_part,
    seal::PartSealer,
    sealed_part::SealedPart,
    shared::{Shared, is_small},
    slots::Permit,
};

/// The browser's side of the driver.
pub enum Browser {}

impl Side for Browser {
    type Sealed = Rc<SealedPart>;
    type Sealer = Rc<PartSealer>;
    type Permit = Permit;
    type Error = RequestError;
    type Fault = Fault;
}

/// Everything that the effects of one upload need.
#[derive(Clone)]
pub(super) struct Tools {
    pub(super) shared: Rc<Shared>,
    pub(super) file: Rc<ChosenFile>,
    pub(super) beginning: Rc<Beginning>,
    pub(super) progress: Rc<Progress>,
}

impl Tools {
    /// Carries an effect out and returns its result.
    pub(super) async fn carry_out(self, effect: Effect<Browser>) -> Done<Browser> {
        let Shared { server, parts, .. } = &*self.shared;
        match effect {
            Effect::Open => {
                let Some(request) = self.open_request() else {
                    return left(Fault::Answer("a resumed upload is opened again"));
                };
                self.ask(Request::Open, Ask::Open(request)).await
            }
            Effect::FetchStatus(upload_id) => {
                let status = server.status(&upload_id).await;
                if let Ok(status) = &status
                    && status.file.is_none()
                    && let Err(fault) = self.check_room(&status.plan).await
                {
                    return left(fault);
                }
                answered(Request::FetchStatus, status, |status| {
                    Done::Found(Box::new(status))
                })
            }
            Effect::FetchKey(upload_id) => {
                let key = server.key(&upload_id).await;
                answered(Request::FetchKey, key, Done::KeyFetched)
            }
            Effect::ImportKey {
                header,
                plan,
                key,
                is_new,
            } => {
                let imported = async {
                    if is_new {
                        self.check_room(&plan).await?;
                    }
                    PartSealer::new(&header, key, plan, self.shared.backend).await
                };
                match imported.await {
                    Ok(sealer) => Done::KeyImported(Rc::new(sealer)),
                    Err(fault) => Done::GaveUp {
                        leaves: !is_new || fault.can_go_on(),
                        fault,
                    },
                }
            }
            Effect::Compare { sealer, part } => {
                match parts.hash(&sealer, &self.file, &part).await {
                    Ok(sha256) => Done::Compared(PartReceipt {
                        number: part.number,
                        sha256,
                    }),
                    Err(fault) => left(fault),
                }
            }
            Effect::Seal { sealer, part } => match parts.keep(&sealer, &self.file, &part).await {
                Ok((sha256, sealed)) => {
                    let number = part.number;
                    Done::Sealed(PartReceipt { number, sha256 }, Rc::new(sealed))
                }
                Err(fault) => left(fault),
            },
            Effect::Sign {
                upload_id,
                receipts,
            } => {
                let parts = receipts.iter().map(|receipt| receipt.number).collect();
                let ask = Ask::Sign(SignUpload {
                    upload_id,
                    parts: SignParts(receipts),
                });
                self.ask(Request::Sign(parts), ask).await
            }
            Effect::Put {
                signed,
                address,
                part,
                sealed,
            } => self.put(signed, address, part, sealed).await,
            Effect::Complete { upload_id, request } => {
                let ask = Ask::Complete(FinishUpload {
                    upload_id,
                    parts_sha256: request.parts_sha256,
                });
                self.ask(Request::Complete, ask).await
            }
            Effect::Abort(upload_id) => {
                let aborted = server.abort(&upload_id).await;
                answered(Request::Abort, aborted, |()| Done::Aborted)
            }
            Effect::Wait { request, until } => {
                match until {
                    Until::Elapsed { wait_ms } => sleep(wait_ms).await,
                    Until::Online => online().await,
                    Until::Credential if self.shared.credential.renewed().await => {}
                    Until::Credential => return Done::RefusedCredential(request),
                }
                Done::Waited(request)
            }
            // The uploader itself carries these out.
            Effect::AskUnchecked | Effect::Stop | Effect::End(_) => left(UNKNOWN_REASON),
        }
    }

    /// Sends a request that small files send together.
    async fn ask(&self, request: Request, ask: Ask) -> Done<Browser> {
        let Shared {
            server, batcher, ..
        } = &*self.shared;
        let asked_at = moment();
        let answer = if is_small(self.file.size()) {
            batcher.ask(ask).await
        } else {
            server.send_alone(ask).await
        };
        answered(request, answer, |answer| answer.done(asked_at))
    }

    /// Sends a part once it has a permit, unless its URL has expired by then.
    async fn put(
        &self,
        signed: SignedPart,
        mut address: Address<Permit>,
        part: Part,
        sealed: Rc<SealedPart>,
    ) -> Done<Browser> {
        let Shared { puts, patience, .. } = &*self.shared;
        let permit = match address.kept_permit.take() {
            Some(kept) => kept,
            None => {
                let permit = puts.acquire().await;
                if address.has_ended(moment()) {
                    return Done::AddressEnded(signed.number, permit);
                }
                permit
            }
        };
        let progress = self.progress.clone();
        let progress = move |sealed_bytes| progress.left(&part, sealed_bytes);
        let sent = put_part(&signed, address.life, &sealed.body(), *patience, progress).await;
        puts.on_result(sent.as_ref().err().map(|error| error.failure));
        drop(permit);
        let number = signed.number;
        answered(Request::Put(number), sent, |()| Done::Sent(number))
    }

    /// Checks the room at the start rather than when the first part is sealed. No other part is longer than the
    /// first, except by 8 bytes.
    async fn check_room(&self, plan: &PartPlan) -> Result<(), Fault> {
        let first = plan.part(PartNumber::FIRST);
        let part_bytes = first.map_or(0, |part| part.sealed_len());
        self.shared.parts.check_room(part_bytes).await
    }

    /// Returns the request that opens the upload, or `None` if an earlier one did.
    fn open_request(&self) -> Option<OpenUpload> {
        let Beginning::Open { client_token, name } = &*self.beginning else {
            return None;
        };
        Some(OpenUpload {
            client_token: client_token.clone(),
            name: name.clone(),
            content_type: self.file.content_type(),
            size: self.file.size(),
            last_modified_ms: Some(self.file.last_modified_ms()),
            metadata: None,
            reference: None,
        })
    }
}

fn answered<T>(
    request: Request,
    answer: Result<T, RequestError>,
    done: impl FnOnce(T) -> Done<Browser>,
) -> Done<Browser> {
    match answer {
        Ok(answer) => done(answer),
        Err(error) => Done::Failed {
            request,
            failure: error.failure,
            jitter: jitter(),
            error,
        },
    }
}

/// Gives the upload up and leaves it on the server. It can be resumed, for example when the file is back in its
/// place, the disk has more room, or the other tab is closed.
pub(super) fn left(fault: Fault) -> Done<Browser> {
    Done::GaveUp {
        fault,
        leaves: true,
    }
}
