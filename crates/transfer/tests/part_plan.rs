//! Part plans of files of every size: parts of whole frames that follow each other without a gap,
//! within S3's limits.

#![expect(clippy::unwrap_used, reason = "a test")]

use proptest::prelude::*;
use sealift_message::FrameLength;
use sealift_transfer::{
    PartNumber, PartPlan,
    part_plan::{DEFAULT_PART_LENGTH, LEAST_PART_LENGTH, PartPlanError},
};
use serde::Deserialize;

const HEADER_LEN: u64 = 444;
const GIB: u64 = 1024 * 1024 * 1024;
/// Frames of 256 KiB in a part of 5 GiB.
const MOST_FRAMES_PER_PART: u64 = 20_477;

fn plan(frame_length: u32, plaintext_len: u64) -> Result<PartPlan, PartPlanError> {
    let frame_length = FrameLength::try_from(frame_length).unwrap();
    PartPlan::for_file(HEADER_LEN, frame_length, plaintext_len, DEFAULT_PART_LENGTH)
}

/// Checks every part of a plan.
fn holds(plan: &PartPlan) {
    let count = plan.part_count().get();
    let mut sealed_end = 0;
    let mut plaintext_end = 0;
    for number in PartNumber::all(plan.part_count()) {
        let part = plan.part(number).unwrap();
        assert_eq!(part.sealed.start, sealed_end);
        assert_eq!(part.plaintext.start, plaintext_end);
        assert!(part.sealed_len() <= 5 * GIB);
        let frames = part.frames.end - part.frames.start;
        if number.get() < count {
            assert!(part.sealed_len() >= LEAST_PART_LENGTH);
            assert_eq!(frames, plan.frames_per_part());
        } else {
            // The last part may have an empty final frame in addition to its full frames, but never that
            // frame alone.
            assert!(frames <= plan.frames_per_part() + 1);
            assert_eq!(part.plaintext_len() == 0, plan.plaintext_len() == 0);
            assert_eq!(part.frames.end, plan.layout().frame_count());
        }
        sealed_end = part.sealed.end;
        plaintext_end = part.plaintext.end;
    }
    assert_eq!(sealed_end, plan.sealed_len());
    assert_eq!(plaintext_end, plan.plaintext_len());
    assert_eq!(
        plan.part(plan.part_count()).unwrap().sealed.end,
        plan.sealed_len()
    );
}

#[test]
fn a_file_of_nothing_is_one_part() {
    let plan = plan(262_144, 0).unwrap();
    assert_eq!(plan.part_count().get(), 1);
    assert_eq!(plan.sealed_len(), HEADER_LEN + 40);
    holds(&plan);
}

#[test]
fn an_empty_final_frame_joins_the_last_part() {
    let part = 32 * 262_144;
    for parts in 1..=3 {
        let full = plan(262_144, parts * part).unwrap();
        assert_eq!(u64::from(full.part_count().get()), parts);
        let last = full.part(full.part_count()).unwrap();
        assert_eq!(last.frames, (parts - 1) * 32..parts * 32 + 1);
        let header = if parts == 1 { HEADER_LEN } else { 0 };
        assert_eq!(last.sealed_len(), header + 32 * 262_176 + 40);
        holds(&full);
        let more = plan(262_144, parts * part + 1).unwrap();
        assert_eq!(u64::from(more.part_count().get()), parts + 1);
        holds(&more);
    }
}

#[test]
fn a_part_has_room_for_the_header_its_frames_and_an_empty_final_frame() {
    // H + k (F + 32) + 40 <= 5 GiB must hold, also if the part is not full.
    let room = 5 * GIB - MOST_FRAMES_PER_PART * 262_176;
    for (header_len, frames_per_part, fits) in [
        (room - 40, MOST_FRAMES_PER_PART, true),
        (room - 39, MOST_FRAMES_PER_PART, false),
        (92, MOST_FRAMES_PER_PART + 1, false),
        (92, u64::MAX, false),
    ] {
        for plaintext_len in [0, 262_144, MOST_FRAMES_PER_PART * 262_144] {
            let plan = PartPlan::new(header_len, 262_144, plaintext_len, frames_per_part);
            assert_eq!(plan.is_ok(), fits, "{header_len}, {frames_per_part}");
            if let Ok(plan) = plan {
                holds(&plan);
            }
        }
    }
}

/// A layout row of the project's own vectors, which another program computed.
#[derive(Deserialize)]
struct Row {
    plaintext: u64,
    frame: u32,
    header: u64,
    object: u64,
    frames_per_part: u64,
    parts: u16,
    part1_bytes: [u64; 2],
    /// The ranges of frames, of plaintext bytes and of bytes in the object.
    last_part: [[u64; 2]; 3],
}

#[test]
fn plans_are_those_computed_elsewhere() {
    #[derive(Deserialize)]
    struct Vectors {
        layout: Vec<Row>,
    }
    let vectors = include_str!("../../message/tests/vectors/own-vectors.json");
    let rows = serde_json::from_str::<Vectors>(vectors).unwrap().layout;
    assert_eq!(rows.len(), 15);
    for row in rows {
        let frame_length = FrameLength::try_from(row.frame).unwrap();
        let plan =
            PartPlan::for_file(row.header, frame_length, row.plaintext, LEAST_PART_LENGTH).unwrap();
        assert_eq!(plan.sealed_len(), row.object);
        assert_eq!(plan.frames_per_part(), row.frames_per_part);
        assert_eq!(plan.part_count().get(), row.parts);
        let first = plan.part(PartNumber::FIRST).unwrap();
        assert_eq!([first.sealed.start, first.sealed.end], row.part1_bytes);
        let last = plan.part(plan.part_count()).unwrap();
        let last = [last.frames, last.plaintext, last.sealed];
        assert_eq!(last.map(|range| [range.start, range.end]), row.last_part);
        holds(&plan);
    }
}

#[test]
fn the_largest_files_of_the_format_fit_and_one_byte_more_does_not() {
    // docs/FORMAT.md, limits: 10,000 parts of 5 GiB at the two larger frame lengths. At the smallest frame
    // length there are 2^32 - 1 frames, and the last of them is never full.
    for (frame_length, largest) in [
        (262_144, 53_679_226_880_000_u64),
        (65_536, 53_660_876_800_000),
        (4_096, (u64::from(u32::MAX)) * 4_096 - 1),
    ] {
        let length = FrameLength::try_from(frame_length).unwrap();
        let most = PartPlan::most_plaintext_len(HEADER_LEN, length, 5 * GIB);
        assert_eq!(most, largest);
        holds(&plan(frame_length, largest).unwrap());
        for more in [largest + 1, 1 << 46, 1 << 63, u64::MAX] {
            let refused = plan(frame_length, more);
            assert_eq!(
                refused,
                Err(PartPlanError::TooLarge {
                    plaintext_len: more
                })
            );
        }
    }
}

#[test]
fn parts_grow_only_when_ten_thousand_would_not_do() {
    // docs/FORMAT.md: k = 32 frames of 256 KiB make 8 MiB, enough up to 83.9 GB.
    let most = 83_886_080_000;
    for size in [1, most / 2, most] {
        assert_eq!(plan(262_144, size).unwrap().frames_per_part(), 32);
    }
    assert_eq!(plan(262_144, most + 1).unwrap().frames_per_part(), 33);
}

#[test]
fn parts_grow_by_a_frame_where_ten_thousand_of_them_are_full() {
    // Parts from 8 MiB to the largest that S3 accepts.
    let mut frames_per_part = 32;
    loop {
        let full = 10_000 * frames_per_part * 262_144;
        for size in [full - 1, full] {
            let plan = plan(262_144, size).unwrap();
            assert_eq!(plan.frames_per_part(), frames_per_part);
            assert_eq!(plan.part_count().get(), 10_000);
            holds(&plan);
        }
        match plan(262_144, full + 1) {
            Ok(plan) => {
                assert_eq!(plan.frames_per_part(), frames_per_part + 1);
                holds(&plan);
            }
            Err(_) => assert_eq!(frames_per_part, MOST_FRAMES_PER_PART),
        }
        frames_per_part = match frames_per_part {
            MOST_FRAMES_PER_PART => break,
            fewer => (fewer * 5 / 4).min(MOST_FRAMES_PER_PART),
        };
    }
    let largest = plan(262_144, 10_000 * MOST_FRAMES_PER_PART * 262_144).unwrap();
    let first = largest.part(PartNumber::FIRST).unwrap();
    assert!(first.sealed_len() <= 5 * GIB);
    assert!(first.sealed_len() + 262_144 + 32 > 5 * GIB);
}

#[test]
fn a_plan_whose_numbers_contradict_each_other_is_refused() {
    let json = serde_json::to_value(plan(262_144, 20_000_000).unwrap()).unwrap();
    assert!(serde_json::from_value::<PartPlan>(json.clone()).is_ok());
    for field in [
        "header_len",
        "frame_length",
        "plaintext_len",
        "frames_per_part",
        "part_count",
    ] {
        for value in [0, 1, 7] {
            let mut bad = json.clone();
            bad[field] = value.into();
            assert!(
                serde_json::from_value::<PartPlan>(bad).is_err(),
                "{field} = {value}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_size_has_a_plan_without_gaps(
        exponent in 0_u32..46,
        below in any::<u64>(),
        frame in prop::sample::select(vec![4_096_u32, 65_536, 262_144, 1_048_576]),
        whole_frames: bool,
    ) {
        let size = below >> (64 - exponent.max(1));
        let size = if whole_frames { size - size % u64::from(frame) } else { size };
        if let Ok(plan) = plan(frame, size) {
            holds(&plan);
        } else {
            prop_assert!(size >= 4_096 * u64::from(u32::MAX));
        }
    }

    #[test]
    fn a_plan_survives_the_wire(size in 0_u64..50_000_000_000_000) {
        let plan = plan(262_144, size).unwrap();
        let json = serde_json::to_string(&plan).unwrap();
        prop_assert_eq!(serde_json::from_str::<PartPlan>(&json).unwrap(), plan);
    }
}

const MIB: u64 = 1024 * 1024;
/// The most bytes of a part that the server holds while it seals an arriving body.
const MOST_PART_LENGTH: u64 = 64 * MIB;

fn at_most(frame_length: u32, most: u64, part_length: u64) -> Result<PartPlan, PartPlanError> {
    let frame_length = FrameLength::try_from(frame_length).unwrap();
    PartPlan::for_at_most(
        HEADER_LEN,
        frame_length,
        most,
        part_length,
        MOST_PART_LENGTH,
    )
}

#[test]
fn parts_of_a_body_that_comes_fit_into_memory_or_there_is_no_plan() {
    for frame_length in [4096, 65_536, 262_144, 1_048_576] {
        let length = FrameLength::try_from(frame_length).unwrap();
        let most = PartPlan::most_plaintext_len(HEADER_LEN, length, MOST_PART_LENGTH);
        for part_length in [5 * MIB, 8 * MIB, MOST_PART_LENGTH, 2 * 1024 * MIB] {
            for len in [0, 1, GIB, most / 2, most] {
                let plan = at_most(frame_length, len, part_length).unwrap();
                holds(&plan);
                let largest = PartNumber::all(plan.part_count()).take(2);
                for part in largest.filter_map(|number| plan.part(number)) {
                    assert!(part.sealed_len() <= MOST_PART_LENGTH, "{part:?}");
                }
            }
            let too_large = at_most(frame_length, most + 1, part_length);
            assert!(matches!(too_large, Err(PartPlanError::TooLarge { .. })));
        }
    }
}

proptest! {
    #[test]
    fn a_body_that_ends_early_has_the_same_parts_up_to_its_end(
        most in 0_u64..100 * GIB,
        share in 0.0_f64..=1.0,
    ) {
        let whole = at_most(262_144, most, DEFAULT_PART_LENGTH).unwrap();
        #[expect(clippy::as_conversions, reason = "any number below will do")]
        let ends = (most as f64 * share) as u64;
        let plan = whole.ending_at(ends.min(most)).unwrap();
        holds(&plan);
        prop_assert_eq!(plan.frames_per_part(), whole.frames_per_part());
        for number in PartNumber::all(plan.part_count()) {
            if number < plan.part_count() {
                prop_assert_eq!(plan.part(number), whole.part(number));
            }
        }
        prop_assert!(whole.ending_at(most + 1).is_err());
    }
}
