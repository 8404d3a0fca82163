//! Where the sealed bytes come from: the store, by a presigned address that the server renews.

use core::convert::Infallible;
use std::{cell::RefCell, ops::Range, rc::Rc};

use futures::lock::Mutex;
use js_sys::Uint8Array;
use sealift_transfer::{
    address::{Life, Moment},
    api::{FileId, FileOpening, PresignedGet},
    retry::{self, RequestFailure, Verdict},
};

use crate::{
    browser::{jitter, moment, online, sleep},
    failure::{Fault, Peer, RequestError},
    get_piece::{Recorded, get_piece},
    server_api::ServerApi,
};

/// Who gives the address and the key of one file.
#[derive(Clone)]
pub struct Giver {
    /// The server.
    pub server: Rc<ServerApi>,
    /// The file.
    pub file: FileId,
    /// How long a request to the store may stand still.
    pub stall_ms: u64,
}

impl Giver {
    /// Asks for everything that opening takes, for as long as another attempt may help.
    ///
    /// # Errors
    /// [`Fault::Request`].
    pub async fn ask(&self, retrying: impl Fn()) -> Result<FileOpening, Fault> {
        let (opening, _asked_at) = self.ask_now(retrying).await?;
        Ok(opening)
    }

    /// The same, and when the request left that was answered.
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

    /// The same while the file is on its way: where the API key has ended, by another one.
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

/// One object of the store. Every answer is held to what was recorded of it.
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
    /// Counts the addresses, so that of many requests that were refused one renews the address.
    version: u32,
    life: Life,
}

/// No address is renewed more often than this, however short its life is.
const LEAST_AGE_MS: u64 = 60 * 1000;
/// The time after which a renewal that was refused is tried again.
const REFUSED_FOR_MS: i64 = 60 * 1000;
/// The time between two looks at the age of the address. One timer for the whole life would stand
/// still while the machine sleeps.
const LOOK_EVERY_MS: u64 = 1000;

impl Address {
    /// An address that was asked for at `asked_at`.
    fn new(get: PresignedGet, version: u32, asked_at: Moment) -> Self {
        let life = get.life(asked_at);
        Self { get, version, life }
    }

    fn has_ended(&self) -> bool {
        self.life.has_ended(moment())
    }

    /// Whether it is time for the next address: what a link lets read ends as long after the last
    /// address was given.
    fn is_due(&self) -> bool {
        let due_at_ms = self.life.lasts_ms().saturating_mul(2).div_euclid(3);
        self.life.age_ms(moment()) >= due_at_ms.max(LEAST_AGE_MS)
    }

    /// Whether the address has ended, and is so old that another one is not asked for too often.
    fn has_ended_again(&self) -> bool {
        self.has_ended() && self.life.age_ms(moment()) >= LEAST_AGE_MS
    }
}

impl Source {
    /// The object of the file that was given.
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

    /// The bytes in `range`, all of them, for as long as another attempt may help. `comes` hears how
    /// many of them have come, `retrying` of every new attempt.
    ///
    /// # Errors
    /// As [`get_piece`], and [`Fault::ObjectReplaced`] where the server now has another object.
    pub async fn get(
        &self,
        range: &Range<u64>,
        comes: impl Fn(u64) + Clone + 'static,
        retrying: impl Fn(),
    ) -> Result<Uint8Array, Fault> {
        let mut attempts = Attempts::default();
        let mut is_renewed = false;
        loop {
            let mut address = self.address.borrow().clone();
            if address.has_ended_again() {
                // The machine slept, or the piece waited: nothing is asked of a dead address.
                is_renewed = true;
                self.renew(address.version, &retrying).await?;
                address = self.address.borrow().clone();
            }
            let stall_ms = self.giver.stall_ms;
            let got = get_piece(&address.get, &self.recorded, range, stall_ms, comes.clone());
            let error = match got.await {
                Err(Fault::Request(error)) => error,
                other => return other,
            };
            comes(0);
            // A machine may sleep longer than an address lasts, and more than once.
            let may_help = !is_renewed || address.has_ended_again();
            if may_help && may_have_ended(&error, &address) {
                is_renewed = true;
                self.renew(address.version, &retrying).await?;
            } else {
                attempts.failed(error, &retrying).await?;
            }
        }
    }

    /// Renews the address before it ends, for as long as this is polled, so that what a link lets read
    /// does not end while its file is on the way.
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
            // The one there is still works. Once it has ended, the pieces ask too and tell what is said.
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

/// Whether a fresh address may help: the store refused the old one, or its answer to an address that
/// has ended is one that the browser does not let us see.
fn may_have_ended(error: &RequestError, address: &Address) -> bool {
    match error.failure {
        RequestFailure::AddressRefused { .. } => true,
        _ => error.peer == Peer::Store && address.has_ended(),
    }
}

/// The attempts at one request.
#[derive(Default)]
struct Attempts(u32);

impl Attempts {
    /// Waits before the next one.
    ///
    /// # Errors
    /// The failure, where it will not get better by itself.
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
