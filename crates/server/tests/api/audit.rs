//! The audit says who did what to which id. It includes denials, and holds no name and no secret.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use sealift_server::{
    Clock, UnixMillis,
    records::{AuditEntry, Records, Roles},
};
use sealift_transfer::api::{FileId, FileRecord, ProblemCode, files, read, tickets};

use crate::support::{Answer, FRAME, Stack, alter, bytes, now_ms, ticket_holder::TicketHolder};

async fn entries(stack: &Stack) -> Vec<AuditEntry> {
    let records = Records::open(&stack.config.database_file()).await.unwrap();
    let entries = records.audit_rows(0, 1000).await.unwrap();
    records.close().await;
    entries
}

fn facts_of(entry: &AuditEntry) -> (&str, Option<&str>, &str) {
    (&entry.action, entry.subject.as_deref(), &entry.outcome)
}

#[tokio::test]
async fn everything_that_is_given_away_or_changed_is_kept() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let client = stack.login("acme", "ada", Roles::ALL).await;
    let file = client.open("a name", &bytes(10)).await;
    client.key_again(file.id()).await;
    client
        .complete(&file)
        .await
        .refused(ProblemCode::PartsMissing);
    client.send(&file).await;
    client.complete(&file).await.json::<FileRecord>(200);
    client.content(file.file_id()).await;
    client.delete(&files::path(file.file_id())).await;
    let aborted = client.open("b", b"").await;
    client.abort(aborted.id()).await;

    let entries = entries(&stack).await;
    let (upload, record) = (file.id().as_str(), file.file_id().as_str());
    let last = aborted.id().as_str();
    let (made, entries) = entries.split_first().unwrap();
    assert_eq!(
        (made.action.as_str(), made.outcome.as_str()),
        ("make_api_key", "ok")
    );
    assert_eq!(made.subject.as_ref().unwrap().len(), 26);
    assert_eq!(made.owner.as_deref(), Some("ada"));
    let kept: Vec<_> = entries.iter().map(facts_of).collect();
    assert_eq!(
        kept,
        [
            // The tenant's first upload makes its key.
            ("make_kek", Some("acme/1"), "ok"),
            ("open_upload", Some(upload), "ok"),
            ("issue_key", Some(upload), "ok"),
            ("issue_key", Some(upload), "again"),
            ("complete_upload", Some(upload), "parts_missing"),
            ("sign_parts", Some(upload), "ok"),
            ("complete_upload", Some(upload), "ok"),
            ("open_file", Some(record), "ok"),
            ("delete_file", Some(record), "ok"),
            ("open_upload", Some(last), "ok"),
            ("issue_key", Some(last), "ok"),
            ("abort_upload", Some(last), "ok"),
        ]
    );
    for entry in entries {
        assert_eq!(entry.tenant.as_deref(), Some("acme"));
        assert_eq!(entry.owner.as_deref(), Some("ada"));
        assert_eq!(entry.via, "api-key");
        assert_eq!(entry.request_id.as_ref().unwrap().len(), 26);
    }
    assert!(!format!("{entries:?}").contains("a name"));
}

#[tokio::test]
async fn denials_are_kept_with_who_was_denied_where_that_is_known() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let uploader: Roles = "upload".parse().unwrap();
    let client = stack.login("acme", "ada", uploader).await;
    let never = FileId::from_random([1; 16]);
    let forbidden = client.content(&never).await;
    forbidden.refused(ProblemCode::Forbidden);
    let stranger = stack.client().get(files::PATH).await;
    stranger.refused(ProblemCode::Unauthenticated);
    let away = client.get_with(files::PATH, "via", "1.1 proxy").await;
    away.refused(ProblemCode::InsecureTransport);

    let entries = entries(&stack).await;
    let denied: Vec<_> = entries
        .iter()
        .filter(|entry| entry.action == "denied")
        .collect();
    let outcomes: Vec<_> = denied.iter().map(|entry| entry.outcome.as_str()).collect();
    assert_eq!(
        outcomes,
        ["forbidden", "unauthenticated", "insecure_transport"]
    );
    assert_eq!(denied[0].owner.as_deref(), Some("ada"));
    assert_eq!(
        (denied[1].owner.as_deref(), denied[1].via.as_str()),
        (None, "unknown")
    );
    for (entry, answer) in denied.iter().zip([forbidden, stranger, away]) {
        let request_id = entry.request_id.as_deref();
        assert_eq!(request_id, Some(answer.header("x-request-id")));
    }
}

#[tokio::test]
async fn tickets_and_what_is_read_with_them_are_kept_in_their_owners_name() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let client = stack.login("acme", "ada", Roles::ALL).await;
    let record = client.upload("a name", b"a").await;
    let before = entries(&stack).await.len();
    let made = client.make_ticket(&record.id).await;
    let holder = TicketHolder::of(&stack, &made).await;
    holder.get(&files::content_path(&record.id)).await;
    holder
        .ask(http::Method::POST, &read::path(&record.id))
        .await;
    client.delete(&tickets::path(&made.ticket_id)).await;
    stack.client().redeem(&made).await;

    let kept = entries(&stack).await.split_off(before);
    let both = format!("{}/{}", record.id, made.ticket_id);
    let file = record.id.as_str();
    let expected = [
        ("make_ticket", Some(both.as_str()), "ok", "api-key"),
        ("redeem_ticket", Some(&both), "ok", "ticket"),
        ("open_file", Some(file), "ok", "ticket"),
        ("open_file", Some(file), "key", "ticket"),
        ("revoke_ticket", Some(&both), "ok", "api-key"),
        ("denied", None, "ticket_used", "unknown"),
    ];
    assert_eq!(kept.len(), expected.len());
    for (entry, (action, subject, outcome, via)) in kept.iter().zip(expected) {
        assert_eq!(facts_of(entry), (action, subject, outcome));
        assert_eq!(entry.via, via);
        let owner = (action != "denied").then_some("ada");
        assert_eq!(entry.owner.as_deref(), owner);
    }
    let text = format!("{kept:?}");
    assert!(!text.contains(made.ticket.expose()) && !text.contains(holder.secret()));
}

#[tokio::test]
async fn an_object_that_was_replaced_or_damaged_is_kept() {
    let stack = Stack::start().await;
    let client = stack.client();
    let record = client.upload("a", b"a").await;
    alter(&stack.object_of(&record), -1);
    client
        .content(&record.id)
        .await
        .refused(ProblemCode::ObjectDamaged);
    std::fs::write(stack.object_of(&record), b"").unwrap();
    client
        .content(&record.id)
        .await
        .refused(ProblemCode::ObjectReplaced);
    let entries = entries(&stack).await;
    let refused: Vec<_> = entries
        .iter()
        .map(facts_of)
        .filter(|(action, _, outcome)| *action == "open_file" && *outcome != "ok")
        .collect();
    let id = Some(record.id.as_str());
    assert_eq!(
        refused,
        [
            ("open_file", id, "object_damaged"),
            ("open_file", id, "object_replaced")
        ]
    );
}

#[tokio::test]
async fn a_download_that_breaks_off_is_kept() {
    let stack = Stack::start().await;
    let client = stack.client();
    let record = client.upload("a", &bytes(300 * FRAME)).await;
    // Only the final frame is damaged, so the reader already gets the frames before it.
    alter(&stack.object_of(&record), -1);
    let path = files::content_path(&record.id);
    let answer = client.request(http::Method::GET, &path).send().await;
    let got = answer.unwrap().bytes().await;
    assert!(got.is_err(), "it looked complete");
    let entries = entries(&stack).await;
    // A file that is found damaged is also verified as a whole meanwhile, which adds another row.
    let mut read = entries
        .iter()
        .map(facts_of)
        .filter(|row| row.0 == "open_file");
    let id = Some(record.id.as_str());
    assert_eq!(read.next_back(), Some(("open_file", id, "object_damaged")));
}

#[tokio::test]
async fn whoever_is_denied_cannot_fill_the_disk() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let began = std::time::Instant::now();
    let client = stack.client();
    let knocks = (0..500).map(|_| client.get(files::PATH));
    for answer in futures::future::join_all(knocks).await {
        answer.refused(ProblemCode::Unauthenticated);
    }
    // The audit keeps ten denials a second, and ten at once, however long the requests took.
    let seconds = began.elapsed().as_secs() + 2;
    let kept = u64::try_from(entries(&stack).await.len()).unwrap();
    assert!((1..=10 * seconds).contains(&kept), "{kept} in {seconds} s");
}

#[tokio::test]
async fn whoever_reads_range_after_range_cannot_fill_the_disk() {
    let now = Arc::new(AtomicI64::new(now_ms()));
    let shown = Arc::clone(&now);
    let clock = Clock::from_fn(move || UnixMillis::from_ms(shown.load(Ordering::SeqCst)));
    let stack = Stack::at(clock, &[("auth", "api-keys")]).await;
    let client = stack.login("acme", "ada", Roles::ALL).await;
    let record = client.upload("a", b"a").await;
    let path = files::content_path(&record.id);
    let mut holders = Vec::new();
    for _ in 0..2 {
        holders.push(TicketHolder::of(&stack, &client.make_ticket(&record.id).await).await);
    }
    for minute in 1..3 {
        for holder in &holders {
            for _ in 0..50 {
                let range = holder.request(http::Method::GET, &path);
                let range = Answer::to(range.header("range", "bytes=0-0")).await;
                assert_eq!(range.status, 206);
            }
            // Each reader has a row of its own.
            assert_eq!(client.get(&path).await.status, 200);
        }
        assert_eq!(opened(&stack, "ok").await, 3 * minute);
        now.fetch_add(60_000, Ordering::SeqCst);
    }

    alter(&stack.object_of(&record), -1);
    for _ in 0..50 {
        let answer = holders[0].get(&path).await;
        answer.refused(ProblemCode::ObjectDamaged);
    }
    assert_eq!(opened(&stack, "object_damaged").await, 1);
}

async fn opened(stack: &Stack, outcome: &str) -> i64 {
    let rows = "SELECT count(*) FROM audit WHERE action = 'open_file' AND outcome = ?";
    stack.number(rows, outcome).await
}
