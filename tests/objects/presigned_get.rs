//! Reads that a browser makes itself with a presigned GET.

use core::time::Duration;

use http::Method;
use sealift_server::objects::StoredObject;
use sealift_transfer::api::PresignedGet;

use crate::bench::{BUCKET, Bench, PAGE, now};

/// Builds the request as a browser sends it.
fn ask(bench: &Bench, get: &PresignedGet) -> reqwest::RequestBuilder {
    let request = bench.http.get(&get.url);
    let headers = get.headers.iter();
    headers.fold(request, |request, (name, value)| {
        request.header(name, value)
    })
}

async fn status(request: reqwest::RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

async fn signed(bench: &Bench, object: &StoredObject) -> PresignedGet {
    let signed = bench.objects.presign_get(object, now(), None);
    signed.await.unwrap()
}

pub(crate) async fn a_signed_object_is_given_whole_and_by_ranges(bench: &Bench) {
    let object = bench.store(&[b"sealed bytes"]).await;
    let get = signed(bench, &object).await;
    let whole = ask(bench, &get).send().await.unwrap();
    assert_eq!(whole.status(), 200);
    assert_eq!(whole.headers()["etag"], object.etag.0.as_str());
    assert_eq!(whole.headers()["content-length"], "12");
    assert_eq!(whole.bytes().await.unwrap(), "sealed bytes");
    for (range, bytes, content_range) in [
        ("bytes=0-0", "s", "bytes 0-0/12"),
        ("bytes=7-", "bytes", "bytes 7-11/12"),
    ] {
        let part = ask(bench, &get).header("range", range);
        let part = part.send().await.unwrap();
        assert_eq!(part.status(), 206);
        assert_eq!(part.headers()["content-range"], content_range);
        assert_eq!(part.headers()["etag"], object.etag.0.as_str());
        assert_eq!(part.bytes().await.unwrap(), bytes);
    }
}

pub(crate) async fn a_signed_get_is_good_for_nothing_else(bench: &Bench) {
    let object = bench.store(&[b"sealed"]).await;
    let get = signed(bench, &object).await;

    // Another ETag does not match the signature. Without the header the signature is incomplete.
    let without = status(bench.http.get(&get.url)).await;
    assert!(matches!(without, 400 | 403), "{without}");
    let other = bench.http.get(&get.url).header("if-match", "\"other\"");
    assert_eq!(status(other).await, 403);
    let mut elsewhere = get.clone();
    let (here, there) = (bench.key.to_string(), bench.key(2).to_string());
    elsewhere.url = get.url.replace(&here, &there);
    assert_eq!(status(ask(bench, &elsewhere)).await, 403);
    for method in [Method::PUT, Method::DELETE] {
        let changing = bench.http.request(method.clone(), &get.url);
        let changing = changing.header("if-match", &object.etag.0);
        assert_eq!(status(changing).await, 403, "{method}");
    }
    let long_ago = now().earlier_by(Duration::from_secs(901));
    let expired = bench
        .objects
        .presign_get(&object, long_ago, None)
        .await
        .unwrap();
    let expired = status(ask(bench, &expired)).await;
    assert!(matches!(expired, 400 | 403), "{expired}");
    assert_eq!(status(ask(bench, &get)).await, 200);
}

pub(crate) async fn r6_another_object_is_not_given_for_the_signed_one(bench: &Bench) {
    let object = bench.store(&[b"sealed"]).await;
    let get = signed(bench, &object).await;
    let put = bench.sdk.put_object().bucket(BUCKET);
    let put = put.key(object.key.as_str()).body(b"forged".to_vec().into());
    put.send().await.unwrap();
    assert_eq!(status(ask(bench, &get)).await, 412);
    let part = ask(bench, &get).header("range", "bytes=0-1");
    assert_eq!(status(part).await, 412);
}

pub(crate) async fn pages_of_the_allowed_origin_may_get(bench: &Bench) {
    let object = bench.store(&[b"sealed"]).await;
    let get = signed(bench, &object).await;
    let preflight = async |origin: &'static str| {
        let request = bench.http.request(Method::OPTIONS, &get.url);
        let request = request
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "if-match,range");
        let answer = request.send().await.unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.map_or(String::new(), |value| {
                value.to_str().unwrap().to_lowercase()
            })
        };
        let allowed = answer.status().is_success()
            && [origin, "*"].contains(&header("access-control-allow-origin").as_str());
        (allowed, header("access-control-allow-headers"))
    };
    let (allowed, headers) = preflight(PAGE).await;
    assert!(allowed);
    for name in ["if-match", "range"] {
        assert!(headers.contains(name), "{name} in {headers}");
    }
    assert!(!preflight("http://evil.example").await.0);

    // A page must be able to read the headers that it compares.
    let part = ask(bench, &get).header("range", "bytes=0-1");
    let part = part.header("origin", PAGE).send().await.unwrap();
    let shown = &part.headers()["access-control-expose-headers"];
    let shown = shown.to_str().unwrap().to_lowercase();
    for name in ["content-range", "content-length", "etag", "accept-ranges"] {
        assert!(shown.contains(name), "{name} in {shown}");
    }
}
