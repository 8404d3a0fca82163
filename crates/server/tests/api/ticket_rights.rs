//! How long a person with a ticket may go on reading, and what ends the right to read.

use http::Method;
use sealift_server::ClockHand;
use sealift_transfer::api::{
    FileId, FileOpening, FileRecord, ProblemCode, SharedFile, files, read, tickets,
};
use sqlx::Connection as _;

use crate::{
    support::{Client, DAY_MS, Stack, bytes, ticket_holder::TicketHolder},
    tickets::{MINUTE_MS, by_hand, expect_shut, shared},
};

async fn redeemed() -> (Stack, ClockHand, Client, FileRecord, TicketHolder) {
    let (stack, hand, owner, file) = by_hand().await;
    let holder = TicketHolder::of(&stack, &owner.make_ticket(&file.id).await).await;
    (stack, hand, owner, file, holder)
}

async fn until_ms(holder: &TicketHolder, file: &FileId) -> i64 {
    let shared = holder.get(&tickets::shared_path(file)).await;
    shared.json::<SharedFile>(200).readable_until_ms.unwrap()
}

async fn open(holder: &TicketHolder, file: &FileId) -> FileOpening {
    let opened = holder.ask(Method::POST, &read::path(file)).await;
    opened.json(200)
}

#[tokio::test]
async fn whoever_goes_on_reading_is_not_cut_off_until_a_day_after_redeeming() {
    let (_stack, hand, _, file, holder) = redeemed().await;
    let (began, content) = (file.uploaded_at_ms, files::content_path(&file.id));
    let mut minutes = 0;
    while minutes < 24 * 60 - 14 {
        hand.forward(14 * MINUTE_MS);
        minutes += 14;
        if minutes % 28 == 0 {
            assert_eq!(holder.get(&content).await.body, b"for you");
        } else {
            open(&holder, &file.id).await;
        }
        let expected = (began + (minutes + 15) * MINUTE_MS).min(began + DAY_MS);
        assert_eq!(until_ms(&holder, &file.id).await, expected, "{minutes}");
    }
    hand.forward((24 * 60 - minutes) * MINUTE_MS - 1);
    assert_eq!(holder.get(&content).await.body, b"for you");
    hand.forward(1);
    expect_shut(&holder, &file.id, ProblemCode::Unauthenticated).await;
}

#[tokio::test]
async fn a_range_that_gains_less_than_a_minute_writes_nothing() {
    let (_stack, hand, _, file, holder) = redeemed().await;
    let (began, content) = (file.uploaded_at_ms, files::content_path(&file.id));
    hand.forward(MINUTE_MS - 1);
    assert_eq!(holder.get(&content).await.status, 200);
    assert_eq!(until_ms(&holder, &file.id).await, began + 15 * MINUTE_MS);
    hand.forward(1);
    assert_eq!(holder.get(&content).await.status, 200);
    assert_eq!(until_ms(&holder, &file.id).await, began + 16 * MINUTE_MS);
}

#[tokio::test]
async fn the_address_of_the_object_ends_after_two_minutes_and_with_the_right() {
    let (stack, hand, owner, file, holder) = redeemed().await;
    let began = file.uploaded_at_ms;
    hand.forward(30_000);
    let opened = open(&holder, &file.id).await;
    assert_eq!(opened.get.expires_at_ms, began + 30_000 + 2 * MINUTE_MS);
    assert!(
        opened.get.url.contains("X-Amz-Expires=120&"),
        "{:?}",
        opened.get
    );
    in_its_last_minutes(&stack, began + 31_000).await;
    let opened = open(&holder, &file.id).await;
    assert_eq!(opened.get.expires_at_ms, began + 31_000);
    assert!(
        opened.get.url.contains("X-Amz-Expires=1&"),
        "{:?}",
        opened.get
    );
    // The owner's presigned GET lasts as long as always.
    let own = owner.post(&read::path(&file.id), &()).await;
    let own: FileOpening = own.json(200);
    assert_eq!(own.get.expires_at_ms, began + 30_000 + 15 * MINUTE_MS);
}

/// Moves the redemption of the only ticket so that its right, which lasts a day at most, ends at this time.
async fn in_its_last_minutes(stack: &Stack, until_ms: i64) {
    let mut db = stack.database().await;
    let moved = sqlx::query("UPDATE tickets SET redeemed_at_ms = ?, cookie_ends_at_ms = ?");
    let moved = moved.bind(until_ms - DAY_MS).bind(until_ms);
    assert_eq!(moved.execute(&mut db).await.unwrap().rows_affected(), 1);
    db.close().await.unwrap();
}

/// Bytes of a file, more than a connection buffers, so that the server still reads when the reader has
/// the beginning.
const LARGE: usize = 32 * 1024 * 1024;

async fn beginning_of_a_large_one() -> (Stack, ClockHand, Client, TicketHolder, reqwest::Response) {
    let (stack, hand, owner, _) = by_hand().await;
    let file = owner.upload("large", &bytes(LARGE)).await.id;
    let holder = TicketHolder::of(&stack, &owner.make_ticket(&file).await).await;
    let answer = holder.request(Method::GET, &files::content_path(&file));
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    (stack, hand, owner, holder, answer)
}

#[tokio::test]
async fn a_long_read_keeps_its_right_by_going_on() {
    let (stack, hand, _, holder, answer) = beginning_of_a_large_one().await;
    let of_ticket = "SELECT file_id FROM tickets WHERE ticket_id <> ?";
    let file: FileId = stack.text(of_ticket, "").await.parse().unwrap();
    let began = until_ms(&holder, &file).await;
    // A reader may stand still for longer than this.
    hand.forward(2 * MINUTE_MS);
    assert_eq!(until_ms(&holder, &file).await, began);
    assert_eq!(answer.bytes().await.unwrap().len(), LARGE);
    assert_eq!(until_ms(&holder, &file).await, began + 2 * MINUTE_MS);
}

#[tokio::test]
async fn what_is_being_read_breaks_off_when_its_ticket_is_revoked() {
    let (stack, hand, owner, _holder, answer) = beginning_of_a_large_one().await;
    let all = "SELECT ticket_id FROM tickets WHERE ticket_id <> ?";
    let ticket = stack.text(all, "").await;
    let path = tickets::path(&ticket.parse().unwrap());
    assert_eq!(owner.delete(&path).await.status, 204);
    hand.forward(2 * MINUTE_MS);
    assert!(answer.bytes().await.is_err());
    let kept = "SELECT count(*) FROM audit WHERE outcome = ? AND action = 'open_file'";
    while stack.number(kept, "unauthenticated").await == 0 {}
}

#[tokio::test]
async fn what_is_being_read_in_the_last_minutes_of_a_right_breaks_off_too() {
    for is_revoked in [true, false] {
        let (stack, hand, owner, _) = by_hand().await;
        let record = owner.upload("large", &bytes(LARGE)).await;
        let made = owner.make_ticket(&record.id).await;
        let holder = TicketHolder::of(&stack, &made).await;
        in_its_last_minutes(&stack, record.uploaded_at_ms + 10 * MINUTE_MS).await;
        let answer = holder.request(Method::GET, &files::content_path(&record.id));
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        if is_revoked {
            let revoked = owner.delete(&tickets::path(&made.ticket_id)).await;
            assert_eq!(revoked.status, 204);
        }
        hand.forward(MINUTE_MS);
        assert_eq!(answer.bytes().await.is_err(), is_revoked);
    }
}

#[tokio::test]
async fn what_is_being_read_ends_with_the_day_that_a_right_lasts() {
    let (stack, hand, owner, _) = by_hand().await;
    let record = owner.upload("large", &bytes(LARGE)).await;
    let holder = TicketHolder::of(&stack, &owner.make_ticket(&record.id).await).await;
    in_its_last_minutes(&stack, record.uploaded_at_ms + 30_000).await;
    let answer = holder.request(Method::GET, &files::content_path(&record.id));
    let answer = answer.send().await.unwrap();
    hand.forward(30_000);
    assert!(answer.bytes().await.is_err());
}

#[tokio::test]
async fn what_is_being_read_breaks_off_when_the_file_is_deleted() {
    // The file has two pieces. The server fetches both before the file is deleted, so the read cannot end
    // because of the store.
    const TWO_PIECES: usize = 16 * 1024 * 1024;
    for by_link in [true, false] {
        let (stack, hand, owner, _) = by_hand().await;
        let file = owner.upload("large", &bytes(TWO_PIECES)).await.id;
        let path = files::content_path(&file);
        let answer = match by_link {
            true => {
                let holder = TicketHolder::of(&stack, &owner.make_ticket(&file).await).await;
                holder.request(Method::GET, &path)
            }
            false => owner.request(Method::GET, &path),
        };
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(owner.delete(&files::path(&file)).await.status, 204);
        hand.forward(MINUTE_MS);
        assert!(answer.bytes().await.is_err(), "by link: {by_link}");
        let kept = "SELECT count(*) FROM audit WHERE outcome = ? AND action = 'open_file'";
        while stack.number(kept, "not_found").await == 0 {}
    }
}

#[tokio::test]
async fn a_ticket_that_could_not_be_audited_is_not_used_up() {
    let (stack, owner, file) = shared().await;
    let made = owner.make_ticket(&file.id).await;
    let run = async |statement: &'static str| {
        let mut db = stack.database().await;
        sqlx::query(statement).execute(&mut db).await.unwrap();
        db.close().await.unwrap();
    };
    run(
        "CREATE TRIGGER full BEFORE INSERT ON audit WHEN NEW.action = 'redeem_ticket'
         BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    .await;
    let failed = stack.client().redeem(&made).await;
    failed.refused(ProblemCode::Internal);
    assert_eq!(failed.header("set-cookie"), "");
    run("DROP TRIGGER full").await;
    assert_eq!(stack.client().redeem(&made).await.status, 200);
}
