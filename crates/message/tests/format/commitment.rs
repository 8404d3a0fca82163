//! Tests that only its own data key verifies a header: the commitment is compared first, then the tag.

use sealift_message::{DataKey, DecryptError, Header, Limits};

use crate::foreign::Foreign;
use crate::sample::{data_key, header};

fn verified(foreign: &Foreign, data_key: &DataKey) -> Result<(), DecryptError> {
    let (header, _) = Header::parse(&foreign.header_bytes(), &Limits::GENERAL).unwrap();
    header.verify(data_key).map(drop)
}

#[test]
fn another_commitment_is_refused_although_the_header_tag_covers_it() {
    let mut foreign = Foreign::new(4096, &[b"x"]);
    assert_eq!(verified(&foreign, &data_key()), Ok(()));
    let (header, _) = Header::parse(&foreign.header_bytes(), &Limits::GENERAL).unwrap();
    for at in 0..32 {
        let mut commitment = *header.commitment().as_bytes();
        commitment[at] ^= 1;
        foreign.commitment = Some(commitment);
        let refused = verified(&foreign, &data_key());
        assert_eq!(refused, Err(DecryptError::Unauthentic), "byte {at}");
    }
}

#[test]
fn another_header_tag_is_refused_although_the_commitment_is_right() {
    let mut foreign = Foreign::new(4096, &[b"x"]);
    foreign.header_tag = Some([0; 16]);
    let refused = verified(&foreign, &data_key());
    assert_eq!(refused, Err(DecryptError::Unauthentic));
}

#[test]
fn another_data_key_is_refused() {
    let other = DataKey::try_from([0xD8; 32].as_slice()).unwrap();
    let refused = header(4096, [1; 32]).verify(&other).map(drop);
    assert_eq!(refused, Err(DecryptError::Unauthentic));
}

#[test]
fn commitments_that_differ_anywhere_are_not_equal() {
    let one = header(4096, [1; 32]);
    let two = header(4096, [2; 32]);
    assert_eq!(one.commitment(), header(4096, [1; 32]).commitment());
    assert_ne!(one.commitment(), two.commitment());
}
