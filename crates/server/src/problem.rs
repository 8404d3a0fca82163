//! Turns every error into a Problem: this is the server's only table of them.
//!
//! A handler returns a [`Refusal`]; every domain error becomes one here and nowhere else.
//! [`crate::refusals`] then makes the body that the caller reads.

use std::{collections::BTreeMap, sync::Arc};

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use sealift_message::DecryptError;
use sealift_transfer::api::{Problem, ProblemCode};

use crate::{
    deployment::read_only::IsReadOnly,
    keys::KeysError,
    limits::{TooManyReads, TooSoon},
    objects::ObjectsError,
    records::RecordsError,
    uploads::completion::{self, CompletionError},
};

/// The reason why a request is not answered as asked.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    code: ProblemCode,
    detail: String,
    numbers: BTreeMap<String, serde_json::Value>,
    retry_after_s: Option<u64>,
    headers: Vec<(header::HeaderName, HeaderValue)>,
    /// The cause, for the log only.
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Refusal {
    /// Makes a refusal with a sentence that says what is wrong and what to do next.
    pub(crate) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            numbers: BTreeMap::new(),
            retry_after_s: None,
            headers: Vec::new(),
            cause: None,
        }
    }

    /// Answers that nothing is there. The answer is the same if the resource does not exist and if
    /// it is somebody else's.
    pub(crate) fn not_found() -> Self {
        Self::new(
            ProblemCode::NotFound,
            "There is nothing here for you; check the address.",
        )
    }

    pub(crate) fn with_number(mut self, name: &str, number: impl Into<serde_json::Value>) -> Self {
        self.numbers.insert(name.to_owned(), number.into());
        self
    }

    pub(crate) fn with_header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn retry_after_s(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    pub(crate) fn caused_by(
        mut self,
        cause: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    /// Replaces the code and the sentence and removes the time to retry after; the cause stays.
    pub(crate) fn answered_as(self, code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            cause: self.cause,
            ..Self::new(code, detail)
        }
    }

    pub(crate) fn code(&self) -> ProblemCode {
        self.code
    }

    /// Returns the sentence that the caller reads.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// Returns the seconds after which the caller may try again, if it should.
    pub(crate) fn wait_s(&self) -> Option<u64> {
        self.retry_after_s
    }

    /// Returns the cause, for the log only.
    pub(crate) fn cause(&self) -> Option<String> {
        self.cause.as_deref().map(|cause| chain(cause))
    }

    /// Makes the body that the caller reads.
    pub(crate) fn into_problem(self, request_id: Option<String>) -> Problem {
        Problem {
            request_id,
            numbers: self.numbers,
            ..self.code.problem(self.detail)
        }
    }
}

impl IntoResponse for Refusal {
    /// Makes status and headers; [`crate::refusals`] adds the body.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status());
        let mut answer = status
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            .into_response();
        for (name, value) in &self.headers {
            answer.headers_mut().insert(name, value.clone());
        }
        if let Some(seconds) = self.retry_after_s {
            let value = HeaderValue::from(seconds);
            answer.headers_mut().insert(header::RETRY_AFTER, value);
        }
        answer.extensions_mut().insert(self);
        answer
    }
}

impl From<TooSoon> for Refusal {
    fn from(TooSoon { wait_s }: TooSoon) -> Self {
        Self::new(
            ProblemCode::TooManyRequests,
            format!("Too many requests; try again in {wait_s} seconds."),
        )
        .retry_after_s(wait_s)
    }
}

impl From<TooManyReads> for Refusal {
    fn from(TooManyReads { most }: TooManyReads) -> Self {
        Self::new(
            ProblemCode::TooManyReads,
            format!("{most} downloads are under way already; try again when one has ended."),
        )
        .with_number("most", most)
        .retry_after_s(2)
    }
}

impl From<IsReadOnly> for Refusal {
    fn from(error: IsReadOnly) -> Self {
        // Programs need not ask again before an operator can have acted, and a wait of more than two
        // minutes makes them give up at once.
        Self::new(ProblemCode::ReadOnly, error.to_string()).retry_after_s(300)
    }
}

impl From<RecordsError> for Refusal {
    fn from(error: RecordsError) -> Self {
        if error.is_unavailable() {
            records_unavailable().caused_by(error)
        } else {
            internal().caused_by(error)
        }
    }
}

impl From<ObjectsError> for Refusal {
    fn from(error: ObjectsError) -> Self {
        let refusal = match &error {
            ObjectsError::Replaced => Self::new(
                ProblemCode::ObjectReplaced,
                "The stored object is not the one that was recorded; tell the operator.",
            ),
            ObjectsError::NotFound => damaged(),
            ObjectsError::Refused { status, code, .. } => refused_by_store(*status, code),
            ObjectsError::Unavailable { .. }
            | ObjectsError::Cut { .. }
            | ObjectsError::NoCredentials
            | ObjectsError::NoSuchUpload
            | ObjectsError::Incomprehensible { .. } => store_unavailable(),
            ObjectsError::NotEncrypted { .. } => not_encrypted(),
            ObjectsError::OtherBucket { .. } => other_bucket(),
            ObjectsError::WrongSignedHeaders | ObjectsError::Length(_) => internal(),
        };
        refusal.caused_by(error)
    }
}

impl From<KeysError> for Refusal {
    fn from(error: KeysError) -> Self {
        if error.is_for_want_of_records() {
            records_unavailable().caused_by(error)
        } else if error.is_unavailable() {
            Self::new(
                ProblemCode::KeysUnavailable,
                "The keys cannot be reached now; try again in a moment.",
            )
            .retry_after_s(2)
            .caused_by(error)
        } else if let Some(code) = error.kms_refusal() {
            refused_by_kms(code).caused_by(error)
        } else {
            internal().caused_by(error)
        }
    }
}

impl From<DecryptError> for Refusal {
    fn from(error: DecryptError) -> Self {
        damaged().caused_by(error)
    }
}

impl From<CompletionError> for Refusal {
    fn from(error: CompletionError) -> Self {
        match error {
            CompletionError::Records(error) => error.into(),
            CompletionError::Objects(error) => error.into(),
            CompletionError::Keys(error) => error.into(),
            CompletionError::NotFound => Self::not_found(),
            CompletionError::NotOpen(state) => upload_not_open(state.as_str()),
            CompletionError::Expired => upload_expired(),
            CompletionError::PartMissing(part) => Self::new(
                ProblemCode::PartsMissing,
                format!("Part {part} is not stored yet; send it, then complete again."),
            )
            .with_number("part", part.get()),
            CompletionError::PartsDiffer => Self::new(
                ProblemCode::PartsDiffer,
                "The stored parts are not those that were sealed; start the upload anew.",
            ),
            CompletionError::Failed => Self::new(
                ProblemCode::UploadFailed,
                "The stored object was not what was sealed and was removed; start the upload anew.",
            ),
            CompletionError::Elsewhere => Self::new(
                ProblemCode::Completing,
                "The upload is being completed by another request; ask again in a moment.",
            )
            .retry_after_s(completion::ASK_AGAIN_AFTER_S),
            CompletionError::ChecksumNotReported => store_unavailable().caused_by(error),
            CompletionError::Header(_) => internal().caused_by(error),
            CompletionError::StillOpen => Self::new(
                ProblemCode::StoreUnavailable,
                "The store did not join the parts; complete again in a moment.",
            )
            .retry_after_s(1),
        }
    }
}

pub(crate) fn upload_not_open(state: &str) -> Refusal {
    Refusal::new(
        ProblemCode::UploadNotOpen,
        format!("The upload is {state}; start a new one."),
    )
    .with_number("state", state)
}

pub(crate) fn too_many_open(most_open: u32) -> Refusal {
    Refusal::new(
        ProblemCode::TooManyRequests,
        format!("{most_open} uploads are open already; finish or cancel one first."),
    )
    .with_number("most_open", most_open)
}

pub(crate) fn upload_expired() -> Refusal {
    Refusal::new(
        ProblemCode::UploadExpired,
        "Nothing was sent for too long, so the upload has ended; start it anew.",
    )
}

pub(crate) fn damaged() -> Refusal {
    Refusal::new(
        ProblemCode::ObjectDamaged,
        "The stored object is not what was sealed, so the server returns nothing of it; tell the operator.",
    )
}

fn records_unavailable() -> Refusal {
    Refusal::new(
        ProblemCode::RecordsUnavailable,
        "The records cannot be reached now; try again in a moment.",
    )
    .retry_after_s(2)
}

fn store_unavailable() -> Refusal {
    Refusal::new(
        ProblemCode::StoreUnavailable,
        "The object store does not answer properly; try again in a moment.",
    )
    .retry_after_s(2)
}

/// The store refused for good. The answer names the store's own code and tells the operator where
/// to find the cause.
fn refused_by_store(status: u16, code: &str) -> Refusal {
    let said = match code {
        "-" => format!("status {status}"),
        code => code.to_owned(),
    };
    let detail = format!(
        "The object store refused the server's request ({said}). The operator \
         must check {}; try again after that.",
        what_to_check(status, code)
    );
    Refusal::new(ProblemCode::RefusedByStore, detail)
        .with_number("store_code", code)
        .with_number("store_status", status)
}

/// KMS refused for good. The log names the action and the key, which are of no use to the caller.
fn refused_by_kms(code: &str) -> Refusal {
    let detail = format!(
        "KMS refused the server's request ({code}). The log of the server names the action and the key; try \
         again when the operator has mended it."
    );
    Refusal::new(ProblemCode::RefusedByKms, detail).with_number("kms_code", code)
}

fn what_to_check(status: u16, code: &str) -> &'static str {
    match code {
        "NoSuchBucket" => "the name of the bucket and the store's endpoint",
        "PermanentRedirect" | "AuthorizationHeaderMalformed" => "the region and the endpoint",
        "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken" => {
            "the credentials that the server has for the store"
        }
        "InvalidPart" | "InvalidPartOrder" | "EntityTooSmall" | "EntityTooLarge" => {
            "whether the store takes parts of unequal length, and whether a rule of the bucket \
             removes parts"
        }
        code if code.starts_with("KMS.") => "the key that the bucket encrypts with",
        _ if matches!(status, 401 | 403) || code == "AccessDenied" => {
            "the bucket's policy, an Object Lock that still keeps the object, and what the server's credentials may do"
        }
        _ => "the settings of the bucket and the log of the store",
    }
}

/// The store answered, but without the encryption that the settings demand.
fn not_encrypted() -> Refusal {
    Refusal::new(
        ProblemCode::RefusedByStore,
        "The object store does not encrypt as the server asks. The operator must check the setting s3_sse; try \
         again after that.",
    )
    .with_number("store_code", "NotEncrypted")
    .with_number("store_status", 200)
}

/// Answers for an object in another bucket. Nothing is known of the object: it may be safe in the
/// bucket that the record names.
fn other_bucket() -> Refusal {
    Refusal::new(
        ProblemCode::StoreUnavailable,
        "This file lies in another bucket than the one that the server is set to; nothing was changed. \
         Tell the operator.",
    )
    .retry_after_s(300)
}

pub(crate) fn internal() -> Refusal {
    Refusal::new(
        ProblemCode::Internal,
        "Something went wrong here; try again, and give the operator the request id.",
    )
}

/// Joins an error and its causes, each once, into one line. Errors of this project hold no secrets.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        next = cause.source();
    }
    text
}
