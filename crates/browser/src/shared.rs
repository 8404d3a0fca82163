//! Holds what all uploads of a page share.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Object, Reflect};
use sealift_transfer::{
    Parallelism,
    api::UploadId,
    batches::{LARGEST_SMALL_FILE, MOST_SMALL_FILES},
    retry::RequestFailure,
};
use wasm_bindgen::JsValue;

use crate::{
    batches::Batcher,
    browser::len_of,
    credential::Credential,
    put_part::Patience,
    report::Reporter,
    seal::Backend,
    sealed_part::{LARGEST_IN_MEMORY, SealedParts},
    sealing_pool::SealingPool,
    server_api::ServerApi,
    slots::{Permit, Slots},
};

/// The permits of a larger file. They leave room for six of those: more would wait for the PUTs of each other.
const PERMITS_OF_A_LARGE_FILE: u32 = MOST_SMALL_FILES / 6;
/// The most PUTs at once. Browsers open six connections to an origin, and one stays free for other requests.
pub(crate) const MOST_PUTS: u8 = 5;

/// The options that the page may set. All of them are for tests and for unusual machines.
#[derive(Debug, Clone)]
pub struct Options {
    /// The most sealed bytes of a part in memory. Larger parts go through a file on disk.
    pub largest_part_in_memory: u64,
    /// The most PUTs at once, over all files; at least 1.
    pub most_puts: u8,
    /// How long a PUT may stall.
    pub patience: Patience,
    /// The workers that seal. Without them, parts are sealed in this worker.
    pub sealers: SealingPool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            largest_part_in_memory: LARGEST_IN_MEMORY,
            most_puts: MOST_PUTS,
            patience: Patience::default(),
            sealers: SealingPool::default(),
        }
    }
}

impl Options {
    /// Reads JavaScript's `{ largestPartInMemory, mostPuts, stallMs, answerMs, sealers }`. A value
    /// that is missing, or of another type, gets its default.
    #[must_use]
    pub fn from_js(given: &Object) -> Self {
        let number = |name: &str| Some(len_of(Reflect::get(given, &name.into()).ok()?.as_f64()?));
        let usual = Self::default();
        let most_puts = number("mostPuts").and_then(|puts| u8::try_from(puts).ok());
        Self {
            largest_part_in_memory: number("largestPartInMemory")
                .unwrap_or(usual.largest_part_in_memory),
            most_puts: most_puts.unwrap_or(usual.most_puts).min(MOST_PUTS),
            patience: Patience {
                stall_ms: number("stallMs").unwrap_or(usual.patience.stall_ms),
                answer_ms: number("answerMs").unwrap_or(usual.patience.answer_ms),
            },
            sealers: SealingPool::from_js(
                Reflect::get(given, &"sealers".into()).unwrap_or(JsValue::UNDEFINED),
            ),
        }
    }
}

/// The state that all uploads of a page share.
pub struct Shared {
    /// Sends the requests to the server.
    pub server: Rc<ServerApi>,
    /// Sends the requests of small files to it.
    pub batcher: Batcher,
    /// The caller's API key.
    pub credential: Rc<Credential>,
    /// The AES implementation that seals.
    pub backend: Backend,
    /// Limits the files under way, which have [`permits_of`] their length.
    pub files: Slots,
    /// Limits the PUTs under way.
    pub puts: Puts,
    /// Seals and keeps parts.
    pub parts: SealedParts,
    /// How long a PUT may stall.
    pub patience: Patience,
}

impl Shared {
    /// Starts with nothing in use.
    #[must_use]
    pub fn new(backend: Backend, options: Options, reporter: Reporter) -> Self {
        let credential = Rc::new(Credential::new(reporter));
        let server = Rc::new(ServerApi::new(credential.clone()));
        Self {
            batcher: Batcher::new(server.clone()),
            server,
            credential,
            backend,
            files: Slots::of(MOST_SMALL_FILES),
            puts: Puts::at_most(options.most_puts),
            parts: SealedParts::new(options.largest_part_in_memory, options.sealers),
            patience: options.patience,
        }
    }
}

/// Limits the PUTs at once, over all files, to as many as the connection can take.
pub struct Puts {
    slots: Slots,
    parallelism: RefCell<Parallelism>,
}

impl Puts {
    fn at_most(limit: u8) -> Self {
        let parallelism = Parallelism::at_most(limit);
        Self {
            slots: Slots::of(parallelism.most_puts().into()),
            parallelism: RefCell::new(parallelism),
        }
    }

    /// Waits until one more PUT may be under way, and returns its permit.
    pub(crate) async fn acquire(&self) -> Permit {
        self.slots.acquire(1).await
    }

    /// Adjusts the limit to the result of a PUT.
    pub(crate) fn on_result(&self, failure: Option<RequestFailure>) {
        let mut parallelism = self.parallelism.borrow_mut();
        match failure {
            None => parallelism.sent(),
            Some(failure) => parallelism.failed(failure),
        }
        self.slots.set_limit(parallelism.most_puts().into());
    }
}

/// Returns whether a file of that length is small.
pub(crate) fn is_small(plaintext_len: u64) -> bool {
    plaintext_len <= LARGEST_SMALL_FILE
}

/// Returns how many of the permits for files a file of that length has.
pub(crate) fn permits_of(plaintext_len: u64) -> u32 {
    if is_small(plaintext_len) {
        1
    } else {
        PERMITS_OF_A_LARGE_FILE
    }
}

/// Returns the name of an upload's lock, which one tab at a time has.
pub(crate) fn lock_of(upload_id: &UploadId) -> String {
    format!("sealift-upload-{upload_id}")
}
