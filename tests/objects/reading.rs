//! Reading stored objects.

use futures::TryStreamExt as _;
use sealift_server::objects::{ObjectsError, StoredObject};

use crate::{
    bench::{BUCKET, Bench},
    quirks::Quirk,
};

const PART: usize = 5 * 1024 * 1024;

async fn read(
    bench: &Bench,
    object: &StoredObject,
    range: core::ops::Range<u64>,
) -> Result<Vec<u8>, ObjectsError> {
    let read = bench.objects.get_range(object, range).await?;
    let bytes: Vec<_> = read.stream.try_collect().await?;
    Ok(bytes.concat())
}

pub(crate) async fn a_range_comes_back_exactly(bench: &Bench) {
    let first = vec![b'a'; PART];
    let object = bench.store(&[&first, b"the rest"]).await;
    let part = u64::try_from(PART).unwrap();
    assert_eq!(object.len, part + 8);
    let across = read(bench, &object, part - 2..part + 3).await;
    assert_eq!(across.unwrap(), b"aathe");
    assert_eq!(read(bench, &object, 0..1).await.unwrap(), b"a");
    let last = read(bench, &object, object.len - 1..object.len).await;
    assert_eq!(last.unwrap(), b"t");
    let whole = read(bench, &object, 0..object.len).await.unwrap();
    assert!(whole == [&first[..], b"the rest"].concat());
    let beyond = read(bench, &object, 0..object.len + 1).await;
    assert_eq!(beyond.unwrap_err(), ObjectsError::Length(object.len + 1));
}

pub(crate) async fn another_etag_is_refused(bench: &Bench) {
    let object = bench.store(&[b"sealed"]).await;
    let mut other = object.clone();
    other.etag.0 = "\"00000000000000000000000000000000-2\"".to_owned();
    let asked = bench.sdk.get_object().bucket(BUCKET);
    let asked = asked.key(object.key.as_str()).if_match(&other.etag.0);
    let status = match asked.send().await {
        Ok(_) => 200,
        Err(refused) => refused.raw_response().unwrap().status().as_u16(),
    };
    assert_eq!(status, 412);

    // The store refuses, or our client notices the difference: it never accepts another object for the recorded one.
    let replaced = ObjectsError::Replaced;
    assert_eq!(read(bench, &other, 0..1).await.unwrap_err(), replaced);
    let mut longer = object.clone();
    longer.len += 1;
    assert_eq!(read(bench, &longer, 0..1).await.unwrap_err(), replaced);
    assert_eq!(read(bench, &object, 0..6).await.unwrap(), b"sealed");
}

pub(crate) async fn what_is_deleted_is_gone(bench: &Bench) {
    let object = bench.store(&[b"sealed"]).await;
    for _ in 0..2 {
        let deleted = bench.objects.delete(&object.key, object.version.as_ref());
        deleted.await.unwrap();
    }
    assert_eq!(bench.objects.head(&object.key, None).await.unwrap(), None);
    let gone = read(bench, &object, 0..1).await.unwrap_err();
    assert_eq!(gone, ObjectsError::NotFound);
}

pub(crate) async fn versions_are_named_where_there_are_any(bench: &Bench) {
    let object = bench.store(&[b"sealed"]).await;
    let none = bench.has(Quirk::KeepsNoVersions);
    assert_eq!(object.version.is_none(), none);
    let head = bench
        .objects
        .head(&object.key, object.version.as_ref())
        .await;
    assert_eq!(head.unwrap().unwrap().etag, object.etag);
}
