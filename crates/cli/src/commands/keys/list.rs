//! `sealift keys list`: shows the key versions of all tenants.

use sealift_server::{Config, list_keys, records::KeptKek};
use serde::Serialize;

use crate::{
    args::ListKeys,
    online::date,
    terminal::{self, shown},
};

/// One version, for `--json`.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    tenant: &'a str,
    version: u32,
    made_at_ms: i64,
    wraps_at_most: u32,
    wrapped_by: &'a str,
    /// The version of the pepper; 0 means none.
    pepper_version: u32,
}

pub(super) async fn list(args: &ListKeys) -> anyhow::Result<()> {
    let config = Config::load(&args.deployment.sources(Vec::new()))?;
    let keks = list_keys(&config).await?;
    if args.output.json {
        let listed: Vec<_> = keks.iter().map(listed).collect();
        return terminal::say_json(&listed);
    }
    if keks.is_empty() {
        if !args.output.quiet {
            terminal::note("There is no key version yet; a tenant's first upload makes one.");
        }
        return Ok(());
    }
    let width = keks
        .iter()
        .map(|kek| shown(&kek.row.tenant).chars().count());
    let width = width.chain([TENANT.len()]).max().unwrap_or_default();
    terminal::say(&format!(
        "{TENANT:width$}  version  made              most files  encrypted under"
    ))?;
    for kek in &keks {
        terminal::say(&line(kek, width))?;
    }
    Ok(())
}

const TENANT: &str = "tenant";

fn line(kek: &KeptKek, width: usize) -> String {
    let row = &kek.row;
    let pepper = match row.pepper_version {
        0 => String::new(),
        version => format!(" and pepper {version}"),
    };
    format!(
        "{:width$}  {:>7}  {}  {:>10}  {}{pepper}",
        shown(&row.tenant),
        row.version,
        date(kek.made_at.get()),
        kek.wraps,
        shown(&row.wrapped_by)
    )
}

fn listed(kek: &KeptKek) -> Listed<'_> {
    Listed {
        tenant: &kek.row.tenant,
        version: kek.row.version,
        made_at_ms: kek.made_at.get(),
        wraps_at_most: kek.wraps,
        wrapped_by: &kek.row.wrapped_by,
        pepper_version: kek.row.pepper_version,
    }
}
