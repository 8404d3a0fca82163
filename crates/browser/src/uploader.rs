//! Runs one upload: carries out the effects of the driver, and reports to the page how far it is.

#[cfg(test)]
mod address_tests;
mod control;
mod effects;
mod ending;
mod waits;

pub use control::FromPage;
pub use effects::Browser;
pub use ending::{Ended, Ending};

use std::rc::Rc;

use futures::{
    FutureExt as _, StreamExt as _, channel::mpsc, future::LocalBoxFuture, stream::FuturesUnordered,
};
use sealift_transfer::{
    Control, Done, Driver, Effect, PartNumber,
    api::UploadId,
    driver,
    upload::{Request, Resume, Settings, Until},
};

use crate::{
    failure::Fault,
    file_slice::ChosenFile,
    progress::Progress,
    report::{FileReporter, Reason, State},
    shared::Shared,
    slots::Permit,
    tab_lock::TabLock,
};
use control::Stage;
use effects::{Tools, left};
use waits::Waits;

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

/// One upload under way.
pub struct Uploader {
    tools: Tools,
    reporter: Rc<FileReporter>,
    /// The driver, which is paused until this file has its first permit.
    driver: Driver<Browser>,
    stage: Stage,
    /// Whether the file has had a permit, so that requests were sent.
    has_begun: bool,
    lock: Option<TabLock>,
    running: FuturesUnordered<LocalBoxFuture<'static, Finished>>,
    waits: Waits,
}

/// The result of something that ran.
enum Finished {
    /// The file has its permit.
    Queued(Permit),
    /// An effect is done. If it was a wait, the reason says for what.
    Effect(Option<Reason>, Done<Browser>),
}

const UNKNOWN_REASON: Fault = Fault::Answer("the upload ended without a known reason");

impl Uploader {
    /// Prepares an upload of `file`.
    #[must_use]
    pub fn new(
        shared: Rc<Shared>,
        file: Rc<ChosenFile>,
        beginning: Beginning,
        reporter: FileReporter,
    ) -> Self {
        let settings = Settings {
            most_parts_held: shared.parts.most_parts_held(),
        };
        let (mut driver, _) = match &beginning {
            Beginning::Open { .. } => Driver::start(settings, file.size()),
            Beginning::Resume(upload_id) => {
                let resume = Resume {
                    upload_id: upload_id.clone(),
                    size: file.size(),
                    last_modified_ms: Some(file.last_modified_ms()),
                };
                Driver::resume(settings, resume)
            }
        };
        // The first effects come again when the file has its permit and continues.
        let _nothing_runs = driver.control(Control::Pause);
        let reporter = Rc::new(reporter);
        Self {
            tools: Tools {
                shared,
                file,
                beginning: Rc::new(beginning),
                progress: Rc::new(Progress::new(reporter.clone())),
            },
            reporter,
            driver,
            stage: Stage::Paused,
            has_begun: false,
            lock: None,
            running: FuturesUnordered::new(),
            waits: Waits::default(),
        }
    }

    /// Waits for a permit, then runs to the end. The page may ask for something at any time.
    pub async fn run(mut self, from_page: mpsc::UnboundedReceiver<FromPage>) -> Ended {
        let ended = self.drive(from_page).await;
        Ended::new(ended, self.driver.upload_id().cloned())
    }

    async fn drive(
        &mut self,
        mut from_page: mpsc::UnboundedReceiver<FromPage>,
    ) -> Result<driver::Ended<Browser>, Fault> {
        let beginning = self.tools.beginning.clone();
        if let Beginning::Resume(upload_id) = &*beginning {
            self.lock(upload_id).await?;
        }
        self.wait_for_permit(Control::Continue.into());
        loop {
            let effects = futures::select_biased! {
                asked = from_page.select_next_some() => self.on_page(asked),
                finished = self.running.select_next_some() => self.on_finished(finished).await,
                complete => return Err(UNKNOWN_REASON),
            };
            for effect in effects {
                match effect {
                    Effect::End(ended) => return Ok(ended),
                    effect => self.begin(effect),
                }
            }
        }
    }

    async fn on_finished(&mut self, finished: Finished) -> Vec<Effect<Browser>> {
        let (reason, done) = match finished {
            Finished::Queued(permit) => return self.on_permit(permit),
            Finished::Effect(reason, done) => (reason, done),
        };
        if let (Some(reason), Done::Waited(_)) = (reason, &done) {
            self.waits.end(reason, &self.reporter);
        }
        if let Done::Opened(opened) = &done
            && opened.file.is_none()
            && let Err(fault) = self.lock(&opened.upload_id).await
        {
            return self.driver.on(left(fault));
        }
        let put = part_of(&done);
        let is_compared = matches!(done, Done::Compared(_));
        let effects = self.driver.on(done);
        let upload = self.driver.upload();
        let stored = upload.stored_plaintext_len();
        if is_compared {
            let compared = upload.compared_plaintext_len();
            self.reporter
                .comparing(compared, upload.to_compare_plaintext_len());
        }
        if let Some(number) = put {
            self.tools.progress.arrived(number, stored);
        } else if is_compared && stored > 0 {
            self.tools.progress.found(stored);
        }
        effects
    }

    fn begin(&mut self, effect: Effect<Browser>) {
        let mut reason = None;
        match &effect {
            Effect::AskUnchecked => {
                // The person may take long to answer, so another file gets the permit.
                self.stage = Stage::Asking;
                return self.reporter.unchecked();
            }
            Effect::Put { .. } => self.reporter.sending(),
            Effect::Complete { .. } => self.reporter.state(State::Checking),
            Effect::Wait { until, .. } => {
                reason = match until {
                    Until::Elapsed { .. } => None,
                    Until::Online => Some(Reason::Network),
                    Until::Credential => Some(Reason::Credential),
                };
                match reason {
                    None => self.reporter.retrying(),
                    Some(reason) => self.waits.begin(reason, &self.reporter),
                }
            }
            Effect::Stop => {
                self.running.clear();
                self.waits = Waits::default();
                return self.tools.progress.stopped();
            }
            _ => {}
        }
        let done = self.tools.clone().carry_out(effect);
        self.running
            .push(async move { Finished::Effect(reason, done.await) }.boxed_local());
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
}

/// Returns the part whose PUT ended with this result, successfully or not.
fn part_of(done: &Done<Browser>) -> Option<PartNumber> {
    match done {
        Done::Sent(number)
        | Done::Failed {
            request: Request::Put(number),
            ..
        } => Some(*number),
        _ => None,
    }
}
