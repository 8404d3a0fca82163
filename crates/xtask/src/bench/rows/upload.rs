//! Uploads from Chromium.

use super::{Against, CPU, Contest, RATE, Row, SENT};

pub(super) const ROW: Row = Row {
    name: "upload",
    title: "Upload of 1 GiB from Chromium",
    about: "Measured from the choice of the file to the complete object, through Sealift's own page. One peer \
            sends the same parts as plain PUTs (read, hashed, signed with that SHA-256, five at once, nothing \
            encrypted). The other is Uppy's aws-s3 plugin at its defaults (nothing encrypted, nothing hashed; \
            parts of 5 MiB, one after the other in 6.3.1, six at once in 5.1.0). All send to the same embedded \
            store and get their signatures from the same process; store and browser share the machine. The native \
            sender only sends, so that nobody can be faster than it: it shows how much the store accepts. \
            Completion includes the time in which the store joins and hashes the parts, which is the same for all; \
            the first column and the comparisons leave it out. CPU seconds are those of the browser's processes.",
    who: &[
        ("sealift", "Sealift"),
        ("plain", "plain PUTs, hashed"),
        ("uppy6", "Uppy aws-s3 6.3.1"),
        ("uppy5", "Uppy aws-s3 5.1.0"),
        ("native", "native sender"),
    ],
    measures: &[SENT, RATE, CPU],
    charted: 1,
    contests: &[
        Contest {
            what: "encrypted upload",
            measure: SENT,
            ours: "sealift",
            against: Against::AtLeast(1.0, "uppy6"),
        },
        Contest {
            what: "encrypted upload",
            measure: SENT,
            ours: "sealift",
            against: Against::AtLeast(1.0, "uppy5"),
        },
        Contest {
            what: "encrypted upload",
            measure: SENT,
            ours: "sealift",
            against: Against::AtLeast(0.9, "plain"),
        },
    ],
};
