//! The flags of `sealift upload`.

use std::{fs, path::PathBuf};

use super::{Access, Output};

pub(super) const EXAMPLES: &str = "\
Examples:
  sealift upload report.pdf
  sealift upload --recursive photos/ --reference case-17
  sealift upload scan.tif --metadata '{\"patient\":4711}' --json
  pg_dump shop | sealift upload - --name shop.sql
  sealift upload --server https://files.example.org --api-key-file key a.pdf

Give the same command again to continue an interrupted upload. If some of the
files were complete by then, --skip-existing leaves them out.";

#[derive(Debug, clap::Args)]
pub(crate) struct Upload {
    /// Files to upload; - is stdin.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    /// Name to store instead of the file's own; needed for stdin, and for one file only.
    #[arg(long)]
    pub(crate) name: Option<String>,

    /// Media type [default: guessed from the ending of the name].
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,

    /// Your own reference, such as a case number; it is stored unchanged.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reference: Option<String>,

    /// Your own data, at most 4 KiB; it is stored encrypted.
    #[arg(long, value_name = "JSON|@FILE", value_parser = metadata)]
    pub(crate) metadata: Option<serde_json::Value>,

    /// Upload whole folders, too. Names keep the path from the folder on; links are not followed.
    #[arg(long, short)]
    pub(crate) recursive: bool,

    /// Start again, even if an earlier upload of the same file was interrupted.
    #[arg(long)]
    pub(crate) no_resume: bool,

    /// Leave out files that are uploaded already: you have one with the same name and size that was
    /// uploaded after the file was last modified.
    #[arg(long)]
    pub(crate) skip_existing: bool,

    /// Exact size of stdin, which is then sent as it comes. Without it, stdin is first encrypted into
    /// a temporary file, under a key that stays in memory.
    #[arg(long, value_name = "BYTES")]
    pub(crate) size: Option<u64>,

    /// Folder for temporary files, which hold ciphertext only: stdin without --size, and parts of over
    /// 64 MiB, which only files over 668 GB have [default: TMPDIR, or else /var/tmp].
    #[arg(long, value_name = "DIR")]
    pub(crate) temp_dir: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) output: Output,

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
