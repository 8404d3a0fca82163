//! Runs one upload: carries out the effects of the driver, passes the person's controls on, and reports the
//! progress.

use std::sync::Arc;

use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use sealift_transfer::{
    Done, Driver, Effect,
    api::{FileRecord, OpenUpload, UploadId, UploadState},
    driver::Ended,
    upload::{Resume, Settings, Until},
};

use super::{
    Progress, ResumeOptions, UploadError,
    control::Controls,
    effects::{Native, Tools},
    sealing::SealingThreads,
};
use crate::{client::Client, source::Source};

/// One upload under way.
pub(super) struct Uploader {
    driver: Driver<Native>,
    tools: Tools,
    running: FuturesUnordered<BoxFuture<'static, Done<Native>>>,
    /// Milliseconds until the next attempt.
    retries_in_ms: Option<u64>,
}

/// How the upload was begun.
pub(super) enum Begun {
    /// This uploader opens the upload with this request.
    Here(OpenUpload),
    /// An earlier call opened the upload.
    Earlier {
        upload_id: UploadId,
        options: ResumeOptions,
    },
}

impl Uploader {
    /// Prepares an upload. Returns it with its first effects.
    pub(super) fn new(
        client: Client,
        source: impl Source,
        begun: Begun,
        settings: Settings,
    ) -> (Self, Vec<Effect<Native>>) {
        let size = source.plaintext_len();
        let (driver, effects) = match &begun {
            Begun::Here(_) => Driver::start(settings, size),
            Begun::Earlier { upload_id, .. } => {
                let resume = Resume {
                    upload_id: upload_id.clone(),
                    size,
                    last_modified_ms: source.last_modified_ms(),
                };
                Driver::resume(settings, resume)
            }
        };
        let sealing = SealingThreads::at_most(client.most_sealing_threads);
        let uploader = Self {
            driver,
            tools: Tools {
                client,
                source: Arc::new(source),
                begun: Arc::new(begun),
                sealing,
            },
            running: FuturesUnordered::new(),
            retries_in_ms: None,
        };
        (uploader, effects)
    }

    /// Runs the upload to its end.
    pub(super) async fn run(
        mut self,
        mut effects: Vec<Effect<Native>>,
        progress: &mut impl FnMut(Progress),
        mut controls: Controls,
    ) -> Result<FileRecord, UploadError> {
        let mut reported = self.progress(&Progress::default());
        progress(reported.clone());
        loop {
            for effect in effects {
                match effect {
                    Effect::Stop => self.running.clear(),
                    Effect::End(ended) => return self.result(ended),
                    effect => self.begin(effect),
                }
            }
            let now = self.progress(&reported);
            if reported != now {
                reported = now.clone();
                progress(now);
            }
            if self.running.is_empty() && !self.driver.is_paused() {
                return Err(UploadError::Broken("no command is left before the end"));
            }
            effects = tokio::select! {
                control = controls.next() => self.driver.control(control),
                Some(done) = self.running.next() => {
                    self.retries_in_ms = None;
                    self.driver.on(done)
                }
            };
        }
    }

    fn begin(&mut self, effect: Effect<Native>) {
        let mut refused = 0;
        if let Effect::Wait { request, until } = &effect {
            let error = self.driver.error_of(request);
            refused = error.map_or(0, |error| error.credential);
            if let Until::Elapsed { wait_ms } = until {
                self.retries_in_ms = Some(*wait_ms);
            }
        }
        self.running
            .push(self.tools.clone().carry_out(effect, refused).boxed());
    }

    /// Returns the present progress, which is never less than `before`.
    fn progress(&self, before: &Progress) -> Progress {
        let upload = self.driver.upload();
        let compared = upload.compared_plaintext_len();
        let to_compare = upload.to_compare_plaintext_len();
        let stored = upload.stored_plaintext_len();
        Progress {
            upload_id: self.driver.upload_id().cloned(),
            compared_plaintext_len: compared.max(before.compared_plaintext_len),
            to_compare_plaintext_len: to_compare.max(before.to_compare_plaintext_len),
            stored_plaintext_len: stored.max(before.stored_plaintext_len),
            plaintext_len: self.tools.source.plaintext_len(),
            retries_in_ms: self.retries_in_ms,
        }
    }

    /// Translates the end of the upload into the result for the caller.
    fn result(self, ended: Ended<Native>) -> Result<FileRecord, UploadError> {
        const NEVER_OPENED: UploadError =
            UploadError::Broken("an upload that was never opened has ended");
        let upload_id = self.driver.upload_id().cloned();
        Err(match ended {
            Ended::Complete {
                upload_id,
                record,
                is_unseen,
            } => match record {
                Some(record) if !(is_unseen && self.tools.begun.must_compare()) => {
                    return Ok(*record);
                }
                _ => {
                    let state = UploadState::Complete;
                    UploadError::Gone { upload_id, state }
                }
            },
            Ended::Cancelled => UploadError::Cancelled,
            Ended::Left => UploadError::Left { upload_id },
            Ended::GaveUp { fault, .. } => fault,
            Ended::Failed(failed) => UploadError::Failed {
                upload_id,
                error: failed.error,
            },
            Ended::NotAborted(failed) => UploadError::NotAborted {
                upload_id,
                error: failed.error,
            },
            Ended::Changed { part } => match upload_id {
                Some(upload_id) => UploadError::Changed { upload_id, part },
                None => NEVER_OPENED,
            },
            Ended::Gone(state) => match upload_id {
                Some(upload_id) => UploadError::Gone { upload_id, state },
                None => NEVER_OPENED,
            },
            Ended::Broken(why) => UploadError::Broken(why),
        })
    }
}

impl Begun {
    fn must_compare(&self) -> bool {
        matches!(self, Self::Earlier { options, .. } if options.must_compare)
    }
}
