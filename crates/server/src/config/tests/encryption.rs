use crate::objects::{StoreAlgorithm, StoreEncryption};

#[test]
fn settings_of_the_stores_encryption_that_do_nothing_are_refused() {
    let with = |more: &[(&str, &str)]| {
        let bucket = [("S3_BUCKET_NAME", "ours")];
        super::load(&[&bucket, more].concat(), &[])
    };
    let config = with(&[
        ("S3_SSE", "aws:kms"),
        ("S3_SSE_KMS_KEY", "alias/ours"),
        ("S3_SSE_BUCKET_KEY", "true"),
    ]);
    let expected = StoreEncryption {
        algorithm: Some(StoreAlgorithm::Kms),
        kms_key: Some("alias/ours".to_owned()),
        bucket_key: true,
    };
    assert_eq!(config.unwrap().encryption, expected);
    for wrong in [
        &[("S3_SSE", "aws")][..],
        &[("S3_SSE_KMS_KEY", "alias/ours")],
        &[("S3_SSE", "AES256"), ("S3_SSE_KMS_KEY", "alias/ours")],
        &[("S3_SSE", "aws:kms:dsse"), ("S3_SSE_BUCKET_KEY", "true")],
    ] {
        assert!(with(wrong).is_err(), "{wrong:?}");
    }
    // The embedded store would ignore it.
    assert!(super::load(&[("S3_SSE", "AES256")], &[]).is_err());
}
