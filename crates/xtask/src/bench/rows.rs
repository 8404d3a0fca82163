//! The rows of the benchmark: what is measured, against which peers, and with which goals. The names are those of
//! tests/bench.

/// One measurement with its contests.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// Says how the row is measured, for the reader of the table.
    pub(super) about: &'static str,
    /// The contestants in the order of the table and the chart: the name, and the label for the reader.
    pub(super) who: &'static [(&'static str, &'static str)],
    /// The measures that the table shows.
    pub(super) measures: &'static [&'static str],
    /// The number of measures that the chart shows, from the first one on.
    pub(super) charted: usize,
    pub(super) contests: &'static [Contest],
}

/// A goal, and the contestant that has to reach it.
pub(super) struct Contest {
    pub(super) what: &'static str,
    pub(super) measure: &'static str,
    pub(super) ours: &'static str,
    pub(super) against: Against,
}

/// The limit of a goal.
pub(super) enum Against {
    /// The median is at least this factor times the peer's.
    AtLeast(f64, &'static str),
    /// The median is at most this factor times the other's.
    AtMost(f64, &'static str),
    /// The median is at most this much.
    Bound(f64),
    /// The value is at most this much in every round.
    Always(f64),
}

const RATE: &str = "MB/s";
const SENT: &str = "MB/s until the last part is stored";
const CPU: &str = "CPU seconds per GiB";
const SEAL_LONG: &str = "MB/s sealing, frames of 256 KiB";
const SEAL_SHORT: &str = "MB/s sealing, frames of 64 KiB";
const OPEN_LONG: &str = "MB/s opening, frames of 256 KiB";
const OPEN_SHORT: &str = "MB/s opening, frames of 64 KiB";
const ONE_READER: &str = "MB/s, one reader";
const FOUR_READERS: &str = "MB/s, 4 readers";
const OVER_IDLE: &str = "MiB over idle";
const FIRST_BYTE: &str = "ms to the first byte";
const GETS: &str = "S3 GETs";
const FETCHED: &str = "KiB fetched";
const BEYOND: &str = "KiB beyond the range";
const KMS_CALLS: &str = "KMS calls";

pub(super) const ROWS: [Row; 7] = [
    Row {
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
    },
    Row {
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
    },
    Row {
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
    },
    Row {
        name: "reading",
        title: "Reading 1 GiB through the server",
        about: "Sealift's server fetches the object from the store, decrypts it and sends it to a native client. The \
                peer is the same object, which the same process passes on unchanged (one GET, its body as it comes). \
                Store, server and readers share the machine.",
        who: &[
            ("sealift", "opened by Sealift"),
            ("passed-on", "passed on as it is"),
        ],
        measures: &[ONE_READER, FOUR_READERS],
        charted: 2,
        contests: &[
            Contest {
                what: "streaming decrypt, one reader",
                measure: ONE_READER,
                ours: "sealift",
                against: Against::AtLeast(0.9, "passed-on"),
            },
            Contest {
                what: "streaming decrypt, four readers",
                measure: FOUR_READERS,
                ours: "sealift",
                against: Against::AtLeast(0.9, "passed-on"),
            },
        ],
    },
    Row {
        name: "ranges",
        title: "Ranges of an object of 10 GiB",
        about: "Read through the server under the `kms` keyring (moto's KMS); store, KMS, server and reader share the \
                machine. Cold is the first read after the server has started: KMS then decrypts the file's data key \
                and the key under which the tenant's file names are stored. Warm is the same range again. Frames hold \
                256 KiB. The bytes beyond the range are those that the fetched frames hold before it or after it, \
                whichever is more. The reader has a connection already. Proxies count the traffic to store and KMS, \
                and their time is included. Only the frames that are read exist in the object.",
        who: &[
            ("first cold", "1 byte at the beginning, cold"),
            ("first warm", "1 byte at the beginning, warm"),
            ("edge cold", "2 bytes over a frame's edge, cold"),
            ("edge warm", "2 bytes over a frame's edge, warm"),
            ("middle cold", "1 byte in the middle, cold"),
            ("middle warm", "1 byte in the middle, warm"),
            ("last cold", "1 byte at the end, cold"),
            ("last warm", "1 byte at the end, warm"),
            ("mebibyte cold", "1 MiB in the middle, cold"),
            ("mebibyte warm", "1 MiB in the middle, warm"),
            ("any cold", "any of these, cold"),
            ("any warm", "any of these, warm"),
        ],
        measures: &[FIRST_BYTE, GETS, FETCHED, BEYOND, KMS_CALLS],
        charted: 1,
        contests: &[
            Contest {
                what: "S3 GETs of any range, cold",
                measure: GETS,
                ours: "any cold",
                against: Against::Always(1.0),
            },
            Contest {
                what: "S3 GETs of any range, warm",
                measure: GETS,
                ours: "any warm",
                against: Against::Always(1.0),
            },
            Contest {
                what: "KiB beyond any range, cold",
                measure: BEYOND,
                ours: "any cold",
                against: Against::Always(256.0),
            },
            Contest {
                what: "KiB beyond any range, warm",
                measure: BEYOND,
                ours: "any warm",
                against: Against::Always(256.0),
            },
            Contest {
                what: "KMS calls of any range, warm",
                measure: KMS_CALLS,
                ours: "any warm",
                against: Against::Always(0.0),
            },
        ],
    },
    Row {
        name: "opening",
        title: "Opening 1 GiB in Chromium",
        about: "Measured from the click on Sealift's page of the file to the last byte on disk; the page's worker \
                decrypts the file. The peer fetches the same object with one request and pipes its body to disk as it \
                comes. Both write to the browser's own file system. CPU seconds are those of the browser's processes. \
                Memory is the peak of what they use (PSS) over what they used before the click.",
        who: &[
            ("sealift", "opened by Sealift's page"),
            ("plain", "fetched as it is"),
            ("100 MiB", "a file of 100 MiB"),
            ("1024 MiB", "a file of 1 GiB"),
            ("4096 MiB", "a file of 4 GiB"),
        ],
        measures: &[RATE, CPU, OVER_IDLE],
        charted: 1,
        contests: &[
            Contest {
                what: "opening in the browser",
                measure: RATE,
                ours: "sealift",
                against: Against::AtLeast(0.9, "plain"),
            },
            Contest {
                what: "memory, a file of 4 GiB",
                measure: OVER_IDLE,
                ours: "4096 MiB",
                against: Against::Bound(150.0),
            },
        ],
    },
    Row {
        name: "memory",
        title: "Memory of the page",
        about: "The peak of the memory that all processes of Chromium use (PSS) while the page uploads, over what they \
                used before the file was chosen. Every upload gets a new browser.",
        who: &[
            ("100 MiB", "a file of 100 MiB"),
            ("1024 MiB", "a file of 1 GiB"),
            ("4096 MiB", "a file of 4 GiB"),
        ],
        measures: &[OVER_IDLE],
        charted: 1,
        contests: &[
            Contest {
                what: "a file of 100 MiB",
                measure: OVER_IDLE,
                ours: "100 MiB",
                against: Against::Bound(150.0),
            },
            Contest {
                what: "a file of 1 GiB",
                measure: OVER_IDLE,
                ours: "1024 MiB",
                against: Against::Bound(150.0),
            },
            Contest {
                what: "a file of 4 GiB",
                measure: OVER_IDLE,
                ours: "4096 MiB",
                against: Against::Bound(150.0),
            },
            Contest {
                what: "flat: 4 GiB",
                measure: OVER_IDLE,
                ours: "4096 MiB",
                against: Against::AtMost(1.15, "100 MiB"),
            },
        ],
    },
];

impl Row {
    /// Returns whether the row compares Sealift with peers.
    pub(super) fn has_peers(&self) -> bool {
        let mut contests = self.contests.iter();
        contests.any(|contest| matches!(contest.against, Against::AtLeast(..)))
    }

    /// Returns the label of a contestant for the reader.
    pub(super) fn label<'a>(&self, who: &'a str) -> &'a str {
        let known = self.who.iter().find(|(name, _)| *name == who);
        known.map_or(who, |(_, label)| label)
    }
}
