//! Problem details (RFC 9457) and the only list of their codes.

use core::fmt;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The media type of a [`Problem`].
pub const CONTENT_TYPE: &str = "application/problem+json";

/// The body of an error answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Problem {
    /// A URI reference that names the kind of problem: `/problems/<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A few words that are always the same for one code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The code for programs; see [`ProblemCode`]. A newer server may send a code that this version does
    /// not know.
    pub code: String,
    /// A sentence for a person that says what happened and what to do next.
    pub detail: String,
    /// The id that finds the request in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub request_id: Option<String>,
    /// The numbers of this case, such as `part` or `most_bytes`.
    #[serde(flatten)]
    pub numbers: BTreeMap<String, serde_json::Value>,
}

impl Problem {
    /// Returns the code, if this version knows it.
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
        /// All codes of problems. Codes may be added, but are never renamed or removed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ProblemCode {
            $($(#[$doc])* $variant,)*
        }

        impl ProblemCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the code as a [`Problem`] has it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Returns the HTTP status that goes with the code.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// Returns a few words for a person.
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
    /// The request has no API key, or one that the server does not know.
    Unauthenticated = "unauthenticated", 401, "Login needed";
    /// The caller may not do this at all.
    Forbidden = "forbidden", 403, "Not allowed";
    /// A server without login serves only the pages and programs of its own machine.
    HostNotAllowed = "host_not_allowed", 403, "Only from this machine";
    /// The server gives out keys only over TLS or loopback.
    InsecureTransport = "insecure_transport", 403, "A secure connection is needed";
    /// The thing does not exist, or it belongs to somebody else.
    NotFound = "not_found", 404, "Not found";
    /// The path exists, but not with this method.
    MethodNotAllowed = "method_not_allowed", 405, "Method not allowed";
    /// The client token was used before with other parameters.
    TokenReused = "token_reused", 409, "Client token used before";
    /// The server has signed another checksum for this part (docs/FORMAT.md, R2).
    PartAlreadySealed = "part_already_sealed", 409, "Part already sealed to other bytes";
    /// The state of the upload does not permit the request.
    UploadNotOpen = "upload_not_open", 409, "Upload not open";
    /// The completion came too early, because a part was never signed or the store does not hold it.
    PartsMissing = "parts_missing", 409, "Parts missing";
    /// The client's digest of the parts differs from the record's, or the store holds other bytes.
    PartsDiffer = "parts_differ", 409, "Parts differ";
    /// The stored object differed from the sealed one, so the server removed it.
    UploadFailed = "upload_failed", 409, "Upload failed";
    /// The ticket was used, has expired, was revoked, or never existed.
    TicketUsed = "ticket_used", 410, "Link used or ended";
    /// The upload expired, because nothing was signed for too long.
    UploadExpired = "upload_expired", 410, "Upload expired";
    /// The file is not the one that `If-Match` names.
    PreconditionFailed = "precondition_failed", 412, "Another file than expected";
    /// The request's body is over the endpoint's limit.
    BodyTooLarge = "body_too_large", 413, "Request too large";
    /// The file is larger than this server or the format allows.
    FileTooLarge = "file_too_large", 413, "File too large";
    /// The endpoint does not accept the media type of the body.
    UnsupportedMediaType = "unsupported_media_type", 415, "Unsupported media type";
    /// The range is outside the file, or the request has more than one range.
    RangeNotSatisfiable = "range_not_satisfiable", 416, "Range not satisfiable";
    /// The file name is over the limit, or it has control characters.
    InvalidName = "invalid_name", 422, "Invalid file name";
    /// The form has no file in it, or more than one.
    NotOneFile = "not_one_file", 422, "Not one file";
    /// A field's value is outside its limits.
    InvalidField = "invalid_field", 422, "Invalid field";
    /// The upload has no such part.
    PartNumberOutOfRange = "part_number_out_of_range", 422, "No such part";
    /// The store refused a request of the server, and will refuse it again until an operator changes
    /// something. The field `store_code` holds the store's own code.
    RefusedByStore = "refused_by_store", 424, "Refused by the store";
    /// KMS refused a request of the server, and will refuse it again until an operator changes something.
    /// The field `kms_code` holds the code of KMS.
    RefusedByKms = "refused_by_kms", 424, "Refused by KMS";
    /// The caller is already reading as many files at once as the server allows.
    TooManyReads = "too_many_reads", 429, "Too many downloads at once";
    /// The caller has too many open uploads, or sends requests too fast.
    TooManyRequests = "too_many_requests", 429, "Too many requests";
    /// Something failed in the server. Only its log names the cause.
    Internal = "internal", 500, "Something went wrong here";
    /// The object in the store is not the recorded one.
    ObjectReplaced = "object_replaced", 502, "Stored object replaced";
    /// The object in the store was cut, extended or altered, or is gone.
    ObjectDamaged = "object_damaged", 502, "Stored object damaged";
    /// The store does not answer, or its answer is not usable.
    StoreUnavailable = "store_unavailable", 503, "Store unavailable";
    /// Another request is completing the upload.
    Completing = "completing", 503, "Being completed";
    /// The server cannot reach its keys now.
    KeysUnavailable = "keys_unavailable", 503, "Keys unavailable";
    /// The server cannot read or write its records now, because another process locks them or the disk is
    /// full.
    RecordsUnavailable = "records_unavailable", 503, "Records unavailable";
    /// The database is older than the mark in the bucket, as after a restore from a backup. The server
    /// changes nothing until the operator has begun a new epoch.
    ReadOnly = "read_only", 503, "Read-only";
    /// The server is stopping.
    ShuttingDown = "shutting_down", 503, "Shutting down";
}

impl ProblemCode {
    /// Returns the code with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// Makes a [`Problem`] with this code.
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
