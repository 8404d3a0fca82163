//! `sealift download`.

use std::path::PathBuf;

use sealift_transfer::api::FileId;

use super::{Access, Output};

pub(super) const EXAMPLES: &str = "\
Examples:
  sealift download FILE_ID
  sealift download FILE_ID -o report.pdf
  sealift download FILE_ID -o - | tar x
  sealift download FILE_ID --range 0-1023 -o head.bin

What was interrupted goes on when the same command is given again. A file has
its name only when it is whole; what came before lies beside it in
NAME.FILE_ID.sealift-part, which only you can read.";

#[derive(Debug, clap::Args)]
pub(crate) struct Download {
    /// The file's id, as `sealift files list` shows it.
    #[arg(value_name = "FILE_ID", value_parser = super::file_id)]
    pub(crate) id: FileId,

    /// Where it goes; - is stdout [default: the file's own name, made safe, or with a number behind
    /// it where that is taken].
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Only these bytes: FIRST-LAST from 0, FIRST- to the end, or -COUNT from the end.
    #[arg(long, value_name = "A-B", requires = "output", value_parser = range, allow_hyphen_values = true)]
    pub(crate) range: Option<AskedRange>,

    /// Write over a file that is there.
    #[arg(long)]
    pub(crate) force: bool,

    /// Neither use nor keep what an interrupted download got.
    #[arg(long)]
    pub(crate) no_resume: bool,

    #[command(flatten)]
    pub(crate) told: Output,

    #[command(flatten)]
    pub(crate) access: Access,
}

/// A range as people write it: with its last byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AskedRange {
    Between(u64, u64),
    From(u64),
    Last(u64),
}

fn range(text: &str) -> Result<AskedRange, &'static str> {
    const WRITTEN: &str = "a range is written 0-99, 100- or -100";
    let number = |text: &str| text.parse::<u64>().map_err(|_| WRITTEN);
    match text.split_once('-').ok_or(WRITTEN)? {
        ("", "") => Err(WRITTEN),
        ("", last) => match number(last)? {
            0 => Err("a range has at least one byte"),
            last => Ok(AskedRange::Last(last)),
        },
        (first, "") => Ok(AskedRange::From(number(first)?)),
        (first, last) => match (number(first)?, number(last)?) {
            (first, last) if first > last => Err("a range ends at or after its first byte"),
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
