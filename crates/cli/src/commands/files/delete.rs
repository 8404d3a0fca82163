//! `sealift files delete`: deletes files after a confirmation.

use std::io::{self, BufRead as _, IsTerminal as _};

use sealift_transfer::api::FileRecord;
use tokio::task::spawn_blocking;

use super::{name, of_file, records};
use crate::{
    args::DeleteFiles,
    failure::{Exit, Failure},
    online::connect,
    terminal::{self, human_size},
};

pub(super) async fn run(args: DeleteFiles) -> anyhow::Result<()> {
    let client = connect(&args.access)?;
    // If one of the files does not exist, none is deleted.
    let records = records(&client, &args.ids, &args.access).await?;
    if !args.yes {
        confirm(&records).await?;
    }
    for record in &records {
        let deleted = client.delete(&record.id).await;
        deleted.map_err(|error| of_file(&error, &record.id, &args.access))?;
        if args.output.json {
            terminal::say_json(&serde_json::json!({ "deleted": record.id }))?;
        } else if !args.output.quiet {
            terminal::say(&format!("deleted  {}  {}", record.id, name(record)))?;
        }
    }
    Ok(())
}

async fn confirm(records: &[FileRecord]) -> anyhow::Result<()> {
    if !io::stdin().is_terminal() {
        let failure = Failure::new(Exit::Usage, "nobody can confirm: stdin is not a terminal");
        return Err(failure
            .remedy("give --yes to delete without confirmation")
            .into());
    }
    for record in records {
        let size = human_size(record.size);
        terminal::note(&format!("  {}  {size}  {}", record.id, name(record)));
    }
    terminal::note(match records.len() {
        1 => "Delete this file for good? [y/N]",
        _ => "Delete these files for good? [y/N]",
    });
    let answer = spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    match answer.await??.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new(Exit::Interrupted, "nothing was deleted").into()),
    }
}
