//! Opening a file in the browser.

use super::{Against, CPU, Contest, OVER_IDLE, RATE, Row};

pub(super) const ROW: Row = Row {
    name: "opening",
    title: "Opening 1 GiB in Chromium",
    about: "Measured from the click on Sealift's page of the file to the last byte on disk; the page's worker \
            decrypts the file. The peer fetches the same object with one request and pipes its body to disk as it \
            comes. Both write to the browser's own file system. CPU seconds are those of the browser's processes. \
            Memory is the peak of what they use (PSS) over what they used before the click.",
    who: &[
        ("sealift", "opened by Sealift's page"),
        ("plain", "fetched as it is"),
        ("100 MiB", "a file of 100 MiB"),
        ("1024 MiB", "a file of 1 GiB"),
        ("4096 MiB", "a file of 4 GiB"),
    ],
    measures: &[RATE, CPU, OVER_IDLE],
    charted: 1,
    contests: &[
        Contest {
            what: "opening in the browser",
            measure: RATE,
            ours: "sealift",
            against: Against::AtLeast(1.2, "plain"),
        },
        Contest {
            what: "memory, a file of 4 GiB",
            measure: OVER_IDLE,
            ours: "4096 MiB",
            against: Against::Bound(150.0),
        },
        Contest {
            what: "flat: a file of 4 GiB",
            measure: OVER_IDLE,
            ours: "4096 MiB",
            against: Against::AtMost(1.15, "1024 MiB"),
        },
    ],
};
