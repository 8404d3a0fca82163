//! Tests links for one download.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use crate::running::{Running, errors, refused, said};

/// Makes one request as the page does, and returns the whole answer.
fn ask(running: &Running, head: &str, body: &str) -> String {
    let port = running.port;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let len = body.len();
    let request = format!(
        "{head}Host: localhost:{port}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {len}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    answer
}

fn redeem(running: &Running, ticket: &str) -> String {
    let body = serde_json::json!({ "ticket": ticket }).to_string();
    ask(running, "POST /v1/tickets/redeem HTTP/1.1\r\n", &body)
}

#[test]
fn a_link_lets_somebody_download_once() {
    let running = Running::with_login();
    let make = ["api-keys", "make", "--tenant", "acme", "--owner", "me"];
    let mut make = running.command(&[&make[..], &["--role", "admin", "--data"]].concat());
    make.arg(running.deployment().join("data"));
    running.put("key", said(&make.output().expect("the program")).as_bytes());
    let with_key = |args: &[&str]| {
        let args = [args, &["--api-key-file", "key"]].concat();
        running.run(&args)
    };
    running.put("a", b"for you only");
    let record = said(&with_key(&["upload", "a", "--json"]));
    let record: serde_json::Value = serde_json::from_str(&record).expect("JSON");
    let id = record["id"].as_str().expect("an id");

    let shared = with_key(&["files", "share", id, "--expires", "2h"]);
    let link = said(&shared);
    let (page, ticket) = link.trim().split_once('#').expect("a ticket");
    assert!(page.ends_with(&format!("/files/{id}")), "{page}");
    let warned = errors(&shared);
    assert!(warned.contains("once"), "{warned}");
    assert!(!warned.contains(ticket), "{warned}");

    let redeemed = redeem(&running, ticket);
    assert!(redeemed.starts_with("HTTP/1.1 200"), "{redeemed}");
    let mut lines = redeemed.lines();
    let cookie = lines.find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = cookie.and_then(|cookie| cookie.split(';').next());
    let get = format!(
        "GET /v1/files/{id}/content HTTP/1.1\r\nCookie: {}\r\n",
        cookie.expect("a cookie")
    );
    assert!(ask(&running, &get, "").ends_with("\r\n\r\nfor you only"));
    assert!(redeem(&running, ticket).starts_with("HTTP/1.1 410"));

    let shared = said(&with_key(&["files", "share", id, "--json"]));
    let shared: serde_json::Value = serde_json::from_str(&shared).expect("JSON");
    let ticket_id = shared["ticket_id"].as_str().expect("an id");
    let links = |args: &[&str]| {
        let said = said(&with_key(&[&["files", "links"], args].concat()));
        said.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let table = links(&[id]);
    assert_eq!(table.len(), 3, "{table:?}");
    assert!(table[1].starts_with(ticket_id), "{table:?}");
    assert!(table[1].contains("  waiting  "), "{table:?}");
    assert!(table[2].contains("  reading  "), "{table:?}");
    assert!(table[2].ends_with("  a"), "{table:?}");
    let until = |line: &str| {
        let link: serde_json::Value = serde_json::from_str(line).expect("JSON");
        link["expires_at_ms"].as_i64().expect("a time")
    };
    let before = until(&links(&["--json"])[0]);
    let change = ["files", "change-link", ticket_id, "--expires", "1h"];
    assert!(errors(&with_key(&change)).contains("UTC"));
    assert!(until(&links(&[id, "--json"])[0]) < before);
    said(&with_key(&["files", "unshare", ticket_id]));
    assert!(links(&[])[1].contains("  revoked  "));
    assert!(errors(&with_key(&change)).contains("make a new one"));
    let link = shared["link"].as_str().expect("a link");
    let (_, ticket) = link.split_once('#').expect("a ticket");
    assert!(redeem(&running, ticket).starts_with("HTTP/1.1 410"));

    for expires in ["59s", "31d", "soon"] {
        refused(&with_key(&["files", "share", id, "--expires", expires]), 2);
    }
}
