//! Tickets: one download by a person without a login.

use http::Method;
use sealift_server::{Clock, ClockHand, records::Roles};
use sealift_transfer::api::{
    FileId, FileOpening, FileRecord, MadeTicket, ProblemCode, SharedFile, TicketId, Verification,
    files, read, tickets,
};
use serde_json::{Value, json};

use crate::support::{Answer, Client, DAY_MS, Stack, ticket_holder::TicketHolder};

/// Starts a deployment with logins and uploads a file of ada's.
pub(crate) async fn shared() -> (Stack, Client, FileRecord) {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let owner = stack.login("acme", "ada", Roles::ALL).await;
    let file = owner.upload("a.txt", b"for you").await;
    (stack, owner, file)
}

#[tokio::test]
async fn a_ticket_lets_somebody_without_a_login_read_one_file() {
    let (stack, owner, file) = shared().await;
    let made = owner.make_ticket(&file.id).await;
    assert_eq!(made.page_path, format!("/files/{}", file.id));
    let redeemed = stack.client().redeem(&made).await;
    assert_eq!(redeemed.header("cache-control"), "no-store");
    let cookie = redeemed.header("set-cookie");
    for attribute in [
        "HttpOnly".to_owned(),
        "Secure".to_owned(),
        "SameSite=Strict".to_owned(),
        "Max-Age=86400".to_owned(),
        format!("Path=/v1/files/{}", file.id),
    ] {
        assert!(
            cookie.split("; ").any(|given| given == attribute),
            "{cookie}"
        );
    }
    // The answer says no more than a person who downloads the file sees anyway.
    let answer: Value = redeemed.json(200);
    let names: Vec<_> = answer.as_object().unwrap().keys().collect();
    let expected = [
        "content_type",
        "file_id",
        "name",
        "readable_until_ms",
        "size",
        "verification",
    ];
    assert_eq!(names, expected);

    let made = owner.make_ticket(&file.id).await;
    let holder = TicketHolder::of(&stack, &made).await;
    let shared: SharedFile = holder.get(&tickets::shared_path(&file.id)).await.json(200);
    assert_eq!((shared.name.as_str(), shared.size), ("a.txt", 7));
    assert_eq!(shared.verification, Verification::Pending);
    assert!(shared.readable_until_ms.is_some());
    let content = files::content_path(&file.id);
    assert_eq!(holder.get(&content).await.body, b"for you");
    assert_eq!(holder.ask(Method::HEAD, &content).await.status, 200);
    let range = holder.request(Method::GET, &content);
    let range = Answer::to(range.header("range", "bytes=4-")).await;
    assert_eq!((range.status, range.body.as_slice()), (206, &b"you"[..]));
    let opening: FileOpening = holder
        .ask(Method::POST, &read::path(&file.id))
        .await
        .json(200);
    assert_eq!(opening.file_id, file.id);
}

#[tokio::test]
async fn looking_at_the_page_of_a_link_does_not_use_it_up() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file.html"), "<!doctype html>").unwrap();
    let page_dir = folder.path().to_str().unwrap();
    let stack = Stack::with(&[("auth", "api-keys"), ("page_dir", page_dir)]).await;
    let owner = stack.login("acme", "ada", Roles::ALL).await;
    let file = owner.upload("a.txt", b"for you").await;
    let made = owner.make_ticket(&file.id).await;
    // The preview of a messenger never sends the part of the address after the `#`.
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let looked = stack.client().request(method, &made.page_path);
        let looked = Answer::to(looked.header("user-agent", "Messenger preview")).await;
        assert_eq!(looked.status, 200);
    }
    assert_eq!(stack.client().redeem(&made).await.status, 200);
}

/// Returns the answer to a client without a good ticket, without the request's id.
fn refused(answer: &Answer) -> Value {
    answer.refused(ProblemCode::TicketUsed);
    assert_eq!(answer.header("set-cookie"), "");
    let mut problem: Value = serde_json::from_slice(&answer.body).unwrap();
    problem["request_id"] = Value::Null;
    problem
}

#[tokio::test]
async fn used_ended_revoked_and_never_made_tickets_are_answered_alike() {
    let (stack, hand, owner, file) = by_hand().await;
    let client = stack.client();
    let [used, revoked, deleted, ended] = [
        owner.make_ticket(&file.id).await,
        owner.make_ticket(&file.id).await,
        owner.make_ticket(&owner.upload("b", b"b").await.id).await,
        owner.make_ticket(&file.id).await,
    ];
    assert_eq!(client.redeem(&used).await.status, 200);
    let expected = refused(&client.redeem(&used).await);
    let path = tickets::path(&revoked.ticket_id);
    assert_eq!(owner.delete(&path).await.status, 204);
    let gone = deleted.page_path.strip_prefix("/files/").unwrap();
    let gone: FileId = gone.parse().unwrap();
    assert_eq!(owner.delete(&files::path(&gone)).await.status, 204);
    let text = ended.ticket.expose();
    let (name, secret) = text.rsplit_once('_').unwrap();
    let other_secret = revoked.ticket.expose().rsplit_once('_').unwrap().1;
    let never = TicketId::from_random([7; 16]);
    for bad in [
        used.ticket.expose(),
        revoked.ticket.expose(),
        deleted.ticket.expose(),
        &format!("{name}_{other_secret}"),
        &format!("sealift_t_{never}_{secret}"),
        secret,
        name,
        "",
        "x",
        owner.api_key(),
    ] {
        assert_eq!(refused(&client.redeem_text(bad).await), expected, "{bad}");
    }
    hand.forward(7 * DAY_MS);
    assert_eq!(refused(&client.redeem(&ended).await), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_redeem_a_ticket_at_once_exactly_one_wins() {
    let (stack, owner, file) = shared().await;
    for _ in 0..5 {
        let made = owner.make_ticket(&file.id).await;
        let tries: Vec<_> = (0..16).map(|_| stack.client()).collect();
        let tries = tries.iter().map(|client| client.redeem(&made));
        let answers = futures::future::join_all(tries).await;
        let (won, lost): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 15));
        lost.iter().for_each(|answer| drop(refused(answer)));
    }
}

pub(crate) const MINUTE_MS: i64 = 60 * 1000;

/// Does the same as [`shared`] with a clock that stands still until the test moves it.
pub(crate) async fn by_hand() -> (Stack, ClockHand, Client, FileRecord) {
    let (clock, hand) = Clock::by_hand(Clock::system().now());
    let flags = [("auth", "api-keys"), ("sweep_seconds", "0")];
    let stack = Stack::at(clock, &flags).await;
    let owner = stack.login("acme", "ada", Roles::ALL).await;
    let file = owner.upload("a.txt", b"for you").await;
    (stack, hand, owner, file)
}

pub(crate) async fn expect_shut(holder: &TicketHolder, file: &FileId, code: ProblemCode) {
    for (method, path) in [
        (Method::GET, files::content_path(file)),
        (Method::GET, tickets::shared_path(file)),
        (Method::POST, read::path(file)),
    ] {
        holder.ask(method, &path).await.refused(code);
    }
}

#[tokio::test]
async fn what_a_ticket_was_redeemed_for_ends_after_fifteen_minutes_without_a_read() {
    let (stack, hand, owner, file) = by_hand().await;
    let holder = TicketHolder::of(&stack, &owner.make_ticket(&file.id).await).await;
    hand.forward(15 * MINUTE_MS - 1);
    // A request for the description does not prolong the right.
    let looked = holder.get(&tickets::shared_path(&file.id)).await;
    let looked: SharedFile = looked.json(200);
    assert_eq!(
        looked.readable_until_ms,
        Some(file.uploaded_at_ms + 15 * MINUTE_MS)
    );
    let content = files::content_path(&file.id);
    assert_eq!(holder.ask(Method::HEAD, &content).await.status, 200);
    hand.forward(1);
    expect_shut(&holder, &file.id, ProblemCode::Unauthenticated).await;
}

#[tokio::test]
async fn taking_a_ticket_back_or_deleting_the_file_ends_it_at_once() {
    let (stack, owner, file) = shared().await;
    let made = owner.make_ticket(&file.id).await;
    let holder = TicketHolder::of(&stack, &made).await;
    let other = TicketHolder::of(&stack, &owner.make_ticket(&file.id).await).await;
    let content = files::content_path(&file.id);
    assert_eq!(holder.get(&content).await.status, 200);
    for _ in 0..2 {
        let revoked = owner.delete(&tickets::path(&made.ticket_id)).await;
        assert_eq!(revoked.status, 204);
    }
    expect_shut(&holder, &file.id, ProblemCode::Unauthenticated).await;
    assert_eq!(other.get(&content).await.status, 200);
    assert_eq!(owner.delete(&files::path(&file.id)).await.status, 204);
    expect_shut(&other, &file.id, ProblemCode::NotFound).await;
}

#[tokio::test]
async fn a_ticket_can_be_redeemed_as_long_as_was_asked_for() {
    let (stack, hand, owner, file) = by_hand().await;
    let ask = async |seconds: Value| {
        let asked = json!({ "file_id": file.id, "expires_in_seconds": seconds });
        owner.post(tickets::PATH, &asked).await
    };
    for bad in [0_u64, 59, 30 * 86400 + 1, u64::MAX] {
        let problem = ask(bad.into()).await.refused(ProblemCode::InvalidField);
        assert_eq!(problem.numbers["least"], 60);
        assert_eq!(problem.numbers["most"], 30 * 86400);
    }
    let week = owner.make_ticket(&file.id).await;
    let began = file.uploaded_at_ms;
    assert_eq!(week.expires_at_ms, began + 7 * DAY_MS);
    let month: MadeTicket = ask((30 * 86400).into()).await.json(201);
    assert_eq!(month.expires_at_ms, began + 30 * DAY_MS);
    let minute: MadeTicket = ask(60.into()).await.json(201);
    let late: MadeTicket = ask(60.into()).await.json(201);
    hand.forward(MINUTE_MS - 1);
    assert_eq!(stack.client().redeem(&minute).await.status, 200);
    hand.forward(1);
    refused(&stack.client().redeem(&late).await);
    assert_eq!(stack.client().redeem(&week).await.status, 200);
}

#[tokio::test]
async fn tickets_are_made_and_revoked_by_whoever_may_share_the_file() {
    let (stack, owner, file) = shared().await;
    let made = owner.make_ticket(&file.id).await;
    let asked = json!({ "file_id": file.id });
    let path = tickets::path(&made.ticket_id);
    for role in ["upload", "download"] {
        let other = stack.login("acme", "ada", role.parse().unwrap()).await;
        for answer in [
            other.post(tickets::PATH, &asked).await,
            other.delete(&path).await,
        ] {
            answer.refused(ProblemCode::Forbidden);
        }
    }
    let member = stack.login("acme", "ada", "member".parse().unwrap());
    member.await.make_ticket(&file.id).await;
    for stranger in [
        stack.login("acme", "bob", Roles::ALL).await,
        stack.login("evil", "ada", Roles::ALL).await,
    ] {
        for answer in [
            stranger.post(tickets::PATH, &asked).await,
            stranger.delete(&path).await,
        ] {
            answer.refused(ProblemCode::NotFound);
        }
    }
    for answer in [
        stack.client().post(tickets::PATH, &asked).await,
        stack.client().delete(&path).await,
    ] {
        answer.refused(ProblemCode::Unauthenticated);
    }
    assert_eq!(stack.client().redeem(&made).await.status, 200);
}

#[tokio::test]
async fn the_secrets_of_tickets_and_cookies_are_kept_nowhere() {
    let (stack, owner, file) = shared().await;
    let made = owner.make_ticket(&file.id).await;
    let unused = owner.make_ticket(&file.id).await;
    let holder = TicketHolder::of(&stack, &made).await;
    let mut kept = Vec::new();
    for entry in std::fs::read_dir(&stack.config.data_dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            kept.extend(std::fs::read(path).unwrap());
        }
    }
    let has = |bytes: &[u8]| kept.windows(bytes.len()).any(|window| window == bytes);
    assert!(has(made.ticket_id.as_str().as_bytes()));
    let secret = |made: &MadeTicket| made.ticket.expose().rsplit_once('_').unwrap().1.to_owned();
    for secret in [secret(&made), secret(&unused), holder.secret().to_owned()] {
        assert_eq!(secret.len(), 52);
        assert!(!has(secret.as_bytes()));
        let raw = data_encoding::BASE32_NOPAD.decode(secret.to_uppercase().as_bytes());
        assert!(!has(&raw.unwrap()));
    }
}

#[tokio::test]
async fn tickets_and_cookies_do_not_travel_over_an_open_connection() {
    let (stack, owner, file) = shared().await;
    let made = owner.make_ticket(&file.id).await;
    let holder = TicketHolder::of(&stack, &made).await;
    let next = owner.make_ticket(&file.id).await;
    let redeem = stack.client().request(Method::POST, tickets::REDEEM_PATH);
    let redeem = redeem.json(&json!({ "ticket": next.ticket.expose() }));
    for request in [
        holder.request(Method::GET, &files::content_path(&file.id)),
        holder.request(Method::POST, &read::path(&file.id)),
        redeem,
    ] {
        let answer = Answer::to(request.header("x-forwarded-for", "10.0.0.1")).await;
        answer.refused(ProblemCode::InsecureTransport);
    }
    assert_eq!(stack.client().redeem(&next).await.status, 200);
}

#[tokio::test]
async fn whoever_has_a_ticket_uses_up_what_its_file_may_and_not_the_owners() {
    let stack = Stack::with(&[("auth", "api-keys"), ("limit_keys", "3")]).await;
    let owner = stack.login("acme", "ada", Roles::ALL).await;
    let [one, two] = [
        owner.upload("a", b"a").await.id,
        owner.upload("b", b"b").await.id,
    ];
    let first = TicketHolder::of(&stack, &owner.make_ticket(&one).await).await;
    let other = TicketHolder::of(&stack, &owner.make_ticket(&two).await).await;
    let open = async |holder: &TicketHolder, file: &FileId| {
        holder.ask(Method::POST, &read::path(file)).await
    };
    let mut given = 0;
    while open(&first, &one).await.status == 200 {
        given += 1;
        // Some permits come back while the loop runs, so the count may exceed the limit.
        assert!(given < 100);
    }
    assert_eq!(open(&other, &two).await.status, 200);
    let own = Answer::to(owner.request(Method::POST, &read::path(&one)));
    assert_eq!(own.await.status, 200);
}

#[tokio::test]
async fn tickets_that_are_good_for_nothing_any_more_are_forgotten() {
    let (stack, hand, owner, file) = by_hand().await;
    let kept = async || {
        let all = "SELECT count(*) FROM tickets WHERE ticket_id <> ?";
        stack.number(all, "").await
    };
    let minute = json!({ "file_id": file.id, "expires_in_seconds": 60 });
    let redeemed: MadeTicket = owner.post(tickets::PATH, &minute).await.json(201);
    owner
        .post(tickets::PATH, &minute)
        .await
        .json::<MadeTicket>(201);
    owner.make_ticket(&file.id).await;
    let holder = TicketHolder::of(&stack, &redeemed).await;
    stack.server.sweep_now().await;
    assert_eq!(kept().await, 3);
    // One ticket has expired. The cookie of the redeemed one still works, and each use prolongs it.
    hand.forward(2 * MINUTE_MS);
    stack.server.sweep_now().await;
    assert_eq!(kept().await, 2);
    let content = files::content_path(&file.id);
    assert_eq!(holder.get(&content).await.status, 200);
    hand.forward(14 * MINUTE_MS);
    stack.server.sweep_now().await;
    assert_eq!(kept().await, 2);
    hand.forward(MINUTE_MS);
    stack.server.sweep_now().await;
    assert_eq!(kept().await, 1);
}
