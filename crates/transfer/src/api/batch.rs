//! `POST /v1/uploads:batch`, `:sign` and `:complete` do for many uploads what the single routes do for
//! one, so that many small files cost few round trips. Each item is answered as its single route would
//! answer it, in the order of the request, and the refusal of one does not touch the others.

use serde::{Deserialize, Serialize};

use super::{
    ids::UploadId,
    problem::{Problem, ProblemCode},
    sha256::Sha256,
    sign::SignParts,
};

/// The path to `POST` a [`Batch`] of [`OpenUpload`](super::OpenUpload) to. The answers are
/// [`OpenedUpload`](super::OpenedUpload).
pub const OPEN_PATH: &str = "/v1/uploads:batch";
/// The path to `POST` a [`Batch`] of [`SignUpload`] to. The answers are
/// [`SignedParts`](super::SignedParts).
pub const SIGN_PATH: &str = "/v1/uploads:sign";
/// The path to `POST` a [`Batch`] of [`FinishUpload`] to. The answers are
/// [`FileRecord`](super::FileRecord).
pub const COMPLETE_PATH: &str = "/v1/uploads:complete";

/// The most items of a batch. By default an owner may have as many uploads open, so a larger batch
/// could not be opened.
pub const MOST_ITEMS: usize = 100;

/// The request. Items that repeat a client token, a part or a completion are as safe to repeat as in
/// the single routes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch<T> {
    /// One to [`MOST_ITEMS`] items.
    pub uploads: Vec<T>,
}

/// An item of [`SIGN_PATH`]: an upload, and its parts whose sealed bytes are ready. The server reads
/// the id as text, because a text that is no id only refuses its own item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignUpload<I = UploadId> {
    /// The id of the upload.
    pub upload_id: I,
    /// The parts to sign: all of them or none.
    pub parts: SignParts,
}

/// An item of [`COMPLETE_PATH`]: an upload whose parts are all sent. The server reads the id as text,
/// because a text that is no id only refuses its own item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinishUpload<I = UploadId> {
    /// The id of the upload.
    pub upload_id: I,
    /// The digest that [`CompleteUpload`](super::CompleteUpload) has.
    pub parts_sha256: Sha256,
}

/// The answer of a batch: 200 with one result for each item, in the order of the request.
#[derive(Debug, Serialize, Deserialize)]
pub struct BatchResults<T> {
    /// The results.
    pub results: Vec<BatchResult<T>>,
}

/// The result of one item: either `answer` or `problem`.
#[derive(Debug, Serialize, Deserialize)]
pub struct BatchResult<T> {
    /// The status that the single route would answer with.
    pub status: u16,
    /// The seconds that the single route would send as `Retry-After`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
    /// The body that the single route would answer with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<T>,
    /// The problem, if the item was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Box<Problem>>,
}

/// The refusal of one item, with the same facts that an error answer of a single route has.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemRefused {
    /// The HTTP status.
    pub status: u16,
    /// Milliseconds to wait before the item is sent again, if the server named a time.
    pub retry_after_ms: Option<u64>,
    /// The problem, if the server gave one.
    pub problem: Option<Box<Problem>>,
}

impl ItemRefused {
    /// Returns the code of the problem, if this version knows it.
    #[must_use]
    pub fn code(&self) -> Option<ProblemCode> {
        self.problem.as_ref()?.known_code()
    }
}

impl<T> BatchResult<T> {
    /// Makes the result of an item that was answered.
    #[must_use]
    pub fn answered(status: u16, answer: T) -> Self {
        Self {
            status,
            retry_after_s: None,
            answer: Some(answer),
            problem: None,
        }
    }

    /// Makes the result of an item that was refused. The status is that of the problem.
    #[must_use]
    pub fn refused(problem: Problem, retry_after_s: Option<u64>) -> Self {
        Self {
            status: problem.status,
            retry_after_s,
            answer: None,
            problem: Some(Box::new(problem)),
        }
    }

    /// Returns the answer of the item, or its refusal.
    ///
    /// # Errors
    /// Returns [`ItemRefused`] if there is no answer.
    pub fn into_answer(self) -> Result<T, ItemRefused> {
        self.answer.ok_or(ItemRefused {
            status: self.status,
            retry_after_ms: self.retry_after_s.map(|s| s.saturating_mul(1000)),
            problem: self.problem,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::OpenedUpload;

    #[test]
    fn a_result_is_an_answer_or_a_refusal_and_reads_back_as_it_was() {
        let refusal = ProblemCode::TooManyRequests.problem("Too many.");
        let results = BatchResults {
            results: vec![
                BatchResult::answered(201, 7),
                BatchResult::refused(refusal.clone(), Some(3)),
            ],
        };
        let text = serde_json::to_string(&results).unwrap();
        assert!(
            text.starts_with(
                r#"{"results":[{"status":201,"answer":7},{"status":429,"retry_after_s":3,"problem":{"#
            ),
            "{text}"
        );
        let back: BatchResults<u8> = serde_json::from_str(&text).unwrap();
        let answers: Vec<_> = back
            .results
            .into_iter()
            .map(BatchResult::into_answer)
            .collect();
        let refused = ItemRefused {
            status: 429,
            retry_after_ms: Some(3000),
            problem: Some(Box::new(refusal)),
        };
        assert_eq!(refused.code(), Some(ProblemCode::TooManyRequests));
        assert_eq!(answers, [Ok(7), Err(refused)]);
    }

    #[test]
    fn a_result_with_neither_is_a_refusal() {
        let result: BatchResult<OpenedUpload> = serde_json::from_str(r#"{"status":201}"#).unwrap();
        let refused = result.into_answer().unwrap_err();
        assert_eq!((refused.status, refused.code()), (201, None));
    }
}
