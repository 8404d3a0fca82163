//! Tests that every backend gives the same bytes, and opens messages that another backend sealed.

use sealift_message::{Backend, Decryptor, FrameSealer};

use crate::sample::{F, Sample, data_key, push_all};

#[test]
fn every_backend_seals_the_same_bytes_and_opens_them() {
    for len in [0, 1, 15, 16, 17, F, F + 1, 3 * F + 33] {
        let sample = Sample::of_len(len);
        for backend in Backend::ALL {
            let verified = || {
                let verified = sample.header.verify(&data_key()).unwrap();
                verified.with_backend(*backend)
            };
            let sealer = FrameSealer::new(verified(), len).unwrap();
            let mut object = vec![0; sample.object.len()];
            let frames = 0..sealer.layout().frame_count();
            sealer
                .seal_part(frames, &sample.plaintext, &mut object)
                .unwrap();
            assert_eq!(object, sample.object, "{backend:?}, {len} bytes");

            let mut opened = Vec::new();
            let decryptor = Decryptor::own(verified(), sample.sealed_len()).unwrap();
            let body = &object[sample.header_len()..];
            push_all(decryptor, body, &mut opened).unwrap();
            assert_eq!(opened, sample.plaintext, "{backend:?}, {len} bytes");

            // A frame that arrives in pieces is opened in the buffer that collected it.
            let mut opened = Vec::new();
            let mut decryptor = Decryptor::own(verified(), sample.sealed_len()).unwrap();
            for piece in body.chunks(1000) {
                let mut plaintext = Vec::new();
                decryptor.push(piece, &mut plaintext).unwrap();
                opened.extend(plaintext);
            }
            decryptor.finish().unwrap();
            assert_eq!(opened, sample.plaintext, "{backend:?}, {len} bytes");
        }
    }
}

#[test]
fn every_backend_refuses_an_altered_tag() {
    let sample = Sample::of_len(10);
    let mut body = sample.object[sample.header_len()..].to_vec();
    *body.last_mut().unwrap() ^= 1;
    for backend in Backend::ALL {
        let verified = sample.header.verify(&data_key()).unwrap();
        let decryptor = Decryptor::general(verified.with_backend(*backend));
        let mut opened = Vec::new();
        assert!(push_all(decryptor, &body, &mut opened).is_err());
        assert!(opened.is_empty(), "{backend:?}");

        let verified = sample.header.verify(&data_key()).unwrap();
        let verified = verified.with_backend(*backend);
        let mut decryptor = Decryptor::own(verified, sample.sealed_len()).unwrap();
        let (first, second) = body.split_at(body.len() / 2);
        decryptor.push(first, &mut opened).unwrap();
        assert!(decryptor.push(second, &mut opened).is_err());
        assert!(opened.is_empty(), "{backend:?}");
    }
}

#[test]
#[cfg(all(feature = "aws-lc-rs", feature = "aes-gcm"))]
fn both_backends_are_tried() {
    assert_eq!(Backend::ALL, [Backend::AwsLcRs, Backend::AesGcm]);
}
