//! API keys end, are revoked, and are named wherever they were used.

use core::time::Duration;

use sealift_server::{
    ApiKey, Clock, ClockHand, NewApiKey, list_api_keys, make_api_key,
    records::{Records, Roles},
    revoke_api_key,
};
use sealift_transfer::api::{ProblemCode, files};

use crate::support::{Client, Stack, bytes};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Starts a server with a clock that is set by hand, and makes an API key that works for an hour.
async fn for_an_hour() -> (Stack, ClockHand, ApiKey, Client) {
    let (clock, hand) = Clock::by_hand(Clock::system().now());
    let flags = [("auth", "api-keys"), ("sweep_seconds", "0")];
    let stack = Stack::at(clock, &flags).await;
    let wanted = NewApiKey {
        label: "the scanner".to_owned(),
        works_for: Some(Duration::from_secs(60 * 60)),
        ..NewApiKey::of("acme".parse().unwrap(), "ada".parse().unwrap(), Roles::ALL)
    };
    let key = make_api_key(&stack.config, wanted).await.unwrap();
    let client = stack.client().with_api_key(&key.reveal());
    (stack, hand, key, client)
}

/// Returns how many audit rows with this outcome name the key.
async fn audited(stack: &Stack, key: &ApiKey, outcome: &'static str) -> usize {
    let records = Records::open(&stack.config.database_file()).await.unwrap();
    let rows = records.audit_rows(0, 1_000).await.unwrap();
    records.close().await;
    let own = rows
        .iter()
        .filter(|row| row.credential.as_deref() == Some(key.id().as_str()));
    own.filter(|row| row.outcome == outcome).count()
}

#[tokio::test]
async fn a_key_works_until_its_time_is_over() {
    let (stack, hand, key, client) = for_an_hour().await;
    hand.forward(HOUR_MS - 60_000);
    assert_eq!(client.get(files::PATH).await.status, 200);
    hand.forward(2 * 60_000);
    let refused = client.get(files::PATH).await;
    let problem = refused.refused(ProblemCode::Unauthenticated);
    assert!(problem.detail.contains("has expired"), "{}", problem.detail);
    assert_eq!(refused.header("www-authenticate"), "Bearer");
    assert_eq!(audited(&stack, &key, "unauthenticated").await, 1);
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_more_and_a_download_of_its_ends() {
    const LARGE: usize = 32 * 1024 * 1024;
    let (stack, hand, key, client) = for_an_hour().await;
    let file = client.upload("large", &bytes(LARGE)).await;
    assert!(audited(&stack, &key, "ok").await > 0);
    let answer = client.request(http::Method::GET, &files::content_path(&file.id));
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(revoke_api_key(&stack.config, key.id()).await.unwrap());
    assert!(!revoke_api_key(&stack.config, key.id()).await.unwrap());
    let refused = client.get(files::PATH).await;
    let problem = refused.refused(ProblemCode::Unauthenticated);
    assert!(problem.detail.contains("was revoked"), "{}", problem.detail);
    hand.forward(2 * 60_000);
    assert!(answer.bytes().await.is_err());
    // Another key of the same owner goes on.
    let other = stack.login("acme", "ada", Roles::ALL).await;
    assert_eq!(other.get(&files::path(&file.id)).await.status, 200);
}

#[tokio::test]
async fn the_last_use_of_a_key_is_known_to_the_minute() {
    let (stack, hand, key, client) = for_an_hour().await;
    let last_use = async || {
        let keys = list_api_keys(&stack.config, None).await.unwrap();
        let row = keys.into_iter().find(|row| row.id == *key.id()).unwrap();
        assert_eq!(row.label, "the scanner");
        row.last_used_at
    };
    assert_eq!(last_use().await, None);
    client.get(files::PATH).await;
    let first = last_use().await.unwrap();
    hand.forward(59_000);
    client.get(files::PATH).await;
    assert_eq!(last_use().await, Some(first));
    hand.forward(1_000);
    client.get(files::PATH).await;
    assert_eq!(
        last_use().await,
        Some(first.later_by(Duration::from_secs(60)))
    );
    // A key that is refused was not used.
    hand.forward(2 * HOUR_MS);
    client.get(files::PATH).await;
    assert_eq!(
        last_use().await,
        Some(first.later_by(Duration::from_secs(60)))
    );
}
