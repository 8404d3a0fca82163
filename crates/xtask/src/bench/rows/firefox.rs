//! Uploads from Firefox.

use super::{Against, CPU, Contest, RATE, Row, SENT};

pub(super) const ROW: Row = Row {
    name: "firefox",
    title: "Upload of 1 GiB from Firefox",
    about: "Measured like the upload from Chromium, in Firefox ESR.",
    who: &[("sealift", "Sealift"), ("plain", "plain PUTs, hashed")],
    measures: &[SENT, RATE, CPU],
    charted: 1,
    contests: &[Contest {
        what: "encrypted upload in Firefox",
        measure: SENT,
        ours: "sealift",
        against: Against::AtLeast(0.95, "plain"),
    }],
};
