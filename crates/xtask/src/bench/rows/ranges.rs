//! Reads of ranges through the server.

use super::{Against, Contest, Row};

const FIRST_BYTE: &str = "ms to the first byte";
const GETS: &str = "S3 GETs";
const FETCHED: &str = "KiB fetched";
const BEYOND: &str = "KiB beyond the range";
const KMS_CALLS: &str = "KMS calls";

pub(super) const ROW: Row = Row {
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
};
