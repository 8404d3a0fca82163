//! Tests that an opened range is that slice of the plaintext, and that it is read from whole frames and no
//! more of them than needed.

use core::ops::Range;

use sealift_message::{DecryptError, Field, RangeOpener};

use crate::sample::{F, Sample};

/// Opens a range from the bytes that a store sends for it, after `alter` changed them.
fn opened(
    sample: &Sample,
    range: Range<u64>,
    alter: impl Fn(&mut Vec<u8>),
) -> (Vec<u8>, Result<(), DecryptError>) {
    let mut opener = sample.range_decryptor().plan(range.clone()).unwrap();
    let fetch = opener.sealed_range();
    let mut fetched = sample.object[fetch.start as usize..fetch.end as usize].to_vec();
    alter(&mut fetched);
    let mut out = Vec::new();
    let result = opener
        .push(&fetched, &mut out)
        .and_then(|()| opener.finish().map(drop));
    at_once_is_the_same(sample, range, &fetched, &out, result);
    (out, result)
}

/// Opens the range at once, into a buffer that already holds bytes, and checks that none of them remain.
fn at_once_is_the_same(
    sample: &Sample,
    range: Range<u64>,
    fetched: &[u8],
    in_pieces: &[u8],
    result: Result<(), DecryptError>,
) {
    let opener = sample.range_decryptor().plan(range).unwrap();
    let mut out = vec![0xEE; 5000];
    let at_once = opener.open_at_once(fetched, &mut out).map(drop);
    assert_eq!(at_once, result);
    let expected = if result.is_ok() { in_pieces } else { &[] };
    assert_eq!(out, expected);
}

fn slice(sample: &Sample, range: &Range<u64>) -> Vec<u8> {
    sample.plaintext[range.start as usize..range.end as usize].to_vec()
}

#[test]
fn a_range_is_the_slice_for_all_ranges_near_frame_edges() {
    for len in [1, F, F + 1, 3 * F, 3 * F + 100] {
        let sample = Sample::of_len(len);
        let edges: Vec<u64> = (0..=4)
            .flat_map(|frame| [frame * F, frame * F + 1, (frame * F).saturating_sub(1)])
            .chain([len - 1, len])
            .filter(|at| *at <= len)
            .collect();
        for start in &edges {
            for end in edges.iter().filter(|end| *end > start) {
                let range = *start..*end;
                let (out, result) = opened(&sample, range.clone(), |_| ());
                assert_eq!(result, Ok(()));
                assert_eq!(out, slice(&sample, &range), "{range:?} of {len}");
            }
        }
    }
}

#[test]
fn only_the_frames_that_hold_the_range_are_fetched() {
    let sample = Sample::of_len(10 * F);
    let decryptor = sample.range_decryptor();
    let sealed_frame = F + 32;
    let body = sample.header.len();
    for (range, frames) in [
        (0..1, 0..1),
        (F - 1..F, 0..1),
        (F..F + 1, 1..2),
        (F - 1..F + 1, 0..2),
        (3 * F..5 * F, 3..5),
    ] {
        let fetched = decryptor.plan(range).unwrap().sealed_range();
        assert_eq!(fetched.start, body + frames.start * sealed_frame);
        assert_eq!(fetched.end, body + frames.end * sealed_frame);
    }
    // An empty final frame holds no range, and is opened with the whole body, or by its number.
    let last = decryptor.plan(10 * F - 1..10 * F).unwrap();
    assert_eq!(last.sealed_range().end, sample.sealed_len() - 40);
    let all = decryptor.plan_all();
    assert_eq!(all.sealed_range(), body..sample.sealed_len());
    let empty = decryptor.plan_frame(10).unwrap();
    assert_eq!(
        empty.sealed_range(),
        sample.sealed_len() - 40..sample.sealed_len()
    );
    assert_eq!(empty.plaintext_range(), 10 * F..10 * F);
    assert!(decryptor.plan_frame(11).is_none());
}

/// Opens the bytes that a store sends for `opener`.
fn open(sample: &Sample, mut opener: RangeOpener) -> (Vec<u8>, Result<(), DecryptError>) {
    let fetch = opener.sealed_range();
    let mut out = Vec::new();
    let fetched = &sample.object[fetch.start as usize..fetch.end as usize];
    let result = opener.push(fetched, &mut out);
    (out, result.and_then(|()| opener.finish().map(drop)))
}

#[test]
fn each_frame_alone_is_its_slice_and_an_empty_final_one_is_proven_too() {
    for len in [0, 1, F, F + 1, 3 * F] {
        let mut sample = Sample::of_len(len);
        let frame_count = len / F + 1;
        let mut opened = Vec::new();
        for index in 0..frame_count {
            let opener = sample.range_decryptor().plan_frame(index).unwrap();
            let (out, result) = open(&sample, opener);
            assert_eq!(result, Ok(()), "frame {index} of {len} bytes");
            opened.extend(out);
        }
        assert_eq!(opened, sample.plaintext);
        let last = sample.object.len() - 1;
        sample.object[last] ^= 1;
        let opener = sample.range_decryptor().plan_frame(frame_count - 1);
        let (_, result) = open(&sample, opener.unwrap());
        assert_eq!(result, Err(DecryptError::Unauthentic), "{len} bytes");
    }
}

#[test]
fn groups_of_frames_give_together_what_the_range_gives() {
    for len in [0, 1, F, 2 * F, 4 * F, 4 * F + 1, 5 * F - 1] {
        let sample = Sample::of_len(len);
        let decryptor = sample.range_decryptor();
        let mut openers = vec![decryptor.plan_all()];
        if len > 2 {
            openers.push(decryptor.plan(1..len - 1).unwrap());
            openers.push(decryptor.plan(len / 2..len).unwrap());
        }
        for whole in openers {
            let (sealed, wanted) = (whole.sealed_range(), whole.plaintext_range());
            for frame_count in [0, 1, 2, 4, u64::MAX] {
                let (mut next, mut opened) = (sealed.start, Vec::new());
                for group in whole.rest().unwrap().into_groups(frame_count) {
                    let fetch = group.sealed_range();
                    assert_eq!(fetch.start, next);
                    assert!(
                        fetch.end - fetch.start != 40 || len == 0,
                        "a frame of nothing"
                    );
                    next = fetch.end;
                    let (out, result) = open(&sample, group);
                    assert_eq!(result, Ok(()));
                    opened.extend(out);
                }
                assert_eq!(next, sealed.end);
                assert_eq!(opened, slice(&sample, &wanted), "{wanted:?} of {len} bytes");
            }
        }
    }
}

#[test]
fn the_rest_after_an_answer_that_broke_off_begins_with_a_whole_frame() {
    for len in [0, 10, 2 * F, 2 * F + 10] {
        let sample = Sample::of_len(len);
        let mut opener = sample.range_decryptor().plan_all();
        let fetch = opener.sealed_range();
        for broken_at in [
            0,
            1,
            39,
            F + 31,
            F + 32,
            F + 33,
            2 * (F + 32),
            2 * (F + 32) + 39,
        ] {
            let got = (fetch.start + broken_at).min(fetch.end - 1);
            opener = sample.range_decryptor().plan_all();
            let mut out = Vec::new();
            let got = &sample.object[fetch.start as usize..got as usize];
            opener.push(got, &mut out).unwrap();
            let (rest, result) = open(&sample, opener.rest().unwrap());
            assert_eq!(result, Ok(()));
            out.extend(rest);
            assert_eq!(out, sample.plaintext, "{len} bytes, broken at {broken_at}");
        }
        let mut out = Vec::new();
        opener = sample.range_decryptor().plan_all();
        let whole = &sample.object[fetch.start as usize..];
        opener.push(whole, &mut out).unwrap();
        assert!(opener.rest().is_none(), "nothing is left");
    }
}

#[test]
fn a_range_that_the_plaintext_does_not_have_is_refused() {
    let sample = Sample::of_len(2 * F);
    let decryptor = sample.range_decryptor();
    let end = 2 * F;
    #[expect(clippy::reversed_empty_ranges, reason = "such a range must be refused")]
    let refused = [
        0..0,
        5..5,
        end..end,
        6..5,
        0..end + 1,
        end..end + 1,
        0..u64::MAX,
        u64::MAX..0,
    ];
    for range in refused {
        let error = decryptor.plan(range.clone()).unwrap_err();
        assert_eq!((error.start, error.end), (range.start, range.end));
        assert_eq!(error.plaintext_len, end);
    }
}

#[test]
fn an_empty_plaintext_is_proven_empty_by_its_frame() {
    let sample = Sample::of_len(0);
    let (out, result) = opened(&sample, 0..0, |_| ());
    assert_eq!((out, result), (Vec::new(), Ok(())));
    let (_, result) = opened(&sample, 0..0, |fetched| fetched[30] ^= 1);
    assert_eq!(result, Err(DecryptError::Unauthentic));
    let (_, result) = opened(&sample, 0..0, Vec::clear);
    assert_eq!(result, Err(DecryptError::Truncated));
    assert!(sample.range_decryptor().plan(0..1).is_err());
}

#[test]
fn nothing_of_an_altered_frame_is_released_even_where_the_range_is_elsewhere_in_it() {
    let sample = Sample::of_len(3 * F);
    let range = F + 10..F + 20;
    let fetched_len = F as usize + 32;
    for at in 0..fetched_len {
        let (out, result) = opened(&sample, range.clone(), |fetched| fetched[at] ^= 0x10);
        assert!(result.is_err(), "byte {at}");
        assert!(out.is_empty(), "byte {at}");
    }
}

#[test]
fn a_cut_or_longer_answer_is_refused() {
    let sample = Sample::of_len(3 * F);
    let range = 10..F + 20;
    for len in 0..2 * (F as usize + 32) {
        let (out, result) = opened(&sample, range.clone(), |fetched| fetched.truncate(len));
        assert_eq!(result, Err(DecryptError::Truncated), "at {len}");
        assert!(slice(&sample, &range).starts_with(&out));
    }
    let (_, result) = opened(&sample, range, |fetched| fetched.push(0));
    let expected = DecryptError::Malformed {
        field: Field::AfterTheEnd,
        at: sample.header.len() + 2 * (F + 32),
    };
    assert_eq!(result, Err(expected));
}

#[test]
fn another_frame_of_the_same_message_is_refused() {
    let sample = Sample::of_len(4 * F);
    let start = sample.header_len();
    let first = sample.object[start..start + F as usize + 32].to_vec();
    let (out, result) = opened(&sample, F..2 * F, |fetched| fetched.clone_from(&first));
    let expected = DecryptError::Malformed {
        field: Field::FramePrefix,
        at: sample.header.len() + F + 32,
    };
    assert_eq!((out, result), (Vec::new(), Err(expected)));
    // The frame is refused also if its prefix claims to be the wanted one.
    let (out, result) = opened(&sample, F..2 * F, |fetched| {
        fetched[16..].copy_from_slice(&first[16..]);
    });
    assert_eq!((out, result), (Vec::new(), Err(DecryptError::Unauthentic)));
}

#[test]
fn one_decryptor_serves_many_ranges() {
    let sample = Sample::of_len(2 * F);
    let decryptor = sample.range_decryptor();
    for range in [0..5, F..F + 5, 0..2 * F] {
        let mut opener = decryptor.plan(range.clone()).unwrap();
        assert_eq!(opener.plaintext_range(), range);
        let fetch = opener.sealed_range();
        let mut out = b"already there".to_vec();
        let fetched = &sample.object[fetch.start as usize..fetch.end as usize];
        opener.push(fetched, &mut out).unwrap();
        assert_eq!(
            opener.finish().unwrap().plaintext_len,
            range.end - range.start
        );
        assert_eq!(&out[13..], slice(&sample, &range));
    }
}
