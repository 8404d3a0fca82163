//! Resuming an upload in Chromium.

use super::{Against, Contest, RATE, Row};

const TWICE: &str = "bytes sent twice";

pub(super) const ROW: Row = Row {
    name: "resume",
    title: "Resuming a half-done upload of 4 GiB in Chromium",
    about: "The page sends half of the file and is left. A new page gets the same file, seals every part again that was ever \
            signed, and compares the SHA-256 before it sends anything. The rate is that of these parts' plaintext while \
            the row says `comparing`, which includes the requests for the key and the list of parts. Bare WebCrypto \
            reads, seals and places 256 MiB of the same file part by part in one worker. A proxy in front of the store \
            counts the bytes of every part that the store had got whole and gets again.",
    who: &[
        ("sealift", "Sealift, sealing again"),
        ("bare-read", "bare WebCrypto"),
        ("bare-read-hashed", "bare WebCrypto, then hashing"),
    ],
    measures: &[RATE, TWICE],
    charted: 1,
    contests: &[
        Contest {
            what: "sealing again and comparing",
            measure: RATE,
            ours: "sealift",
            against: Against::AtLeast(0.9, "bare-read"),
        },
        Contest {
            what: "sealing again and comparing",
            measure: RATE,
            ours: "sealift",
            against: Against::AtLeast(0.9, "bare-read-hashed"),
        },
        Contest {
            what: "bytes sent twice",
            measure: TWICE,
            ours: "sealift",
            against: Against::Always(0.0),
        },
    ],
};
