//! The command line beside aws-cli.

use super::{Against, Contest, Row};

const UP: &str = "MB/s up";
const DOWN: &str = "MB/s down";
const SMALL: &str = "files of 10 KiB per second";

pub(super) const ROW: Row = Row {
    name: "client",
    title: "Files of 1 GiB and of 10 KiB on the command line",
    about: "Each is one run of a program: `sealift upload` and `sealift download`, or `aws s3 cp` of aws-cli 1.45.11, \
            which encrypts nothing. Both use the same embedded store, which shares the machine with them, and send \
            parts of 8 MiB. The small files, 1,000 of them, are one run with `--recursive`. The programs take turns in \
            being first.",
    who: &[("sealift", "sealift"), ("aws", "aws-cli")],
    measures: &[UP, DOWN, SMALL],
    charted: 2,
    contests: &[
        Contest {
            what: "upload",
            measure: UP,
            ours: "sealift",
            against: Against::AtLeast(1.3, "aws"),
        },
        Contest {
            what: "download",
            measure: DOWN,
            ours: "sealift",
            against: Against::AtLeast(2.0, "aws"),
        },
        Contest {
            what: "small files",
            measure: SMALL,
            ours: "sealift",
            against: Against::AtLeast(3.0, "aws"),
        },
    ],
};
