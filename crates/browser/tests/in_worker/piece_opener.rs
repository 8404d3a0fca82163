//! Tests that pieces open to exactly the bytes that were sealed, or fail.

use js_sys::Uint8Array;
use sealift_browser::{
    decrypt::{Piece, PieceOpener},
    failure::Fault,
};
use sealift_message::ContentKey;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::sample::{LENGTHS, content_key, header, object, plaintext};

/// The bytes of a regular frame beside its plaintext.
const FRAME_EXTRA: usize = 32;
const SEALED_FRAME: usize = 4096 + FRAME_EXTRA;

async fn opener(sealed_len: usize, plaintext_len: usize) -> PieceOpener {
    let (sealed_len, plaintext_len) = (sealed_len as u64, plaintext_len as u64);
    PieceOpener::new(
        header().as_bytes(),
        content_key(),
        sealed_len,
        plaintext_len,
    )
    .await
    .unwrap()
}

/// Opens the only piece of a small object.
async fn opened(opener: &PieceOpener, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
    let piece: Piece = opener.pieces().next().unwrap()?;
    // The view does not begin where its memory begins.
    let memory = Uint8Array::new_with_length(sealed.len() as u32 + 5);
    let sealed_here = memory.subarray(5, memory.length());
    sealed_here.copy_from(sealed);
    Ok(opener.open(&piece, &sealed_here).await?.to_vec())
}

#[wasm_bindgen_test]
async fn every_length_opens_to_what_was_sealed() {
    for len in LENGTHS {
        let plaintext = plaintext(len);
        let object = object(&plaintext);
        let opener = opener(object.len(), plaintext.len()).await;
        assert!(
            opened(&opener, &object).await.unwrap() == plaintext,
            "{len}"
        );
    }
}

#[wasm_bindgen_test]
async fn a_flip_of_any_byte_opens_nothing() {
    let plaintext = plaintext(4096 + 30);
    let object = object(&plaintext);
    let opener = opener(object.len(), plaintext.len()).await;
    // All bytes of the header, around the ciphertexts and in the last frame, and some of the others.
    let first = header().as_bytes().len();
    let all = (0..first + 40)
        .chain((first + 40..first + SEALED_FRAME - 20).step_by(97))
        .chain(first + SEALED_FRAME - 20..object.len());
    for at in all {
        let mut altered = object.clone();
        altered[at] ^= 0x40;
        let refused = opened(&opener, &altered).await;
        assert!(matches!(refused, Err(Fault::ObjectDamaged)), "byte {at}");
    }
}

#[wasm_bindgen_test]
async fn frames_in_another_place_open_nothing() {
    let plaintext = plaintext(3 * 4096);
    let object = object(&plaintext);
    let opener = opener(object.len(), plaintext.len()).await;
    let (header_len, frame) = (header().as_bytes().len(), SEALED_FRAME);
    let mut swapped = object.clone();
    swapped[header_len..header_len + 2 * frame].rotate_left(frame);
    let mut repeated = object.clone();
    repeated.copy_within(header_len..header_len + frame, header_len + frame);
    for altered in [swapped, repeated] {
        let refused = opened(&opener, &altered).await;
        assert!(matches!(refused, Err(Fault::ObjectDamaged)));
    }
}

/// Every byte of the shorter file is authentic. Only its length shows that the rest was cut off.
#[wasm_bindgen_test]
async fn a_shorter_file_of_the_same_message_with_junk_behind_it_opens_nothing() {
    let long = object(&plaintext(3 * 4096));
    let opener = opener(long.len(), 3 * 4096).await;
    let mut early = object(&plaintext(4096));
    early.resize(long.len(), 0);
    let refused = opened(&opener, &early).await;
    assert!(matches!(refused, Err(Fault::ObjectDamaged)));
    let twice_final = [object(&plaintext(4096)), long.clone()].concat();
    let refused = opened(&opener, &twice_final[..long.len()]).await;
    assert!(matches!(refused, Err(Fault::ObjectDamaged)));
}

#[wasm_bindgen_test]
async fn what_is_too_short_or_too_long_for_its_piece_is_not_looked_at() {
    let object = object(&plaintext(5000));
    let opener = opener(object.len(), 5000).await;
    for other in [&object[..object.len() - 1], &[&object[..], &[0]].concat()] {
        assert!(matches!(
            opened(&opener, other).await,
            Err(Fault::Browser(_))
        ));
    }
}

#[wasm_bindgen_test]
async fn a_header_or_a_key_that_is_not_of_the_message_makes_no_opener() {
    let header = header();
    let sizes = (object(b"x").len() as u64, 1);
    let other = ContentKey::from_bytes(&[9; 32]);
    let refused = PieceOpener::new(header.as_bytes(), other, sizes.0, sizes.1).await;
    assert!(matches!(refused, Err(Fault::Header)));
    for at in 0..header.as_bytes().len() {
        let mut altered = header.as_bytes().to_vec();
        altered[at] ^= 1;
        let refused = PieceOpener::new(&altered, content_key(), sizes.0, sizes.1).await;
        assert!(matches!(refused, Err(Fault::Header)), "byte {at}");
    }
}

#[wasm_bindgen_test]
async fn sizes_that_are_not_of_one_object_make_no_opener() {
    let header = header();
    for (sealed_len, plaintext_len) in [(200, 60), (header.len(), 0), (0, 0), (u64::MAX, 1)] {
        let refused =
            PieceOpener::new(header.as_bytes(), content_key(), sealed_len, plaintext_len).await;
        assert!(matches!(refused, Err(Fault::Answer(_))), "{sealed_len}");
    }
}
