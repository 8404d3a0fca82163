//! Sealing alone in the browser.

use super::{Against, Contest, RATE, Row};

pub(super) const ROW: Row = Row {
    name: "sealing",
    title: "Sealing in the browser, 100 MiB",
    about: "Measured in Chromium, in one worker and from memory to memory, except where it says otherwise. Bare WebCrypto \
            uses the same frames of 256 KiB, the same associated data, four calls in flight and a reused part buffer, \
            and does nothing else. Hashing is SHA-256 of every part by SubtleCrypto. The pool of two is the page's own \
            (`web/upload/sealers.js`), as an upload uses it: each worker reads a part of the file, seals and hashes it. \
            Its peer reads the same file. The other libraries seal at their own settings, except that secretstream's \
            messages are as long as our frames: libsodium-wrappers 0.8.4, age-encryption 0.3.1 (one X25519 recipient) and \
            @aws-crypto/client-browser 4.2.2.",
    who: &[
        ("sealift", "Sealift"),
        ("bare", "bare WebCrypto"),
        ("sealift-hashed", "Sealift, then hashing"),
        ("bare-hashed", "bare WebCrypto, then hashing"),
        ("sealift-pool", "Sealift, pool of 2, reading and hashing"),
        ("bare-read-hashed", "bare WebCrypto, reading and hashing"),
        ("secretstream", "libsodium secretstream (wasm)"),
        ("age", "age-encryption"),
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
            what: "sealing and hashing, one worker",
            measure: RATE,
            ours: "sealift-hashed",
            against: Against::AtLeast(0.97, "bare-hashed"),
        },
        Contest {
            what: "sealing and hashing, pool of 2",
            measure: RATE,
            ours: "sealift-pool",
            against: Against::AtLeast(1.5, "bare-hashed"),
        },
        Contest {
            what: "sealing and hashing, pool of 2",
            measure: RATE,
            ours: "sealift-pool",
            against: Against::AtLeast(1.5, "bare-read-hashed"),
        },
        Contest {
            what: "sealing",
            measure: RATE,
            ours: "sealift",
            against: Against::AtLeast(1.0, "secretstream"),
        },
        Contest {
            what: "sealing",
            measure: RATE,
            ours: "sealift",
            against: Against::AtLeast(1.0, "age"),
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
