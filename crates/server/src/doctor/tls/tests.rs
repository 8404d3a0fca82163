//! Judges a certificate that was valid from 2026-11-29 to 2027-11-29, for localhost, at several times. Its issuer is
//! trusted only where a test says so.

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        client::WebPkiServerVerifier,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use super::*;

const ISSUER: &[u8] = include_bytes!("issuer.der");
const LEAF: &[u8] = include_bytes!("leaf.der");
const LEAF_KEY: &[u8] = include_bytes!("leaf-key.der");

/// The end of the certificate, in seconds since 1970.
const END_S: u64 = 1_827_491_544;

fn judged_at(seconds: u64, host: &'static str, issuer: &[u8]) -> Check {
    let mut roots = RootCertStore::empty();
    roots.add(issuer.to_vec().into()).unwrap();
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider);
    let chain = [CertificateDer::from(LEAF)];
    let name = ServerName::try_from(host).unwrap();
    let now = UnixMillis::from_ms(i64::try_from(seconds * 1000).unwrap());
    judged(
        &*verifier.build().unwrap(),
        &chain,
        "https://it",
        &name,
        now,
    )
}

fn days_before_the_end(days: u64) -> Check {
    judged_at(END_S - days * SECONDS_PER_DAY, "localhost", ISSUER)
}

#[test]
fn a_certificate_is_judged_by_its_days() {
    let fresh = days_before_the_end(200);
    assert_eq!(fresh.outcome, Outcome::Ok);
    assert!(
        fresh
            .sentence
            .ends_with("one certificate, valid for 200 days more"),
        "{fresh:?}"
    );
    assert_eq!(days_before_the_end(14).outcome, Outcome::Ok);
    let soon = days_before_the_end(13);
    assert_eq!(soon.outcome, Outcome::Warning);
    assert!(soon.sentence.ends_with("ends in 13 days"));
    let sentence_at = |seconds| judged_at(seconds, "localhost", ISSUER).sentence;
    assert!(sentence_at(END_S + SECONDS_PER_DAY).ends_with("has ended"));
    assert!(sentence_at(END_S - 366 * SECONDS_PER_DAY).ends_with("not valid yet"));
}

#[test]
fn a_certificate_is_judged_by_its_name() {
    let other = judged_at(END_S - SECONDS_PER_DAY, "files.example.com", ISSUER);
    assert!(other.sentence.ends_with("is for another name"), "{other:?}");
}

#[tokio::test]
async fn an_address_whose_issuer_nobody_knows_fails_and_one_that_is_away_only_warns() {
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(LEAF)],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(LEAF_KEY)),
        )
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let _ = acceptor.accept(stream).await;
    });
    let now = UnixMillis::from_ms(i64::try_from((END_S - SECONDS_PER_DAY) * 1000).unwrap());
    let origins = [
        format!("https://localhost:{port}"),
        "http://plain".to_owned(),
    ];
    let unknown = check(&origins, now).await;
    assert_eq!(unknown.outcome, Outcome::Failed, "{unknown:?}");
    assert!(
        unknown
            .sentence
            .contains("is self-signed, or its chain is not sent"),
        "{unknown:?}"
    );
    serving.await.unwrap();
    // The port is closed now.
    assert_eq!(check(&origins, now).await.outcome, Outcome::Warning);
    let plain = check(&["http://plain".to_owned()], now).await;
    assert_eq!(plain.outcome, Outcome::NotApplicable);
}
