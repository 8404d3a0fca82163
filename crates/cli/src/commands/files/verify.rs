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
        if let Verification::Failed { code, .. } = record.verification {
            damaged.get_or_insert(code);
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

/// Waits until every frame was opened, or one was not.
async fn found(
    client: &Client,
    record: FileRecord,
    args: &VerifyFiles,
) -> anyhow::Result<FileRecord> {
    let bars = Bars::new(args.told);
    let _waiting = bars.waiting(&format!("verifying {}", record.name));
    let mut wait = FIRST_LOOK;
    let mut record = record;
    while record.verification == Verification::Pending {
        sleep(wait).await;
        wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        record = look(client, &record.id)
            .await
            .map_err(|error| of_file(&error, &record.id, &args.access))?;
    }
    Ok(record)
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
    let word = verification(&record.verification);
    let found = match &record.verification {
        Verification::Verified {
            plaintext_sha256, ..
        } => format!("{}  {}", styled(word, GOOD), shown(plaintext_sha256)),
        Verification::Failed { code, .. } => format!("{}  {}", styled(word, BAD), shown(code)),
        _ => word.to_owned(),
    };
    terminal::say(&format!("{}  {found}  {}", record.id, shown(&record.name)));
    Ok(())
}
