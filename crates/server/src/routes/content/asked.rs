//! Reads what a request asks for: first its conditions, then its range (RFC 9110, 13 and 14).

use core::ops::Range;

use headers::{ETag, HeaderMapExt as _, IfMatch, IfNoneMatch, IfRange};
use http::{HeaderMap, HeaderValue, Method, header};
use sealift_transfer::api::ProblemCode;

use crate::problem::Refusal;

/// The answer that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// 304: the reader has the file already.
    NotModified,
    /// 200: the whole file.
    Whole,
    /// 206: these bytes, which lie within the file.
    Part(Range<u64>),
}

impl Asked {
    /// Decides the answer for a file of `size` bytes. The file has no date to compare, because its bytes
    /// never change and its ETag is enough to name them.
    ///
    /// # Errors
    /// Returns `precondition_failed` if `If-Match` names another file, and `range_not_satisfiable` for
    /// anything but one range within the file.
    pub(super) fn of(
        method: &Method,
        headers: &HeaderMap,
        etag: &ETag,
        size: u64,
    ) -> Result<Self, Refusal> {
        let expected = headers.typed_get::<IfMatch>();
        if expected.is_some_and(|expected| !expected.precondition_passes(etag)) {
            return Err(Refusal::new(
                ProblemCode::PreconditionFailed,
                "The file is not the one that If-Match names; ask again without If-Match, or start the \
                 download again.",
            ));
        }
        let known = headers.typed_get::<IfNoneMatch>();
        if known.is_some_and(|known| !known.precondition_passes(etag)) {
            return Ok(Self::NotModified);
        }
        // Ranges are defined for GET only.
        if method != Method::GET || !is_of_this_version(headers, etag) {
            return Ok(Self::Whole);
        }
        one_range(headers, size)
    }
}

/// Returns whether the reader's `If-Range` names this version. A value that cannot be read, or a
/// date, does not prove that the reader has the same bytes.
fn is_of_this_version(headers: &HeaderMap, etag: &ETag) -> bool {
    match headers.typed_try_get::<IfRange>() {
        Ok(None) => true,
        Ok(Some(of)) => !of.is_modified(Some(etag), None),
        Err(_) => false,
    }
}

/// Reads the `Range` header. A unit other than bytes is ignored, as RFC 9110 asks. In bytes, a
/// malformed range, several ranges and a range outside the file are refused.
fn one_range(headers: &HeaderMap, size: u64) -> Result<Asked, Refusal> {
    let mut given = headers.get_all(header::RANGE).iter();
    let Some(first) = given.next() else {
        return Ok(Asked::Whole);
    };
    let refused = || not_satisfiable(size);
    let first = first.to_str().map_err(|_| refused())?;
    let is_in_bytes = first
        .split_once('=')
        .is_none_or(|(unit, _)| unit.trim().eq_ignore_ascii_case("bytes"));
    if !is_in_bytes {
        return Ok(Asked::Whole);
    }
    // This must come before `validate`, which drops ranges outside the file: two ranges of which one
    // is outside are still two.
    if given.next().is_some() || first.contains(',') {
        return Err(refused());
    }
    let ranges = http_range_header::parse_range_header(first).map_err(|_| refused())?;
    match ranges.validate(size).as_deref() {
        Ok([range]) => Ok(Asked::Part(*range.start()..range.end().saturating_add(1))),
        _ => Err(refused()),
    }
}

fn not_satisfiable(size: u64) -> Refusal {
    let refusal = Refusal::new(
        ProblemCode::RangeNotSatisfiable,
        format!("The file has {size} bytes; ask for one range within them, as bytes=first-last."),
    )
    .with_number("size", size);
    match HeaderValue::from_str(&format!("bytes */{size}")) {
        Ok(value) => refusal.with_header(header::CONTENT_RANGE, value),
        Err(_) => refusal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETAG: &str = "\"0123\"";

    /// Returns the answer for a GET with these headers, or the code of the refusal.
    fn asked(size: u64, given: &[(&'static str, &str)]) -> Result<Asked, ProblemCode> {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, value.parse().unwrap());
        }
        let etag = ETAG.parse().unwrap();
        Asked::of(&Method::GET, &headers, &etag, size).map_err(|refusal| refusal.code())
    }

    #[test]
    fn one_range_within_the_file_is_taken() {
        for (range, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=3-", 3..10),
            ("bytes=-4", 6..10),
            ("bytes=-99", 0..10),
            ("bytes=5-99", 5..10),
            ("Bytes=1-2", 1..3),
            ("bytes=9-18446744073709551615", 9..10),
        ] {
            assert_eq!(
                asked(10, &[("range", range)]),
                Ok(Asked::Part(expected)),
                "{range}"
            );
        }
    }

    #[test]
    fn anything_else_in_bytes_is_refused() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-4",
            "bytes=10-",
            "bytes=10-10",
            "bytes=-0",
            "bytes=0-1,3-4",
            "bytes=0-1,0-1",
            "bytes=0-5,3-8",
            "bytes=0-1,99-",
            "bytes=0-1,",
            "bytes=99999999999999999999-",
        ] {
            let refused = Err(ProblemCode::RangeNotSatisfiable);
            assert_eq!(asked(10, &[("range", range)]), refused, "{range}");
        }
        let twice = [("range", "bytes=0-1"), ("range", "bytes=3-4")];
        assert_eq!(asked(10, &twice), Err(ProblemCode::RangeNotSatisfiable));
    }

    #[test]
    fn an_empty_file_has_no_range() {
        for range in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
            let refused = Err(ProblemCode::RangeNotSatisfiable);
            assert_eq!(asked(0, &[("range", range)]), refused, "{range}");
        }
        assert_eq!(asked(0, &[]), Ok(Asked::Whole));
    }

    #[test]
    fn another_unit_is_ignored() {
        assert_eq!(asked(10, &[("range", "lines=1-2")]), Ok(Asked::Whole));
    }

    #[test]
    fn if_range_takes_only_the_very_same_version() {
        let of = |version| asked(10, &[("range", "bytes=0-1"), ("if-range", version)]);
        assert_eq!(of(ETAG), Ok(Asked::Part(0..2)));
        for other in [
            "\"other\"",
            "W/\"0123\"",
            "Wed, 21 Oct 2015 07:28:00 GMT",
            "0123",
            "*",
            "",
        ] {
            assert_eq!(of(other), Ok(Asked::Whole), "{other}");
        }
        // `If-Range` means nothing without a range.
        assert_eq!(asked(10, &[("if-range", ETAG)]), Ok(Asked::Whole));
    }

    #[test]
    fn conditions_come_before_ranges_and_if_match_before_if_none_match() {
        let other = "\"other\"";
        let failed = Err(ProblemCode::PreconditionFailed);
        for (given, expected) in [
            (vec![("if-match", other)], failed.clone()),
            (vec![("if-match", "W/\"0123\"")], failed.clone()),
            (
                vec![("if-match", other), ("if-none-match", ETAG)],
                failed.clone(),
            ),
            (vec![("if-match", other), ("range", "bytes=99-")], failed),
            (vec![("if-match", ETAG)], Ok(Asked::Whole)),
            (vec![("if-match", "*")], Ok(Asked::Whole)),
            (vec![("if-match", "\"other\", \"0123\"")], Ok(Asked::Whole)),
            (
                vec![("if-match", ETAG), ("if-none-match", ETAG)],
                Ok(Asked::NotModified),
            ),
            (vec![("if-none-match", "*")], Ok(Asked::NotModified)),
            (
                vec![("if-none-match", "W/\"0123\"")],
                Ok(Asked::NotModified),
            ),
            (
                vec![("if-none-match", "\"other\", \"0123\"")],
                Ok(Asked::NotModified),
            ),
            (
                vec![("if-none-match", ETAG), ("range", "bytes=99-")],
                Ok(Asked::NotModified),
            ),
            (vec![("if-none-match", other)], Ok(Asked::Whole)),
        ] {
            assert_eq!(asked(10, &given), expected, "{given:?}");
        }
    }
}
