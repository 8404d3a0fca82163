//! Every way to upload gives the same name the same verdict: the API, which the page and the command line
//! use, a form as browsers and as other programs write it, and `PUT`.

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use sealift_transfer::api::{FileRecord, ProblemCode, open};

use crate::support::{
    Answer, Client, Stack,
    forms::{Part, post_form, put_file},
    sealing::{new_token, request},
};

/// Names as they are on a disk, each with the name that is kept, or `None` if the name is refused.
const VERDICTS: &[(&str, Option<&str>)] = &[
    ("photo.jpg", Some("photo.jpg")),
    // Composed and decomposed accents.
    ("p\u{e4}per f\u{fc}r.pdf", Some("p\u{e4}per f\u{fc}r.pdf")),
    (
        "pa\u{308}per fu\u{308}r.pdf",
        Some("pa\u{308}per fu\u{308}r.pdf"),
    ),
    (
        "\u{1112}\u{1161}\u{11ab}.txt",
        Some("\u{1112}\u{1161}\u{11ab}.txt"),
    ),
    (
        "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}.jpg",
        Some("\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}.jpg"),
    ),
    // Backslashes.
    ("a\\b.txt", Some("a\\b.txt")),
    ("a\\\\b", Some("a\\\\b")),
    ("a\\", Some("a\\")),
    ("C:\\Users\\Ada\\photo.jpg", Some("photo.jpg")),
    ("\\\\host\\share\\photo.jpg", Some("photo.jpg")),
    ("..\\..\\evil.exe", Some("evil.exe")),
    // Folders.
    ("reports/2026/may.pdf", Some("reports/2026/may.pdf")),
    ("/home/ada/photo.jpg", Some("photo.jpg")),
    ("../../etc/passwd", Some("passwd")),
    ("a/../b.txt", Some("b.txt")),
    ("a//b.txt", Some("b.txt")),
    // Names that are empty or name a folder.
    ("", Some("unnamed")),
    (".", Some("unnamed")),
    ("..", Some("unnamed")),
    ("folder/", Some("unnamed")),
    // Quotes, percent signs, dots, spaces, marks of direction.
    ("say \"hi\"; b=c.txt", Some("say \"hi\"; b=c.txt")),
    ("100%.txt", Some("100%.txt")),
    ("a%41%5C.txt", Some("a%41%5C.txt")),
    ("a+b&c=d?e#f.txt", Some("a+b&c=d?e#f.txt")),
    ("no. ", Some("no. ")),
    (" ", Some(" ")),
    ("...", Some("...")),
    (".hidden", Some(".hidden")),
    ("\u{202e}fdp.exe", Some("\u{202e}fdp.exe")),
    ("\u{fffd}.txt", Some("\u{fffd}.txt")),
    // Control characters.
    ("a\nb", None),
    ("a\r\nb", None),
    ("a\tb", None),
    ("a\u{1b}[31m", None),
    ("a\u{85}", None),
    ("a\u{7f}", None),
];

/// Returns the name that the server kept, or `None` if it refused the name.
fn verdict(answer: &Answer) -> Option<String> {
    if answer.status == 422 {
        answer.refused(ProblemCode::InvalidName);
        return None;
    }
    assert_eq!(answer.status, 201, "{answer:?}");
    let text = core::str::from_utf8(&answer.body).unwrap_or_default();
    text.lines().nth(2).map(str::to_owned)
}

/// Sends the name as the page and the command line do.
async fn by_the_api(client: &Client, name: &str) -> Option<String> {
    let asked = request(&new_token(), name, 1);
    let opened = client.post(open::PATH, &asked).await;
    if opened.status == 422 {
        opened.refused(ProblemCode::InvalidName);
        return None;
    }
    let record: FileRecord = client.upload(name, b"a").await;
    Some(record.name)
}

/// Sends the name in a form as browsers write it (WHATWG HTML).
async fn by_a_browsers_form(client: &Client, name: &str) -> Option<String> {
    let written = name.replace('\n', "%0A").replace('\r', "%0D");
    let written = written.replace('"', "%22");
    let answer = post_form(client, &[Part::file("f", &written, b"a")]).await;
    // These bytes may not be in a header, so such a form cannot be read at all.
    if name.contains(['\u{1b}', '\u{7f}']) {
        answer.refused(ProblemCode::InvalidRequest);
        return None;
    }
    verdict(&answer)
}

/// Sends the name in a form as other programs write it (RFC 8187).
async fn by_a_programs_form(client: &Client, name: &str) -> Option<String> {
    let written = percent_encode(name.as_bytes(), NON_ALPHANUMERIC);
    let head = format!("form-data; name=\"f\"; filename*=UTF-8''{written}");
    verdict(&post_form(client, &[Part::with(&head, b"a")]).await)
}

async fn by_put(client: &Client, name: &str) -> Option<String> {
    // HTTP clients remove dot segments from an address even if the dots are percent-encoded.
    let written = percent_encode(name.as_bytes(), NON_ALPHANUMERIC);
    verdict(&put_file(client, &format!("/upload/{written}"), b"a").await)
}

#[tokio::test]
async fn a_name_gets_the_same_verdict_on_every_way_in() {
    let stack = Stack::start().await;
    let client = stack.client();
    for (name, kept) in VERDICTS {
        let kept = kept.map(str::to_owned);
        assert_eq!(by_the_api(&client, name).await, kept, "API: {name:?}");
        let by_browser = by_a_browsers_form(&client, name).await;
        assert_eq!(by_browser, kept, "a browser's form: {name:?}");
        let by_program = by_a_programs_form(&client, name).await;
        assert_eq!(by_program, kept, "a program's form: {name:?}");
        if !matches!(*name, "." | "..") {
            assert_eq!(by_put(&client, name).await, kept, "PUT: {name:?}");
        }
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_become_the_same_mark_on_every_way_in() {
    let stack = Stack::start().await;
    let client = stack.client();
    for head in [
        b"form-data; name=\"f\"; filename=\"a\xffb\"".as_slice(),
        b"form-data; name=\"f\"; filename*=UTF-8''a%FFb",
    ] {
        let answer = post_form(&client, &[Part::with(head, b"a")]).await;
        assert_eq!(verdict(&answer).as_deref(), Some("a\u{fffd}b"));
    }
    let put = put_file(&client, "/upload/a%FFb", b"a").await;
    assert_eq!(verdict(&put).as_deref(), Some("a\u{fffd}b"));
}

#[tokio::test]
async fn a_form_may_escape_a_quote_and_a_put_may_have_no_name() {
    let stack = Stack::start().await;
    let client = stack.client();
    let escaped = Part::file("f", "say \\\"hi\\\".txt", b"a");
    let posted = post_form(&client, &[escaped]).await;
    assert_eq!(verdict(&posted).as_deref(), Some("say \"hi\".txt"));
    let put = put_file(&client, "/upload/", b"a").await;
    assert_eq!(verdict(&put).as_deref(), Some("unnamed"));
}

#[tokio::test]
async fn a_name_may_have_the_same_number_of_bytes_on_every_way_in() {
    let stack = Stack::with(&[("limit_name", "256")]).await;
    let client = stack.client();
    for (letters, fits) in [(128, true), (129, false)] {
        let name = "\u{e4}".repeat(letters);
        let kept = fits.then(|| name.clone());
        assert_eq!(by_the_api(&client, &name).await, kept);
        assert_eq!(by_a_browsers_form(&client, &name).await, kept);
        assert_eq!(by_a_programs_form(&client, &name).await, kept);
        assert_eq!(by_put(&client, &name).await, kept);
    }
}

#[tokio::test]
async fn times_before_1970_and_after_2038_are_kept_as_they_are() {
    use sealift_transfer::api::{OpenedUpload, UploadStatus, status};
    let stack = Stack::start().await;
    let client = stack.client();
    for time_ms in [
        -1,
        -86_400_000,
        -2_208_988_800_000,
        0,
        2_147_483_648_000,
        4_102_444_800_123,
        8_640_000_000_000_000,
        i64::MIN,
        i64::MAX,
    ] {
        let mut asked = request(&new_token(), "a", 1);
        asked["last_modified_ms"] = time_ms.into();
        let opened: OpenedUpload = client.post(open::PATH, &asked).await.json(201);
        let found = client.get(&status::path(&opened.upload_id)).await;
        let found: UploadStatus = found.json(200);
        assert_eq!(found.last_modified_ms, Some(time_ms));
        assert_eq!(client.abort(&opened.upload_id).await.status, 204);
    }
}
