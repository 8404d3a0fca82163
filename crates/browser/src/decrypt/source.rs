//! Fetches the sealed bytes from the store by a presigned URL, and has the server renew that URL.

use core::convert::Infallible;
use std::{cell::RefCell, ops::Range, rc::Rc};

use futures::lock::Mutex;
use sealift_transfer::{
    address::{Life, Moment},
    api::{FileId, FileOpening, PresignedGet},
    retry::{self, RequestFailure, Verdict},
};

use crate::{
    browser::{jitter, moment, online, sleep},
    failure::{Fault, Peer, RequestError},
    get_piece::{Recorded, get_piece},
    part_buffers::PartBuffer,
    server_api::ServerApi,
};

/// Asks the server for the presigned URL and the key of one file.
#[derive(Clone)]
pub struct Giver {
    /// The server.
    pub server: Rc<ServerApi>,
    /// The file.
    pub file: FileId,
    /// How many milliseconds a request to the store may stall.
    pub stall_ms: u64,
}

impl Giver {
    /// Asks for everything that is needed to decrypt the file. Retries while that may help.
    ///
    /// # Errors
    /// Returns [`Fault::Request`] if a retry does not help.
    pub async fn ask(&self, retrying: impl Fn()) -> Result<FileOpening, Fault> {
        let (opening, _asked_at) = self.ask_now(retrying).await?;
        Ok(opening)
    }

    /// Asks as `ask` does, and also returns the time when the answered request was sent.
    async fn ask_now(&self, retrying: impl Fn()) -> Result<(FileOpening, Moment), Fault> {
        let mut attempts = Attempts::default();
        loop {
            let asked_at = moment();
            match self.server.open_file(&self.file).await {
                Ok(opening) => return Ok((opening, asked_at)),
                Err(error) => attempts.failed(error, &retrying).await?,
            }
        }
    }

    /// Asks again during a download: if the API key is refused, waits for another one.
    async fn ask_again(&self, retrying: impl Fn()) -> Result<(FileOpening, Moment), Fault> {
        loop {
            match self.ask_now(&retrying).await {
                Err(Fault::Request(error)) => {
                    if !self.server.may_come_by_another_key(&error).await {
                        return Err(Fault::Request(error));
                    }
                }
                other => return other,
            }
        }
    }
}

/// One object of the store. Every answer is checked against what was recorded of it.
pub struct Source {
    giver: Giver,
    recorded: Recorded,
    header: Vec<u8>,
    address: RefCell<Address>,
    renewing: Mutex<()>,
}

#[derive(Clone)]
struct Address {
    get: PresignedGet,
    /// Counts the URLs, so that only one of many refused requests renews the URL.
    version: u32,
    life: Life,
}

/// The least age of a URL before it is renewed, however short its life is.
const LEAST_AGE_MS: u64 = 60 * 1000;
/// The time after a refused renewal until the next attempt.
const REFUSED_FOR_MS: i64 = 60 * 1000;
/// The time between two checks of the URL's age. One timer for its whole life would stand still while the
/// machine sleeps.
const LOOK_EVERY_MS: u64 = 1000;

impl Address {
    /// Takes a URL that was requested at `asked_at`.
    fn new(get: PresignedGet, version: u32, asked_at: Moment) -> Self {
        let life = get.life(asked_at);
        Self { get, version, life }
    }

    fn has_ended(&self) -> bool {
        self.life.has_ended(moment())
    }

    /// Returns whether to renew the URL: after two thirds of its life. A share link's permission to read ends
    /// 15 minutes after its last use, and each renewal is a use.
    fn is_due(&self) -> bool {
        let due_at_ms = self.life.lasts_ms().saturating_mul(2).div_euclid(3);
        self.life.age_ms(moment()) >= due_at_ms.max(LEAST_AGE_MS)
    }

    /// Returns whether the URL has expired and is old enough that we do not ask for new ones too often.
    fn has_ended_again(&self) -> bool {
        self.has_ended() && self.life.age_ms(moment()) >= LEAST_AGE_MS
    }
}

impl Source {
    /// Takes the object of the file that the server gave.
    #[must_use]
    pub fn new(giver: Giver, given: &FileOpening) -> Self {
        Self {
            giver,
            recorded: recorded(given),
            header: given.header.clone(),
            address: RefCell::new(Address::new(given.get.clone(), 0, moment())),
            renewing: Mutex::default(),
        }
    }

    /// Gets all bytes in `range` into a buffer of that length. Retries while that may help. Calls `comes` with the
    /// number of bytes received so far, and `retrying` before each retry.
    ///
    /// # Errors
    /// Fails as [`get_piece`] does, and returns [`Fault::ObjectReplaced`] if the server now has another object.
    pub async fn get(
        &self,
        range: &Range<u64>,
        buffer: &mut PartBuffer,
        comes: impl Fn(u64),
        retrying: impl Fn(),
    ) -> Result<(), Fault> {
        let mut attempts = Attempts::default();
        let mut is_renewed = false;
        loop {
            let mut address = self.address.borrow().clone();
            if address.has_ended_again() {
                // The machine slept, or the piece waited: do not send a request to an expired URL.
                is_renewed = true;
                self.renew(address.version, &retrying).await?;
                address = self.address.borrow().clone();
            }
            let stall_ms = self.giver.stall_ms;
            let got = get_piece(
                &address.get,
                &self.recorded,
                range,
                buffer,
                stall_ms,
                &comes,
            );
            let error = match got.await {
                Err(Fault::Request(error)) => error,
                other => return other,
            };
            comes(0);
            // A machine may sleep longer than a URL lasts, more than once.
            let may_help = !is_renewed || address.has_ended_again();
            if may_help && may_have_ended(&error, &address) {
                is_renewed = true;
                self.renew(address.version, &retrying).await?;
            } else {
                attempts.failed(error, &retrying).await?;
            }
        }
    }

    /// Renews the URL before it expires, for as long as this future is polled. Otherwise a share link's
    /// permission to read could end during the download.
    pub(super) async fn keep_fresh(&self) -> Infallible {
        let mut not_before_ms = i64::MIN;
        loop {
            sleep(LOOK_EVERY_MS).await;
            let (version, is_due) = {
                let address = self.address.borrow();
                (address.version, address.is_due())
            };
            if !is_due || moment().wall_ms < not_before_ms {
                continue;
            }
            // The present URL still works. Once it has expired, the pieces ask too and report a refusal.
            if self.renew(version, &|| ()).await.is_err() {
                not_before_ms = moment().wall_ms.saturating_add(REFUSED_FOR_MS);
            }
        }
    }

    async fn renew(&self, version: u32, retrying: &impl Fn()) -> Result<(), Fault> {
        let _one_at_a_time = self.renewing.lock().await;
        if self.address.borrow().version != version {
            return Ok(());
        }
        let (given, asked_at) = self.giver.ask_again(retrying).await?;
        if recorded(&given) != self.recorded || given.header != self.header {
            return Err(Fault::ObjectReplaced);
        }
        let next = Address::new(given.get.clone(), version.wrapping_add(1), asked_at);
        self.address.replace(next);
        Ok(())
    }
}

fn recorded(given: &FileOpening) -> Recorded {
    Recorded {
        etag: given.etag.clone(),
        sealed_len: given.sealed_size,
    }
}

/// Returns whether a fresh URL may help: the store refused the old one, or the request failed after it had
/// expired, because browsers may hide the store's answer then.
fn may_have_ended(error: &RequestError, address: &Address) -> bool {
    match error.failure {
        RequestFailure::AddressRefused { .. } => true,
        _ => error.peer == Peer::Store && address.has_ended(),
    }
}

/// Counts the attempts at one request.
#[derive(Default)]
struct Attempts(u32);

impl Attempts {
    /// Waits before the next attempt.
    ///
    /// # Errors
    /// Returns the failure if a retry does not help.
    async fn failed(&mut self, error: RequestError, retrying: &impl Fn()) -> Result<(), Fault> {
        self.0 = self.0.saturating_add(1);
        match retry::after(error.failure, self.0, jitter()) {
            Verdict::GiveUp => Err(error.into()),
            Verdict::RetryIn { wait_ms } => {
                retrying();
                if error.failure == RequestFailure::Offline {
                    online().await;
                }
                sleep(wait_ms).await;
                Ok(())
            }
        }
    }
}
