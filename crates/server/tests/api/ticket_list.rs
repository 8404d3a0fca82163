//! The list of an owner's tickets, and another expiry for one.

use sealift_server::records::Roles;
use sealift_transfer::api::{
    FileId, MadeTicket, ProblemCode, TicketId, TicketList, TicketState, TicketSummary, files, read,
    tickets,
};
use serde_json::{Value, json};

use crate::{
    support::{Answer, Client, DAY_MS, ticket_holder::TicketHolder},
    tickets::{MINUTE_MS, by_hand, shared},
};

async fn listed(client: &Client, file: Option<&FileId>) -> Vec<TicketSummary> {
    let page: TicketList = client.get(&tickets::list_path(file)).await.json(200);
    assert_eq!(page.next_cursor, None);
    page.tickets
}

async fn lasting(client: &Client, file: &FileId, seconds: u64) -> MadeTicket {
    let asked = json!({ "file_id": file, "expires_in_seconds": seconds });
    client.post(tickets::PATH, &asked).await.json(201)
}

async fn change(client: &Client, ticket: &TicketId, seconds: u64) -> Answer {
    let asked = json!({ "expires_in_seconds": seconds });
    client.patch(&tickets::path(ticket), &asked).await
}

#[tokio::test]
async fn an_owner_sees_for_each_link_whether_it_waits_is_read_with_or_has_ended() {
    let (stack, hand, owner, file) = by_hand().await;
    let began = file.uploaded_at_ms;
    let used = owner.make_ticket(&file.id).await;
    stack.client().redeem(&used).await;
    hand.forward(15 * MINUTE_MS);
    let expired = lasting(&owner, &file.id, 60).await;
    hand.forward(MINUTE_MS);
    let revoked = owner.make_ticket(&file.id).await;
    owner.delete(&tickets::path(&revoked.ticket_id)).await;
    hand.forward(1);
    let reading = owner.make_ticket(&file.id).await;
    let holder = TicketHolder::of(&stack, &reading).await;
    hand.forward(1);
    let waiting = owner.make_ticket(&file.id).await;

    let found = listed(&owner, None).await;
    let states: Vec<_> = found
        .iter()
        .map(|one| (&one.ticket_id, one.state))
        .collect();
    let expected = [
        (&waiting.ticket_id, TicketState::Waiting),
        (&reading.ticket_id, TicketState::Reading),
        (&revoked.ticket_id, TicketState::Revoked),
        (&expired.ticket_id, TicketState::Expired),
        (&used.ticket_id, TicketState::Used),
    ];
    assert_eq!(states, expected);
    let of_used = found.last().unwrap();
    assert_eq!(of_used.made_at_ms, began);
    assert_eq!(of_used.expires_at_ms, began + 7 * DAY_MS);
    assert_eq!(of_used.redeemed_at_ms, Some(began));
    assert_eq!(of_used.readable_until_ms, Some(began + 15 * MINUTE_MS));
    assert_eq!(found[2].revoked_at_ms, Some(began + 16 * MINUTE_MS));
    let waits = serde_json::to_value(&found[0]).unwrap();
    let names: Vec<_> = waits.as_object().unwrap().keys().collect();
    let expected = [
        "expires_at_ms",
        "file_id",
        "made_at_ms",
        "name",
        "state",
        "ticket_id",
    ];
    assert_eq!(names, expected);

    // A read prolongs the right, and the list says so.
    hand.forward(MINUTE_MS);
    let opened = holder.ask(http::Method::POST, &read::path(&file.id)).await;
    assert_eq!(opened.status, 200);
    let now = began + 17 * MINUTE_MS + 2;
    let reading = &listed(&owner, None).await[1];
    assert_eq!(reading.readable_until_ms, Some(now + 15 * MINUTE_MS));
}

#[tokio::test]
async fn the_list_holds_no_secret_and_only_ones_own_links() {
    let (stack, owner, file) = shared().await;
    let other_file = owner.upload("b.txt", b"b").await;
    let made = owner.make_ticket(&file.id).await;
    let of_other = owner.make_ticket(&other_file.id).await;
    let answer = owner.get(tickets::PATH).await;
    let secret = made.ticket.expose().rsplit_once('_').unwrap().1;
    assert!(!answer.text().contains(secret));
    let only = listed(&owner, Some(&file.id)).await;
    assert_eq!(only.len(), 1);
    assert_eq!(only[0].ticket_id, made.ticket_id);

    for (tenant, name) in [("acme", "bob"), ("evil", "ada")] {
        let stranger = stack.login(tenant, name, Roles::ALL).await;
        for file in [None, Some(&file.id)] {
            assert_eq!(listed(&stranger, file).await, []);
        }
        let answer = change(&stranger, &made.ticket_id, 60).await;
        answer.refused(ProblemCode::NotFound);
    }
    owner.delete(&files::path(&other_file.id)).await;
    let left = listed(&owner, None).await;
    assert!(left.iter().all(|one| one.ticket_id != of_other.ticket_id));
    assert_eq!(left.len(), 1);
    let never = tickets::list_path(Some(&FileId::from_random([1; 16])));
    assert_eq!(
        owner.get(&never).await.json::<Value>(200),
        json!({ "tickets": [] })
    );
    let bad = format!("{}?file=x", tickets::PATH);
    owner.get(&bad).await.refused(ProblemCode::InvalidRequest);
}

#[tokio::test]
async fn pages_of_the_list_hold_every_link_once() {
    let (_stack, owner, file) = shared().await;
    let other = owner.upload("b.txt", b"b").await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(owner.make_ticket(&file.id).await.ticket_id);
        owner.make_ticket(&other.id).await;
    }
    let mut found = Vec::new();
    let mut path = format!("{}&limit=2", tickets::list_path(Some(&file.id)));
    loop {
        let page: TicketList = owner.get(&path).await.json(200);
        found.extend(page.tickets.into_iter().map(|one| one.ticket_id));
        let Some(cursor) = page.next_cursor else {
            break;
        };
        path = format!(
            "{}&limit=2&cursor={cursor}",
            tickets::list_path(Some(&file.id))
        );
    }
    found.sort();
    made.sort();
    assert_eq!(found, made);
}

#[tokio::test]
async fn another_expiry_counts_from_now_for_a_link_that_still_waits() {
    let (stack, hand, owner, file) = by_hand().await;
    let (longer, shorter) = (
        lasting(&owner, &file.id, 60).await,
        owner.make_ticket(&file.id).await,
    );
    hand.forward(MINUTE_MS - 1);
    let now = file.uploaded_at_ms + MINUTE_MS - 1;
    let changed: TicketSummary = change(&owner, &longer.ticket_id, 3600).await.json(200);
    assert_eq!(changed.expires_at_ms, now + 60 * MINUTE_MS);
    assert_eq!(changed.state, TicketState::Waiting);
    let found = listed(&owner, None).await;
    assert!(found.contains(&changed), "{found:?}");
    let changed = change(&owner, &shorter.ticket_id, 60).await;
    assert_eq!(changed.status, 200);
    hand.forward(MINUTE_MS);
    let client = stack.client();
    client
        .redeem(&shorter)
        .await
        .refused(ProblemCode::TicketUsed);
    assert_eq!(client.redeem(&longer).await.status, 200);
}

#[tokio::test]
async fn a_link_that_has_ended_gets_no_other_expiry() {
    let (stack, hand, owner, file) = by_hand().await;
    let expired = lasting(&owner, &file.id, 60).await;
    let used = owner.make_ticket(&file.id).await;
    let revoked = owner.make_ticket(&file.id).await;
    let waiting = owner.make_ticket(&file.id).await;
    assert_eq!(stack.client().redeem(&used).await.status, 200);
    owner.delete(&tickets::path(&revoked.ticket_id)).await;
    hand.forward(MINUTE_MS);
    for ended in [&expired, &used, &revoked] {
        let answer = change(&owner, &ended.ticket_id, 3600).await;
        answer.refused(ProblemCode::TicketUsed);
    }
    let before = listed(&owner, None).await;
    for bad in [0, 59, 30 * 86400 + 1, u64::MAX] {
        let answer = change(&owner, &waiting.ticket_id, bad).await;
        answer.refused(ProblemCode::InvalidField);
    }
    let never = TicketId::from_random([7; 16]);
    change(&owner, &never, 60)
        .await
        .refused(ProblemCode::NotFound);
    assert_eq!(listed(&owner, None).await, before);
}
