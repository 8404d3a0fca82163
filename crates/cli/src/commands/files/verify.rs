//! `sealift files verify`: makes the server verify files, and waits for the result if asked to.

use core::time::Duration;

use sealift_client::Client;
use sealift_transfer::api::{FileRecord, Verification};
use tokio::time::sleep;

use super::{name, of_file, verification};
use crate::{
    args::VerifyFiles,
    failure::{Exit, Failure, exit_of},
    online::connect,
    terminal::{self, BAD, Bars, GOOD, shown, styled},
};

/// The first wait between two queries for a result; each wait is twice the last, up to [`LONGEST_WAIT`]. Small files
/// are verified at once, large ones take minutes.
const FIRST_LOOK: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// Queries that may fail one after the other before the command gives up, after half a minute at least.
const MOST_FAILURES: u32 = 10;

pub(super) async fn run(args: VerifyFiles) -> anyhow::Result<()> {
    let client = connect(&args.access)?;
    let mut asked = Vec::new();
    for id in &args.ids {
        let record = client.verify(id).await;
        asked.push(record.map_err(|error| of_file(&error, id, &args.access))?);
    }
    let mut first_failed = None;
    for record in asked {
        let record = match args.wait {
            true => found(&client, record, &args).await?,
            false => record,
        };
        report(&record, &args)?;
        // Without `--wait` the record holds an earlier result, which says nothing about this verification.
        let judged = match args.wait {
            true => judge(&record.verification, args.ids.len()),
            false => Ok(()),
        };
        if let Err(failure) = judged {
            first_failed.get_or_insert(failure);
        }
    }
    first_failed.map_or(Ok(()), |failure| Err(failure.into()))
}

/// Returns a failure unless the file is verified. `count` is the number of files that were asked for.
fn judge(found: &Verification, count: usize) -> Result<(), Failure> {
    let which = if count == 1 { "the file" } else { "a file" };
    match found {
        Verification::Verified { .. } => Ok(()),
        Verification::Failed { code, .. } => {
            let message = format!("{which} is damaged or was replaced in the store");
            let remedy = "restore its object from a backup or an older version of the bucket";
            let failure = Failure::new(Exit::NotAuthentic, message).remedy(remedy);
            Err(failure.code(shown(code)))
        }
        Verification::Pending | Verification::Unknown => {
            let message =
                format!("this version of sealift does not know the server's result for {which}");
            Err(Failure::new(Exit::Failed, message).remedy("use the server's version of sealift"))
        }
    }
}

/// Waits for the result of the verification that was just asked for, and returns the record with it.
async fn found(
    client: &Client,
    record: FileRecord,
    args: &VerifyFiles,
) -> anyhow::Result<FileRecord> {
    let bars = Bars::new(args.output);
    let _waiting = bars.waiting(&format!("verifying {}", name(&record)));
    let mut wait = FIRST_LOOK;
    let before = record.verification.clone();
    let mut record = record;
    let mut failures = 0;
    while is_outstanding(&record.verification, &before) {
        sleep(wait).await;
        wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        match client.file(&record.id).await {
            Ok(looked) => {
                record = looked;
                failures = 0;
            }
            // A server that is busy or out of reach for a moment continues the verification.
            Err(error) => {
                let failure = of_file(&error, &record.id, &args.access);
                failures += 1;
                if exit_of(&failure) != Exit::Unreachable || failures == MOST_FAILURES {
                    return Err(failure);
                }
            }
        }
    }
    Ok(record)
}

/// Returns whether the result is still to come. A file that was found damaged before keeps that result, `before`,
/// until there is a new one.
fn is_outstanding(now: &Verification, before: &Verification) -> bool {
    match now {
        Verification::Pending => true,
        Verification::Failed { .. } => now == before,
        _ => false,
    }
}

fn report(record: &FileRecord, args: &VerifyFiles) -> anyhow::Result<()> {
    if args.output.json {
        return terminal::say_json(record);
    }
    let verdict = match args.wait {
        true => &record.verification,
        false => &Verification::Pending,
    };
    let word = verification(verdict);
    let found = match verdict {
        Verification::Verified {
            plaintext_sha256, ..
        } => format!("{}  {}", styled(word, GOOD), shown(plaintext_sha256)),
        Verification::Failed { code, .. } => format!("{}  {}", styled(word, BAD), shown(code)),
        _ => word.to_owned(),
    };
    let line = format!("{}  {found}  {}", record.id, name(record));
    Ok(terminal::say(&line)?)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
    };

    use sealift_transfer::api::{FileId, UploadId};

    use super::*;
    use crate::args::{Access, Output};

    fn record(verification: Verification) -> FileRecord {
        FileRecord {
            id: FileId::from_random([1; 16]),
            upload_id: UploadId::from_random([2; 16]),
            name: "a".into(),
            content_type: None,
            size: 10,
            sealed_size: 1000,
            metadata: None,
            reference: None,
            uploaded_at_ms: 0,
            verification,
            bucket: "b".into(),
            object_key: "o".into(),
            etag: "e".into(),
            version: None,
            encrypted_data_key: Vec::new(),
            encryption_context: Default::default(),
            unreadable: Vec::new(),
        }
    }

    fn verified() -> Verification {
        Verification::Verified {
            at_ms: 2,
            plaintext_sha256: "02".repeat(32),
        }
    }

    /// Calls `found` with a server that gives these answers, one for each connection.
    async fn found_at(answers: Vec<String>) -> anyhow::Result<FileRecord> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for answer in answers {
                let (mut connection, _) = listener.accept().unwrap();
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    connection.read_exact(&mut byte).unwrap();
                    request.extend(byte);
                }
                connection.write_all(answer.as_bytes()).unwrap();
            }
        });
        let args = VerifyFiles {
            ids: Vec::new(),
            wait: true,
            output: Output {
                json: true,
                quiet: true,
            },
            access: Access {
                server: server.clone(),
                api_key_file: None,
            },
        };
        let client = Client::new(&server, None)?;
        found(&client, record(Verification::Pending), &args).await
    }

    fn answer(status: &str, body: &str) -> String {
        let len = body.len();
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {len}\r\n\r\n{body}")
    }

    #[tokio::test]
    async fn a_server_that_is_busy_for_a_moment_is_asked_again() {
        let verified = record(verified());
        let body = serde_json::to_string(&verified).unwrap();
        let answers = vec![
            answer("503 Service Unavailable", ""),
            answer("429 Too Many Requests", ""),
            answer("200 OK", &body),
        ];
        assert_eq!(found_at(answers).await.unwrap(), verified);
        let refused = found_at(vec![answer("403 Forbidden", "")]).await;
        assert_eq!(exit_of(&refused.unwrap_err()), Exit::NotAllowed);
    }

    #[test]
    fn only_what_is_verified_is_good() {
        let failed = Verification::Failed {
            at_ms: 1,
            code: "object_damaged".to_owned(),
        };
        assert!(judge(&verified(), 1).is_ok());
        for (found, exit) in [
            (failed, Exit::NotAuthentic),
            (Verification::Unknown, Exit::Failed),
            (Verification::Pending, Exit::Failed),
        ] {
            assert_eq!(exit_of(&judge(&found, 1).unwrap_err().into()), exit);
        }
    }

    #[test]
    fn what_was_found_before_is_not_what_is_waited_for() {
        let failed = |at_ms| Verification::Failed {
            at_ms,
            code: "object_damaged".to_owned(),
        };
        assert!(is_outstanding(
            &Verification::Pending,
            &Verification::Pending
        ));
        assert!(is_outstanding(&failed(1), &failed(1)));
        for (now, before) in [
            (failed(2), failed(1)),
            (failed(2), Verification::Pending),
            (verified(), failed(1)),
            (verified(), Verification::Pending),
            (Verification::Unknown, Verification::Unknown),
        ] {
            assert!(!is_outstanding(&now, &before), "{now:?}");
        }
    }
}
