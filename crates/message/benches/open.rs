//! Measures opening a whole body, at once or in pieces, with the strict and the general reader, against the
//! raw AEAD on the same buffers.

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use sealift_message::{Decryptor, RangeDecryptor};

use crate::setup;

/// The length of a network read, which cuts frames anywhere.
const PIECE: usize = 64 * 1024;

pub(crate) fn open(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("open");
    group.throughput(Throughput::Bytes(setup::PLAINTEXT_LEN));
    for frame_length in setup::FRAME_LENGTHS {
        let verified = || setup::verified(frame_length);
        let raw = setup::RawAead::new(&verified());
        let (sealer, plaintext, object) = setup::sealed(verified());
        let body = object
            .get(setup::bytes(sealer.layout().header_len())..)
            .expect("a header is in front");
        let sealed_len = sealer.layout().sealed_len();
        let decryptor = RangeDecryptor::new(verified(), sealed_len).expect("the size is right");
        let mut raw_sealed = object.clone();
        raw.seal(&plaintext, &mut raw_sealed, frame_length);
        // Both open into this buffer, so that they do the same work.
        let mut out = plaintext;
        group.bench_function(BenchmarkId::new("own at once", frame_length), |bencher| {
            bencher.iter(|| {
                let opener = decryptor.plan_all();
                opener
                    .open_at_once(black_box(body), &mut out)
                    .expect("it was sealed")
            });
        });
        group.bench_function(BenchmarkId::new("raw", frame_length), |bencher| {
            bencher.iter(|| raw.open(black_box(&raw_sealed), &mut out, frame_length));
        });
        let own = || Decryptor::own(verified(), sealed_len).expect("the size is right");
        let general = || Decryptor::general(verified());
        let mut opened = |mut decryptor: Decryptor, piece: usize| {
            for piece in black_box(body).chunks(piece) {
                // A stream does the same, because it hands on the bytes that it got.
                out.clear();
                decryptor.push(piece, &mut out).expect("it was sealed");
            }
            decryptor.finish().expect("it is whole")
        };
        group.bench_function(BenchmarkId::new("own in pieces", frame_length), |bencher| {
            bencher.iter_batched(own, |own| opened(own, PIECE), BatchSize::SmallInput);
        });
        let raw_body = setup::raw_body(&raw_sealed, frame_length);
        group.bench_function(BenchmarkId::new("raw in pieces", frame_length), |bencher| {
            bencher.iter(|| {
                let mut stream = setup::RawStream::new(&raw, frame_length);
                for piece in black_box(raw_body).chunks(PIECE) {
                    stream.push(piece, |opened| {
                        black_box(opened);
                    });
                }
            });
        });
        group.bench_function(BenchmarkId::new("general", frame_length), |bencher| {
            let whole = body.len();
            bencher.iter_batched(
                general,
                |general| opened(general, whole),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}
