//! The only table of refusals. It says what an answer of the store, or of something before it,
//! proves, and whether the same request may succeed later.
//!
//! Only S3's own code proves an absence or a difference. A gateway before the store also answers
//! 404, 412 and 416, so such a status without the code proves nothing, and the caller looks again.

use super::super::ObjectsError;

/// Codes of failures that pass by themselves, whatever the status: the store is busy, the bytes
/// arrived damaged, two requests collided, or credentials and clocks are being renewed.
const PASSING: [&str; 24] = [
    "BadDigest",
    "BandwidthLimitExceeded",
    "ConditionalRequestConflict",
    "ExpiredRequest",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteBody",
    "InternalError",
    "InternalFailure",
    "OperationAborted",
    "RequestExpired",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "SlowDownRead",
    "SlowDownWrite",
    "TemporaryRedirect",
    "TokenRefreshRequired",
    "TooManyRequests",
    "XAmzContentChecksumMismatch",
    "XAmzContentSHA256Mismatch",
];

/// The length of the longest code in characters. A longer text is not S3's.
const LONGEST_CODE: usize = 64;

/// Translates a refusal with this status and this code.
pub(in crate::objects) fn of(status: u16, code: Option<&str>) -> ObjectsError {
    // The SDK gives this code to every 404 without a body.
    let code = code.filter(|code| is_a_code(code) && *code != "NotFound");
    let unavailable = ObjectsError::Unavailable {
        status: Some(status),
    };
    match (status, code) {
        (_, Some("NoSuchUpload")) => ObjectsError::NoSuchUpload,
        (_, Some("NoSuchKey" | "NoSuchVersion")) => ObjectsError::NotFound,
        (_, Some("PreconditionFailed")) => ObjectsError::Replaced,
        (_, Some(code)) if PASSING.contains(&code) || code.contains("Throttling") => unavailable,
        // The store lacks this feature, and will still lack it in a moment.
        (501, Some(code)) => refused(status, code),
        (408 | 425 | 429 | 500..=599, _) => unavailable,
        (_, Some(code)) => refused(status, code),
        // Nobody knows who sent this answer: a redirect, a conflict, or a gateway's own page.
        (..=399 | 404 | 409 | 412 | 416, None) => unavailable,
        (_, None) => refused(status, "-"),
    }
}

fn refused(status: u16, code: &str) -> ObjectsError {
    ObjectsError::Refused {
        status,
        code: code.to_owned(),
        action: None,
    }
}

/// Returns whether the text is one word, as codes are. Callers read the code, so no other text of
/// an answer may pass as one.
fn is_a_code(text: &str) -> bool {
    let is_of_a_word =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=LONGEST_CODE).contains(&text.len()) && text.bytes().all(is_of_a_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_passing(error: &ObjectsError) -> bool {
        matches!(error, ObjectsError::Unavailable { .. })
    }

    #[test]
    fn what_the_store_refuses_for_good_is_final_and_keeps_its_code() {
        for (status, code) in [
            (200, "AccessDenied"),
            (301, "PermanentRedirect"),
            (400, "AuthorizationHeaderMalformed"),
            (400, "EntityTooSmall"),
            (400, "InvalidPart"),
            (400, "InvalidPartOrder"),
            (400, "InvalidRequest"),
            (400, "InvalidToken"),
            (400, "KMS.DisabledException"),
            (400, "MalformedXML"),
            (403, "AccessDenied"),
            (403, "AccountProblem"),
            (403, "AllAccessDisabled"),
            (403, "InvalidAccessKeyId"),
            (403, "InvalidObjectState"),
            (403, "SignatureDoesNotMatch"),
            (404, "NoSuchBucket"),
            (405, "MethodNotAllowed"),
            (409, "InvalidBucketState"),
            (411, "MissingContentLength"),
            (413, "EntityTooLarge"),
            (416, "InvalidRange"),
            (501, "NotImplemented"),
        ] {
            let refused = of(status, Some(code));
            assert_eq!(refused, super::refused(status, code));
            assert!(!refused.is_worth_a_retry());
        }
    }

    #[test]
    fn what_passes_is_worth_a_retry_whatever_its_status() {
        for status in [200, 307, 400, 403, 409, 500, 503] {
            for code in PASSING
                .iter()
                .chain(&["ThrottlingException", "KMS.ThrottlingException"])
            {
                let refused = of(status, Some(code));
                assert!(is_passing(&refused), "{status} {code}");
                assert!(refused.is_worth_a_retry());
            }
        }
        for status in [408, 425, 429, 500, 502, 503, 504, 507, 520] {
            for code in [None, Some("Whatever")] {
                assert!(is_passing(&of(status, code)), "{status} {code:?}");
            }
        }
    }

    #[test]
    fn only_the_stores_own_code_proves_an_absence_or_a_difference() {
        for (status, code, proven) in [
            (404, "NoSuchKey", ObjectsError::NotFound),
            (404, "NoSuchVersion", ObjectsError::NotFound),
            (404, "NoSuchUpload", ObjectsError::NoSuchUpload),
            (200, "NoSuchUpload", ObjectsError::NoSuchUpload),
            (412, "PreconditionFailed", ObjectsError::Replaced),
        ] {
            assert_eq!(of(status, Some(code)), proven);
        }
        // These are a gateway's page, a redirect, or an empty answer.
        let no_code = [None, Some("NotFound"), Some(""), Some("404 page not found")];
        for status in [200, 204, 301, 302, 304, 307, 308, 404, 409, 412, 416] {
            for code in no_code {
                assert!(is_passing(&of(status, code)), "{status} {code:?}");
            }
        }
    }

    #[test]
    fn a_refusal_without_a_code_is_final_by_its_status() {
        for status in [400, 401, 403, 405, 407, 410, 411, 413, 414, 415, 431] {
            let refused = of(status, None);
            assert_eq!(refused, super::refused(status, "-"));
        }
    }

    #[test]
    fn nothing_but_a_word_passes_as_a_code() {
        let long = "x".repeat(LONGEST_CODE + 1);
        for text in [
            "https://store/?secret",
            "Access Denied",
            "a\nb",
            "<b>",
            &long,
        ] {
            assert_eq!(of(403, Some(text)), refused(403, "-"), "{text}");
        }
    }
}
