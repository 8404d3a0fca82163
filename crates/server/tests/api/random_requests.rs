//! Sends random requests to every route: none may be answered with a status of 500 or more, and none may hang.
//!
//! A run prints its seed; `SEALIFT_TEST_SEED` repeats it. The test that is run by hand goes on for ten minutes.

use core::{fmt::Write as _, time::Duration};
use std::{env, time::Instant};

use http::Method;
use proptest::{
    prelude::Rng as _,
    test_runner::{RngAlgorithm, TestRng},
};
use reqwest::RequestBuilder;
use sealift_server::records::Roles;
use sealift_transfer::api::{FileId, TicketId, UploadId};
use serde_json::{Value, json};

use crate::{
    access::table::{Ids, Route, routes},
    support::{Client, Stack, ticket_holder::TicketHolder},
};

/// Requests after which new things are made, because requests delete and end what there is.
const REQUESTS_A_ROUND: u32 = 60;
/// The longest time for an answer. The server itself waits up to 30 seconds for a body.
const LONGEST: Duration = Duration::from_secs(60);

#[tokio::test]
async fn random_requests_find_no_route_that_fails_or_hangs() {
    run(|rounds, _| rounds < 8).await;
}

#[tokio::test]
#[ignore = "takes ten minutes"]
async fn ten_minutes_of_random_requests_find_no_route_that_fails_or_hangs() {
    run(|_, since| since.elapsed() < Duration::from_secs(600)).await;
}

async fn run(goes_on: impl Fn(u32, Instant) -> bool) {
    let mut random = Random::from_printed_seed();
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let stranger = stack.login("evil", "eve", Roles::ALL).await;
    let routes = routes();
    let (began, mut rounds) = (Instant::now(), 0);
    while goes_on(rounds, began) {
        rounds += 1;
        // Another owner each time, so that no rate limit stands before what is to be tried.
        let name = format!("ada{rounds}");
        let owner = stack.login("acme", &name, Roles::ALL).await;
        let file = owner.upload("a.txt", b"for you").await;
        let holder = TicketHolder::of(&stack, &owner.make_ticket(&file.id).await).await;
        let ids = Ids {
            upload: owner.open("b", b"b").await.id().clone(),
            ticket: owner.make_ticket(&file.id).await.ticket_id,
            file: file.id,
        };
        for _ in 0..REQUESTS_A_ROUND {
            let route = &routes[random.below(routes.len())];
            let client = match random.below(8) {
                0 => &stranger,
                1 => &holder.client,
                _ => &owner,
            };
            let Some((request, about)) = random.request(route, client, &ids, &holder.cookie) else {
                continue;
            };
            let answer = tokio::time::timeout(LONGEST, async {
                let answer = request.send().await.ok()?;
                let status = answer.status().as_u16();
                Some((status, answer.bytes().await.unwrap_or_default()))
            });
            let answer = answer.await;
            let answer = answer.unwrap_or_else(|_| panic!("no answer: {about}"));
            // The connection may break where the server does not want the rest of a body.
            let Some((status, body)) = answer else {
                continue;
            };
            let body = String::from_utf8_lossy(&body);
            assert!(status < 500, "{status} {body}: {about}");
        }
        assert_eq!(owner.get("/readyz").await.status, 200);
    }
}

/// A generator of requests. The same seed makes the same requests.
struct Random(TestRng);

impl Random {
    fn from_printed_seed() -> Self {
        let given = env::var("SEALIFT_TEST_SEED").ok();
        let seed = given.map_or_else(
            || {
                let mut seed = [0; 8];
                getrandom::fill(&mut seed).unwrap();
                u64::from_ne_bytes(seed)
            },
            |seed| seed.parse().unwrap(),
        );
        println!("SEALIFT_TEST_SEED={seed}");
        let mut long = [0; 32];
        long[..8].copy_from_slice(&seed.to_le_bytes());
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &long))
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.0.next_u64() % u64::try_from(end).unwrap()).unwrap()
    }

    fn is_one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    /// Returns a request to the route, mostly with something wrong, and its description. Returns `None` if the client
    /// cannot send such a request.
    fn request(
        &mut self,
        route: &Route,
        client: &Client,
        ids: &Ids,
        cookie: &str,
    ) -> Option<(RequestBuilder, String)> {
        let method = match self.is_one_in(12) {
            true => Method::from_bytes(self.one_of(&METHODS).as_bytes()).unwrap(),
            false => route.method.clone(),
        };
        let ids = self.ids(ids);
        let path = self.path((route.path)(&ids));
        let mut about = format!("{method} {path}");
        let mut request = client.request(method, &path);
        if self.is_one_in(4) {
            request = request.header("cookie", cookie);
        }
        for _ in 0..self.below(3) {
            let (name, value) = (self.one_of(&HEADERS), self.value());
            let _ = write!(about, "\n{name}: {value}");
            request = request.header(name, value);
        }
        let body = match (route.body)(&ids) {
            Some(body) => Some(body),
            None if self.is_one_in(3) => Some(self.json(3)),
            None => None,
        };
        if let Some(mut body) = body {
            for _ in 0..self.below(3) {
                self.change(&mut body);
            }
            let mut text = body.to_string();
            if self.is_one_in(8) {
                let cut = self.below(text.len() + 1);
                text.truncate((0..=cut).rev().find(|at| text.is_char_boundary(*at))?);
            }
            let shown: String = text.chars().take(300).collect();
            let _ = write!(about, "\n{shown}");
            if !self.is_one_in(10) {
                request = request.header("content-type", "application/json");
            }
            request = request.body(text);
        } else if route.handler.ends_with("_upload") && self.is_one_in(2) {
            let (content_type, body) = self.form();
            let _ = write!(about, "\n{content_type}\n{body}");
            request = request.header("content-type", content_type).body(body);
        }
        Some((request, about))
    }

    /// Returns ids of which some name nothing.
    fn ids(&mut self, real: &Ids) -> Ids {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        let mut keeps = || !self.is_one_in(6);
        Ids {
            file: if keeps() {
                real.file.clone()
            } else {
                FileId::from_random(bytes)
            },
            upload: if keeps() {
                real.upload.clone()
            } else {
                UploadId::from_random(bytes)
            },
            ticket: if keeps() {
                real.ticket.clone()
            } else {
                TicketId::from_random(bytes)
            },
        }
    }

    fn path(&mut self, mut path: String) -> String {
        if self.is_one_in(10) {
            let at = self.below(path.len());
            if path.is_char_boundary(at) && at > 0 {
                path.insert_str(at, &self.encoded());
            }
        }
        for number in 0..self.below(3) {
            let before = if number == 0 && !path.contains('?') {
                '?'
            } else {
                '&'
            };
            let (name, value) = (self.one_of(&QUERIES), self.encoded());
            let _ = write!(path, "{before}{name}={value}");
        }
        path
    }

    /// Returns a text for a path or a query.
    fn encoded(&mut self) -> String {
        match self.below(3) {
            0 => self.one_of(&WORDS).to_owned(),
            1 => self.0.next_u64().to_string(),
            _ => (0..self.below(6)).fold(String::new(), |mut text, _| {
                let _ = write!(text, "%{:02X}", self.below(256));
                text
            }),
        }
    }

    /// Returns a text for the value of a header.
    fn value(&mut self) -> String {
        match self.below(4) {
            0 => self.0.next_u64().to_string(),
            1 => "x".repeat(self.below(5000)),
            _ => self.one_of(&VALUES).to_owned(),
        }
    }

    fn form(&mut self) -> (String, String) {
        let boundary = self.one_of(&["b", "----x", "a b", ""]);
        let name = self.one_of(&["file", "image", "", "metadata", "%00", "\u{fffd}"]);
        let file = self.one_of(&[
            "; filename=\"a\"",
            "; filename=\"../%0A\\\"\"",
            "",
            "; filename=\"\"",
        ]);
        let content = "y".repeat(self.below(20_000));
        let end = self.one_of(&["--", "", "\r\n"]);
        let body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n--{boundary}{end}\r\n"
        );
        (format!("multipart/form-data; boundary={boundary}"), body)
    }

    /// Changes one value somewhere in a JSON text.
    fn change(&mut self, value: &mut Value) {
        if !self.is_one_in(4) {
            match value {
                Value::Array(items) if !items.is_empty() => {
                    if self.is_one_in(6) {
                        items.push(items[0].clone());
                    }
                    let at = self.below(items.len());
                    return self.change(&mut items[at]);
                }
                Value::Object(fields) if !fields.is_empty() => {
                    if self.is_one_in(6) {
                        let name = self.one_of(&WORDS).to_owned();
                        let added = self.json(2);
                        fields.insert(name, added);
                    }
                    let at = self.below(fields.len());
                    let (_, field) = fields.iter_mut().nth(at).unwrap();
                    return self.change(field);
                }
                _ => {}
            }
        }
        *value = self.json(3);
    }

    /// Returns a JSON value of at most this depth.
    fn json(&mut self, depth: u32) -> Value {
        match self.below(if depth == 0 { 6 } else { 8 }) {
            0 => Value::Null,
            1 => json!(self.is_one_in(2)),
            2 => json!(self.0.next_u64()),
            3 => json!(self.one_of(&WORDS)),
            4 => match self.below(4) {
                0 => json!(-1),
                1 => json!(i64::MIN),
                2 => json!(1e300),
                _ => json!(self.below(10)),
            },
            5 => json!("é\u{202e}\0".repeat(self.below(2000))),
            6 => (0..self.below(4)).map(|_| self.json(depth - 1)).collect(),
            _ => {
                let field = |random: &mut Self| {
                    let name = random.one_of(&WORDS).to_owned();
                    (name, random.json(depth - 1))
                };
                Value::Object((0..self.below(4)).map(|_| field(self)).collect())
            }
        }
    }
}

const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE",
];

const QUERIES: [&str; 8] = [
    "cursor", "limit", "search", "file", "inline", "download", "x", "",
];

const WORDS: [&str; 17] = [
    "a",
    "",
    "0",
    "-1",
    "name",
    "size",
    "content_type",
    "metadata",
    "reference",
    "parts",
    "number",
    "sha256",
    "uploads",
    "client_token",
    "1700000000000-a",
    "..",
    "null",
];

const HEADERS: [&str; 18] = [
    "range",
    "if-match",
    "if-none-match",
    "if-range",
    "if-modified-since",
    "accept",
    "accept-encoding",
    "origin",
    "sec-fetch-site",
    "sec-fetch-mode",
    "x-forwarded-proto",
    "x-forwarded-for",
    "content-type",
    "authorization",
    "cookie",
    "x-request-id",
    "expect",
    "traceparent",
];

const VALUES: [&str; 24] = [
    "bytes=0-",
    "bytes=-1",
    "bytes=5-2",
    "bytes=0-0,2-3",
    "bytes=18446744073709551615-",
    "bytes=",
    "*",
    "\"a\"",
    "W/\"a\"",
    "text/html",
    "application/json",
    "application/json; charset=utf-16",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "https",
    "http, https",
    "null",
    "http://evil.example",
    "cross-site",
    "Bearer x",
    "Basic Og==",
    "sealift=x; sealift=y",
    "gzip;q=0",
    "Thu, 01 Jan 1970 00:00:00 GMT",
];
