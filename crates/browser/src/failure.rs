//! Lists every way to fail, and maps each to the stable code that the page gets, in one table. If the
//! server sent a code, the page gets that one. The page has a sentence for each code.

use std::collections::BTreeMap;

use sealift_transfer::{
    PartNumber,
    api::{Problem, ProblemCode, batch::ItemRefused},
    retry::RequestFailure,
};
use serde::Serialize;

use crate::browser::is_online;

/// Why an upload or the decryption of a file failed.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The file changed after it was chosen, or can no longer be read. Browsers do not distinguish the two.
    #[error("the file changed after it was chosen, or can no longer be read")]
    FileChanged,
    /// The chosen file is not the one that the upload began with: `part` was signed with other bytes. Without
    /// a `part`, the size differs. No byte of the file was sent.
    #[error("the file is not the one that this upload began with")]
    OtherFile {
        /// The part that differs, if parts were compared.
        part: Option<PartNumber>,
    },
    /// Another tab, or another row of this page, holds the lock of the upload.
    #[error("this upload is under way in another tab")]
    OtherTab,
    /// The server ended the upload: it expired, failed or was cancelled.
    #[error("the server no longer has this upload open")]
    UploadGone,
    /// The page cancelled the upload, but the request did not reach the server, or the server refused it.
    #[error("the server did not cancel this upload; it ends when it expires")]
    NotAborted,
    /// Parts are too large for memory, and the browser has too little disk space for them.
    #[error("parts need {needed_bytes} bytes on disk, the browser has {free_bytes} for this page")]
    NoRoom {
        /// Bytes that must fit on disk at once.
        needed_bytes: u64,
        /// Bytes that the browser has left for this page.
        free_bytes: u64,
    },
    /// The file has more bytes than the server accepts. This is found before anything is sent.
    #[error("the file has {size} bytes, the server accepts at most {most_bytes}")]
    FileTooLarge {
        /// Plaintext bytes.
        size: u64,
        /// The limit of the server's policy.
        most_bytes: u64,
    },
    /// The header and the content key do not belong to the same message (docs/FORMAT.md, R5).
    #[error("the server's header and key do not belong together")]
    Header,
    /// An answer of the server or the store does not fit the request.
    #[error("the server's answer does not fit: {0}")]
    Answer(&'static str),
    /// A part is larger than a browser can hold in memory.
    #[error("a part has {part_bytes} bytes, which is more than a browser can hold")]
    PartTooLarge {
        /// Sealed bytes.
        part_bytes: u64,
    },
    /// The object in the store is not the one that was recorded.
    #[error("the stored object is not the one that was recorded")]
    ObjectReplaced,
    /// The object in the store was altered or is gone. The caller gets none of it.
    #[error("the stored object was altered or is gone")]
    ObjectDamaged,
    /// There is no such file.
    #[error("there is no such file")]
    NoSuchFile,
    /// The browser could not write all of the file. Browsers do not distinguish a full disk from other causes.
    #[error("the browser cannot write the file")]
    NotSaved,
    /// The browser has no way to save a file of that size.
    #[error("the file has {size} bytes, this browser can save at most {most_bytes}")]
    TooLargeHere {
        /// Plaintext bytes.
        size: u64,
        /// The most plaintext bytes that this browser can save.
        most_bytes: u64,
    },
    /// The browser lacks something or does not do what it should.
    #[error("the browser does not do what is needed: {0}")]
    Browser(&'static str),
    /// A request failed, and retries do not help.
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// The receiver of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// The Sealift server.
    Server,
    /// The object store.
    Store,
}

/// A request that failed. It does not contain the presigned URL.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the request to {peer:?} failed: {failure:?}")]
pub struct RequestError {
    /// The receiver of the request.
    pub peer: Peer,
    /// The failure, as the retry policy classifies it.
    pub failure: RequestFailure,
    /// The server's Problem, if it sent one.
    pub problem: Option<Box<Problem>>,
}

impl RequestError {
    /// Makes the error of a request that got no answer. The failure is `Offline` if there is no network.
    #[must_use]
    pub fn no_answer(peer: Peer) -> Self {
        let failure = if is_online() {
            RequestFailure::Network
        } else {
            RequestFailure::Offline
        };
        Self {
            peer,
            failure,
            problem: None,
        }
    }

    /// Makes the error of a request, or of an item of a batch, that the server refused with this status.
    #[must_use]
    pub fn refused(
        status: u16,
        retry_after_ms: Option<u64>,
        problem: Option<Box<Problem>>,
    ) -> Self {
        let code = problem.as_ref().and_then(|problem| problem.known_code());
        Self {
            peer: Peer::Server,
            failure: RequestFailure::of_server(status, code, retry_after_ms),
            problem,
        }
    }
}

impl From<ItemRefused> for RequestError {
    fn from(refused: ItemRefused) -> Self {
        Self::refused(refused.status, refused.retry_after_ms, refused.problem)
    }
}

/// A failure in the form that the page gets.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// A [`ProblemCode`], or one of the browser's own codes.
    pub code: String,
    /// One sentence, for codes that the page does not know.
    pub detail: String,
    /// The HTTP status, if there was an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub status: Option<u16>,
    /// The id of the request in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub request_id: Option<String>,
    /// The numbers of this case, as in a [`Problem`].
    pub numbers: BTreeMap<String, serde_json::Value>,
}

impl Fault {
    /// Returns whether the same upload can be resumed when the person tries again, because the server keeps
    /// what it has of it. After any other failure, a new upload must begin.
    #[must_use]
    pub fn can_go_on(&self) -> bool {
        match self {
            Self::FileChanged
            | Self::OtherFile { .. }
            | Self::OtherTab
            | Self::NotAborted
            | Self::NoRoom { .. }
            | Self::Browser(_) => true,
            Self::Request(error) => !OVER.iter().any(|code| error.says(*code)),
            Self::FileTooLarge { .. }
            | Self::PartTooLarge { .. }
            | Self::Header
            | Self::Answer(_)
            | Self::UploadGone
            | Self::ObjectReplaced
            | Self::ObjectDamaged
            | Self::NoSuchFile
            | Self::NotSaved
            | Self::TooLargeHere { .. } => false,
        }
    }
}

/// The Problems after which an upload cannot be resumed and only a new one can replace it.
const OVER: [ProblemCode; 9] = [
    ProblemCode::NotFound,
    ProblemCode::ObjectDamaged,
    ProblemCode::ObjectReplaced,
    ProblemCode::PartAlreadySealed,
    ProblemCode::PartsDiffer,
    ProblemCode::TokenReused,
    ProblemCode::UploadExpired,
    ProblemCode::UploadFailed,
    ProblemCode::UploadNotOpen,
];

impl RequestError {
    pub(crate) fn says(&self, code: ProblemCode) -> bool {
        let problem = self.problem.as_ref();
        problem.is_some_and(|problem| problem.known_code() == Some(code))
    }
}

impl From<&Fault> for Failure {
    fn from(fault: &Fault) -> Self {
        let mut numbers = BTreeMap::new();
        let mut status = None;
        let code = match fault {
            Fault::FileChanged => "file_changed",
            Fault::OtherFile { part } => {
                let part = part.map(|part| ("part".to_owned(), part.get().into()));
                numbers.extend(part);
                "file_changed"
            }
            Fault::OtherTab => "other_tab",
            Fault::UploadGone => "upload_gone",
            Fault::NotAborted => "not_taken_back",
            Fault::NoRoom {
                needed_bytes,
                free_bytes,
            } => {
                numbers.insert("needed_bytes".to_owned(), (*needed_bytes).into());
                numbers.insert("free_bytes".to_owned(), (*free_bytes).into());
                "no_room"
            }
            Fault::FileTooLarge { size, most_bytes } => {
                numbers.insert("size".to_owned(), (*size).into());
                numbers.insert("most_bytes".to_owned(), (*most_bytes).into());
                ProblemCode::FileTooLarge.as_str()
            }
            Fault::Header => "header_not_authentic",
            Fault::Answer(_) => "answer_not_understood",
            Fault::PartTooLarge { part_bytes } => {
                numbers.insert("part_bytes".to_owned(), (*part_bytes).into());
                "part_too_large"
            }
            Fault::ObjectReplaced => ProblemCode::ObjectReplaced.as_str(),
            Fault::ObjectDamaged => ProblemCode::ObjectDamaged.as_str(),
            Fault::NoSuchFile => ProblemCode::NotFound.as_str(),
            Fault::NotSaved => "not_saved",
            Fault::TooLargeHere { size, most_bytes } => {
                numbers.insert("size".to_owned(), (*size).into());
                numbers.insert("most_bytes".to_owned(), (*most_bytes).into());
                "too_large_for_this_browser"
            }
            Fault::Browser(_) => "browser_unfit",
            Fault::Request(error) => {
                if let Some(problem) = &error.problem {
                    return Self::from(problem.as_ref());
                }
                status = error.failure.status();
                match (error.peer, status) {
                    (Peer::Server, None) => "server_unreachable",
                    (Peer::Server, Some(_)) => "server_refused",
                    (Peer::Store, None) => "store_unreachable",
                    (Peer::Store, Some(_)) => "store_refused",
                }
            }
        };
        Self {
            code: code.to_owned(),
            detail: format!("{fault}."),
            status,
            request_id: None,
            numbers,
        }
    }
}

impl From<&Problem> for Failure {
    fn from(problem: &Problem) -> Self {
        Self {
            code: problem.code.clone(),
            detail: problem.detail.clone(),
            status: Some(problem.status),
            request_id: problem.request_id.clone(),
            numbers: problem.numbers.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn refused(code: ProblemCode) -> Fault {
        let mut problem = code.problem("No.");
        problem.request_id = Some("r1".to_owned());
        let failure = RequestFailure::Status {
            status: code.status(),
            retry_after_ms: None,
        };
        Fault::Request(RequestError {
            peer: Peer::Server,
            failure,
            problem: Some(Box::new(problem)),
        })
    }

    #[wasm_bindgen_test]
    fn the_servers_own_words_reach_the_page() {
        let failure = Failure::from(&refused(ProblemCode::StoreUnavailable));
        assert_eq!(failure.code, "store_unavailable");
        assert_eq!(failure.status, Some(503));
        assert_eq!(failure.request_id.as_deref(), Some("r1"));
    }

    #[wasm_bindgen_test]
    fn an_upload_goes_on_after_what_passes_and_begins_anew_after_what_does_not() {
        for passing in [
            ProblemCode::StoreUnavailable,
            ProblemCode::RefusedByStore,
            ProblemCode::TooManyRequests,
        ] {
            assert!(refused(passing).can_go_on(), "{passing:?}");
        }
        for lasting in [
            ProblemCode::UploadExpired,
            ProblemCode::UploadFailed,
            ProblemCode::PartAlreadySealed,
            ProblemCode::ObjectReplaced,
        ] {
            assert!(!refused(lasting).can_go_on(), "{lasting:?}");
        }
        assert!(Fault::FileChanged.can_go_on());
        assert!(!Fault::UploadGone.can_go_on());
        assert!(Fault::OtherTab.can_go_on());
        assert!(Fault::from(RequestError::no_answer(Peer::Store)).can_go_on());
    }

    #[wasm_bindgen_test]
    fn the_pages_have_a_sentence_for_every_code() {
        let sentences = include_str!("../../../web/common/problems.js");
        let (_, opening) = sentences.split_once("const ofReading = {").unwrap();
        let status = |peer| RequestError {
            peer,
            failure: RequestFailure::Status {
                status: 500,
                retry_after_ms: None,
            },
            problem: None,
        };
        let own = [
            Fault::FileChanged,
            Fault::OtherTab,
            Fault::UploadGone,
            Fault::NotAborted,
            Fault::NoRoom {
                needed_bytes: 1,
                free_bytes: 0,
            },
            Fault::Header,
            Fault::Answer(""),
            Fault::PartTooLarge { part_bytes: 0 },
            Fault::Browser(""),
            RequestError::no_answer(Peer::Server).into(),
            RequestError::no_answer(Peer::Store).into(),
            status(Peer::Server).into(),
            status(Peer::Store).into(),
        ];
        let own = own.iter().map(|fault| Failure::from(fault).code);
        let servers = ProblemCode::ALL.iter().map(|code| code.as_str().to_owned());
        for code in servers.chain(own) {
            assert!(sentences.contains(&format!("\n  {code}: [")), "{code}");
        }
        let of_opening = [
            Fault::ObjectReplaced,
            Fault::ObjectDamaged,
            Fault::NoSuchFile,
            Fault::NotSaved,
            Fault::TooLargeHere {
                size: 1,
                most_bytes: 0,
            },
            Fault::Header,
        ];
        for fault in of_opening {
            let code = Failure::from(&fault).code;
            assert!(opening.contains(&format!("\n  {code}: [")), "{code}");
        }
    }
}
