//! Tests that the feature for other people's messages does not make the readers of our own accept more.

use sealift_message::{Header, HeaderReader, Limits, StoredHeader, Unsupported};

use super::SUITES;
use super::writer::Message;

/// Gives a message to every reader of our own, and expects the same refusal.
fn refused_everywhere(bytes: &[u8], expected: Unsupported) {
    let expected = expected.into();
    assert_eq!(Header::parse_own(bytes), Err(expected));
    assert_eq!(StoredHeader::new(bytes), Err(expected));
    let raised = Limits::GENERAL
        .with_data_keys(u16::MAX)
        .with_unframed_bytes(u64::MAX)
        .with_frame_length(u32::MAX);
    for limits in [Limits::OWN, Limits::GENERAL, raised] {
        assert_eq!(Header::parse(bytes, &limits).unwrap_err(), expected);
        let read = HeaderReader::new(limits).push(bytes);
        assert_eq!(read.unwrap_err(), expected);
    }
}

#[test]
fn nothing_but_our_suite_in_frames_becomes_a_header_of_ours() {
    for (suite, _) in SUITES {
        let framed = Message::framed(suite, 4096, &[b"abc"]).header();
        let unframed = Message::unframed(suite, b"abc").header();
        match suite {
            0x0478 => {
                assert!(Header::parse_own(&framed).is_ok());
                refused_everywhere(&unframed, Unsupported::ContentType(1));
            }
            0x0578 => {
                refused_everywhere(&framed, Unsupported::Suite(suite));
                refused_everywhere(&unframed, Unsupported::Suite(suite));
            }
            _ => {
                refused_everywhere(&framed, Unsupported::Version(1));
                refused_everywhere(&unframed, Unsupported::Version(1));
            }
        }
    }
}
