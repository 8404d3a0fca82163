//! `sealift keys rewrap`: moves all keys under the wrapper that the settings name now.

use sealift_server::{Config, RewrapReport, rewrap_keys};
use serde::Serialize;

use crate::{
    args::RewrapKeys,
    failure::{Exit, Failure},
    terminal::{self, shown},
};

/// The result, for `--json`.
#[derive(Debug, Serialize)]
struct Report {
    moved: u64,
    were_there: u64,
    failed: Vec<FailedRow>,
}

#[derive(Debug, Serialize)]
struct FailedRow {
    tenant: String,
    version: Option<u32>,
    error: String,
}

pub(super) async fn rewrap(args: &RewrapKeys) -> anyhow::Result<()> {
    let config = Config::load(&args.deployment.sources(Vec::new()))?;
    let report = report(rewrap_keys(&config).await?);
    if args.output.json {
        terminal::say_json(&report)?;
    } else {
        let Report {
            moved, were_there, ..
        } = &report;
        terminal::say(&format!("{moved} moved, {were_there} were there already"))?;
        for row in &report.failed {
            let (tenant, error) = (shown(&row.tenant), shown(&row.error));
            terminal::note(&match row.version {
                Some(version) => format!("{tenant}, version {version}: {error}"),
                None => format!("{tenant}, records key: {error}"),
            });
        }
    }
    match report.failed.len() {
        0 => Ok(()),
        failed => {
            let some = format!("{failed} keys could not be moved and stay where they were");
            Err(Failure::new(Exit::Failed, some)
                .remedy("mend the cause above, then run this again; the moved keys stay moved")
                .into())
        }
    }
}

fn report(report: RewrapReport) -> Report {
    let failed = report.failed.into_iter().map(|row| FailedRow {
        tenant: row.tenant,
        version: row.version,
        error: row.error.to_string(),
    });
    Report {
        moved: report.moved,
        were_there: report.were_there,
        failed: failed.collect(),
    }
}
