//! `sealift files list`: lists files, newest first.

use core::pin::pin;

use futures::StreamExt as _;
use sealift_transfer::api::{FileRecord, Verification};

use super::{name, verification};
use crate::{
    args::ListFiles,
    online::{connect, date, refused},
    terminal::{self, BAD, FAINT, STRONG, human_size, styled},
};

pub(super) async fn run(args: ListFiles) -> anyhow::Result<()> {
    let client = connect(&args.access)?;
    let mut files = pin!(client.all_files(args.search.as_deref()));
    let mut listed = 0;
    while let Some(file) = files.next().await {
        let file = file.map_err(|error| refused(&error, &args.access))?;
        if listed == args.limit {
            if !args.output.quiet {
                let more = format!("There are more files: --limit {} shows more.", listed * 10);
                terminal::note(&styled(&more, FAINT));
            }
            return Ok(());
        }
        if args.output.json {
            terminal::say_json(&file)?;
        } else {
            if listed == 0 {
                terminal::say(&styled(&head(), STRONG))?;
            }
            terminal::say(&line(&file))?;
        }
        listed += 1;
    }
    if listed == 0 && !args.output.quiet && !args.output.json {
        terminal::note(match args.search {
            Some(_) => "No file has that in its name.",
            None => "There are no files.",
        });
    }
    Ok(())
}

fn head() -> String {
    row("ID", "SIZE", "UPLOADED (UTC)", "STATE", "NAME")
}

pub(super) fn line(file: &FileRecord) -> String {
    let state = verification(&file.verification);
    let line = row(
        file.id.as_str(),
        &human_size(file.size),
        &date(file.uploaded_at_ms),
        state,
        &name(file),
    );
    match file.verification {
        Verification::Failed { .. } => styled(&line, BAD),
        _ if !file.unreadable.is_empty() => styled(&line, BAD),
        _ => line,
    }
}

/// Returns one row. Ids have 26 characters, sizes 9, dates 16. The name comes last because it can have any length.
fn row(id: &str, size: &str, uploaded: &str, state: &str, name: &str) -> String {
    format!("{id:26}  {size:>9}  {uploaded:16}  {state:8}  {name}")
}
