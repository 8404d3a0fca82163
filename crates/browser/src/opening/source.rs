//! Where the sealed bytes come from: the store, by a presigned address that the server renews.

use core::convert::Infallible;
use std::{cell::RefCell, ops::Range, rc::Rc};

use futures::lock::Mutex;
use js_sys::{Date, Uint8Array};
use sealift_transfer::{
    api::{FileId, FileOpening, PresignedGet},
    retry::{self, RequestFailure, Verdict},
};

use crate::{
    browser::{jitter, online, sleep, time_ms_of},
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
        let mut attempts = Attempts::default();
        loop {
            match self.server.open_file(&self.file).await {
                Ok(opening) => return Ok(opening),
                Err(error) => attempts.failed(error, &retrying).await?,
            }
        }
    }

    /// The same while the file is on its way: where the API key has ended, by another one.
    async fn ask_again(&self, retrying: impl Fn()) -> Result<FileOpening, Fault> {
        loop {
            match self.ask(&retrying).await {
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
    /// Counts them, so that of many requests that were refused one renews it.
    version: u32,
    /// When it is time for the next one, and when it ends, by this machine's clock.
    renew_at_ms: i64,
    ends_at_ms: i64,
}

/// No address lasts longer, and what a link lets read ends as long after the last address was given.
const LONGEST_LIFE_MS: i64 = 15 * 60 * 1000;
/// Where this machine's clock is far ahead of the server's, addresses seem to have ended before they
/// are here. They are renewed no more often than this lets them.
const SHORTEST_LIFE_MS: i64 = 90 * 1000;
/// Who is refused before an address ends asks again so long after it.
const REFUSED_FOR_MS: i64 = 60 * 1000;
/// How often is looked whether it is time. A timer for all of it would stand still while the machine
/// sleeps.
const LOOK_EVERY_MS: u64 = 1000;

impl Address {
    /// Given now.
    fn new(get: PresignedGet, version: u32) -> Self {
        let now_ms = now_ms();
        let life_ms = get.expires_at_ms.saturating_sub(now_ms);
        let life_ms = life_ms.clamp(SHORTEST_LIFE_MS, LONGEST_LIFE_MS);
        Self {
            get,
            version,
            renew_at_ms: now_ms.saturating_add(life_ms.saturating_mul(2).div_euclid(3)),
            ends_at_ms: now_ms.saturating_add(life_ms),
        }
    }

    fn has_ended(&self) -> bool {
        now_ms() >= self.ends_at_ms
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
            address: RefCell::new(Address::new(given.get.clone(), 0)),
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
            let address = self.address.borrow().clone();
            let stall_ms = self.giver.stall_ms;
            let got = get_piece(&address.get, &self.recorded, range, stall_ms, comes.clone());
            let error = match got.await {
                Err(Fault::Request(error)) => error,
                other => return other,
            };
            comes(0);
            // A machine may sleep longer than an address lasts, and more than once.
            let may_help = !is_renewed || address.has_ended();
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
            let (version, renew_at_ms) = {
                let address = self.address.borrow();
                (address.version, address.renew_at_ms)
            };
            if now_ms() < renew_at_ms.max(not_before_ms) {
                continue;
            }
            // The one there is still works. Once it has ended, the pieces ask too and tell what is said.
            if self.renew(version, &|| ()).await.is_err() {
                not_before_ms = now_ms().saturating_add(REFUSED_FOR_MS);
            }
        }
    }

    async fn renew(&self, version: u32, retrying: &impl Fn()) -> Result<(), Fault> {
        let _one_at_a_time = self.renewing.lock().await;
        if self.address.borrow().version != version {
            return Ok(());
        }
        let given = self.giver.ask_again(retrying).await?;
        if recorded(&given) != self.recorded || given.header != self.header {
            return Err(Fault::ObjectReplaced);
        }
        let next = Address::new(given.get.clone(), version.wrapping_add(1));
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

/// Whether a fresh address may help: stores refuse one that has ended, some of them with 400, and some
/// so that the browser does not let us see it.
fn may_have_ended(error: &RequestError, address: &Address) -> bool {
    match error.failure {
        RequestFailure::Status { status, .. } => matches!(status, 400 | 401 | 403),
        _ => error.peer == Peer::Store && address.has_ended(),
    }
}

fn now_ms() -> i64 {
    time_ms_of(Date::now())
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
