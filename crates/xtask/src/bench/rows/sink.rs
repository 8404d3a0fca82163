//! Uploads from Chromium to a store that only reads.

use super::{Against, CPU, Contest, Row, SENT};

pub(super) const ROW: Row = Row {
    name: "sink",
    title: "Upload of 1 GiB from Chromium to a sink",
    about: "The same page sends the same parts to a sink, which reads the body of each part, answers 200 and keeps nothing, \
            so that the store's work does not count. Everything else goes to the real server and its store. The peer \
            sends slices of the file as bodies from one worker, five at once: their bytes never enter the page, and \
            nothing is read, hashed, encrypted or signed. Measured until the last part is answered; nothing completes. CPU \
            seconds are those of the browser's processes until then.",
    who: &[("sealift", "Sealift"), ("slices", "slices of the file")],
    measures: &[SENT, CPU],
    charted: 2,
    contests: &[
        Contest {
            what: "encrypted upload to a sink",
            measure: SENT,
            ours: "sealift",
            against: Against::AtLeast(0.9, "slices"),
        },
        Contest {
            what: "the same, CPU seconds",
            measure: CPU,
            ours: "sealift",
            against: Against::AtMost(1.5, "slices"),
        },
    ],
};
