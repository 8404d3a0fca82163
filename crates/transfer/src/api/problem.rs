//! Problem details (RFC 9457) and the one registry of their codes.

use core::fmt;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The media type of a [`Problem`].
pub const CONTENT_TYPE: &str = "application/problem+json";

/// The body of an error answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// A URI reference that names the kind: `/problems/<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A few words, the same for each code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// For programs; see [`ProblemCode`]. Newer servers may send codes that we do not know.
    pub code: String,
    /// One sentence for this case and what to do next.
    pub detail: String,
    /// Finds the request in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Numbers of this case: `part`, `most_bytes` and the like.
    #[serde(flatten)]
    pub numbers: BTreeMap<String, serde_json::Value>,
}

impl Problem {
    /// The code, if this version knows it.
    #[must_use]
    pub fn known_code(&self) -> Option<ProblemCode> {
        ProblemCode::from_name(&self.code)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.detail, self.code)
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal, $title:literal;)*) => {
        /// Every code there is, for ever: codes are added, never renamed or taken away.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ProblemCode {
            $($(#[$doc])* $variant,)*
        }

        impl ProblemCode {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// As it stands in a [`Problem`].
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status it goes with.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// A few words for a person.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    /// The body is not the JSON that the endpoint takes, or a parameter cannot be read.
    InvalidRequest = "invalid_request", 400, "The request cannot be read";
    /// No API key, or one that is not known.
    Unauthenticated = "unauthenticated", 401, "Login needed";
    /// The caller may not do this at all.
    Forbidden = "forbidden", 403, "Not allowed";
    /// Without login, only this machine's own pages and programs are served.
    HostNotAllowed = "host_not_allowed", 403, "Only from this machine";
    /// Keys are issued over TLS or loopback only.
    InsecureTransport = "insecure_transport", 403, "A secure connection is needed";
    /// There is no such thing, or it is somebody else's.
    NotFound = "not_found", 404, "Not found";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405, "Method not allowed";
    /// The client token was used before with other parameters.
    TokenReused = "token_reused", 409, "Client token used before";
    /// Another checksum was signed for this part (FORMAT.md R2).
    PartAlreadySealed = "part_already_sealed", 409, "Part already sealed to other bytes";
    /// The upload is in a state that does not permit this.
    UploadNotOpen = "upload_not_open", 409, "Upload not open";
    /// Completed too early: a part was never signed, or the store does not hold it.
    PartsMissing = "parts_missing", 409, "Parts missing";
    /// The client's digest of the parts is not the record's, or the store holds other bytes.
    PartsDiffer = "parts_differ", 409, "Parts differ";
    /// The stored object was not what was sealed; it was removed.
    UploadFailed = "upload_failed", 409, "Upload failed";
    /// The ticket was used, has ended, was taken back, or never was.
    TicketUsed = "ticket_used", 410, "Link used or ended";
    /// Nothing was signed for too long.
    UploadExpired = "upload_expired", 410, "Upload expired";
    /// The file is another one than `If-Match` names.
    PreconditionFailed = "precondition_failed", 412, "Another file than expected";
    /// A request body over the endpoint's limit.
    BodyTooLarge = "body_too_large", 413, "Request too large";
    /// The file is larger than this server or the format takes.
    FileTooLarge = "file_too_large", 413, "File too large";
    /// The body is of another media type than the endpoint takes.
    UnsupportedMediaType = "unsupported_media_type", 415, "Unsupported media type";
    /// The range lies outside the file, or more than one was asked for.
    RangeNotSatisfiable = "range_not_satisfiable", 416, "Range not satisfiable";
    /// Over the limit, or with control characters.
    InvalidName = "invalid_name", 422, "Invalid file name";
    /// The form has no file in it, or more than one.
    NotOneFile = "not_one_file", 422, "Not one file";
    /// A field's value is outside its limits.
    InvalidField = "invalid_field", 422, "Invalid field";
    /// The upload has no such part.
    PartNumberOutOfRange = "part_number_out_of_range", 422, "No such part";
    /// The store refused what the server asked of it, and will refuse it again until an operator
    /// changes something. The number `store_code` is the store's own code.
    RefusedByStore = "refused_by_store", 424, "Refused by the store";
    /// As many files are being read for this caller as may be at once.
    TooManyReads = "too_many_reads", 429, "Too many downloads at once";
    /// Too many open uploads, or requests too close together.
    TooManyRequests = "too_many_requests", 429, "Too many requests";
    /// Nothing is known of the cause outside the log.
    Internal = "internal", 500, "Something went wrong here";
    /// The object in the store is not the one that was recorded.
    ObjectReplaced = "object_replaced", 502, "Stored object replaced";
    /// The object in the store was cut, extended or altered, or is gone.
    ObjectDamaged = "object_damaged", 502, "Stored object damaged";
    /// The store does not answer, or not properly.
    StoreUnavailable = "store_unavailable", 503, "Store unavailable";
    /// Another request is completing the upload.
    Completing = "completing", 503, "Being completed";
    /// The keys cannot be reached now.
    KeysUnavailable = "keys_unavailable", 503, "Keys unavailable";
    /// The records cannot be read or written now: locked by another process, or no room left.
    RecordsUnavailable = "records_unavailable", 503, "Records unavailable";
    /// The database is older than the mark in the bucket, as after a restore from a backup: nothing is
    /// changed until the operator has begun a new epoch.
    ReadOnly = "read_only", 503, "Read-only";
    /// The server is stopping.
    ShuttingDown = "shutting_down", 503, "Shutting down";
}

impl ProblemCode {
    /// The code of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// A [`Problem`] of this kind.
    #[must_use]
    pub fn problem(self, detail: impl Into<String>) -> Problem {
        Problem {
            kind: format!("/problems/{}", self.as_str()),
            title: self.title().to_owned(),
            status: self.status(),
            code: self.as_str().to_owned(),
            detail: detail.into(),
            request_id: None,
            numbers: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_own_name_only() {
        for code in ProblemCode::ALL {
            assert_eq!(ProblemCode::from_name(code.as_str()), Some(*code));
            assert!((400..600).contains(&code.status()));
        }
    }

    #[test]
    fn a_problem_of_a_newer_server_is_still_read() {
        let text =
            r#"{"type":"/problems/x","title":"X","status":418,"code":"x","detail":"No.","part":3}"#;
        let problem: Problem = serde_json::from_str(text).unwrap();
        assert_eq!(problem.known_code(), None);
        assert_eq!(problem.numbers["part"], 3);
    }
}
