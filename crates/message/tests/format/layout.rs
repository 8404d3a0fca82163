//! Tests that the arithmetic predicts the sizes that are written, and that it inverts.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sealift_message::{FrameLength, Layout, LayoutError};

use crate::sample::{F, Sample, any_len};

const H: u64 = 444;

fn frame_length(number: u32) -> FrameLength {
    FrameLength::try_from(number).unwrap()
}

fn any_frame_length() -> impl Strategy<Value = FrameLength> {
    (4096_u32 / 128..=1024 * 1024 / 128).prop_map(|number| frame_length(number * 128))
}

#[test]
fn the_predicted_size_is_the_real_one() {
    for len in [0, 1, F - 1, F, F + 1, 2 * F, 3 * F - 1] {
        let sample = Sample::of_len(len);
        let layout = Layout::new(sample.header.len(), frame_length(F as u32), len).unwrap();
        assert_eq!(layout.sealed_len(), sample.sealed_len(), "{len} bytes");
    }
}

#[test]
fn the_final_frame_is_always_shorter_than_the_others() {
    let length = frame_length(4096);
    for len in 0..=3 * F + 1 {
        let layout = Layout::new(H, length, len).unwrap();
        let (regular, rest) = (len / F, len % F);
        assert_eq!(layout.frame_count(), regular + 1, "{len} bytes");
        assert_eq!(layout.sealed_len(), H + len + 32 * (regular + 1) + 8);
        let last = layout.frame(regular).unwrap();
        assert!(last.is_final());
        assert_eq!(u64::from(last.plaintext_len()), rest, "{len} bytes");
        // Counts the frames that hold data: an empty final frame counts only if it is the only one.
        let data_frames = regular + u64::from(rest > 0 || regular == 0);
        assert_eq!(layout.data_frame_count(), data_frames, "{len} bytes");
    }
}

#[test]
fn groups_cover_all_frames_and_none_is_an_empty_frame_only() {
    for len in (0..=6 * F).step_by(F as usize / 2) {
        let layout = Layout::new(H, frame_length(4096), len).unwrap();
        for group_len in [1, 2, 3, 4, 6, u64::MAX] {
            let mut next = 0;
            while next < layout.frame_count() {
                let group = layout.group_of(next, group_len);
                assert_eq!(group.start, next);
                let held = layout.plaintext_range_of(&group).unwrap();
                assert!(len == 0 || !held.is_empty(), "{group:?} of {len} bytes");
                assert!(held.end - held.start <= group_len.saturating_mul(F));
                next = group.end;
            }
            assert_eq!(next, layout.frame_count());
            assert!(layout.group_of(next, group_len).is_empty());
        }
    }
}

#[test]
fn exactly_the_sizes_of_our_objects_are_taken() {
    let length = frame_length(4096);
    let ours: BTreeMap<u64, u64> = (0..=3 * F)
        .map(|len| (Layout::new(H, length, len).unwrap().sealed_len(), len))
        .collect();
    let last = *ours.last_key_value().unwrap().0;
    for sealed_len in 0..=last {
        let read = Layout::from_sealed_len(H, length, sealed_len);
        let plaintext_len = read.as_ref().map(Layout::plaintext_len).ok();
        let expected = ours.get(&sealed_len).copied();
        assert_eq!(plaintext_len, expected, "{sealed_len} bytes");
    }
}

#[test]
fn sizes_that_overflow_are_refused() {
    let length = frame_length(4096);
    let most = 0xFFFF_FFFF * F - 1;
    assert_eq!(Layout::most_plaintext_len(length), most);
    let largest = Layout::new(H, length, most).unwrap();
    assert_eq!(largest.frame_count(), 0xFFFF_FFFF);
    assert!(largest.frame(0xFFFF_FFFE).unwrap().is_final());
    assert_eq!(largest.frame(0xFFFF_FFFF), None);
    for plaintext_len in [most + 1, u64::MAX] {
        let expected = LayoutError::TooManyFrames { plaintext_len };
        assert_eq!(Layout::new(H, length, plaintext_len), Err(expected));
    }
    let longer = largest.sealed_len() + 1;
    for sealed_len in [0, 1, H, H + 39, longer, u64::MAX] {
        assert!(Layout::from_sealed_len(H, length, sealed_len).is_err());
    }
    assert!(Layout::from_sealed_len(u64::MAX, length, u64::MAX).is_err());
    assert!(Layout::new(u64::MAX, length, 1).is_err());
    assert!(Layout::new(91, length, 1).is_err());
}

proptest! {
    #[test]
    fn a_size_gives_back_its_plaintext(
        header_len in 92_u64..65_536,
        frame_length in any_frame_length(),
        plaintext_len in 0..(1_u64 << 44),
    ) {
        prop_assume!(plaintext_len <= Layout::most_plaintext_len(frame_length));
        let layout = Layout::new(header_len, frame_length, plaintext_len).unwrap();
        let again = Layout::from_sealed_len(header_len, frame_length, layout.sealed_len());
        prop_assert_eq!(again, Ok(layout));
    }

    #[test]
    fn no_size_is_taken_that_is_not_written(
        header_len in 92_u64..65_536,
        frame_length in any_frame_length(),
        sealed_len: u64,
    ) {
        if let Ok(layout) = Layout::from_sealed_len(header_len, frame_length, sealed_len) {
            prop_assert_eq!(layout.sealed_len(), sealed_len);
            prop_assert_eq!(Layout::new(header_len, frame_length, layout.plaintext_len()), Ok(layout));
        }
    }

    #[test]
    fn the_frames_cover_everything_and_touch(plaintext_len in any_len(20)) {
        let layout = Layout::new(H, frame_length(4096), plaintext_len).unwrap();
        let (mut sealed, mut open) = (H, 0);
        for index in 0..layout.frame_count() {
            let one = index..index + 1;
            let frame = layout.frame(index).unwrap();
            prop_assert_eq!(frame.sequence_number().get() as u64, index + 1);
            prop_assert_eq!(frame.is_final(), index + 1 == layout.frame_count());
            prop_assert_eq!(layout.sealed_range_of(&one), Some(sealed..sealed + frame.sealed_len()));
            let held = open..open + u64::from(frame.plaintext_len());
            prop_assert_eq!(layout.plaintext_range_of(&one), Some(held.clone()));
            if !held.is_empty() {
                prop_assert_eq!(layout.frames_of(&held), Some(one));
            }
            sealed += frame.sealed_len();
            open = held.end;
        }
        prop_assert_eq!((sealed, open), (layout.sealed_len(), plaintext_len));
        let beyond = layout.frame_count();
        prop_assert_eq!(layout.frame(beyond), None);
        prop_assert_eq!(layout.frame_offset(beyond), None);
        prop_assert_eq!(layout.sealed_range_of(&(0..beyond + 1)), None);
    }
}
