//! Sealing and opening natively.

use super::{Against, Contest, Row};

const SEAL_LONG: &str = "MB/s sealing, frames of 256 KiB";
const SEAL_SHORT: &str = "MB/s sealing, frames of 64 KiB";
const OPEN_LONG: &str = "MB/s opening, frames of 256 KiB";
const OPEN_SHORT: &str = "MB/s opening, frames of 64 KiB";
const SEAL_WHOLE: &str = "MB/s sealing a message";
const OPEN_WHOLE: &str = "MB/s opening a message";

pub(super) const ROW: Row = Row {
    name: "native",
    title: "Sealing and opening natively",
    about: "Measured on one thread by the benches of `sealift-message`, with 8 MiB, which fit in no cache. The \
            peer is AES-256-GCM of aws-lc-rs on the same buffers and frames, and nothing else. A stream comes in \
            pieces of 64 KiB, which cut frames anywhere. The AEAD opens a frame only at once, so the peer of the \
            stream first puts each frame together in one buffer, and opens it there. The last two columns are whole messages \
            in memory, with the key's derivation and the header, on one thread: Sealift's core with frames of 256 KiB, and \
            the crates `aws-esdk` 1.2 (the same suite and frames, a raw AES key) and `age` 0.12 (one X25519 recipient, its \
            own chunks of 64 KiB).",
    who: &[
        ("sealift", "Sealift seals"),
        ("own at once", "Sealift opens at once"),
        ("own in pieces", "Sealift opens a stream"),
        ("raw", "raw AEAD"),
        ("raw in pieces", "raw AEAD, a stream"),
        ("whole sealift", "Sealift, whole messages"),
        ("whole esdk", "aws-esdk"),
        ("whole age", "age"),
    ],
    measures: &[
        SEAL_LONG, OPEN_LONG, SEAL_SHORT, OPEN_SHORT, SEAL_WHOLE, OPEN_WHOLE,
    ],
    charted: 6,
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
        Contest {
            what: "sealing a message",
            measure: SEAL_WHOLE,
            ours: "whole sealift",
            against: Against::AtLeast(1.0, "whole esdk"),
        },
        Contest {
            what: "opening a message",
            measure: OPEN_WHOLE,
            ours: "whole sealift",
            against: Against::AtLeast(1.0, "whole esdk"),
        },
        Contest {
            what: "sealing a message",
            measure: SEAL_WHOLE,
            ours: "whole sealift",
            against: Against::AtLeast(1.0, "whole age"),
        },
        Contest {
            what: "opening a message",
            measure: OPEN_WHOLE,
            ours: "whole sealift",
            against: Against::AtLeast(1.0, "whole age"),
        },
    ],
};
