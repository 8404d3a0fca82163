//! What a signature covers, what is refused without it, and that none is logged.

use super::*;

#[tokio::test]
async fn a_part_signature_covers_length_host_and_checksum_and_nothing_else() {
    let bench = bench().await;
    let upload = bench.objects.create_multipart(&bench.key).await.unwrap();
    let put = bench.sign(&upload, 1, b"sealed").await;
    let signed = "X-Amz-SignedHeaders=content-length%3Bhost%3Bx-amz-checksum-sha256";
    assert!(put.url.contains(signed), "{put:?}");
    assert!(put.url.contains("X-Amz-Expires=900"));
    // No other checksum, neither asked of the sender nor hidden in the query.
    assert!(!put.url.to_lowercase().contains("crc"));
    let names: Vec<_> = put.headers.keys().map(String::as_str).collect();
    assert_eq!(names, ["x-amz-checksum-sha256"]);
    assert_eq!(
        put.headers["x-amz-checksum-sha256"],
        Sha256::of(b"sealed").to_string()
    );
}

#[tokio::test]
async fn an_objects_signature_also_covers_that_there_is_none_yet() {
    let bench = bench().await;
    let sha256 = Sha256::of(b"sealed");
    let put = bench.objects.presign_put(&bench.key, &sha256, 6, now_ms());
    let put = put.await.unwrap();
    let signed =
        "X-Amz-SignedHeaders=content-length%3Bhost%3Bif-none-match%3Bx-amz-checksum-sha256";
    assert!(put.url.contains(signed), "{put:?}");
    assert!(put.url.contains("X-Amz-Expires=900"));
    assert!(!put.url.to_lowercase().contains("crc"));
    let headers: Vec<_> = put.headers.clone().into_iter().collect();
    let expected = [
        ("if-none-match".to_owned(), "*".to_owned()),
        ("x-amz-checksum-sha256".to_owned(), sha256.to_string()),
    ];
    assert_eq!(headers, expected);
}

#[tokio::test]
async fn only_the_signed_bytes_are_taken() {
    let bench = bench().await;
    let upload = bench.objects.create_multipart(&bench.key).await.unwrap();
    let put = bench.sign(&upload, 1, b"sealed").await;

    assert_eq!(send(&put, b"forged".to_vec()).await, 400, "wrong body");
    assert!(
        send(&put, b"sealed and more".to_vec()).await >= 400,
        "longer"
    );
    assert!(send(&put, b"seal".to_vec()).await >= 400, "shorter");
    let mut bare = put.clone();
    bare.headers.clear();
    assert!(send(&bare, b"sealed".to_vec()).await >= 400, "no header");
    let mut other = put.clone();
    other.headers.insert(
        "x-amz-checksum-sha256".into(),
        Sha256::of(b"forged").to_string(),
    );
    assert_eq!(send(&other, b"forged".to_vec()).await, 403, "other header");

    let parts = bench.objects.list_parts(&bench.key, &upload).await.unwrap();
    assert_eq!(parts, [], "nothing of it was kept");
    assert_eq!(send(&put, b"sealed".to_vec()).await, 200);
}

#[tokio::test]
async fn an_expired_url_is_refused() {
    let bench = bench().await;
    let upload = bench.objects.create_multipart(&bench.key).await.unwrap();
    let put = bench
        .objects
        .presign_part(
            &bench.key,
            &upload,
            PartNumber::FIRST,
            &Sha256::of(b"a"),
            1,
            now_ms() - 901_000,
        )
        .await
        .unwrap();
    assert_eq!(send(&put, b"a".to_vec()).await, 403);
}

#[tokio::test]
async fn requests_without_a_valid_signature_are_refused() {
    let bench = bench().await;
    let url = format!("{}/sealift/{}", bench.store.endpoint(), bench.key);
    assert_eq!(reqwest::get(&url).await.unwrap().status().as_u16(), 403);
    let upload = bench.objects.create_multipart(&bench.key).await.unwrap();
    let mut put = bench.sign(&upload, 1, b"a").await;
    put.url = put.url.replace("partNumber=1", "partNumber=2");
    assert_eq!(send(&put, b"a".to_vec()).await, 403);
}

/// On one thread, so that the subscriber of this thread sees store and client alike.
#[tokio::test(flavor = "current_thread")]
async fn no_signature_or_secret_is_logged_even_at_trace() {
    use crate::{config::LogFormat, telemetry};
    let capture = telemetry::Capture::default();
    let subscriber = telemetry::subscriber("trace", LogFormat::Json, capture.clone()).unwrap();
    let _guard = tracing::subscriber::set_default(subscriber);

    let bench = bench().await;
    let upload = bench.objects.create_multipart(&bench.key).await.unwrap();
    let put = bench.sign(&upload, 1, b"sealed").await;
    assert_eq!(send(&put, b"forged".to_vec()).await, 400);
    assert_eq!(send(&put, b"sealed".to_vec()).await, 200);
    let object = bench.store_object(&[b"sealed"]).await;
    bench.objects.get_range(&object, 0..3).await.unwrap();
    tracing::info!("The capture works");

    let logged = capture.text();
    let (_, signature) = put.url.split_once("X-Amz-Signature=").unwrap();
    let signature = signature.split('&').next().unwrap();
    let credentials = EmbeddedCredentials::from_random(&[7; 52]);
    let (access_key, secret_key) = credentials.pair();
    for secret in [
        signature,
        access_key,
        secret_key,
        "X-Amz-",
        "authorization",
        "Authorization",
    ] {
        assert!(!logged.contains(secret), "{secret} in {logged}");
    }
    assert!(logged.contains("The capture works"));
}
