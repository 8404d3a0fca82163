//! Sealing and opening natively.

use super::{Against, Contest, Row};

const SEAL_LONG: &str = "MB/s sealing, frames of 256 KiB";
const SEAL_SHORT: &str = "MB/s sealing, frames of 64 KiB";
const OPEN_LONG: &str = "MB/s opening, frames of 256 KiB";
const OPEN_SHORT: &str = "MB/s opening, frames of 64 KiB";

pub(super) const ROW: Row = Row {
    name: "native",
    title: "Sealing and opening natively",
    about: "Measured on one thread by the benches of `sealift-message`, with 8 MiB, which fit in no cache. The \
            peer is AES-256-GCM of aws-lc-rs on the same buffers and frames, and nothing else. A stream comes in \
            pieces of 64 KiB, which cut frames anywhere. The AEAD opens a frame only at once, so the peer of the \
            stream first puts each frame together in one buffer, and opens it there.",
    who: &[
        ("sealift", "Sealift seals"),
        ("own at once", "Sealift opens at once"),
        ("own in pieces", "Sealift opens a stream"),
        ("raw", "raw AEAD"),
        ("raw in pieces", "raw AEAD, a stream"),
    ],
    measures: &[SEAL_LONG, OPEN_LONG, SEAL_SHORT, OPEN_SHORT],
    charted: 4,
    contests: &[
        Contest {
            what: "sealing, frames of 256 KiB",
            measure: SEAL_LONG,
            ours: "sealift",
            against: Against::AtLeast(0.95, "raw"),
        },
        Contest {
            what: "opening at once, frames of 256 KiB",
            measure: OPEN_LONG,
            ours: "own at once",
            against: Against::AtLeast(0.95, "raw"),
        },
        Contest {
            what: "opening a stream, frames of 256 KiB",
            measure: OPEN_LONG,
            ours: "own in pieces",
            against: Against::AtLeast(0.95, "raw in pieces"),
        },
        Contest {
            what: "opening a stream, frames of 256 KiB",
            measure: OPEN_LONG,
            ours: "own in pieces",
            against: Against::AtLeast(0.95, "raw"),
        },
        Contest {
            what: "sealing, frames of 64 KiB",
            measure: SEAL_SHORT,
            ours: "sealift",
            against: Against::AtLeast(0.95, "raw"),
        },
        Contest {
            what: "opening at once, frames of 64 KiB",
            measure: OPEN_SHORT,
            ours: "own at once",
            against: Against::AtLeast(0.95, "raw"),
        },
        Contest {
            what: "opening a stream, frames of 64 KiB",
            measure: OPEN_SHORT,
            ours: "own in pieces",
            against: Against::AtLeast(0.95, "raw in pieces"),
        },
        Contest {
            what: "opening a stream, frames of 64 KiB",
            measure: OPEN_SHORT,
            ours: "own in pieces",
            against: Against::AtLeast(0.95, "raw"),
        },
    ],
};
