//! Rules of AWS that the tested stores do not enforce, so the tests check the requests themselves.

use futures::TryStreamExt as _;
use http::Method;
use sealift_server::objects::{Objects, S3Credentials};
use sealift_tests::{Proxy, Recorded, address_in};
use sealift_transfer::api::Sha256;

use crate::bench::{Bench, client, completed, key_of, now, number};

/// Returns Sealift's client, the recording proxy that it goes through, and Garage behind it.
async fn recorded() -> (Objects, Proxy, Bench) {
    let bench = Bench::garage().await.unwrap();
    let store = address_in(&bench.endpoint).unwrap();
    let proxy = Proxy::start_recording(store).await.unwrap();
    let objects = client(proxy.endpoint(), S3Credentials::AwsChain).await;
    (objects, proxy, bench)
}

/// Returns the only request since the last call. Panics if there was not exactly one.
fn only_request(proxy: &Proxy) -> Recorded {
    let recorded = proxy.take_recorded();
    let [only] = recorded.as_slice() else {
        panic!("{} requests", recorded.len());
    };
    only.clone()
}

/// Checks that the SDK added no other checksum. By default it would add a CRC, a trailer or an algorithm.
fn expect_no_other_checksum(sent: &Recorded) {
    for name in sent.headers.keys() {
        let name = name.as_str();
        let is_of_a_checksum = name.contains("checksum") || name == "content-md5";
        let is_ours = ["x-amz-checksum-algorithm", "x-amz-checksum-mode"].contains(&name)
            || name == "x-amz-checksum-sha256";
        assert!(!is_of_a_checksum || is_ours, "{name}");
    }
    assert_eq!(sent.header("x-amz-trailer"), "");
    assert_eq!(sent.header("content-encoding"), "");
    let mut pairs = sent.query.to_lowercase();
    pairs.retain(|c| c != '-');
    let mut names = pairs.split('&');
    assert!(names.all(|pair| !pair.starts_with("xamzchecksum")));
}

/// Returns the headers that a presigned URL's signature covers.
fn signed_headers(sent: &Recorded) -> Vec<String> {
    let name = "X-Amz-SignedHeaders=";
    let mut pairs = sent.query.split('&');
    let signed = pairs.find_map(|pair| pair.strip_prefix(name)).unwrap();
    signed.split("%3B").map(str::to_owned).collect()
}

#[tokio::test]
async fn r10_a_multipart_upload_declares_sha256_and_no_checksum_type() {
    let (objects, proxy, _bench) = recorded().await;
    objects
        .create_multipart(&key_of(&objects, 1))
        .await
        .unwrap();
    let sent = only_request(&proxy);
    assert_eq!(sent.method, Method::POST);
    assert!(
        sent.query
            .split('&')
            .any(|pair| pair.starts_with("uploads"))
    );
    assert_eq!(sent.header("x-amz-checksum-algorithm"), "SHA256");
    assert_eq!(sent.header("x-amz-checksum-type"), "");
    expect_no_other_checksum(&sent);
}

#[tokio::test]
async fn r10_a_part_is_put_with_its_length_host_and_sha256_signed() {
    let (objects, proxy, bench) = recorded().await;
    let key = key_of(&objects, 1);
    let upload = objects.create_multipart(&key).await.unwrap();
    only_request(&proxy);
    let sha256 = Sha256::of(b"sealed");
    let put = objects.presign_part(&key, &upload, number(7), &sha256, 6, now());
    assert_eq!(bench.send(&put.await.unwrap(), b"sealed").await, 200);
    let sent = only_request(&proxy);
    assert_eq!(sent.method, Method::PUT);
    assert!(sent.query.contains("partNumber=7"));
    let signed = ["content-length", "host", "x-amz-checksum-sha256"];
    assert_eq!(signed_headers(&sent), signed);
    assert_eq!(sent.header("x-amz-checksum-sha256"), sha256.to_string());
    assert_eq!(sent.header("content-length"), "6");
    expect_no_other_checksum(&sent);
}

#[tokio::test]
async fn r10_an_object_is_put_where_there_is_none_with_all_of_that_signed() {
    let (objects, proxy, bench) = recorded().await;
    let key = key_of(&objects, 1);
    let sha256 = Sha256::of(b"sealed");
    let put = objects.presign_put(&key, &sha256, 6, now());
    assert_eq!(bench.send(&put.await.unwrap(), b"sealed").await, 200);
    let sent = only_request(&proxy);
    assert_eq!(sent.method, Method::PUT);
    let signed = [
        "content-length",
        "host",
        "if-none-match",
        "x-amz-checksum-sha256",
    ];
    assert_eq!(signed_headers(&sent), signed);
    assert_eq!(sent.header("if-none-match"), "*");
    assert_eq!(sent.header("x-amz-checksum-sha256"), sha256.to_string());
    expect_no_other_checksum(&sent);
}

#[tokio::test]
async fn r6_an_object_is_got_with_its_etag_signed_and_nothing_else() {
    let (objects, proxy, bench) = recorded().await;
    let object = bench.store(&[b"sealed"]).await;
    let get = objects.presign_get(&object, now(), None).await.unwrap();
    let request = bench.http.get(&get.url);
    let request = request.header("if-match", &get.headers["if-match"]);
    let answer = request.header("range", "bytes=1-2").send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), "ea");
    let sent = only_request(&proxy);
    assert_eq!(sent.method, Method::GET);
    assert_eq!(signed_headers(&sent), ["host", "if-match"]);
    assert_eq!(sent.header("if-match"), object.etag.0);
    // The SDK would also ask for a checksum by a header, which the browser would then have to send.
    assert_eq!(sent.header("x-amz-checksum-mode"), "");
    expect_no_other_checksum(&sent);
}

/// Returns the headers that the signature covers in a request of the server itself, which is signed in a header.
fn signed_in_header(sent: &Recorded) -> Vec<&str> {
    let named = sent.header("authorization").split(", ");
    let mut named = named.filter_map(|field| field.strip_prefix("SignedHeaders="));
    named.next().unwrap().split(';').collect()
}

#[tokio::test]
async fn r10_a_part_that_the_server_sends_has_its_length_host_and_sha256_signed() {
    let (objects, proxy, bench) = recorded().await;
    let key = key_of(&objects, 1);
    let upload = objects.create_multipart(&key).await.unwrap();
    only_request(&proxy);
    let sha256 = Sha256::of(b"sealed");
    let sealed = bytes::Bytes::from_static(b"sealed");
    let put = objects.put_part(&key, &upload, number(7), sealed, &sha256);
    put.await.unwrap();
    let sent = only_request(&proxy);
    assert_eq!(sent.method, Method::PUT);
    assert!(sent.query.contains("partNumber=7"));
    let signed = signed_in_header(&sent);
    for name in ["content-length", "host", "x-amz-checksum-sha256"] {
        assert!(signed.contains(&name), "{name} in {signed:?}");
    }
    assert_eq!(sent.header("x-amz-checksum-sha256"), sha256.to_string());
    assert_eq!(sent.header("content-length"), "6");
    assert_eq!(sent.body, "sealed");
    expect_no_other_checksum(&sent);
    let stored = objects.list_parts(&key, &upload).await.unwrap();
    assert_eq!(stored[0].sha256, Some(sha256));
    drop(bench);
}

#[tokio::test]
async fn r10_an_object_that_the_server_sends_is_put_where_there_is_none() {
    let (objects, proxy, _bench) = recorded().await;
    let key = key_of(&objects, 1);
    let sha256 = Sha256::of(b"sealed");
    let put = objects.put_object(&key, bytes::Bytes::from_static(b"sealed"), &sha256);
    put.await.unwrap();
    let sent = only_request(&proxy);
    assert_eq!(sent.method, Method::PUT);
    let signed = signed_in_header(&sent);
    for name in [
        "content-length",
        "host",
        "if-none-match",
        "x-amz-checksum-sha256",
    ] {
        assert!(signed.contains(&name), "{name} in {signed:?}");
    }
    assert_eq!(sent.header("if-none-match"), "*");
    assert_eq!(sent.header("x-amz-checksum-sha256"), sha256.to_string());
    expect_no_other_checksum(&sent);
    let head = objects.head(&key, None).await.unwrap().unwrap();
    assert_eq!((head.len, head.sha256), (6, Some(sha256)));
}

#[tokio::test]
async fn r7_completion_carries_number_etag_and_sha256_of_every_part() {
    let (objects, proxy, bench) = recorded().await;
    let upload = bench.begin().await;
    let part = vec![b'a'; 5 * 1024 * 1024];
    bench.send_part(&upload, 1, &part).await;
    bench.send_part(&upload, 2, b"b").await;
    let parts: Vec<_> = bench.parts(&upload).await.iter().map(completed).collect();
    objects
        .complete_multipart(&bench.key, &upload, &parts)
        .await
        .unwrap();
    let sent = only_request(&proxy);
    assert_eq!(sent.method, Method::POST);
    let named: Vec<&str> = sent.body.split("<Part>").skip(1).collect();
    assert_eq!(named.len(), 2, "{}", sent.body);
    for (part, text) in parts.iter().zip(named) {
        let etag = part.etag.0.trim_matches('"');
        for expected in [
            format!("<PartNumber>{}</PartNumber>", part.number),
            format!("<ChecksumSHA256>{}</ChecksumSHA256>", part.sha256),
            etag.to_owned(),
        ] {
            assert!(text.contains(&expected), "{expected} in {text}");
        }
    }
    assert_eq!(sent.header("x-amz-checksum-type"), "");
    expect_no_other_checksum(&sent);
}

#[tokio::test]
async fn r7_the_checksum_of_an_object_is_asked_for() {
    let (objects, proxy, bench) = recorded().await;
    let (sealed, sha256) = (bytes::Bytes::from_static(b"sealed"), Sha256::of(b"sealed"));
    let put = objects.put_object(&bench.key, sealed, &sha256);
    put.await.unwrap();
    only_request(&proxy);
    objects.head(&bench.key, None).await.unwrap();
    let sent = only_request(&proxy);
    assert_eq!(sent.method, Method::HEAD);
    assert_eq!(sent.header("x-amz-checksum-mode"), "ENABLED");
}

#[tokio::test]
async fn r6_a_read_carries_the_recorded_etag_and_the_range() {
    let (objects, proxy, bench) = recorded().await;
    let object = bench.store(&[b"sealed"]).await;
    let read = objects.get_range(&object, 1..4).await.unwrap();
    let read: Vec<_> = read.stream.try_collect().await.unwrap();
    assert_eq!(read.concat(), b"eal");
    let sent = only_request(&proxy);
    assert_eq!(sent.method, Method::GET);
    assert_eq!(sent.header("if-match"), object.etag.0);
    assert_eq!(sent.header("range"), "bytes=1-3");
}
