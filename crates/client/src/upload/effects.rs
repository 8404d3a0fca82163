//! Carries out the effects of one upload: seals, hashes, sends requests, and waits.

use std::{io, sync::Arc};

use sealift_transfer::{
    Done, Effect, Part,
    address::Address,
    api::{
        PartReceipt, SignParts, SignedPart,
        batch::{FinishUpload, SignUpload},
    },
    batches::Ask,
    driver::Side,
    upload::{Request, Until},
};
use tokio::time::{Duration, sleep};

use super::{UploadError, sealing::SealingThreads, uploader::Begun};
use crate::{
    client::Client,
    clocks,
    error::RequestError,
    part_buffers::PartBuffer,
    part_sealer::PartSealer,
    random,
    sealed_part::SealedPart,
    slots::Permit,
    source::{Source, SourceError},
};

/// The native side of the driver.
pub(super) enum Native {}

impl Side for Native {
    type Sealed = SealedPart;
    type Sealer = Arc<PartSealer>;
    type Permit = Permit;
    type Error = FailedRequest;
    type Fault = UploadError;
}

/// A request that failed.
pub(super) struct FailedRequest {
    pub(super) error: RequestError,
    /// The version of the credential when the request was made.
    pub(super) credential: u64,
}

/// Everything that the effects of one upload need.
#[derive(Clone)]
pub(super) struct Tools {
    pub(super) client: Client,
    pub(super) source: Arc<dyn Source>,
    pub(super) begun: Arc<Begun>,
    pub(super) sealing: SealingThreads,
}

impl Tools {
    /// Carries an effect out. `refused` is the version of the credential that the request of a wait was made
    /// with.
    pub(super) async fn carry_out(self, effect: Effect<Native>, refused: u64) -> Done<Native> {
        let client = &self.client;
        match effect {
            Effect::Open => {
                let Begun::Here(request) = &*self.begun else {
                    return left(UploadError::Broken("a resumed upload is opened again"));
                };
                let ask = Ask::Open(request.clone());
                self.ask_for_upload(Request::Open, ask).await
            }
            Effect::FetchStatus(upload_id) => {
                let answer = client.status(&upload_id);
                let done = |status| Done::Found(Box::new(status));
                self.ask(Request::FetchStatus, answer, done).await
            }
            Effect::FetchKey(upload_id) => {
                let answer = client.key(&upload_id);
                self.ask(Request::FetchKey, answer, Done::KeyFetched).await
            }
            Effect::ImportKey {
                header, plan, key, ..
            } => match PartSealer::new(&header, &key, plan) {
                Ok(sealer) => Done::KeyImported(Arc::new(sealer)),
                Err(error) => self.gave_up(error.into()),
            },
            Effect::Compare { sealer, part } => match self.compare(sealer, &part).await {
                Ok(receipt) => Done::Compared(receipt),
                Err(fault) => self.gave_up(fault),
            },
            Effect::AskUnchecked => match &*self.begun {
                Begun::Earlier { upload_id, options } if !options.sends_unchecked => {
                    let upload_id = upload_id.clone();
                    left(UploadError::Unchecked { upload_id })
                }
                Begun::Earlier { .. } | Begun::Here(_) => Done::Confirmed,
            },
            Effect::Seal { sealer, part } => match self.seal(sealer, &part).await {
                Ok((receipt, sealed)) => Done::Sealed(receipt, sealed),
                Err(fault) => self.gave_up(fault),
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
                self.ask_for_upload(Request::Sign(parts), ask).await
            }
            Effect::Put {
                signed,
                address,
                sealed,
                ..
            } => self.put(signed, address, sealed).await,
            Effect::Complete { upload_id, request } => {
                let ask = Ask::Complete(FinishUpload {
                    upload_id,
                    parts_sha256: request.parts_sha256,
                });
                self.ask_for_upload(Request::Complete, ask).await
            }
            Effect::Abort(upload_id) => {
                let answer = client.abort(&upload_id);
                self.ask(Request::Abort, answer, |()| Done::Aborted).await
            }
            Effect::Wait { request, until } => self.wait(request, until, refused).await,
            Effect::Stop | Effect::End(_) => {
                left(UploadError::Broken("an upload that has ended goes on"))
            }
        }
    }

    /// Sends a request that small files send together, and returns the result.
    async fn ask_for_upload(&self, request: Request, ask: Ask) -> Done<Native> {
        let asked_at = clocks::now();
        let plaintext_len = self.source.plaintext_len();
        let answer = self.client.ask_for_upload(ask, plaintext_len);
        self.ask(request, answer, |answer| answer.done(asked_at))
            .await
    }

    /// Sends a request to the server and returns the result.
    async fn ask<T>(
        &self,
        request: Request,
        answer: impl Future<Output = Result<T, RequestError>>,
        done: impl FnOnce(T) -> Done<Native>,
    ) -> Done<Native> {
        let credential = self.client.credential.version();
        match answer.await {
            Ok(answer) => done(answer),
            Err(error) => Done::Failed {
                request,
                failure: error.failure(),
                jitter: random::jitter(),
                error: FailedRequest { error, credential },
            },
        }
    }

    /// Seals a part on a thread of its own, as soon as there is memory for it or, if it is large, as another
    /// file is allowed.
    async fn seal(
        &self,
        sealer: Arc<PartSealer>,
        part: &Part,
    ) -> Result<(PartReceipt, SealedPart), UploadError> {
        let (source, number) = (self.source.clone(), part.number);
        let files = self.client.part_files.clone();
        let sealed = if files.are_for(part.sealed_len()) {
            let seal = move |permit| {
                let mut file = files.create(permit).map_err(UploadError::PartFile)?;
                let receipt = sealer.seal_to(number, source.as_ref(), &mut file)?;
                Ok((receipt, SealedPart::OnDisk(Arc::new(file.finish()))))
            };
            let permit = self.client.part_files.acquire();
            self.sealing.run(permit, seal).await
        } else {
            let seal = move |mut buffer: PartBuffer| {
                let receipt = sealer.seal(number, source.as_ref(), buffer.sealed())?;
                Ok((receipt, SealedPart::InMemory(buffer.share())))
            };
            let buffer = self.client.part_buffers.take(part.sealed_len());
            self.sealing.run(buffer, seal).await
        };
        sealed.unwrap_or(Err(STOPPED))
    }

    /// Seals a part only for its receipt, so that one frame of it is in memory at a time.
    async fn compare(
        &self,
        sealer: Arc<PartSealer>,
        part: &Part,
    ) -> Result<PartReceipt, UploadError> {
        let (source, number) = (self.source.clone(), part.number);
        let seal = move |()| sealer.seal_to(number, source.as_ref(), &mut io::sink());
        let receipt = self.sealing.run(async {}, seal).await;
        receipt.map_or(Err(STOPPED), |receipt| Ok(receipt?))
    }

    /// Waits for a permit and sends a part, unless its address has ended by then.
    async fn put(
        &self,
        signed: SignedPart,
        mut address: Address<Permit>,
        sealed: SealedPart,
    ) -> Done<Native> {
        let permit = match address.kept_permit.take() {
            Some(kept) => kept,
            None => {
                let permit = self.client.put_slots.acquire().await;
                if address.has_ended(clocks::now()) {
                    return Done::AddressEnded(signed.number, permit);
                }
                permit
            }
        };
        match self.client.put(&signed, sealed.clone()).await {
            Ok(()) => {
                permit.sent();
                Done::Sent(signed.number)
            }
            // The part is not sealed again, because that would need the same source once more. A resumed upload
            // compares first.
            Err(error) if sealed.is_lost() => {
                self.gave_up(UploadError::PartFile(io::Error::other(error)))
            }
            Err(error) => {
                let failure = error.put_failure(address.has_ended(clocks::now()));
                permit.failed(failure);
                let credential = self.client.credential.version();
                Done::Failed {
                    request: Request::Put(signed.number),
                    failure,
                    jitter: random::jitter(),
                    error: FailedRequest { error, credential },
                }
            }
        }
    }

    /// Waits until `request` may be sent again.
    async fn wait(&self, request: Request, until: Until, refused: u64) -> Done<Native> {
        match until {
            Until::Elapsed { wait_ms } => sleep(Duration::from_millis(wait_ms)).await,
            // This client cannot detect a missing network, so it never reports `Offline`.
            Until::Online => sleep(Duration::from_secs(1)).await,
            Until::Credential => {
                if !self.client.credential.is_renewed(refused).await {
                    return Done::RefusedCredential(request);
                }
            }
        }
        Done::Waited(request)
    }

    /// Gives the upload up. A new upload is aborted; if its source was only unreadable, or if the upload was
    /// begun earlier, it is left, because the same or another file may help later.
    fn gave_up(&self, fault: UploadError) -> Done<Native> {
        let leaves = match &fault {
            UploadError::Source(SourceError::Unreadable(_)) | UploadError::PartFile(_) => true,
            _ => matches!(*self.begun, Begun::Earlier { .. }),
        };
        Done::GaveUp { fault, leaves }
    }
}

const STOPPED: UploadError = UploadError::Broken("sealing stopped");

fn left(fault: UploadError) -> Done<Native> {
    Done::GaveUp {
        fault,
        leaves: true,
    }
}
