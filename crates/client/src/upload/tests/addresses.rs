//! Presigned URLs that end or that the store refuses: no dead address is used twice.

use futures::FutureExt as _;
use tokio::net::TcpListener;

use super::*;

/// Returns an answer with one signed part, whose address has this signature and this life.
fn signed(client: &Client, signature: &str, expires_in_ms: Option<u64>) -> String {
    let part = SignedPart {
        number: PartNumber::FIRST,
        url: client
            .server
            .at(&format!("/store/a?X-Amz-Signature={signature}")),
        headers: BTreeMap::new(),
        expires_at_ms: 0,
        expires_in_ms,
    };
    json(&SignedParts {
        parts: vec![part],
        expires_at_ms: 0,
    })
}

fn refused(status: u16, code: &str) -> String {
    let body = format!("<Error><Code>{code}</Code><Message>No.</Message></Error>");
    answer(&format!("{status} Refused\r\n"), &body)
}

fn accepted() -> String {
    answer("200 OK\r\n", "")
}

/// Returns an answer that ends the upload, because the tests do not look at the rest.
fn no_completion() -> String {
    answer("400 Bad Request\r\n", "")
}

/// Plays these answers after the opening. Returns the requests, with PUTs by their signature.
async fn asked(client: &Client, listener: TcpListener, rest: Vec<String>) -> Vec<String> {
    let answers = [vec![json(&opened())], rest].concat();
    let server = play(listener, answers);
    let plaintext = Bytes::from_static(PLAINTEXT);
    let ended = upload(client, plaintext, CancellationToken::new()).await;
    assert!(ended.is_err());
    let asked = server.await.unwrap();
    let puts: Vec<_> = asked
        .iter()
        .filter(|one| one.head.starts_with("put"))
        .collect();
    assert!(
        puts.iter().all(|put| put.body == puts[0].body),
        "other bytes were sent"
    );
    let words = asked.iter().map(|one| {
        let address = one.head.split(' ').nth(1).unwrap();
        match address.split_once("x-amz-signature=") {
            Some((_, signature)) => format!("put {signature}"),
            None => what(core::slice::from_ref(one)).remove(0),
        }
    });
    words.collect()
}

const SIGN: &str = "post /v1/uploads/ID/parts";

#[tokio::test]
async fn no_refused_address_is_sent_to_again_however_the_store_refuses_it() {
    for refusal in [
        refused(400, "ExpiredRequest"),
        refused(400, "ExpiredToken"),
        // Garage says "Date is too old" with this code.
        refused(400, "InvalidRequest"),
        refused(400, "AuthorizationQueryParametersError"),
        refused(400, "MalformedHeader"),
        refused(401, "Unauthorized"),
        refused(403, "AccessDenied"),
        answer("403 Forbidden\r\n", ""),
        // The store answered before it had read the body, and closed, so the answer is lost.
        String::new(),
    ] {
        let (client, listener) = listen().await;
        let answers = vec![
            signed(&client, "dead", Some(900_000)),
            refusal.clone(),
            signed(&client, "fresh", Some(900_000)),
            accepted(),
            no_completion(),
        ];
        let asked = asked(&client, listener, answers).await;
        let order = [
            "post /v1/uploads",
            SIGN,
            "put dead",
            SIGN,
            "put fresh",
            "post /v1/uploads/ID/complete",
        ];
        assert_eq!(asked, order, "{refusal:?}");
    }
}

#[tokio::test]
async fn a_refusal_without_a_known_code_is_a_dead_address_only_where_the_address_has_ended() {
    for (expires_in_ms, order) in [
        // The first address has ended before its PUT. The second has ended too, but is used
        // without a check, refused, and renewed.
        (0, &["put b", SIGN, "put c"][..]),
        (900_000, &["put a"][..]),
    ] {
        let (client, listener) = listen().await;
        let mut answers = vec![signed(&client, "a", Some(expires_in_ms))];
        if expires_in_ms == 0 {
            answers.push(signed(&client, "b", Some(expires_in_ms)));
            answers.push(refused(400, "SomethingNew"));
            answers.push(signed(&client, "c", Some(900_000)));
            answers.push(accepted());
            answers.push(no_completion());
        } else {
            answers.push(refused(400, "SomethingNew"));
        }
        let asked = asked(&client, listener, answers).await;
        let asked: Vec<_> = asked.iter().map(String::as_str).collect();
        let from_first_put = asked.iter().position(|one| one.starts_with("put")).unwrap();
        assert!(asked[from_first_put..].starts_with(order), "{asked:?}");
    }
}

#[tokio::test]
async fn an_address_that_ended_before_its_turn_is_renewed_and_not_sent_to() {
    let (client, listener) = listen().await;
    let answers = vec![
        signed(&client, "ended", Some(0)),
        signed(&client, "fresh", Some(900_000)),
        accepted(),
        no_completion(),
    ];
    let asked = asked(&client, listener, answers).await;
    let order = [
        "post /v1/uploads",
        SIGN,
        SIGN,
        "put fresh",
        "post /v1/uploads/ID/complete",
    ];
    assert_eq!(asked, order);
    // The permit that was kept meanwhile is free again.
    let permits = core::iter::from_fn(|| client.put_slots.acquire().now_or_never());
    assert_eq!(permits.collect::<Vec<_>>().len(), 4);
}

#[tokio::test]
async fn a_400_about_the_bytes_is_final_and_asks_for_no_signature() {
    for code in ["XAmzContentSHA256Mismatch", "EntityTooLarge", "InvalidPart"] {
        let (client, listener) = listen().await;
        let answers = vec![signed(&client, "a", Some(900_000)), refused(400, code)];
        let asked = asked(&client, listener, answers).await;
        assert_eq!(asked, ["post /v1/uploads", SIGN, "put a"], "{code}");
    }
}
