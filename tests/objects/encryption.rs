//! Server-side encryption and Object Lock. Only moto's S3 has them here. It enforces neither signatures nor
//! checksums, so these tests check nothing else with it.

use aws_sdk_s3::types::{
    ChecksumAlgorithm, DefaultRetention, ObjectLockConfiguration, ObjectLockEnabled,
    ObjectLockRetentionMode, ObjectLockRule, ServerSideEncryption,
};
use bytes::Bytes;
use sealift_server::objects::{
    Mark, Objects, ObjectsError, Reached, S3Config, S3Credentials, StoreAlgorithm, StoreEncryption,
};
use sealift_tests::{Garage, Moto, Proxy, Recorded, StoreCredentials, address_in};
use sealift_transfer::api::Sha256;

use crate::bench::{BUCKET, Bench, config_of, key_of, number};

const ALGORITHM: &str = "x-amz-server-side-encryption";
const KMS_KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";
const BUCKET_KEY: &str = "x-amz-server-side-encryption-bucket-key-enabled";

/// moto's S3 behind a recording proxy.
struct MotoStore {
    proxy: Proxy,
    sdk: aws_sdk_s3::Client,
    moto: Moto,
}

impl MotoStore {
    async fn start(has_object_lock: bool) -> Self {
        let moto = Moto::start().await.unwrap();
        let sdk = crate::bench::sdk(moto.endpoint(), StoreCredentials::of_moto());
        let bucket = sdk.create_bucket().bucket(BUCKET);
        let bucket = bucket.object_lock_enabled_for_bucket(has_object_lock);
        let here = aws_sdk_s3::types::CreateBucketConfiguration::builder()
            .location_constraint(Garage::REGION.into())
            .build();
        let bucket = bucket.create_bucket_configuration(here);
        bucket.send().await.unwrap();
        let address = address_in(moto.endpoint()).unwrap();
        let proxy = Proxy::start_recording(address).await.unwrap();
        Self { proxy, sdk, moto }
    }

    async fn objects(&self, encryption: StoreEncryption) -> Objects {
        let config = S3Config {
            encryption,
            ..config_of(self.proxy.endpoint(), S3Credentials::AwsChain)
        };
        Objects::connect(&config).await
    }

    fn sent(&self) -> Recorded {
        let sent = self.proxy.take_recorded();
        assert_eq!(sent.len(), 1);
        sent[0].clone()
    }
}

fn by_kms(key: &str, bucket_key: bool) -> StoreEncryption {
    StoreEncryption {
        algorithm: Some(StoreAlgorithm::Kms),
        kms_key: Some(key.to_owned()),
        bucket_key,
    }
}

/// Returns the three headers of a request.
fn headers(sent: &Recorded) -> [&str; 3] {
    [ALGORITHM, KMS_KEY, BUCKET_KEY].map(|name| sent.header(name))
}

#[tokio::test]
async fn creation_and_whole_objects_ask_for_the_encryption_and_parts_do_not() {
    let store = MotoStore::start(false).await;
    let key = store.moto.make_key().await.unwrap();
    let asked = ["aws:kms", key.as_str(), ""];
    let objects = store.objects(by_kms(&key, false)).await;
    let (many, sealed) = (key_of(&objects, 1), Bytes::from_static(b"sealed"));
    let sha256 = Sha256::of(&sealed);
    let upload = objects.create_multipart(&many).await.unwrap();
    assert_eq!(headers(&store.sent()), asked);
    let put = objects.put_part(&many, &upload, number(1), sealed.clone(), &sha256);
    put.await.unwrap();
    // S3 refuses them here.
    assert_eq!(headers(&store.sent()), ["", "", ""]);

    let objects = store.objects(by_kms(&key, true)).await;
    let (asked, one) = (["aws:kms", key.as_str(), "true"], key_of(&objects, 2));
    let _ = store.proxy.take_recorded();
    let put = objects.put_object(&one, sealed.clone(), &sha256);
    put.await.unwrap();
    assert_eq!(headers(&store.sent()), asked);
    let mark = Mark {
        deployment_id: "ours".to_owned(),
        reached: Reached::default(),
        prefix_is_ours: false,
    };
    objects.put_mark(&mark, None).await.unwrap();
    assert_eq!(headers(&store.sent()), asked);

    // A page sends what was signed.
    let paged = key_of(&objects, 3);
    let put = objects.presign_put(&paged, &sha256, 6, crate::bench::now());
    let put = put.await.unwrap();
    let mut request = reqwest::Client::new().put(&put.url).body("sealed");
    for (name, value) in &put.headers {
        request = request.header(name, value);
    }
    assert!(request.send().await.unwrap().status().is_success());
    let sent = store.sent();
    assert_eq!(headers(&sent), asked);
    let signed = format!("x-amz-checksum-sha256%3B{ALGORITHM}%3B{KMS_KEY}%3B{BUCKET_KEY}&");
    assert!(sent.query.contains(&signed), "{}", sent.query);
    for key in [one, paged] {
        let head = store.sdk.head_object().bucket(BUCKET).key(key.as_str());
        let head = head.send().await.unwrap();
        assert_eq!(
            head.server_side_encryption,
            Some(ServerSideEncryption::AwsKms)
        );
    }
}

#[tokio::test]
async fn a_store_that_does_not_encrypt_as_asked_gets_nothing() {
    let bench = Bench::garage().await.unwrap();
    let config = S3Config {
        encryption: by_kms("alias/ours", false),
        ..config_of(bench.endpoint.clone(), S3Credentials::AwsChain)
    };
    let objects = Objects::connect(&config).await;
    let asked = "aws:kms".to_owned();
    let refused = Err(ObjectsError::NotEncrypted { asked });
    let begun = objects.create_multipart(&bench.key).await;
    assert_eq!(begun.map(drop), refused);
    assert_eq!(objects.unfinished_multiparts().await.unwrap(), []);
    let sealed = Bytes::from_static(b"sealed");
    let sha256 = Sha256::of(&sealed);
    let put = objects.put_object(&bench.key, sealed, &sha256);
    assert_eq!(put.await, refused);
}

#[tokio::test]
async fn an_object_under_a_lock_stays_and_the_refusal_is_named() {
    let store = MotoStore::start(true).await;
    let retention = DefaultRetention::builder()
        .mode(ObjectLockRetentionMode::Governance)
        .days(1);
    let rule = ObjectLockRule::builder().default_retention(retention.build());
    let lock = ObjectLockConfiguration::builder()
        .object_lock_enabled(ObjectLockEnabled::Enabled)
        .rule(rule.build());
    let put = store.sdk.put_object_lock_configuration().bucket(BUCKET);
    let put = put.object_lock_configuration(lock.build());
    put.send().await.unwrap();

    let objects = store.objects(StoreEncryption::default()).await;
    let key = key_of(&objects, 1);
    // AWS takes any checksum header in such a bucket (every PUT of ours has one); moto takes only this client's.
    let put = store.sdk.put_object().bucket(BUCKET).key(key.as_str());
    let put = put.checksum_algorithm(ChecksumAlgorithm::Sha256);
    put.send().await.unwrap();
    let head = objects.head(&key, None).await.unwrap().unwrap();
    assert!(head.version.is_some());
    let deleted = objects.delete_recorded(&key, head.version.as_ref()).await;
    let refused = ObjectsError::Refused {
        status: 403,
        code: "AccessDenied".to_owned(),
        action: Some("s3:DeleteObjectVersion"),
    };
    assert_eq!(deleted, Err(refused));
    assert_eq!(objects.head(&key, None).await.unwrap(), Some(head));
}
