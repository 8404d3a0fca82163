//! `sealift upload`.

use std::{fs, path::PathBuf};

use super::{Access, Output};

pub(super) const EXAMPLES: &str = "\
Examples:
  sealift upload report.pdf
  sealift upload --recursive photos/ --reference case-17
  sealift upload scan.tif --metadata '{\"patient\":4711}' --json
  pg_dump shop | sealift upload - --name shop.sql
  sealift upload --server https://files.example.org --api-key-file key a.pdf

What was interrupted goes on when the same command is given again. Of several
files some may be there by then: --skip-existing leaves them out.";

#[derive(Debug, clap::Args)]
pub(crate) struct Upload {
    /// The files; - is stdin.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// Another name than the file's own; needed for stdin. For one file only.
    #[arg(long)]
    pub(crate) name: Option<String>,

    /// Its media type [default: by the ending of its name].
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,

    /// Your own reference, kept as it is: a case number, say.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reference: Option<String>,

    /// Your own data, at most 4 KiB; sealed in the records.
    #[arg(long, value_name = "JSON|@FILE", value_parser = metadata)]
    pub(crate) metadata: Option<serde_json::Value>,

    /// Whole folders too; names keep the path below the folder. Links are not followed.
    #[arg(long, short)]
    pub(crate) recursive: bool,

    /// Begin anew, also where an earlier upload of the same file was interrupted.
    #[arg(long)]
    pub(crate) no_resume: bool,

    /// Leave out files that are there already: one of yours has the name and the size, and came
    /// after the file was last modified.
    #[arg(long)]
    pub(crate) skip_existing: bool,

    /// Exact size of stdin, which is then sent as it comes. Without it stdin is sealed into a
    /// temporary file first, under a key that stays in memory.
    #[arg(long, value_name = "BYTES")]
    pub(crate) size: Option<u64>,

    #[command(flatten)]
    pub(crate) told: Output,

    #[command(flatten)]
    pub(crate) access: Access,
}

fn metadata(text: &str) -> Result<serde_json::Value, String> {
    let text = match text.strip_prefix('@') {
        Some(path) => fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?,
        None => text.to_owned(),
    };
    serde_json::from_str(&text).map_err(|error| format!("not JSON: {error}"))
}
