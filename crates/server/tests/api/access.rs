//! Asks every route with every kind of caller. The table names every handler of the router, so a route
//! that is added there needs a row here.

use core::time::Duration;
use std::collections::BTreeSet;

use sealift_server::{
    ApiKey, NewApiKey, make_api_key,
    records::{Role, Roles},
    revoke_api_key,
};
use sealift_transfer::api::{FileId, ProblemCode, TicketId, UploadId, files, status, tickets};

use crate::support::{Answer, Client, Stack, ticket_holder::TicketHolder};

pub(crate) mod table;

use table::{Ids, Needs, Route, covers, routes};

impl Route {
    async fn ask(&self, client: &Client, ids: &Ids, cookie: Option<&str>) -> Answer {
        let mut asked = client.request(self.method.clone(), &(self.path)(ids));
        if let Some(cookie) = cookie {
            asked = asked.header("cookie", cookie);
        }
        Answer::to(match (self.body)(ids) {
            Some(body) => asked.json(&body),
            None => asked,
        })
        .await
    }
}

/// Checks that an answer is a refusal with this code. HEAD has no body, so only its status shows.
fn refused(answer: &Answer, code: ProblemCode, about: &str) {
    assert_eq!(answer.status, code.status(), "{about}: {}", answer.text());
    if !answer.body.is_empty() {
        assert_eq!(answer.code().as_deref(), Some(code.as_str()), "{about}");
    }
}

fn admitted(answer: &Answer, about: &str) {
    let is_refused = matches!(answer.status, 401 | 403) || answer.status >= 500;
    assert!(!is_refused, "{about}: {} {}", answer.status, answer.text());
}

#[test]
fn every_handler_of_the_router_has_a_row() {
    let router = include_str!("../../src/router.rs");
    let (_, built) = router.split_once("pub(crate) fn router(").unwrap();
    let (built, _) = built.split_once("/// Runs a handler to its end").unwrap();
    let mut found = BTreeSet::new();
    for method in ["get", "post", "put", "delete", "head", "patch", "any"] {
        let call = format!("{method}(");
        let mut pieces = built.split(call.as_str());
        let mut before = pieces.next().unwrap();
        for piece in pieces {
            let is_other = before.ends_with(|end: char| end.is_alphanumeric() || end == '_');
            before = piece;
            if !is_other {
                let name = piece.split(')').next().unwrap();
                found.insert((method.to_uppercase(), name.to_owned()));
            }
        }
    }
    let rows = routes().into_iter();
    let rows = rows.map(|route| (route.method.to_string(), route.handler.to_owned()));
    assert_eq!(found, rows.collect::<BTreeSet<_>>());
}

/// An API key that was made for this test.
async fn key(stack: &Stack, works_for: Option<Duration>) -> ApiKey {
    let scope = ("acme".parse().unwrap(), "ada".parse().unwrap());
    let wanted = NewApiKey {
        works_for,
        ..NewApiKey::of(scope.0, scope.1, Roles::ALL)
    };
    make_api_key(&stack.config, wanted).await.unwrap()
}

#[tokio::test]
async fn every_route_answers_every_kind_of_caller_as_the_table_says() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let owner = stack.login("acme", "ada", Roles::ALL).await;
    let file = owner.upload("a.txt", b"a").await;
    let holder = TicketHolder::of(&stack, &owner.make_ticket(&file.id).await).await;
    let ids = Ids {
        upload: owner.open("b", b"b").await.id().clone(),
        ticket: owner.make_ticket(&file.id).await.ticket_id,
        file: file.id.clone(),
    };
    let absent = Ids {
        file: FileId::from_random([1; 16]),
        upload: UploadId::from_random([1; 16]),
        ticket: TicketId::from_random([1; 16]),
    };
    let nobody = stack.client();
    let never = ApiKey::from_random([9; 16], zeroize::Zeroizing::new([9; 32]));
    let expired = key(&stack, Some(Duration::ZERO)).await;
    let revoked = key(&stack, None).await;
    revoke_api_key(&stack.config, revoked.id()).await.unwrap();
    // An id that is known to be a key's, with another secret.
    let [wrong_expired, wrong_revoked, wrong] =
        [&expired, &revoked, &key(&stack, None).await].map(|key| {
            let (secret, never) = (key.reveal(), never.reveal());
            let (id, _) = secret.rsplit_once('_').unwrap();
            let (_, secret) = never.rsplit_once('_').unwrap();
            nobody.clone().with_api_key(&format!("{id}_{secret}"))
        });
    let strangers = [
        ("nobody", nobody.clone()),
        ("a wrong key", nobody.clone().with_api_key(&never.reveal())),
        (
            "an expired key",
            nobody.clone().with_api_key(&expired.reveal()),
        ),
        (
            "a revoked key",
            nobody.clone().with_api_key(&revoked.reveal()),
        ),
        ("an expired key with a wrong secret", wrong_expired),
        ("a revoked key with a wrong secret", wrong_revoked),
        ("a key with a wrong secret", wrong),
    ];
    let others = [
        (
            "another owner",
            stack.login("acme", "bob", Roles::ALL).await,
        ),
        (
            "another tenant",
            stack.login("evil", "ada", Roles::ALL).await,
        ),
    ];
    let mut by_role = Vec::new();
    for role in Role::ALL {
        let client = stack.login("acme", "ada", Roles::of(&[role])).await;
        by_role.push((role, client));
    }
    let mut cases = 0;
    for route in routes() {
        let about = |who: &str| format!("{} {} as {who}", route.method, route.handler);
        for (who, client) in &strangers {
            let answer = route.ask(client, &ids, None).await;
            match route.needs {
                Needs::Nothing => admitted(&answer, &about(who)),
                _ => refused(&answer, ProblemCode::Unauthenticated, &about(who)),
            }
            cases += 1;
        }
        // The link's cookie goes to every route here; a browser sends it only below the file's path.
        let answer = route.ask(&holder.client, &ids, Some(&holder.cookie)).await;
        match route.needs {
            Needs::Nothing | Needs::ReadOrLink => admitted(&answer, &about("a link")),
            _ => refused(&answer, ProblemCode::Unauthenticated, &about("a link")),
        }
        cases += 1;
        for (role, client) in &by_role {
            let who = role.as_str();
            if covers(*role, route.needs) {
                // These ids belong to nothing, so that no request changes what the next one needs.
                let answer = route.ask(client, &absent, None).await;
                admitted(&answer, &about(who));
            } else {
                let answer = route.ask(client, &ids, None).await;
                refused(&answer, ProblemCode::Forbidden, &about(who));
            }
            cases += 1;
        }
        for (who, client) in others.iter().filter(|_| route.is_owned) {
            let answer = route.ask(client, &ids, None).await;
            refused(&answer, ProblemCode::NotFound, &about(who));
            cases += 1;
        }
    }
    println!("{cases} cases");
    for (who, client) in &strangers {
        let problem = client.get(files::PATH).await;
        let problem = problem.refused(ProblemCode::Unauthenticated);
        // A caller without the secret does not learn that the key has ended.
        let learns = problem.detail.contains("This API key");
        let has_secret = matches!(*who, "an expired key" | "a revoked key");
        assert_eq!(learns, has_secret, "{who}: {}", problem.detail);
    }
    // The file, its upload and its link are still there.
    assert_eq!(owner.content(&file.id).await.body, b"a");
    assert_eq!(owner.get(&status::path(&ids.upload)).await.status, 200);
    assert_eq!(owner.delete(&tickets::path(&ids.ticket)).await.status, 204);
}
