//! `sealift files verify`.

use core::time::Duration;

use sealift_client::{Client, RequestError};
use sealift_transfer::api::{FileId, FileRecord, Verification};
use tokio::time::sleep;

use super::{of_file, verification};
use crate::{
    args::VerifyFiles,
    failure::{Exit, Failure},
    online::connect,
    terminal::{self, BAD, Bars, GOOD, shown, styled},
};

/// Between two looks at a file that is being verified: small ones are done at once, large ones take
/// minutes.
const FIRST_LOOK: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

pub(super) async fn run(args: VerifyFiles) -> anyhow::Result<()> {
    let client = connect(&args.access)?;
    let mut asked = Vec::new();
    for id in &args.ids {
        let record = client.verify(id).await;
        asked.push(record.map_err(|error| of_file(&error, id, &args.access))?);
    }
    let mut damaged = None;
    for record in asked {
        let record = match args.wait {
            true => found(&client, record, &args).await?,
            false => record,
        };
        tell(&record, &args)?;
        match record.verification {
            // What was found before says nothing of what is asked for now.
            Verification::Failed { code, .. } if args.wait => {
                damaged.get_or_insert(code);
            }
            _ => {}
        }
    }
    match damaged {
        None => Ok(()),
        Some(code) => {
            let message = match args.ids.len() {
                1 => "the file is damaged or was replaced in the store",
                _ => "a file is damaged or was replaced in the store",
            };
            let remedy = "restore its object from a backup or an older version of the bucket";
            let failure = Failure::new(Exit::NotAuthentic, message).remedy(remedy);
            Err(failure.code(shown(&code)).into())
        }
    }
}

/// Waits until every frame was opened, or one was not, since it was asked for.
async fn found(
    client: &Client,
    record: FileRecord,
    args: &VerifyFiles,
) -> anyhow::Result<FileRecord> {
    let bars = Bars::new(args.told);
    let _waiting = bars.waiting(&format!("verifying {}", record.name));
    let mut wait = FIRST_LOOK;
    let before = record.verification.clone();
    let mut record = record;
    while is_outstanding(&record.verification, &before) {
        sleep(wait).await;
        wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        record = look(client, &record.id)
            .await
            .map_err(|error| of_file(&error, &record.id, &args.access))?;
    }
    Ok(record)
}

/// Whether nothing was found yet, where this was told before: a file that is known to be damaged stays
/// so until something is.
fn is_outstanding(now: &Verification, before: &Verification) -> bool {
    match now {
        Verification::Pending => true,
        Verification::Failed { .. } => now == before,
        _ => false,
    }
}

/// A server that is away for a moment goes on with its work later.
async fn look(client: &Client, id: &FileId) -> Result<FileRecord, RequestError> {
    match client.file(id).await {
        Err(RequestError::NoAnswer { .. }) => {
            sleep(LONGEST_WAIT).await;
            client.file(id).await
        }
        looked => looked,
    }
}

fn tell(record: &FileRecord, args: &VerifyFiles) -> anyhow::Result<()> {
    if args.told.json {
        return terminal::say_json(record);
    }
    let told = match args.wait {
        true => &record.verification,
        false => &Verification::Pending,
    };
    let word = verification(told);
    let found = match told {
        Verification::Verified {
            plaintext_sha256, ..
        } => format!("{}  {}", styled(word, GOOD), shown(plaintext_sha256)),
        Verification::Failed { code, .. } => format!("{}  {}", styled(word, BAD), shown(code)),
        _ => word.to_owned(),
    };
    terminal::say(&format!("{}  {found}  {}", record.id, shown(&record.name)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_before_is_not_what_is_waited_for() {
        let failed = |at_ms| Verification::Failed {
            at_ms,
            code: "object_damaged".to_owned(),
        };
        let verified = Verification::Verified {
            at_ms: 2,
            plaintext_sha256: "02".repeat(32),
        };
        assert!(is_outstanding(
            &Verification::Pending,
            &Verification::Pending
        ));
        assert!(is_outstanding(&failed(1), &failed(1)));
        for (now, before) in [
            (failed(2), failed(1)),
            (failed(2), Verification::Pending),
            (verified.clone(), failed(1)),
            (verified, Verification::Pending),
            (Verification::Unknown, Verification::Unknown),
        ] {
            assert!(!is_outstanding(&now, &before), "{now:?}");
        }
    }
}
