//! The flags of `sealift download`.

use std::path::PathBuf;

use sealift_transfer::api::FileId;

use super::{Access, Output};

pub(super) const EXAMPLES: &str = "\
Examples:
  sealift download FILE_ID
  sealift download FILE_ID -o report.pdf
  sealift download FILE_ID -o - | tar x
  sealift download FILE_ID --range 0-1023 -o head.bin

Give the same command again to continue an interrupted download. The file gets
its name when it is complete. Until then the data are beside it in the folder
NAME.FILE_ID.sealift-part, which only you can read.";

#[derive(Debug, clap::Args)]
pub(crate) struct Download {
    /// The file's id, as `sealift files list` shows it.
    #[arg(value_name = "FILE_ID", value_parser = super::file_id)]
    pub(crate) id: FileId,

    /// File for the plaintext; - is stdout [default: the file's own name, made safe, with a number
    /// added if that name exists].
    #[arg(id = "output", long = "output", short = 'o', value_name = "FILE")]
    pub(crate) destination: Option<PathBuf>,

    /// Only these bytes: FIRST-LAST, counted from 0; FIRST- to the end; or -COUNT for the last COUNT.
    #[arg(long, value_name = "A-B", requires = "output", value_parser = range, allow_hyphen_values = true)]
    pub(crate) range: Option<AskedRange>,

    /// Overwrite an existing file.
    #[arg(long)]
    pub(crate) force: bool,

    /// Neither use nor keep the data of an interrupted download.
    #[arg(long)]
    pub(crate) no_resume: bool,

    #[command(flatten)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) access: Access,
}

/// A byte range as people write it: the last byte is part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AskedRange {
    Between(u64, u64),
    From(u64),
    Last(u64),
}

fn range(text: &str) -> Result<AskedRange, &'static str> {
    const WRITTEN: &str = "write a range as 0-99, 100- or -100";
    let number = |text: &str| text.parse::<u64>().map_err(|_| WRITTEN);
    match text.split_once('-').ok_or(WRITTEN)? {
        ("", "") => Err(WRITTEN),
        ("", last) => match number(last)? {
            0 => Err("a range must have at least one byte"),
            last => Ok(AskedRange::Last(last)),
        },
        (first, "") => Ok(AskedRange::From(number(first)?)),
        (first, last) => match (number(first)?, number(last)?) {
            (first, last) if first > last => Err("a range must not end before its first byte"),
            (first, last) => Ok(AskedRange::Between(first, last)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_as_in_http() {
        assert_eq!(range("0-0"), Ok(AskedRange::Between(0, 0)));
        assert_eq!(range("5-"), Ok(AskedRange::From(5)));
        assert_eq!(range("-7"), Ok(AskedRange::Last(7)));
        for bad in ["", "-", "5", "5-4", "-0", "a-b", "1-2-3", "0-1,3-4"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }
}
