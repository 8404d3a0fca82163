//! Objects that are uploaded with a single PUT.

use futures::TryStreamExt as _;
use sealift_transfer::api::Sha256;

use crate::{bench::Bench, quirks::Quirk};

pub(crate) async fn only_the_signed_bytes_are_accepted_as_an_object(bench: &Bench) {
    let put = bench.sign_object(b"sealed").await;
    assert_eq!(bench.send(&put, b"forged").await, 400, "wrong body");
    for (what, body) in [("longer", &b"sealed and more"[..]), ("shorter", b"seal")] {
        assert!(bench.send(&put, body).await >= 400, "{what}");
    }
    for name in put.headers.keys() {
        let mut without = put.clone();
        without.headers.remove(name);
        let status = bench.send(&without, b"sealed").await;
        assert!(matches!(status, 400 | 403), "{status} without {name}");
    }
    let mut other = put.clone();
    let forged = Sha256::of(b"forged").to_string();
    other
        .headers
        .insert("x-amz-checksum-sha256".to_owned(), forged);
    assert_eq!(
        bench.send(&other, b"forged").await,
        403,
        "with another header"
    );
    let mut elsewhere = put.clone();
    let (here, there) = (bench.key.to_string(), bench.key(2).to_string());
    elsewhere.url = put.url.replace(&here, &there);
    assert_eq!(bench.send(&elsewhere, b"sealed").await, 403, "elsewhere");

    assert_eq!(bench.objects.head(&bench.key, None).await.unwrap(), None);
    assert_eq!(bench.send(&put, b"sealed").await, 200);
}

pub(crate) async fn an_object_is_put_once(bench: &Bench) {
    let put = bench.sign_object(b"sealed").await;
    assert_eq!(bench.send(&put, b"sealed").await, 200);
    let first = bench.objects.head(&bench.key, None).await.unwrap().unwrap();

    // The same PUT again, as after a lost answer, and a signed PUT of other bytes.
    let other = bench.sign_object(b"others").await;
    let again = [
        bench.send(&put, b"sealed").await,
        bench.send(&other, b"others").await,
    ];
    let head = bench.objects.head(&bench.key, None).await.unwrap().unwrap();
    if bench.has(Quirk::IgnoresIfNoneMatch) {
        assert_eq!(again, [200, 200]);
        assert_eq!(head.sha256, Some(Sha256::of(b"others")));
        // The recorded object is gone, and the client does not accept the new one in its place.
        let read = bench.objects.get_range(&first.of(&bench.key), 0..6).await;
        let replaced = sealift_server::objects::ObjectsError::Replaced;
        assert_eq!(read.unwrap_err(), replaced);
    } else {
        assert_eq!(again, [412, 412]);
        assert_eq!(head, first);
    }
}

pub(crate) async fn the_sha256_of_an_object_is_returned(bench: &Bench) {
    let bytes = vec![b'x'; 300_000];
    let put = bench.sign_object(&bytes).await;
    assert_eq!(bench.send(&put, &bytes).await, 200);
    let head = bench.objects.head(&bench.key, None).await.unwrap().unwrap();
    assert_eq!(head.len, 300_000);
    assert_eq!(head.sha256, Some(Sha256::of(&bytes)));
    let object = head.of(&bench.key);
    let read = bench.objects.get_range(&object, 0..object.len).await;
    let read: Vec<_> = read.unwrap().stream.try_collect().await.unwrap();
    assert!(read.concat() == bytes);
}
