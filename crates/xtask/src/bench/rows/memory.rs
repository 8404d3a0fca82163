//! Memory of the page during an upload.

use super::{Against, Contest, OVER_IDLE, Row};

pub(super) const ROW: Row = Row {
    name: "memory",
    title: "Memory of the page",
    about: "The peak of the memory that all processes of Chromium use (PSS) while the page uploads, over what they \
            used before the file was chosen. Every upload gets a new browser.",
    who: &[
        ("100 MiB", "a file of 100 MiB"),
        ("1024 MiB", "a file of 1 GiB"),
        ("4096 MiB", "a file of 4 GiB"),
    ],
    measures: &[OVER_IDLE],
    charted: 1,
    contests: &[
        Contest {
            what: "a file of 100 MiB",
            measure: OVER_IDLE,
            ours: "100 MiB",
            against: Against::Bound(150.0),
        },
        Contest {
            what: "a file of 1 GiB",
            measure: OVER_IDLE,
            ours: "1024 MiB",
            against: Against::Bound(150.0),
        },
        Contest {
            what: "a file of 4 GiB",
            measure: OVER_IDLE,
            ours: "4096 MiB",
            against: Against::Bound(150.0),
        },
        Contest {
            what: "flat: 4 GiB",
            measure: OVER_IDLE,
            ours: "4096 MiB",
            against: Against::AtMost(1.15, "100 MiB"),
        },
    ],
};
