//! Where the sealed bytes come from: the store, by a presigned address that the server renews.

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
}

impl Source {
    /// The object of the file that was given.
    #[must_use]
    pub fn new(giver: Giver, given: &FileOpening) -> Self {
        Self {
            giver,
            recorded: recorded(given),
            header: given.header.clone(),
            address: RefCell::new(Address {
                get: given.get.clone(),
                version: 0,
            }),
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
            if !is_renewed && may_have_ended(&error, &address.get) {
                is_renewed = true;
                self.renew(address.version, &retrying).await?;
            } else {
                attempts.failed(error, &retrying).await?;
            }
        }
    }

    async fn renew(&self, version: u32, retrying: &impl Fn()) -> Result<(), Fault> {
        let _one_at_a_time = self.renewing.lock().await;
        if self.address.borrow().version != version {
            return Ok(());
        }
        let given = self.giver.ask(retrying).await?;
        if recorded(&given) != self.recorded || given.header != self.header {
            return Err(Fault::ObjectReplaced);
        }
        self.address.replace(Address {
            get: given.get.clone(),
            version: version.wrapping_add(1),
        });
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
fn may_have_ended(error: &RequestError, get: &PresignedGet) -> bool {
    match error.failure {
        RequestFailure::Status { status, .. } => matches!(status, 400 | 401 | 403),
        _ => error.peer == Peer::Store && time_ms_of(Date::now()) >= get.expires_at_ms,
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
