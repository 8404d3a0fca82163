//! Classifies the errors that the store returns for presigned requests: some refuse the bytes, some
//! refuse the address.

use super::RequestFailure;

impl RequestFailure {
    /// Classifies a PUT that the store refused with this status and this code in its body.
    /// `address_ended` is the result of [`Life::has_ended`](crate::address::Life::has_ended).
    ///
    /// Stores refuse an address with 400, 401 or 403. A 400 also has other reasons, so its code
    /// decides. If the code says that the bytes arrived incomplete or damaged, sending them again may
    /// help, so the failure counts as a 408. A 409 counts as a 503 if another request for the object
    /// was running.
    #[must_use]
    pub fn of_store(
        status: u16,
        code: &str,
        retry_after_ms: Option<u64>,
        address_ended: bool,
    ) -> Self {
        let status = match (status, code) {
            (401 | 403, _) => return Self::AddressRefused { status },
            (400, "RequestTimeout" | "IncompleteBody" | "BadDigest") => 408,
            (400, code) if is_about_address(code, address_ended) => {
                return Self::AddressRefused { status };
            }
            // Two requests for the object ran at the same time.
            (409, "ConditionalRequestConflict" | "OperationAborted") => 503,
            _ => status,
        };
        Self::Status {
            status,
            retry_after_ms,
        }
    }

    /// Classifies a presigned GET that the store refused with this status. Everything in such a
    /// request except the range is signed, so every 400 counts as a refusal of the address.
    #[must_use]
    pub fn of_store_read(status: u16, retry_after_ms: Option<u64>) -> Self {
        match status {
            400 | 401 | 403 => Self::AddressRefused { status },
            _ => Self::Status {
                status,
                retry_after_ms,
            },
        }
    }
}

/// Returns whether a 400 with this code refuses the address.
fn is_about_address(code: &str, address_ended: bool) -> bool {
    match code {
        // Cloudflare R2 and other stores: the signature has ended.
        "ExpiredRequest" | "RequestExpired" | "ExpiredPresignRequest" | "ExpiredPresignedUrl"
        // AWS and Google: the credentials that signed have ended. AWS answers some of these codes
        // with 403, other stores answer them with 400.
        | "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" | "InvalidToken"
        | "InvalidAccessKeyId" | "InvalidClientTokenId" | "UnrecognizedClientException"
        | "InvalidSecurity" | "CredentialsNotSupported" | "NotSignedUp"
        // The store does not accept the signature, its date or its form.
        | "AccessDenied" | "Unauthorized" | "UnauthorizedAccess" | "SignatureDoesNotMatch"
        | "IncompleteSignature" | "InvalidSignature" | "MissingAuthenticationToken"
        | "MissingSecurityHeader" | "MissingSecurityElement" | "MalformedHeader"
        | "MalformedHeaderValue" | "MalformedDate" | "MalformedExpires"
        | "MalformedPresignedDate" | "AuthorizationHeaderMalformed"
        | "AuthorizationQueryParametersError" | "RequestTimeTooSkewed" | "RequestNotReadyYet"
        // Garage 2 has only this code for all bad requests, also for "Date is too old".
        | "InvalidRequest" => true,
        // The store refuses the bytes, the part or the object. Another address does not help.
        "XAmzContentSHA256Mismatch" | "XAmzContentChecksumMismatch" | "InvalidDigest"
        | "EntityTooSmall" | "EntityTooLarge" | "InvalidPart" | "InvalidPartOrder"
        | "InvalidPartNumber" | "MissingContentLength" | "KeyTooLongError" | "KeyTooLong"
        | "InvalidBucketName" | "InvalidStorageClass" | "NoSuchUpload" => false,
        // The code is unknown or missing.
        _ => address_ended,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16) -> RequestFailure {
        RequestFailure::Status {
            status,
            retry_after_ms: None,
        }
    }

    fn of_store(status: u16, code: &str, address_ended: bool) -> RequestFailure {
        RequestFailure::of_store(status, code, None, address_ended)
    }

    #[test]
    fn bytes_that_did_not_reach_the_store_unharmed_are_sent_again() {
        for address_ended in [false, true] {
            for code in ["RequestTimeout", "IncompleteBody", "BadDigest"] {
                assert_eq!(of_store(400, code, address_ended), status(408), "{code}");
            }
            assert_eq!(of_store(503, "SlowDown", address_ended), status(503));
        }
    }

    #[test]
    fn a_put_that_met_another_one_is_sent_again() {
        for code in ["ConditionalRequestConflict", "OperationAborted"] {
            assert_eq!(of_store(409, code, false), status(503));
        }
        assert_eq!(of_store(409, "BucketNotEmpty", true), status(409));
    }

    /// Codes by which stores refuse an address.
    const ABOUT_ADDRESS: [&str; 17] = [
        "ExpiredRequest",
        "RequestExpired",
        "ExpiredToken",
        "ExpiredTokenException",
        "TokenRefreshRequired",
        "InvalidToken",
        "InvalidAccessKeyId",
        "AccessDenied",
        "SignatureDoesNotMatch",
        "MalformedHeader",
        "MalformedDate",
        "AuthorizationHeaderMalformed",
        "AuthorizationQueryParametersError",
        "MissingSecurityHeader",
        "RequestTimeTooSkewed",
        "RequestNotReadyYet",
        "InvalidRequest",
    ];
    /// Codes by which stores refuse the bytes, the part or the object.
    const ABOUT_BYTES: [&str; 11] = [
        "XAmzContentSHA256Mismatch",
        "XAmzContentChecksumMismatch",
        "InvalidDigest",
        "EntityTooSmall",
        "EntityTooLarge",
        "InvalidPart",
        "InvalidPartOrder",
        "InvalidPartNumber",
        "MissingContentLength",
        "KeyTooLongError",
        "InvalidStorageClass",
    ];
    /// Codes that do not say what was refused, and the texts that stand for a missing code.
    const ABOUT_NEITHER: [&str; 4] = ["InvalidArgument", "SomethingNew", "unknown", ""];

    #[test]
    fn an_address_is_refused_by_400_401_or_403_whatever_the_code_says_of_it() {
        for address_ended in [false, true] {
            for code in ABOUT_ADDRESS {
                for status in [400, 401, 403] {
                    let refused = RequestFailure::AddressRefused { status };
                    let failure = of_store(status, code, address_ended);
                    assert_eq!(failure, refused, "{status} {code}");
                }
            }
            for code in ABOUT_BYTES.into_iter().chain(ABOUT_NEITHER) {
                for status in [401, 403] {
                    let refused = RequestFailure::AddressRefused { status };
                    let failure = of_store(status, code, address_ended);
                    assert_eq!(failure, refused, "{status} {code}");
                }
            }
        }
    }

    #[test]
    fn a_400_about_the_bytes_is_final_whether_the_address_has_ended_or_not() {
        for address_ended in [false, true] {
            for code in ABOUT_BYTES {
                assert_eq!(of_store(400, code, address_ended), status(400), "{code}");
            }
        }
    }

    #[test]
    fn a_400_that_says_nothing_refuses_an_address_that_has_ended_and_no_other() {
        for code in ABOUT_NEITHER {
            assert_eq!(of_store(400, code, false), status(400), "{code}");
            let refused = RequestFailure::AddressRefused { status: 400 };
            assert_eq!(of_store(400, code, true), refused, "{code}");
        }
    }

    #[test]
    fn no_other_status_refuses_an_address() {
        for refused in [
            404, 405, 409, 410, 411, 412, 413, 429, 500, 501, 502, 503, 504,
        ] {
            for code in ABOUT_ADDRESS.into_iter().chain(ABOUT_NEITHER) {
                assert_eq!(of_store(refused, code, true), status(refused), "{refused}");
            }
            let failure = RequestFailure::of_store_read(refused, None);
            assert_eq!(failure, status(refused), "{refused}");
        }
    }

    #[test]
    fn a_get_whose_address_has_ended_is_refused_by_400_401_or_403() {
        for status in [400, 401, 403] {
            let refused = RequestFailure::AddressRefused { status };
            assert_eq!(RequestFailure::of_store_read(status, None), refused);
        }
    }
}
