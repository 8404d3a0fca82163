//! Uploads from Chromium over a link.

use super::{Against, CPU, Contest, RATE, Row, SENT};

const BEFORE: &str = "ms before the first part";
const AFTER: &str = "ms after the last byte";

pub(super) const ROW: Row = Row {
    name: "link",
    title: "Upload of 1 GiB from Chromium over 1 Gbit/s with a round trip of 20 ms",
    about: "In a network namespace of its own: the kernel lets 1 Gbit/s pass from the browser to server, site and store \
            (tbf, burst 128 KiB, queue 50 ms), and a relay delays each direction by 10 ms. The relay answers TCP at \
            once, so that no window limits anybody. Uppy sends at its best settings: parts of 128 MiB in 6.3.1, which sends \
            one after the other, and six parts of 16 MiB at once in 5.1.0. Nothing of theirs is encrypted or hashed. The \
            link carries at most 125 MB/s. The last two columns say how long no part of Sealift's is on the link: from the \
            choice of the file to the first bytes of a part, and from the last byte to the answer that it is stored.",
    who: &[
        ("sealift", "Sealift"),
        ("uppy6-best", "Uppy aws-s3 6.3.1, parts of 128 MiB"),
        ("uppy5-best", "Uppy aws-s3 5.1.0, parts of 16 MiB"),
    ],
    measures: &[SENT, RATE, CPU, BEFORE, AFTER],
    charted: 1,
    contests: &[
        Contest {
            what: "encrypted upload over the link",
            measure: SENT,
            ours: "sealift",
            against: Against::AtLeast(1.0, "uppy6-best"),
        },
        Contest {
            what: "encrypted upload over the link",
            measure: SENT,
            ours: "sealift",
            against: Against::AtLeast(1.0, "uppy5-best"),
        },
        Contest {
            what: "the same, MB/s (0.97 of the link)",
            measure: SENT,
            ours: "sealift",
            against: Against::Least(121.25),
        },
    ],
};
