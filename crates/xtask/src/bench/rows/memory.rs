//! Memory of the page during an upload.

use super::{Against, Contest, OVER_IDLE, Row};

pub(super) const ROW: Row = Row {
    name: "memory",
    title: "Memory of the page",
    about: "The peak of the memory that all processes of Chromium use (PSS) while the page uploads, over what they used \
            before the file was chosen. Every upload gets a new browser, and a page whose worker believes that it has \
            one, two or four cores: with one, the worker of the upload seals itself. The parts go to a sink, which keeps \
            nothing. The bound is 150 MiB, and 40 MiB more for each worker of a pool.",
    who: &[
        ("100 MiB, one worker", "100 MiB, one worker"),
        ("100 MiB, a pool of 2", "100 MiB, a pool of 2"),
        ("100 MiB, a pool of 4", "100 MiB, a pool of 4"),
        ("1024 MiB, one worker", "1 GiB, one worker"),
        ("1024 MiB, a pool of 2", "1 GiB, a pool of 2"),
        ("1024 MiB, a pool of 4", "1 GiB, a pool of 4"),
        ("8192 MiB, one worker", "8 GiB, one worker"),
        ("8192 MiB, a pool of 2", "8 GiB, a pool of 2"),
        ("8192 MiB, a pool of 4", "8 GiB, a pool of 4"),
    ],
    measures: &[OVER_IDLE],
    charted: 1,
    contests: &[
        Contest {
            what: "100 MiB, one worker",
            measure: OVER_IDLE,
            ours: "100 MiB, one worker",
            against: Against::Bound(150.0),
        },
        Contest {
            what: "1 GiB, one worker",
            measure: OVER_IDLE,
            ours: "1024 MiB, one worker",
            against: Against::Bound(150.0),
        },
        Contest {
            what: "8 GiB, one worker",
            measure: OVER_IDLE,
            ours: "8192 MiB, one worker",
            against: Against::Bound(150.0),
        },
        Contest {
            what: "100 MiB, a pool of 2",
            measure: OVER_IDLE,
            ours: "100 MiB, a pool of 2",
            against: Against::Bound(230.0),
        },
        Contest {
            what: "1 GiB, a pool of 2",
            measure: OVER_IDLE,
            ours: "1024 MiB, a pool of 2",
            against: Against::Bound(230.0),
        },
        Contest {
            what: "8 GiB, a pool of 2",
            measure: OVER_IDLE,
            ours: "8192 MiB, a pool of 2",
            against: Against::Bound(230.0),
        },
        Contest {
            what: "100 MiB, a pool of 4",
            measure: OVER_IDLE,
            ours: "100 MiB, a pool of 4",
            against: Against::Bound(310.0),
        },
        Contest {
            what: "1 GiB, a pool of 4",
            measure: OVER_IDLE,
            ours: "1024 MiB, a pool of 4",
            against: Against::Bound(310.0),
        },
        Contest {
            what: "8 GiB, a pool of 4",
            measure: OVER_IDLE,
            ours: "8192 MiB, a pool of 4",
            against: Against::Bound(310.0),
        },
        Contest {
            what: "flat: 8 GiB, one worker",
            measure: OVER_IDLE,
            ours: "8192 MiB, one worker",
            against: Against::AtMost(1.15, "100 MiB, one worker"),
        },
        Contest {
            what: "flat: 8 GiB, a pool of 2",
            measure: OVER_IDLE,
            ours: "8192 MiB, a pool of 2",
            against: Against::AtMost(1.15, "100 MiB, a pool of 2"),
        },
        Contest {
            what: "flat: 8 GiB, a pool of 4",
            measure: OVER_IDLE,
            ours: "8192 MiB, a pool of 4",
            against: Against::AtMost(1.15, "100 MiB, a pool of 4"),
        },
    ],
};
