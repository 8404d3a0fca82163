//! Listing of everything under the prefix.

use aws_sdk_s3::primitives::ByteStream;
use futures::{StreamExt as _, stream};

use sealift_server::{
    UnixMillis,
    objects::{FoundMark, Mark, Reached},
};

use crate::bench::{BUCKET, Bench, now};

/// An object key of another owner in the same bucket. Its prefix begins with the same letters.
const FOREIGN: &str = "sealift-of-others/a";

/// Checks that a time of the store's clock is about now.
fn expect_now(at: Option<UnixMillis>) {
    let age_ms = now().get() - at.unwrap().get();
    assert!((-60_000..60_000).contains(&age_ms), "{age_ms}");
}

pub(crate) async fn unfinished_uploads_are_listed_under_the_prefix_only(bench: &Bench) {
    let foreign = bench.sdk.create_multipart_upload().bucket(BUCKET);
    foreign.key(FOREIGN).send().await.unwrap();
    let upload = bench.begin().await;
    let unfinished = bench.objects.unfinished_multiparts().await.unwrap();
    let [only] = unfinished.as_slice() else {
        panic!("{unfinished:?}");
    };
    assert_eq!((&only.key, &only.s3_upload_id), (&bench.key, &upload));
    expect_now(only.initiated_at);
}

pub(crate) async fn more_than_a_thousand_objects_are_listed_page_by_page(bench: &Bench) {
    let put = async |key: String| {
        let put = bench.sdk.put_object().bucket(BUCKET).key(key);
        let put = put.body(ByteStream::from_static(b"a"));
        put.send().await.unwrap();
    };
    put(FOREIGN.to_owned()).await;
    let keys: Vec<_> = (0..1002)
        .map(|number| format!("sealift/acme/{number:04}/a"))
        .collect();
    stream::iter(keys.iter().cloned())
        .for_each_concurrent(8, put)
        .await;
    let first = bench.objects.list_objects(None).await.unwrap();
    assert_eq!(first.len(), 1000);
    let after = first.last().map(|object| &object.key);
    let second = bench.objects.list_objects(after).await.unwrap();
    expect_now(second[0].modified_at);
    let listed = first.iter().chain(&second);
    let listed: Vec<_> = listed.map(|object| object.key.to_string()).collect();
    assert_eq!(listed, keys);
    let after = second.last().map(|object| &object.key);
    assert_eq!(bench.objects.list_objects(after).await.unwrap(), []);
}

pub(crate) async fn a_prefix_is_marked_by_one_deployment(bench: &Bench) {
    let is_marked = async |id: &str| {
        let found = bench.objects.mark_for(id).await.unwrap();
        matches!(found, FoundMark::Ours(..))
    };
    assert!(!is_marked("ours").await);
    let mark = Mark {
        deployment_id: "ours".to_owned(),
        reached: Reached::default(),
        prefix_is_ours: true,
    };
    bench.objects.put_mark(&mark, None).await.unwrap();
    assert!(is_marked("ours").await);
    assert!(!is_marked("theirs").await);
}
