//! Requests that a store must refuse because of their signature, and those that it must accept.

use core::time::Duration;

use http::Method;
use sealift_transfer::api::Sha256;

use crate::bench::{Bench, PAGE, now, number};

pub(crate) async fn the_store_passes_the_probe_and_nothing_of_it_stays(bench: &Bench) {
    let probe = bench.objects.prove_store([3; 16], now());
    assert_eq!(probe.await.unwrap(), None);
    let joined = bench.objects.prove_unequal_parts([4; 16]);
    joined.await.unwrap();
    let pages = [PAGE.to_owned()];
    let public = bench.objects.prove_public(&pages, &[], [5; 16], now());
    assert_eq!(public.await.unwrap(), []);
    assert_eq!(bench.objects.unfinished_multiparts().await.unwrap(), []);
    let listed = bench.sdk.list_objects_v2().bucket(crate::bench::BUCKET);
    let listed = listed.send().await.unwrap();
    assert_eq!(listed.contents(), []);
}

pub(crate) async fn only_the_signed_bytes_are_accepted_as_a_part(bench: &Bench) {
    let upload = bench.begin().await;
    let put = bench.sign(&upload, 1, b"sealed").await;

    assert_eq!(bench.send(&put, b"forged").await, 400, "wrong body");
    for (what, body) in [("longer", &b"sealed and more"[..]), ("shorter", b"seal")] {
        assert!(bench.send(&put, body).await >= 400, "{what}");
    }
    let mut bare = put.clone();
    bare.headers.clear();
    let status = bench.send(&bare, b"sealed").await;
    assert!(matches!(status, 400 | 403), "{status} without the header");
    let mut other = put.clone();
    let checksum = "x-amz-checksum-sha256".to_owned();
    let forged = Sha256::of(b"forged").to_string();
    other.headers.insert(checksum, forged);
    assert_eq!(
        bench.send(&other, b"forged").await,
        403,
        "with another header"
    );
    let mut elsewhere = put.clone();
    elsewhere.url = put.url.replace("partNumber=1", "partNumber=2");
    assert_eq!(
        bench.send(&elsewhere, b"sealed").await,
        403,
        "as another part"
    );

    assert_eq!(bench.parts(&upload).await, [], "nothing of it was kept");
    assert_eq!(bench.send(&put, b"sealed").await, 200);
}

pub(crate) async fn an_expired_url_is_refused(bench: &Bench) {
    let upload = bench.begin().await;
    let (sha256, long_ago) = (Sha256::of(b"a"), now().earlier_by(Duration::from_secs(901)));
    let part = bench
        .objects
        .presign_part(&bench.key, &upload, number(1), &sha256, 1, long_ago);
    let object = bench.objects.presign_put(&bench.key, &sha256, 1, long_ago);
    for put in [part.await.unwrap(), object.await.unwrap()] {
        let status = bench.send(&put, b"a").await;
        assert!(matches!(status, 400 | 403), "{status}");
    }
    assert_eq!(bench.parts(&upload).await, []);
    assert_eq!(bench.objects.head(&bench.key, None).await.unwrap(), None);
}

pub(crate) async fn requests_without_a_signature_are_refused(bench: &Bench) {
    let object = bench.store(&[b"sealed"]).await;
    let url = format!("{}/{}/{}", bench.endpoint, crate::bench::BUCKET, object.key);
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
        let answer = bench
            .http
            .request(method.clone(), &url)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), 403, "{method}");
    }
    let head = bench.objects.head(&bench.key, None).await.unwrap();
    assert_eq!(head.unwrap().of(&bench.key), object);
}

pub(crate) async fn pages_of_the_allowed_origin_may_put(bench: &Bench) {
    let put = bench.sign_object(b"sealed").await;
    let asked = put.headers.keys().cloned().collect::<Vec<_>>().join(",");
    let preflight = async |origin: &'static str| {
        let request = bench
            .http
            .request(Method::OPTIONS, &put.url)
            .header("origin", origin)
            .header("access-control-request-method", "PUT")
            .header("access-control-request-headers", &asked);
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
    for name in put.headers.keys() {
        assert!(headers.contains(name), "{name} in {headers}");
    }
    let (allowed, _) = preflight("http://evil.example").await;
    assert!(!allowed);
}
