//! Many small files over a long round trip.

use super::{Against, Contest, Row};

const SECONDS: &str = "seconds";
/// Seconds for 1,000 files before requests went in batches: 2.5 times what 400 files took then, 51.7 s by the page and 63.3 s
/// natively ("What we tried" in docs/PERFORMANCE.md).
const BEFORE_BATCHES_PAGE: f64 = 129.0;
const BEFORE_BATCHES_NATIVE: f64 = 158.0;

pub(super) const ROW: Row = Row {
    name: "many",
    title: "1,000 files of 10 KiB, round trip 50 ms",
    about: "Measured from the choice of the files until the server has recorded the last one. A relay holds every byte \
            between clients and server, and between clients and store, for 25 ms. Each file of Sealift is opened, \
            sealed, signed, sent with one PUT and completed; these requests go in batches, the PUTs do not. The plain \
            peer sends the same bytes as PUTs of its own credentials, five at once as a browser does; it encrypts \
            nothing and makes no other request.",
    who: &[
        ("sealift", "Sealift's page"),
        ("native", "Sealift's native client"),
        ("plain", "plain PUTs"),
    ],
    measures: &[SECONDS],
    charted: 1,
    contests: &[
        Contest {
            what: "small files by the page, half of the seconds before batches",
            measure: SECONDS,
            ours: "sealift",
            against: Against::Bound(BEFORE_BATCHES_PAGE / 2.0),
        },
        Contest {
            what: "small files natively, half of the seconds before batches",
            measure: SECONDS,
            ours: "native",
            against: Against::Bound(BEFORE_BATCHES_NATIVE / 2.0),
        },
        Contest {
            what: "small files by the page",
            measure: SECONDS,
            ours: "sealift",
            against: Against::AtMost(1.5, "plain"),
        },
        Contest {
            what: "small files natively",
            measure: SECONDS,
            ours: "native",
            against: Against::AtMost(1.5, "plain"),
        },
    ],
};
