//! Reads objects from a fake store that gives exactly the answers of the test.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Command, Output},
    thread::JoinHandle,
};

use serde_json::Value;

use crate::{
    inspect::long_header,
    own_vectors::Vectors,
    program::{Bench, json, read, refused, run, sealift, succeeded},
};

/// The store's answer to one request. The store then closes the connection.
struct Answer {
    status: &'static str,
    headers: String,
    body: Vec<u8>,
}

/// Returns an answer to HEAD.
fn head(len: usize, etag: &str) -> Answer {
    Answer {
        status: "200 OK",
        headers: format!(
            "content-length: {len}\r\netag: \"{etag}\"\r\nx-amz-version-id: third\r\n"
        ),
        body: Vec::new(),
    }
}

/// Returns an answer to GET from `start` on. Only `sent` of the promised bytes come before the connection ends.
fn part(object: &[u8], start: usize, sent: usize, etag: &str) -> Answer {
    let (len, last) = (object.len(), object.len() - 1);
    let promised = len - start;
    Answer {
        status: "206 Partial Content",
        headers: format!(
            "content-length: {promised}\r\ncontent-range: bytes {start}-{last}/{len}\r\n\
             etag: \"{etag}\"\r\n"
        ),
        body: object.get(start..start + sent).expect("so many").to_vec(),
    }
}

fn says(status: &'static str) -> Answer {
    Answer {
        status,
        headers: "content-length: 0\r\n".to_owned(),
        body: Vec::new(),
    }
}

/// Starts the store. Returns its address and a thread that ends with the heads of the requests that came.
fn store(answers: Vec<Answer>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("bound"));
    let served = std::thread::spawn(move || {
        let answered = answers.iter().map(|answer| {
            let (mut stream, _) = listener.accept().expect("a connection");
            let request = request_head(&mut stream);
            let head = format!(
                "HTTP/1.1 {}\r\n{}connection: close\r\n\r\n",
                answer.status, answer.headers
            );
            stream.write_all(head.as_bytes()).expect("sent");
            stream.write_all(&answer.body).expect("sent");
            request
        });
        answered.collect()
    });
    (address, served)
}

fn request_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a request");
        head.extend(byte);
    }
    String::from_utf8(head).expect("UTF-8").to_lowercase()
}

fn decrypt(bench: &Bench, address: &str, more: &[&str]) -> Command {
    let mut command = bench.decrypt(&["s3://bucket/folder/m.sealed", "--s3-endpoint", address]);
    command
        .args(["--region", "us-east-1"])
        .args(more)
        .env("AWS_ACCESS_KEY_ID", "somebody")
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    command
}

#[test]
fn an_object_is_read_over_broken_connections_and_stays_the_same_one() {
    let vectors = Vectors::load();
    let vector = vectors.get("sdk-F256-P800");
    let object = &vector.message.0;
    let bench = vectors.bench();
    let (address, served) = store(vec![
        head(object.len(), "one"),
        part(object, 0, 500, "one"),
        part(object, 500, object.len() - 500, "one"),
    ]);
    succeeded(&run(&mut decrypt(&bench, &address, &[])));
    let plaintext = &vector.plaintext.as_ref().expect("a plaintext").0;
    assert_eq!(&read(&bench.path("m")), plaintext);
    let requests = served.join().expect("served");
    assert!(requests[0].starts_with("head /bucket/folder/m.sealed "));
    let last = object.len() - 1;
    for (request, start) in requests[1..].iter().zip([0, 500]) {
        assert!(
            request.contains(&format!("range: bytes={start}-{last}\r\n")),
            "{request}"
        );
        assert!(request.contains("if-match: \"one\"\r\n"), "{request}");
        assert!(request.contains("versionid=third"), "{request}");
    }
}

#[test]
fn an_object_that_is_replaced_while_it_is_read_leaves_no_file() {
    let vectors = Vectors::load();
    let object = &vectors.get("sdk-F256-P800").message.0;
    let mut more = part(object, 500, object.len() - 500, "one");
    let promised = format!("content-length: {}", object.len() - 500);
    let longer = format!("content-length: {}", object.len() - 499);
    more.headers = more.headers.replace(&promised, &longer);
    more.body.push(0);
    // One store obeys If-Match; the others ignore it, or ignore Range.
    for second in [
        says("412 Precondition Failed"),
        part(object, 500, 100, "two"),
        part(object, 0, 100, "one"),
        more,
    ] {
        let bench = vectors.bench();
        let (address, served) = store(vec![
            head(object.len(), "one"),
            part(object, 0, 500, "one"),
            second,
        ]);
        let output = run(&mut decrypt(&bench, &address, &["--json"]));
        refused(&output, 3);
        assert_eq!(
            json::<Value>(&output.stderr)["error"]["code"],
            "object_replaced"
        );
        assert!(bench.files().is_empty());
        served.join().expect("served");
    }
}

#[test]
fn what_the_store_refuses_has_its_own_exit_code_and_remedy() {
    let vectors = Vectors::load();
    let bench = vectors.bench();
    for (answer, code, remedy) in [
        ("404 Not Found", 4, "--s3-version"),
        ("403 Forbidden", 5, "credentials"),
    ] {
        let (address, served) = store(vec![says(answer)]);
        let said = refused(&run(&mut decrypt(&bench, &address, &[])), code);
        assert!(said.contains(remedy), "{said}");
        served.join().expect("served");
    }
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let nobody = format!("http://{}", free.local_addr().expect("bound"));
    drop(free);
    let said = refused(&run(&mut decrypt(&bench, &nobody, &[])), 6);
    assert!(said.contains("--s3-endpoint"), "{said}");
    assert!(bench.files().is_empty());
}

/// Returns a refusal with headers and a body. A HEAD gets only the headers.
fn refuses(status: &'static str, region: &str, body: &str) -> Answer {
    let region = match region {
        "" => String::new(),
        region => format!("x-amz-bucket-region: {region}\r\n"),
    };
    Answer {
        status,
        headers: format!(
            "{region}content-type: application/xml\r\ncontent-length: {}\r\n",
            body.len()
        ),
        body: body.as_bytes().to_vec(),
    }
}

#[test]
fn a_bucket_in_another_region_is_said_with_its_region_and_the_flag() {
    let bench = Vectors::load().bench();
    let malformed = |region: &str| {
        let region = match region {
            "" => String::new(),
            region => format!("<Region>{region}</Region>"),
        };
        format!(
            "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message>{region}</Error>"
        )
    };
    let xml = |code: &str| format!("<Error><Code>{code}</Code><Message>m</Message></Error>");
    let object = &Vectors::load().get("sdk-F256-P800").message.0.clone();
    let (bare, moved) = ("400 Bad Request", "301 Moved Permanently");
    let elsewhere = "eu-west-3";
    for (answers, named) in [
        // The answer to HEAD names the region in its header.
        (vec![refuses(bare, elsewhere, "")], true),
        (vec![refuses(moved, elsewhere, "")], true),
        (vec![refuses("307 Temporary Redirect", elsewhere, "")], true),
        (vec![refuses("403 Forbidden", elsewhere, "")], true),
        // The answer to HEAD does not name it; the answer to GET names it or not.
        (
            vec![says(bare), refuses(bare, "", &malformed(elsewhere))],
            true,
        ),
        (
            vec![says(bare), refuses(bare, elsewhere, &malformed(""))],
            true,
        ),
        (vec![says(bare), refuses(bare, "", &malformed(""))], false),
        (
            vec![
                says(bare),
                refuses(bare, "", &xml("IllegalLocationConstraintException")),
            ],
            false,
        ),
        (
            vec![
                says(moved),
                refuses(moved, elsewhere, &xml("PermanentRedirect")),
            ],
            true,
        ),
        (
            vec![says(moved), refuses(moved, "", &xml("PermanentRedirect"))],
            false,
        ),
        (vec![says(moved), says(moved)], false),
        (
            vec![
                says("307 Temporary Redirect"),
                says("307 Temporary Redirect"),
            ],
            false,
        ),
        // The bucket moved between HEAD and GET.
        (
            vec![
                head(object.len(), "one"),
                refuses(bare, "", &malformed(elsewhere)),
            ],
            true,
        ),
        (
            vec![head(object.len(), "one"), refuses(moved, elsewhere, "")],
            true,
        ),
        // Text from the store that is not a region's name is not repeated.
        (vec![refuses(moved, "x; rm -rf /", "")], false),
    ] {
        let printed: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        let (address, served) = store(answers);
        let output = run(&mut decrypt(&bench, &address, &["--json"]));
        refused(&output, 2);
        let error = &json::<Value>(&output.stderr)["error"];
        assert_eq!(error["code"], "other_region", "{printed:?}");
        let remedy = error["remedy"].as_str().expect("a remedy");
        let flag = format!("--region {elsewhere}");
        assert!(remedy.contains("--region"), "{remedy}");
        assert_eq!(remedy.contains(&flag), named, "{printed:?}: {remedy}");
        assert!(!remedy.contains("rm"), "{remedy}");
        served.join().expect("served");
    }
    assert!(bench.files().is_empty());
}

#[test]
fn a_refusal_for_another_reason_is_not_taken_for_another_region() {
    let bench = Vectors::load().bench();
    let (bare, here) = ("400 Bad Request", "us-east-1");
    let expired = "<Error><Code>ExpiredToken</Code><Message>m</Message></Error>";
    for (answers, code, remedy) in [
        (vec![refuses("403 Forbidden", here, "")], 5, "policy"),
        (vec![refuses("404 Not Found", here, "")], 4, "check bucket"),
        (
            vec![says(bare), refuses(bare, "", expired)],
            5,
            "get new ones",
        ),
        (vec![says(bare), says(bare)], 2, "--region"),
    ] {
        let (address, served) = store(answers);
        let said = refused(&run(&mut decrypt(&bench, &address, &[])), code);
        assert!(said.contains(remedy), "{said}");
        assert!(!said.contains("another region"), "{said}");
        assert!(!said.contains(here), "{said}");
        served.join().expect("served");
    }
}

#[test]
fn an_object_of_another_size_than_expected_is_not_even_fetched() {
    let vectors = Vectors::load();
    let bench = vectors.bench();
    let (address, served) = store(vec![head(800, "one")]);
    let said = refused(
        &run(&mut decrypt(&bench, &address, &["--expect-size", "801"])),
        3,
    );
    assert!(said.contains("800 bytes, not 801"), "{said}");
    assert_eq!(served.join().expect("served").len(), 1);
}

const LARGE: usize = 10 * 1024 * 1024 * 1024;

/// Runs `sealift inspect` on a large object that begins with these bytes.
fn inspected(mut beginning: Vec<u8>) -> Output {
    beginning.resize(64 * 1024 + 1, 0);
    let len = LARGE;
    let (address, served) = store(vec![
        head(len, "one"),
        Answer {
            status: "206 Partial Content",
            headers: format!(
                "content-length: 65537\r\ncontent-range: bytes 0-65536/{len}\r\netag: \"one\"\r\n"
            ),
            body: beginning,
        },
    ]);
    let mut inspect = sealift(&[
        "inspect",
        "s3://bucket/m",
        "--json",
        "--s3-endpoint",
        &address,
    ]);
    inspect
        .args(["--region", "us-east-1"])
        .env("AWS_ACCESS_KEY_ID", "somebody")
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    let output = run(&mut inspect);
    let requests = served.join().expect("served");
    let get = requests.get(1).expect("a GET");
    assert!(get.contains("range: bytes=0-65536\r\n"), "{get}");
    output
}

#[test]
fn a_look_at_a_large_object_fetches_its_beginning_only() {
    let vectors = Vectors::load();
    let output = inspected(vectors.get("sdk-F256-P800").message.0.clone());
    succeeded(&output);
    assert_eq!(json::<Value>(&output.stdout)["sealed_len"], LARGE);
}

#[test]
fn a_header_that_is_longer_than_what_is_fetched_is_not_called_cut_short() {
    let said = refused(&inspected(long_header()), 3);
    assert!(said.contains("longer than 65536 bytes"), "{said}");
    assert!(!said.contains("fetch it again"), "{said}");
}
