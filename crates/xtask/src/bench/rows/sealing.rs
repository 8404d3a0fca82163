//! Sealing alone in the browser.

use super::{Against, Contest, RATE, Row};

pub(super) const ROW: Row = Row {
    name: "sealing",
    title: "Sealing in the browser, 100 MiB",
    about: "Measured in one worker of Chromium, from memory to memory. Bare WebCrypto uses the same frames of 256 \
            KiB, the same associated data, four calls in flight and a reused part buffer, and does nothing else. \
            Hashing is SHA-256 of every part by SubtleCrypto; an upload hashes a part while the next one is \
            sealed. The official client is @aws-crypto/client-browser 4.2.2.",
    who: &[
        ("sealift", "Sealift"),
        ("bare", "bare WebCrypto"),
        ("sealift-hashed", "Sealift, hashing meanwhile"),
        ("sealift-hashed-in-turn", "Sealift, then hashing"),
        ("bare-hashed", "bare WebCrypto, then hashing"),
        ("client-browser", "official client, defaults"),
        (
            "client-browser-equal",
            "official client, our suite and frames",
        ),
    ],
    measures: &[RATE],
    charted: 1,
    contests: &[
        Contest {
            what: "sealing",
            measure: RATE,
            ours: "sealift",
            against: Against::AtLeast(0.95, "bare"),
        },
        Contest {
            what: "sealing and hashing in turn",
            measure: RATE,
            ours: "sealift-hashed-in-turn",
            against: Against::AtLeast(0.95, "bare-hashed"),
        },
        Contest {
            what: "hashing while the next part is sealed",
            measure: RATE,
            ours: "sealift-hashed",
            against: Against::AtLeast(1.3, "bare-hashed"),
        },
        Contest {
            what: "sealing",
            measure: RATE,
            ours: "sealift",
            against: Against::AtLeast(8.0, "client-browser"),
        },
        Contest {
            what: "sealing",
            measure: RATE,
            ours: "sealift",
            against: Against::AtLeast(1.5, "client-browser-equal"),
        },
    ],
};
