//! `POST /upload` and `PUT /upload/{name}`: the server seals the file while it receives it.

use http::{Method, header};
use sealift_server::records::{Role, Roles};
use sealift_transfer::api::{FileRecord, ProblemCode, files};

use crate::support::{
    Answer, Client, FRAME, PART, Stack, bytes,
    forms::{Part, form, post_form, put_file},
};

#[tokio::test]
async fn a_form_with_one_file_in_any_field_becomes_a_file_and_three_lines() {
    let stack = Stack::start().await;
    let client = stack.client();
    let plaintext = bytes(3 * FRAME + 7);
    for field in ["image", "file", "", "a b[]", "файл"] {
        let part = Part::file(field, "photo.jpg", &plaintext).of_type("image/jpeg");
        let answer = post_form(&client, &[part]).await;
        let text = String::from_utf8(answer.body.clone()).unwrap();
        assert_eq!(answer.status, 201, "{text}");
        assert!(
            answer
                .header(header::CONTENT_TYPE)
                .starts_with("text/plain")
        );

        let location = answer.header(header::LOCATION);
        let record: FileRecord = client.get(location).await.json(200);
        let key = data_encoding::BASE64.encode(&record.encrypted_data_key);
        let lines: Vec<&str> = text.lines().collect();
        let s3 = format!("s3://{}/{}", record.bucket, record.object_key);
        assert_eq!(lines, [s3.as_str(), key.as_str(), "photo.jpg"]);
        assert_eq!(record.content_type.as_deref(), Some("image/jpeg"));
        assert_eq!(record.size, u64::try_from(plaintext.len()).unwrap());
        assert!(client.content(&record.id).await.body == plaintext);
    }
}

/// Sends the request and returns the record, which it asks for as JSON.
async fn sealed(request: reqwest::RequestBuilder) -> FileRecord {
    let request = request.header(header::ACCEPT, "application/json");
    Answer::to(request).await.json(201)
}

#[tokio::test]
async fn files_of_every_size_around_frames_and_parts_open_again() {
    let stack = Stack::start().await;
    let client = stack.client();
    let edges = [0, FRAME, PART, 2 * PART];
    let around = |edge: usize| [edge.saturating_sub(1), edge, edge + 1];
    let mut sizes: Vec<usize> = edges.into_iter().flat_map(around).collect();
    sizes.dedup();
    for size in sizes {
        let plaintext = bytes(size);
        let (content_type, body) = form(&[Part::file("f", "a", &plaintext)]);
        let posted = client.request(Method::POST, "/upload");
        let posted = posted.header(header::CONTENT_TYPE, content_type).body(body);
        let put = client
            .request(Method::PUT, "/upload/a")
            .body(plaintext.clone());
        // This body does not announce its length.
        let pieces: Vec<_> = plaintext.chunks(100_000).map(<[u8]>::to_vec).collect();
        let pieces = pieces.into_iter().map(Ok::<_, std::io::Error>);
        let chunked = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
        let chunked = client.request(Method::PUT, "/upload/a").body(chunked);
        for request in [posted, put, chunked] {
            let record = sealed(request).await;
            assert_eq!(record.size, u64::try_from(size).unwrap());
            let object = std::fs::metadata(stack.object_of(&record)).unwrap();
            assert_eq!(object.len(), record.sealed_size);
            let content = client.content(&record.id).await;
            assert!(content.body == plaintext, "{size}");
        }
    }
}

#[tokio::test]
async fn a_type_that_an_upload_may_not_have_is_refused_here_too() {
    let stack = Stack::start().await;
    let client = stack.client();
    for content_type in ["a".repeat(256), String::new(), "a/\u{e4}".to_owned()] {
        let put = client.request(Method::PUT, "/upload/file");
        let put = put.header(header::CONTENT_TYPE, content_type.as_bytes());
        let put = Answer::to(put.body("a")).await;
        put.refused(ProblemCode::InvalidField);
    }
    stack.expect_no_upload().await;
}

/// Posts a form as a browser does.
async fn post_as_browser(client: &Client, part: Part) -> Answer {
    let (content_type, body) = form(&[part]);
    let request = client.request(Method::POST, "/upload");
    let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let request = request.header(header::ACCEPT, accept);
    Answer::to(
        request
            .header(header::CONTENT_TYPE, content_type)
            .body(body),
    )
    .await
}

#[tokio::test]
async fn a_browsers_form_is_answered_with_a_page_that_runs_nothing() {
    let stack = Stack::with(&[("limit_file", "10")]).await;
    let client = stack.client();
    let name = "<script>alert(1)</script>\"'&\u{202e}.txt";
    let head = format!("form-data; name=\"f\"; filename*=UTF-8''{}", {
        percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC)
    });
    let sealed = post_as_browser(&client, Part::with(&head, b"a")).await;
    let page = String::from_utf8(sealed.body.clone()).unwrap();
    assert_eq!(sealed.status, 201, "{page}");
    let list = client.get(files::PATH).await;
    let list: sealift_transfer::api::FileList = list.json(200);
    assert!(page.contains(&format!("href=\"/files/{}\"", list.files[0].id)));
    assert_eq!(list.files[0].name, name);
    let content = format!("href=\"/v1/files/{}/content\"", list.files[0].id);
    assert!(page.contains(&content) && page.contains("href=\"/\""));
    let shown = "&lt;script&gt;alert(1)&lt;/script&gt;\"'&amp;[U+202E].txt";
    assert!(page.contains(shown), "{page}");

    let large = post_as_browser(&client, Part::file("f", "a", &bytes(11))).await;
    assert_eq!(large.status, 413);
    let text = String::from_utf8(large.body.clone()).unwrap();
    for expected in ["10 bytes", "file_too_large", large.header("x-request-id")] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    for answer in [sealed, large] {
        assert!(answer.header(header::CONTENT_TYPE).starts_with("text/html"));
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
        let text = String::from_utf8(answer.body.clone()).unwrap();
        let style = text.split("<style>").nth(1).unwrap();
        let style = style.split("</style>").next().unwrap();
        let hash = sealift_transfer::api::Sha256::of(style.as_bytes());
        assert!(policy.contains(&format!("'sha256-{hash}'")), "{policy}");
        assert!(answer.header(header::CACHE_CONTROL).contains("no-store"));
        assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    }
}

#[tokio::test]
async fn a_form_has_one_file_or_nothing_of_it_is_kept() {
    let stack = Stack::start().await;
    let client = stack.client();
    let [small, large] = [bytes(10), bytes(PART + 1)];
    let nothing_chosen = Part::file("f", "", b"");
    for (what, parts) in [
        ("no field", vec![]),
        ("no file", vec![Part::field("a", b"text")]),
        ("nothing chosen", vec![nothing_chosen]),
        (
            "two files",
            vec![Part::file("f", "a", &small), Part::file("g", "b", &small)],
        ),
        (
            "two files, the first of several parts",
            vec![Part::file("f", "a", &large), Part::file("f", "b", &small)],
        ),
    ] {
        let answer = post_form(&client, &parts).await;
        assert_eq!(answer.code().as_deref(), Some("not_one_file"), "{what}");
        answer.refused(ProblemCode::NotOneFile);
    }
    let open = "SELECT count(*) FROM uploads WHERE state <> 'aborted' AND upload_id <> ?";
    assert_eq!(stack.number(open, "").await, 0);
    let nothing: [std::path::PathBuf; 0] = [];
    assert_eq!(stack.files_of_store(), nothing);
}

#[tokio::test]
async fn fields_beside_the_file_are_passed_over_unless_they_are_many_or_large() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = || Part::file("f", "a.txt", b"hello");
    let parts = [
        Part::field("csrf", b"x"),
        file(),
        Part::field("note", &[b'a'; 60_000]),
    ];
    assert_eq!(post_form(&client, &parts).await.status, 201);
    let large = [Part::field("note", &bytes(65 * 1024)), file()];
    let many: Vec<Part> = (0..65).map(|_| Part::field("n", b"1")).collect();
    let behind = [file(), Part::field("note", &bytes(65 * 1024))];
    for parts in [&large[..], &many, &behind] {
        let answer = post_form(&client, parts).await;
        answer.refused(ProblemCode::BodyTooLarge);
    }
    let files: sealift_transfer::api::FileList = client.get(files::PATH).await.json(200);
    assert_eq!(files.files.len(), 1);
}

#[tokio::test]
async fn a_field_that_is_called_like_a_files_name_is_no_file() {
    let stack = Stack::start().await;
    let client = stack.client();
    for name in [
        "filename=x",
        "a; filename=x",
        "a;filename*=UTF-8''x",
        "a\\\"; filename=x",
    ] {
        let field = Part::field(name, b"1");
        let answer = post_form(&client, &[field, Part::file("file", "a", b"hello")]).await;
        let text = String::from_utf8(answer.body).unwrap();
        assert_eq!(
            (answer.status, text.lines().nth(2)),
            (201, Some("a")),
            "{name}: {text}"
        );
    }
}

#[tokio::test]
async fn what_is_no_form_is_refused() {
    let stack = Stack::start().await;
    let client = stack.client();
    for content_type in [
        "",
        "application/json",
        "multipart/form-data",
        "text/plain; boundary=a",
    ] {
        let request = client.request(Method::POST, "/upload").body("a");
        let answer = Answer::to(request.header(header::CONTENT_TYPE, content_type)).await;
        answer.refused(ProblemCode::UnsupportedMediaType);
    }
    let (content_type, body) = form(&[Part::file("f", "a", b"hello")]);
    let head = body.len() / 2;
    for cut in [
        &b""[..],
        b"no boundary",
        &body[..head],
        &body[..body.len() - 6],
    ] {
        let request = client.request(Method::POST, "/upload").body(cut.to_vec());
        let answer = Answer::to(request.header(header::CONTENT_TYPE, &content_type)).await;
        answer.refused(ProblemCode::InvalidRequest);
    }
    // These bytes never become a field.
    let endless = vec![b'x'; 4 * 1024 * 1024];
    let request = client.request(Method::POST, "/upload").body(endless);
    let answer = Answer::to(request.header(header::CONTENT_TYPE, &content_type)).await;
    let problem = answer.refused(ProblemCode::InvalidRequest);
    assert!(problem.detail.contains("too long"), "{}", problem.detail);
    for (method, path) in [(Method::GET, "/upload"), (Method::POST, "/upload/a")] {
        let answer = Answer::to(client.request(method, path)).await;
        answer.refused(ProblemCode::MethodNotAllowed);
    }
    stack.expect_no_upload().await;
}

#[tokio::test]
async fn the_rest_of_a_file_is_not_taken_for_the_whole() {
    let stack = Stack::start().await;
    let request = stack.client().request(Method::PUT, "/upload/a").body("a");
    // `curl -C 5 -T` sends this header.
    let rest = request.header(header::CONTENT_RANGE, "bytes 5-5/6");
    let answer = Answer::to(rest).await;
    answer.refused(ProblemCode::InvalidRequest);
    stack.expect_no_upload().await;
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_by_its_length_or_when_it_has_come_so_far() {
    let stack = Stack::with(&[("limit_file", "100KiB")]).await;
    let client = stack.client();
    let most = 100 * 1024;
    let too_large = |answer: &Answer| {
        let problem = answer.refused(ProblemCode::FileTooLarge);
        assert_eq!(problem.numbers["most_bytes"], most);
    };
    let fits = bytes(most);
    assert_eq!(put_file(&client, "/upload/a", &fits).await.status, 201);
    let posted = post_form(&client, &[Part::file("f", "a", &fits)]).await;
    assert_eq!(posted.status, 201);

    for len in [most + 1, 2 * PART] {
        let plaintext = bytes(len);
        too_large(&put_file(&client, "/upload/a", &plaintext).await);
        too_large(&post_form(&client, &[Part::file("f", "a", &plaintext)]).await);
        let stream = futures::stream::iter([Ok::<_, std::io::Error>(plaintext)]);
        let request = client.request(Method::PUT, "/upload/a");
        too_large(&Answer::to(request.body(reqwest::Body::wrap_stream(stream))).await);
    }
    let files: sealift_transfer::api::FileList = client.get(files::PATH).await.json(200);
    assert_eq!(files.files.len(), 2);
}

#[tokio::test]
async fn who_may_not_upload_may_not_send_a_form() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let reader = Roles::of(&[Role::Download]);
    let reader = stack.login("acme", "ada", reader).await;
    for (client, code) in [
        (reader, ProblemCode::Forbidden),
        (stack.client(), ProblemCode::Unauthenticated),
    ] {
        let part = Part::file("f", "a", b"a");
        post_form(&client, &[part]).await.refused(code);
        put_file(&client, "/upload/a", b"a").await.refused(code);
    }
    let writer = stack.login("acme", "ada", Roles::ALL).await;
    let answer = put_file(&writer, "/upload/a", b"hello").await;
    let record: FileRecord = writer.get(answer.header(header::LOCATION)).await.json(200);
    let other = stack.login("acme", "bob", Roles::ALL).await;
    let hidden = other.content(&record.id).await;
    hidden.refused(ProblemCode::NotFound);
}
