//! What all uploads of a page share.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Object, Reflect};
use sealift_transfer::{Parallelism, api::UploadId, parallelism::MOST_PUTS, retry::RequestFailure};

use crate::{
    allowance::{Allowance, Share},
    browser::len_of,
    credential::Credential,
    put_part::Patience,
    report::Reporter,
    seal::Backend,
    sealed_part::{LARGEST_IN_MEMORY, SealedParts},
    server_api::ServerApi,
};

/// Files at once: small ones are quick then, as each waits for four answers one after the other.
const MOST_FILES: u64 = 6;

/// What the page may choose. All of it is for tests and for machines unlike most.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Parts of more sealed bytes go through a file on disk.
    pub largest_part_in_memory: u64,
    /// PUTs at once, over all files; at least 1.
    pub most_puts: u8,
    /// How long a PUT may stand still.
    pub patience: Patience,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            largest_part_in_memory: LARGEST_IN_MEMORY,
            most_puts: MOST_PUTS,
            patience: Patience::default(),
        }
    }
}

impl Options {
    /// From JavaScript's `{ largestPartInMemory, mostPuts, stallMs, answerMs }`; what is missing, or
    /// no number, is as usual.
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
        }
    }
}

/// What all uploads of a page share.
pub struct Shared {
    /// The server.
    pub server: ServerApi,
    /// The caller's credential.
    pub credential: Rc<Credential>,
    /// Which AES seals.
    pub backend: Backend,
    /// Files under way.
    pub files: Allowance,
    /// PUTs under way.
    pub puts: Puts,
    /// Sealed bytes.
    pub parts: SealedParts,
    /// How long a PUT may stand still.
    pub patience: Patience,
}

impl Shared {
    /// Nothing is in use yet.
    #[must_use]
    pub fn new(backend: Backend, options: Options, reporter: Reporter) -> Self {
        let credential = Rc::new(Credential::new(reporter));
        Self {
            server: ServerApi::new(credential.clone()),
            credential,
            backend,
            files: Allowance::of(MOST_FILES),
            puts: Puts::at_most(options.most_puts),
            parts: SealedParts::new(options.largest_part_in_memory),
            patience: options.patience,
        }
    }
}

/// PUTs at once, over all files: as many as the link bears.
pub struct Puts {
    allowance: Allowance,
    parallelism: RefCell<Parallelism>,
}

impl Puts {
    fn at_most(limit: u8) -> Self {
        let parallelism = Parallelism::at_most(limit);
        Self {
            allowance: Allowance::of(parallelism.most_puts().into()),
            parallelism: RefCell::new(parallelism),
        }
    }

    /// Waits until one more may be under way.
    pub(crate) async fn turn(&self) -> Share {
        self.allowance.take(1).await
    }

    /// What came of one.
    pub(crate) fn note(&self, failure: Option<RequestFailure>) {
        let mut parallelism = self.parallelism.borrow_mut();
        match failure {
            None => parallelism.sent(),
            Some(failure) => parallelism.failed(failure),
        }
        self.allowance.set_most(parallelism.most_puts().into());
    }
}

/// The name of an upload's lock: one tab at a time has it.
pub(crate) fn lock_of(upload_id: &UploadId) -> String {
    format!("sealift-upload-{upload_id}")
}
