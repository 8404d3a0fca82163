//! Tests that the general reader accepts the messages of other writers, and refuses anything out of order.

use sealift_message::{DecryptError, Field};

use crate::foreign::{Foreign, iv};
use crate::sample::open_general;

#[test]
fn a_full_and_an_empty_final_frame_are_taken() {
    let piece = [b'a'; 128];
    for frames in [
        &[&[][..]][..],
        &[&piece],
        &[&piece, &[]],
        &[&piece, &piece],
        &[&piece, &piece, &piece[..127]],
    ] {
        let foreign = Foreign::new(128, frames);
        assert!(open_general(&foreign.bytes()).is_whole(&foreign.plaintext()));
    }
}

#[test]
fn a_frame_length_of_one_byte_is_taken() {
    let foreign = Foreign::new(1, &[b"a", b"b", b""]);
    assert!(open_general(&foreign.bytes()).is_whole(b"ab"));
}

#[test]
fn the_iv_on_the_wire_is_taken() {
    let mut foreign = Foreign::new(4, &[b"abcd", b"ef"]);
    foreign.frames[0].iv = [0xA5; 12];
    foreign.frames[1].iv = iv(77);
    assert!(open_general(&foreign.bytes()).is_whole(b"abcdef"));
}

#[test]
fn frames_out_of_order_are_refused_although_each_is_authentic() {
    let three = || Foreign::new(4, &[b"abcd", b"efgh", b"ij"]);
    let first_frame = three().header_bytes().len() as u64;
    let refused_at = |foreign: Foreign, frame: u64| {
        let refused = open_general(&foreign.bytes()).refused(b"abcdefghij");
        let expected = DecryptError::Malformed {
            field: Field::FramePrefix,
            at: first_frame + frame * (4 + 32),
        };
        assert_eq!(refused, expected);
    };
    let mut swapped = three();
    swapped.frames.swap(0, 1);
    refused_at(swapped, 0);
    let mut repeated = three();
    repeated.frames.insert(1, repeated.frames[0].clone());
    refused_at(repeated, 1);
    let mut left_out = three();
    left_out.frames.remove(1);
    refused_at(left_out, 1);
    let mut from_zero = three();
    from_zero.frames[0].number = 0;
    refused_at(from_zero, 0);
    let mut final_first = three();
    final_first.frames.rotate_right(1);
    refused_at(final_first, 0);
}

#[test]
fn a_second_final_frame_is_refused() {
    let mut foreign = Foreign::new(4, &[b"abcd", b"ef"]);
    let mut again = foreign.frames[1].clone();
    again.number = 3;
    foreign.frames.push(again);
    let refused = open_general(&foreign.bytes()).refused(b"abcdef");
    let after_the_end = foreign.bytes().len() as u64 - (2 + 40);
    let expected = DecryptError::Malformed {
        field: Field::AfterTheEnd,
        at: after_the_end,
    };
    assert_eq!(refused, expected);
}

#[test]
fn a_regular_frame_does_not_pass_for_the_final_one() {
    let foreign = Foreign::new(4, &[b"abcd", b"ef"]);
    let regular = foreign.body()[..4 + 32].to_vec();
    let (number_and_iv, ciphertext) = regular.split_at(16);
    let mark = [0xFF; 4];
    let len = 4_u32.to_be_bytes();
    let relabelled = [
        &foreign.header_bytes(),
        &mark[..],
        number_and_iv,
        &len,
        ciphertext,
    ]
    .concat();
    let refused = open_general(&relabelled).refused(b"");
    assert_eq!(refused, DecryptError::Unauthentic);
}
