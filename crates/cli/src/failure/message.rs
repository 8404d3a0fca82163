//! Translates the errors of a message into failures with a remedy.

use sealift_message::{DecryptError, Field, Unsupported};

use super::{Exit, Failure};

/// Returns the failure for a message that was refused. If the person can allow it, the remedy names the flag.
pub(crate) fn refused(error: &DecryptError) -> Failure {
    let failure = Failure::new(Exit::NotAuthentic, sentence(error));
    let failure = match error {
        DecryptError::Truncated => failure.code("truncated"),
        DecryptError::Malformed { .. } => failure.code("malformed"),
        DecryptError::Unsupported(Unsupported::Version(_)) => failure.code("not_a_message"),
        DecryptError::Unsupported(Unsupported::NoCommitment(_)) => failure.code("no_commitment"),
        DecryptError::Unsupported(Unsupported::OverLimit { .. }) => failure.code("over_limit"),
        DecryptError::Unsupported(_) => failure.code("unsupported"),
        _ => failure,
    };
    match remedy(error) {
        Some(remedy) => failure.remedy(remedy),
        None => failure,
    }
}

/// Returns the failure for a body. The header was authentic before, so keys and context are right.
pub(crate) fn damaged(error: &DecryptError) -> Failure {
    match error {
        DecryptError::Unauthentic => {
            let altered = "the message was damaged or altered: the rest of it is not authentic";
            Failure::new(Exit::NotAuthentic, altered)
                .remedy("fetch it again, or from a backup")
                .code("damaged")
        }
        other => refused(other),
    }
}

fn sentence(error: &DecryptError) -> String {
    match error {
        DecryptError::Truncated => {
            "the message is cut short: it ends before its final frame does".to_owned()
        }
        DecryptError::Unauthentic => {
            "the header is not authentic: wrong key, wrong context, or altered bytes".to_owned()
        }
        DecryptError::Malformed {
            field: Field::AfterTheEnd,
            at,
        } => format!("there are bytes after the message's end, from byte {at} on"),
        DecryptError::Malformed { .. } => format!("this is {error}"),
        DecryptError::Unsupported(Unsupported::Version(_)) => {
            "this is not a message of the AWS Encryption SDK: it does not begin like one".to_owned()
        }
        DecryptError::Unsupported(Unsupported::OverLimit {
            field: Field::Header,
            most,
            ..
        }) => format!("the header is longer than {most} bytes, which is the limit"),
        other => other.to_string(),
    }
}

fn remedy(error: &DecryptError) -> Option<String> {
    match error {
        DecryptError::Truncated => Some("fetch it again".to_owned()),
        DecryptError::Unauthentic => {
            Some("check the keys, --context, and whether the message was altered".to_owned())
        }
        DecryptError::Unsupported(Unsupported::NoCommitment(_)) => {
            Some("if you trust its writer, give --allow-without-commitment".to_owned())
        }
        DecryptError::Unsupported(Unsupported::OverLimit { field, got, .. }) => {
            let flag = match field {
                // The length of a header is not known before its end, so suggest twice as much.
                Field::Header => {
                    let next = got.saturating_sub(1).saturating_mul(2);
                    let flag = format!("--max-header {next}");
                    return Some(format!("if you trust its writer, give {flag}"));
                }
                Field::EncryptionContext => "--max-context",
                Field::EncryptedDataKeys => "--max-data-keys",
                Field::FrameLength => "--max-frame-length",
                Field::UnframedBody => "--max-unframed",
                _ => return None,
            };
            Some(format!("if you trust its writer, give {flag} {got}"))
        }
        _ => None,
    }
}
