//! Streaming reads through the server.

use super::{Against, Contest, Row};

const ONE_READER: &str = "MB/s, one reader";
const FOUR_READERS: &str = "MB/s, 4 readers";

pub(super) const ROW: Row = Row {
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
            against: Against::AtLeast(1.0, "passed-on"),
        },
        Contest {
            what: "streaming decrypt, four readers",
            measure: FOUR_READERS,
            ours: "sealift",
            against: Against::AtLeast(1.0, "passed-on"),
        },
    ],
};
