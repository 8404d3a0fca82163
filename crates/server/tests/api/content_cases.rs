//! Ranges and conditions when a file is read, case by case (RFC 9110, 13 and 14).

use http::Method;
use sealift_transfer::api::{ProblemCode, files};

use crate::{
    content::{SIZE, uploaded},
    support::Answer,
};

/// The body that a case expects.
enum Body {
    /// 200 and the whole file.
    Whole,
    /// 206 and the bytes from the first offset to the last one.
    Part(usize, usize),
    /// 304, 412 or 416 and nothing of the file.
    None(u16),
}
use Body::{None as Nothing, Part, Whole};

/// A request's headers. `ETAG` stands for the file's own ETag.
type Given = &'static [(&'static str, &'static str)];

/// Requests for a file of 8292 bytes in three frames of 4096.
const CASES: &[(&str, Given, Body)] = &[
    ("no condition and no range give all of it", &[], Whole),
    ("the first byte", &[("range", "bytes=0-0")], Part(0, 0)),
    ("a whole frame", &[("range", "bytes=0-4095")], Part(0, 4095)),
    (
        "both sides of a frame's edge",
        &[("range", "bytes=4095-4096")],
        Part(4095, 4096),
    ),
    (
        "a frame in the middle",
        &[("range", "bytes=4096-8191")],
        Part(4096, 8191),
    ),
    (
        "all but the ends",
        &[("range", "bytes=1-8290")],
        Part(1, 8290),
    ),
    (
        "the last byte",
        &[("range", "bytes=8291-8291")],
        Part(8291, 8291),
    ),
    ("an open end", &[("range", "bytes=8200-")], Part(8200, 8291)),
    (
        "an open end from the start",
        &[("range", "bytes=0-")],
        Part(0, 8291),
    ),
    ("a suffix", &[("range", "bytes=-1")], Part(8291, 8291)),
    (
        "a suffix longer than the file",
        &[("range", "bytes=-99999")],
        Part(0, 8291),
    ),
    (
        "an end behind the file's is the file's",
        &[("range", "bytes=5-99999")],
        Part(5, 8291),
    ),
    (
        "the unit in capitals",
        &[("range", "BYTES=3-4")],
        Part(3, 4),
    ),
    (
        "a range of another unit is ignored",
        &[("range", "lines=1-2")],
        Whole,
    ),
    (
        "a range behind the end",
        &[("range", "bytes=8292-")],
        Nothing(416),
    ),
    (
        "a closed range behind the end",
        &[("range", "bytes=8292-8292")],
        Nothing(416),
    ),
    (
        "a range that ends before it begins",
        &[("range", "bytes=5-4")],
        Nothing(416),
    ),
    ("an empty suffix", &[("range", "bytes=-0")], Nothing(416)),
    ("no range at all", &[("range", "bytes=")], Nothing(416)),
    ("no numbers", &[("range", "bytes=a-b")], Nothing(416)),
    (
        "hexadecimal numbers",
        &[("range", "bytes=0x1-2")],
        Nothing(416),
    ),
    (
        "a number over 64 bits",
        &[("range", "bytes=18446744073709551616-")],
        Nothing(416),
    ),
    (
        "several ranges, all within the file",
        &[("range", "bytes=0-1,3-4")],
        Nothing(416),
    ),
    (
        "ranges that overlap",
        &[("range", "bytes=0-5,3-8")],
        Nothing(416),
    ),
    (
        "several of which one is outside",
        &[("range", "bytes=0-1,9999-")],
        Nothing(416),
    ),
    (
        "two headers of one range each",
        &[("range", "bytes=0-1"), ("range", "bytes=3-4")],
        Nothing(416),
    ),
    (
        "If-Range with this version",
        &[("range", "bytes=0-9"), ("if-range", "ETAG")],
        Part(0, 9),
    ),
    (
        "If-Range with another version",
        &[("range", "bytes=0-9"), ("if-range", "\"other\"")],
        Whole,
    ),
    (
        "If-Range compares strongly",
        &[("range", "bytes=0-9"), ("if-range", "W/ETAG")],
        Whole,
    ),
    (
        "If-Range with a date proves nothing",
        &[
            ("range", "bytes=0-9"),
            ("if-range", "Wed, 21 Oct 2015 07:28:00 GMT"),
        ],
        Whole,
    ),
    (
        "If-Range that is no tag",
        &[("range", "bytes=0-9"), ("if-range", "?")],
        Whole,
    ),
    (
        "If-Range of another version hides a bad range",
        &[("range", "bytes=9999-"), ("if-range", "\"other\"")],
        Whole,
    ),
    (
        "If-Range without a range",
        &[("if-range", "\"other\"")],
        Whole,
    ),
    (
        "If-None-Match with this version",
        &[("if-none-match", "ETAG")],
        Nothing(304),
    ),
    (
        "If-None-Match compares weakly",
        &[("if-none-match", "W/ETAG")],
        Nothing(304),
    ),
    (
        "If-None-Match with any",
        &[("if-none-match", "*")],
        Nothing(304),
    ),
    (
        "If-None-Match with a list",
        &[("if-none-match", "\"other\", ETAG")],
        Nothing(304),
    ),
    (
        "If-None-Match with another version",
        &[("if-none-match", "\"other\"")],
        Whole,
    ),
    (
        "If-None-Match before a bad range",
        &[("if-none-match", "ETAG"), ("range", "bytes=9999-")],
        Nothing(304),
    ),
    (
        "If-None-Match of another version, and a range",
        &[("if-none-match", "\"other\""), ("range", "bytes=0-0")],
        Part(0, 0),
    ),
    ("If-Match with this version", &[("if-match", "ETAG")], Whole),
    ("If-Match with any", &[("if-match", "*")], Whole),
    (
        "If-Match with a list, and a range",
        &[("if-match", "\"other\", ETAG"), ("range", "bytes=1-2")],
        Part(1, 2),
    ),
    (
        "If-Match with another version",
        &[("if-match", "\"other\"")],
        Nothing(412),
    ),
    (
        "If-Match compares strongly",
        &[("if-match", "W/ETAG")],
        Nothing(412),
    ),
    (
        "If-Match before If-None-Match",
        &[("if-match", "\"other\""), ("if-none-match", "ETAG")],
        Nothing(412),
    ),
    (
        "If-Match before a bad range",
        &[("if-match", "\"other\""), ("range", "bytes=9999-")],
        Nothing(412),
    ),
    (
        "dates are no conditions: bytes never change",
        &[("if-modified-since", "Wed, 21 Oct 2099 07:28:00 GMT")],
        Whole,
    ),
];

#[tokio::test]
async fn ranges_and_conditions_are_answered_as_http_says() {
    let (_stack, client, record, plaintext) = uploaded().await;
    let path = files::content_path(&record.id);
    let etag = client.content(&record.id).await.header("etag").to_owned();
    for (what, given, expected) in CASES {
        let asked = |method: Method| {
            let request = client.request(method, &path);
            given.iter().fold(request, |request, (name, value)| {
                request.header(*name, value.replace("ETAG", &etag))
            })
        };
        let answer = Answer::to(asked(Method::GET)).await;
        let length = answer.header("content-length").to_owned();
        match expected {
            Whole => {
                assert_eq!(answer.status, 200, "{what}");
                assert!(answer.body == plaintext, "{what}");
                assert_eq!(length, SIZE.to_string(), "{what}");
                assert_eq!(answer.header("content-range"), "", "{what}");
            }
            Part(first, last) => {
                assert_eq!(answer.status, 206, "{what}");
                assert!(answer.body == plaintext[*first..=*last], "{what}");
                assert_eq!(length, (last - first + 1).to_string(), "{what}");
                let range = format!("bytes {first}-{last}/{SIZE}");
                assert_eq!(answer.header("content-range"), range, "{what}");
            }
            Nothing(304) => {
                assert_eq!(answer.status, 304, "{what}");
                assert_eq!(answer.body, b"", "{what}");
            }
            Nothing(412) => {
                answer.refused(ProblemCode::PreconditionFailed);
            }
            Nothing(_) => {
                answer.refused(ProblemCode::RangeNotSatisfiable);
                let size = format!("bytes */{SIZE}");
                assert_eq!(answer.header("content-range"), size, "{what}");
            }
        }
        if answer.status < 400 {
            assert_eq!(answer.header("etag"), etag, "{what}");
            assert_eq!(
                answer.header("cache-control"),
                "private, no-store",
                "{what}"
            );
        }

        // HEAD obeys the same conditions and ignores ranges.
        let head = Answer::to(asked(Method::HEAD)).await;
        let expected = match expected {
            Whole | Part(..) | Nothing(416) => 200,
            Nothing(status) => *status,
        };
        assert_eq!(head.status, expected, "HEAD: {what}");
        if head.status == 200 {
            assert_eq!(
                head.header("content-length"),
                SIZE.to_string(),
                "HEAD: {what}"
            );
            assert_eq!(head.header("content-range"), "", "HEAD: {what}");
        }
    }
}
