//! Translates the client's errors into failures for people: exit code, sentence and remedy. Each error type has one
//! table.

use std::io;

use sealift_client::{DownloadError, Peer, RequestError, SourceError, UploadError};
use sealift_transfer::api::{Problem, ProblemCode};

use crate::{
    args::Access,
    failure::{Exit, Failure},
    terminal::shown,
};

/// Returns the failure for a request.
pub(crate) fn refused(error: &RequestError, access: &Access) -> Failure {
    match error {
        RequestError::Refused { problem, .. } => of_problem(problem),
        RequestError::NoAnswer {
            peer: Peer::Server, ..
        } => Failure::new(
            Exit::Unreachable,
            format!("no answer from the server at {}", access.server),
        )
        .remedy("check the address (--server, SEALIFT_SERVER) and that it runs, then try again")
        .code("server_unreachable"),
        RequestError::NoAnswer { .. } | RequestError::StoreRefused { .. } => {
            Failure::new(Exit::Unreachable, sentence(error)).code("store_unreachable")
        }
        RequestError::NotSealift { status, .. } => {
            let exit = match status {
                401 | 403 => Exit::NotAllowed,
                429 | 502 | 503 | 504 => Exit::Unreachable,
                _ => Exit::Failed,
            };
            Failure::new(
                exit,
                format!(
                    "{} is not a Sealift server: it answers with status {status}",
                    access.server
                ),
            )
            .remedy("check the address (--server, SEALIFT_SERVER) and any proxy in between")
        }
        _ => Failure::new(Exit::Failed, sentence(error)),
    }
}

fn of_problem(problem: &Problem) -> Failure {
    use ProblemCode as Code;
    let exit = match problem.known_code() {
        Some(
            Code::Unauthenticated
            | Code::Forbidden
            | Code::HostNotAllowed
            | Code::InsecureTransport,
        ) => Exit::NotAllowed,
        Some(Code::NotFound | Code::TicketUsed | Code::UploadExpired) => Exit::NotFound,
        Some(
            Code::ObjectDamaged | Code::ObjectReplaced | Code::UploadFailed | Code::PartsDiffer,
        ) => Exit::NotAuthentic,
        Some(
            Code::TooManyReads
            | Code::TooManyRequests
            | Code::StoreUnavailable
            | Code::KeysUnavailable
            | Code::RecordsUnavailable
            | Code::Completing
            | Code::ReadOnly
            | Code::ShuttingDown,
        ) => Exit::Unreachable,
        Some(
            Code::InvalidRequest
            | Code::InvalidName
            | Code::InvalidField
            | Code::RangeNotSatisfiable,
        ) => Exit::Usage,
        _ => Exit::Failed,
    };
    if problem.known_code() == Some(Code::NotFound) {
        return Failure::new(exit, "there is no such file or link, or it is not yours")
            .remedy("`sealift files list` shows your files");
    }
    // The server's sentences say what to do. They do not explain its own faults; the server's log has the details.
    let detail = problem.detail.trim_end_matches('.');
    let message = match &problem.request_id {
        Some(id) if is_in_the_log(problem) => format!("{detail} (request {id})"),
        _ => detail.to_owned(),
    };
    let failure = Failure::new(exit, shown(&message)).code(shown(&problem.code));
    match problem.known_code() {
        Some(Code::Unauthenticated) => {
            failure.remedy("give an API key in SEALIFT_API_KEY or with --api-key-file")
        }
        _ => failure,
    }
}

/// Returns whether the server's log has details under the request's id.
fn is_in_the_log(problem: &Problem) -> bool {
    problem.status >= 500
        || matches!(
            problem.known_code(),
            Some(ProblemCode::RefusedByStore | ProblemCode::RefusedByKms)
        )
}

/// Returns the failure for a download.
pub(crate) fn download_refused(error: &DownloadError, access: &Access) -> Failure {
    match error {
        DownloadError::Request(error) => refused(error, access),
        DownloadError::Cancelled => Failure::new(Exit::Interrupted, "interrupted"),
        DownloadError::EmptyRange => Failure::new(Exit::Usage, sentence(error)),
        DownloadError::Cut { .. } => Failure::new(Exit::Unreachable, sentence(error)).code("cut"),
        DownloadError::Differs { .. } | DownloadError::Replaced => {
            Failure::new(Exit::NotAuthentic, sentence(error))
        }
        DownloadError::Exists { path } => {
            let path = shown(&path.to_string_lossy());
            Failure::new(Exit::Failed, format!("{path} already exists"))
                .remedy("choose another name, or give --force to overwrite it")
                .code("exists")
        }
        DownloadError::Unwritable { cause, .. } | DownloadError::Output(cause) => {
            Failure::new(Exit::Failed, format!("{} ({cause})", sentence(error))).code("not_saved")
        }
        _ => Failure::new(Exit::Failed, sentence(error)),
    }
}

/// Returns the failure for an upload.
pub(crate) fn upload_refused(error: &UploadError, access: &Access) -> Failure {
    match error {
        UploadError::Failed { error, .. } => refused(error, access),
        UploadError::Cancelled | UploadError::Left { .. } => {
            Failure::new(Exit::Interrupted, "interrupted")
        }
        UploadError::Source(SourceError::Unreadable(cause)) => {
            let exit = match cause.kind() {
                io::ErrorKind::NotFound => Exit::NotFound,
                io::ErrorKind::PermissionDenied => Exit::NotAllowed,
                _ => Exit::Failed,
            };
            Failure::new(exit, format!("{} ({cause})", sentence(error)))
        }
        UploadError::Source(SourceError::OtherSize { .. }) => {
            Failure::new(Exit::Failed, sentence(error)).code("other_size")
        }
        UploadError::Source(SourceError::Spool(cause)) => {
            Failure::new(Exit::Failed, format!("{} ({cause})", sentence(error)))
        }
        UploadError::PartFile(cause) => {
            Failure::new(Exit::Failed, format!("{} ({cause})", sentence(error)))
                .remedy("give the same command again, perhaps with --temp-dir")
        }
        UploadError::Source(SourceError::Shorter { .. } | SourceError::Longer { .. }) => {
            Failure::new(Exit::Usage, sentence(error)).code("other_size")
        }
        UploadError::Sealing(_) => Failure::new(Exit::NotAuthentic, sentence(error)),
        _ => Failure::new(Exit::Failed, sentence(error)),
    }
}

/// Returns the error's text, safe for the terminal: it may contain other people's words.
fn sentence(error: &dyn std::error::Error) -> String {
    shown(&error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::exit_of;

    fn access() -> Access {
        Access {
            server: "http://localhost:1".into(),
            api_key_file: None,
        }
    }

    fn problem(code: ProblemCode) -> RequestError {
        RequestError::Refused {
            problem: Box::new(code.problem("No\u{1b}[2J.")),
            status: code.status(),
            retry_after_ms: None,
        }
    }

    #[test]
    fn problems_become_exit_codes() {
        for (code, exit) in [
            (ProblemCode::Unauthenticated, Exit::NotAllowed),
            (ProblemCode::NotFound, Exit::NotFound),
            (ProblemCode::ObjectDamaged, Exit::NotAuthentic),
            (ProblemCode::StoreUnavailable, Exit::Unreachable),
            (ProblemCode::ReadOnly, Exit::Unreachable),
            (ProblemCode::TooManyReads, Exit::Unreachable),
            (ProblemCode::RefusedByStore, Exit::Failed),
            (ProblemCode::RefusedByKms, Exit::Failed),
            (ProblemCode::InvalidName, Exit::Usage),
            (ProblemCode::Internal, Exit::Failed),
        ] {
            let failure = refused(&problem(code), &access());
            assert_eq!(exit_of(&failure.into()), exit, "{code:?}");
        }
    }

    #[test]
    fn what_came_of_a_download_becomes_an_exit_code() {
        let cut = DownloadError::Cut {
            got_bytes: 1,
            expected_bytes: 2,
            cause: problem(ProblemCode::Internal),
        };
        let differs = DownloadError::Differs {
            got: String::new(),
            recorded: String::new(),
        };
        for (error, exit) in [
            (cut, Exit::Unreachable),
            (differs, Exit::NotAuthentic),
            (DownloadError::Replaced, Exit::NotAuthentic),
            (DownloadError::Cancelled, Exit::Interrupted),
        ] {
            let failure = download_refused(&error, &access());
            assert_eq!(exit_of(&failure.into()), exit, "{error:?}");
        }
    }

    #[test]
    fn a_servers_words_do_not_drive_the_terminal() {
        let failure = refused(&problem(ProblemCode::Forbidden), &access());
        assert_eq!(failure.to_string(), r"No\u{1b}[2J");
    }
}
