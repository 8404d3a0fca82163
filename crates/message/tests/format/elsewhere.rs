//! Tests that an AEAD outside the crate (like WebCrypto) makes the same object from the bytes that `Frame`
//! gives it.

use proptest::prelude::*;

use crate::foreign;
use crate::sample::{F, any_len, content_key, header, plaintext, sealed, sealer};

proptest! {
    #[test]
    fn the_same_object_comes_from_another_aead(len in any_len(4)) {
        let header = header(F as u32, [5; 32]);
        let plaintext = plaintext(len);
        let layout = *sealer(&header, len).layout();
        let key = content_key(&header);
        let mut object = header.as_bytes().to_vec();
        let mut rest = &plaintext[..];
        for index in 0..layout.frame_count() {
            prop_assert_eq!(layout.frame_offset(index), Some(object.len() as u64));
            let frame = layout.frame(index).unwrap();
            let (here, later) = rest.split_at(frame.plaintext_len() as usize);
            let aad = frame.aad(header.message_id());
            let (ciphertext, tag) = foreign::sealed(key.expose(), frame.iv(), &aad, here);
            object.extend_from_slice(&frame.prefix());
            object.extend(ciphertext);
            object.extend(tag);
            rest = later;
        }
        prop_assert_eq!(object, sealed(&header, &plaintext));
    }
}
