//! Measures sealing a part against the raw AEAD on the same buffers.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};

use crate::setup;

pub(crate) fn seal(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("seal");
    group.throughput(Throughput::Bytes(setup::PLAINTEXT_LEN));
    for frame_length in setup::FRAME_LENGTHS {
        let verified = setup::verified(frame_length);
        let raw = setup::RawAead::new(&verified);
        let (sealer, plaintext, mut object) = setup::sealed(verified);
        let frames = 0..sealer.layout().frame_count();
        group.bench_function(BenchmarkId::new("sealift", frame_length), |bencher| {
            bencher.iter(|| {
                sealer
                    .seal_part(frames.clone(), black_box(&plaintext), &mut object)
                    .expect("the lengths are right");
            });
        });
        group.bench_function(BenchmarkId::new("raw", frame_length), |bencher| {
            bencher.iter(|| raw.seal(black_box(&plaintext), &mut object, frame_length));
        });
    }
    group.finish();
}
