//! Measures opening ranges against the raw AEAD on the frames that hold them.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use sealift_message::RangeDecryptor;

use crate::setup;

pub(crate) fn open_range(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("open_range");
    for frame_length in setup::FRAME_LENGTHS {
        let verified = setup::verified(frame_length);
        let raw = setup::RawAead::new(&verified);
        let (sealer, plaintext, object) = setup::sealed(setup::verified(frame_length));
        let decryptor =
            RangeDecryptor::new(verified, sealer.layout().sealed_len()).expect("the size is right");
        let mut out = Vec::with_capacity(plaintext.len());

        let frame = u64::from(frame_length);
        let half = frame / 2;
        // The ranges are one byte, and a mebibyte that neither begins nor ends with a frame.
        for (name, range) in [
            ("one byte", frame..frame + 1),
            ("1 MiB", half..half + (1 << 20)),
        ] {
            let fetched = decryptor
                .plan(range.clone())
                .expect("it is in the plaintext")
                .sealed_range();
            let fetched = object
                .get(setup::bytes(fetched.start)..setup::bytes(fetched.end))
                .expect("it is in the object");
            group.throughput(Throughput::Bytes(
                u64::try_from(fetched.len()).expect("it fits"),
            ));
            group.bench_function(BenchmarkId::new(name, frame_length), |bencher| {
                bencher.iter(|| {
                    let opener = decryptor
                        .plan(range.clone())
                        .expect("it is in the plaintext");
                    opener
                        .open_at_once(black_box(fetched), &mut out)
                        .expect("it was sealed")
                });
            });
        }

        let mut raw_sealed = object.clone();
        raw.seal(&plaintext, &mut raw_sealed, frame_length);
        let frames = (half + (1 << 20)).div_ceil(frame);
        let held = setup::bytes(frames * frame);
        let mut raw_out = plaintext;
        let raw_out = raw_out.get_mut(..held).expect("it is in the plaintext");
        group.throughput(Throughput::Bytes(frames * (frame + 32)));
        group.bench_function(BenchmarkId::new("1 MiB raw", frame_length), |bencher| {
            bencher.iter(|| raw.open(black_box(&raw_sealed), raw_out, frame_length));
        });
    }
    group.finish();
}
