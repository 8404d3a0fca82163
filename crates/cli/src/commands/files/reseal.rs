//! `sealift files reseal`: encrypts files again as new objects.

use std::sync::Arc;

use sealift_server::{Config, ResealError, ResealReport, ResealWhich, reseal_files};
use serde::Serialize;

use crate::{
    args::ResealFiles,
    failure::{Exit, Failure},
    terminal::{self, Bars, shown},
};

/// The result, for `--json`.
#[derive(Debug, Serialize)]
struct Report {
    resealed: u64,
    were_there: u64,
    gone: u64,
    failed: Vec<FailedFile>,
}

#[derive(Debug, Serialize)]
struct FailedFile {
    id: String,
    error: String,
}

pub(super) async fn run(args: ResealFiles) -> anyhow::Result<()> {
    let config = Config::load(&args.deployment.sources(Vec::new()))?;
    let which = match (args.all, args.tenant) {
        (true, _) => ResealWhich::All,
        (false, Some(tenant)) => ResealWhich::OfTenant(tenant),
        (false, None) => ResealWhich::Files(args.ids),
    };
    let bars = Bars::new(args.output);
    let bar = Arc::new(bars.bytes("Encrypting again", Some(0)));
    let shown_on = Arc::clone(&bar);
    let resealed = reseal_files(&config, &which, move |progress| {
        shown_on.is_of(progress.all_bytes);
        shown_on.reached(progress.done_bytes);
    });
    let report = report(resealed.await.map_err(refused)?);
    drop(bar);
    if args.output.json {
        terminal::say_json(&report)?;
    } else {
        say(&report, args.output.quiet)?;
    }
    match report.failed.len() {
        0 => Ok(()),
        failed => {
            let some = format!("{failed} files were not encrypted again and stay as they were");
            Err(Failure::new(Exit::Failed, some)
                .remedy(
                    "mend the cause above, then run this again; the files that are done stay done",
                )
                .into())
        }
    }
}

fn say(report: &Report, is_quiet: bool) -> anyhow::Result<()> {
    let Report {
        resealed,
        were_there,
        gone,
        ..
    } = report;
    terminal::say(&format!(
        "{resealed} encrypted again, {were_there} were under the newest key already"
    ))?;
    if *gone > 0 && !is_quiet {
        terminal::note(&format!("{gone} were deleted or replaced meanwhile"));
    }
    for file in &report.failed {
        terminal::note(&format!("{}: {}", shown(&file.id), shown(&file.error)));
    }
    if *resealed > 0 && !is_quiet {
        terminal::note(
            "Make a backup of the database now: older ones name objects that no longer exist.",
        );
    }
    Ok(())
}

fn refused(error: ResealError) -> anyhow::Error {
    match error {
        ResealError::NoSuchFile(_) => Failure::new(Exit::NotFound, error.to_string()).into(),
        error => error.into(),
    }
}

fn report(report: ResealReport) -> Report {
    let failed = report.failed.into_iter().map(|(id, error)| FailedFile {
        id: id.to_string(),
        error,
    });
    Report {
        resealed: report.resealed,
        were_there: report.were_there,
        gone: report.gone,
        failed: failed.collect(),
    }
}
