//! Parts that the server or the store refuses. The upload goes on afterwards.

use http::Uri;
use sealift_transfer::{
    PartNumber,
    api::{
        FileRecord, PartReceipt, ProblemCode, Sha256, SignedPart, SignedParts, UploadState,
        UploadStatus, complete, sign,
    },
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{Client, PART, SealedFile, Stack, bytes};

const ROWS: &str = "SELECT count(*) FROM parts WHERE upload_id = ?";

fn number(number: u16) -> PartNumber {
    PartNumber::try_from(number).unwrap()
}

/// Returns for each signed part whether the store holds it.
async fn stored(client: &Client, file: &SealedFile) -> Vec<bool> {
    let status: UploadStatus = client.status(file.id()).await.json(200);
    assert_eq!(status.state, UploadState::Open);
    status.parts.iter().map(|part| part.stored).collect()
}

#[tokio::test]
async fn part_numbers_that_cannot_be_are_refused() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(10)).await;
    let sha256 = Sha256::of(b"a");
    for number in ["0", "10001", "65537", "-1", "1.5", "\"1\"", "null"] {
        let body = format!(r#"[{{"number":{number},"sha256":"{sha256}"}}]"#);
        let answer = client.post_text(&sign::path(file.id()), body).await;
        answer.refused(ProblemCode::InvalidRequest);
    }
    let beyond = PartReceipt {
        number: number(2),
        sha256,
    };
    let answer = client.sign(file.id(), &[beyond]).await;
    let problem = answer.refused(ProblemCode::PartNumberOutOfRange);
    assert_eq!(
        (&problem.numbers["part"], &problem.numbers["part_count"]),
        (&2.into(), &1.into())
    );
    assert_eq!(stack.number(ROWS, file.id().as_str()).await, 0);
}

#[tokio::test]
async fn a_batch_that_is_no_batch_is_refused() {
    let stack = Stack::with(&[("limit_batch", "2")]).await;
    let client = stack.client();
    let file = client.open("a", &bytes(2 * PART + 1)).await;
    let receipts = file.receipts();
    let twice = [receipts[0], receipts[0]];
    for batch in [&[][..], &twice[..], &receipts[..]] {
        let answer = client.sign(file.id(), batch).await;
        answer.refused(ProblemCode::InvalidField);
    }
    for sha256 in ["", "YQ==", "no base64", &"A".repeat(44)] {
        let body = json!([{ "number": 1, "sha256": sha256 }]);
        let answer = client.post(&sign::path(file.id()), &body).await;
        answer.refused(ProblemCode::InvalidRequest);
    }
    assert_eq!(stack.number(ROWS, file.id().as_str()).await, 0);
}

#[tokio::test]
async fn a_batch_is_signed_whole_or_not_at_all() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(PART + 1)).await;
    let receipts = file.receipts();
    let beyond = PartReceipt {
        number: number(3),
        ..receipts[0]
    };
    let answer = client.sign(file.id(), &[receipts[0], beyond]).await;
    answer.refused(ProblemCode::PartNumberOutOfRange);
    assert_eq!(stack.number(ROWS, file.id().as_str()).await, 0);

    client
        .sign(file.id(), &receipts[1..])
        .await
        .json::<SignedParts>(200);
    let other = PartReceipt {
        sha256: Sha256::of(b"other"),
        ..receipts[1]
    };
    let answer = client.sign(file.id(), &[receipts[0], other]).await;
    let problem = answer.refused(ProblemCode::PartAlreadySealed);
    assert_eq!(problem.numbers["part"], 2);
    assert_eq!(stack.number(ROWS, file.id().as_str()).await, 1);
}

#[tokio::test]
async fn the_checksum_of_another_ciphertext_is_refused_and_changes_nothing() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(10)).await;
    client.sign_all(&file).await;
    let other = PartReceipt {
        number: number(1),
        sha256: Sha256::of(b"other"),
    };
    let answer = client.sign(file.id(), &[other]).await;
    let problem = answer.refused(ProblemCode::PartAlreadySealed);
    assert_eq!(problem.numbers["part"], 1);
    let status: UploadStatus = client.status(file.id()).await.json(200);
    assert_eq!(status.parts[0].sha256, file.receipts()[0].sha256);

    // The first ciphertext is signed again as often as the client asks.
    client.send(&file).await;
    client.complete(&file).await.json::<FileRecord>(200);
}

#[tokio::test]
async fn an_upload_completed_too_early_stays_open_and_completes_later() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(PART + 1)).await;
    let nothing = client.complete(&file).await;
    assert_eq!(
        nothing.refused(ProblemCode::PartsMissing).numbers["part"],
        1
    );
    let signed = client.sign_all(&file).await;
    let unsent = client.complete(&file).await;
    assert_eq!(unsent.refused(ProblemCode::PartsMissing).numbers["part"], 1);
    assert_eq!(
        client.send_part(&signed[0], file.parts[0].clone()).await,
        200
    );
    let half = client.complete(&file).await;
    assert_eq!(half.refused(ProblemCode::PartsMissing).numbers["part"], 2);
    assert_eq!(stored(&client, &file).await, [true, false]);
    assert_eq!(
        client.send_part(&signed[1], file.parts[1].clone()).await,
        200
    );
    client.complete(&file).await.json::<FileRecord>(200);
}

#[tokio::test]
async fn an_upload_completed_with_other_parts_than_were_signed_stays_open() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(10)).await;
    client.send(&file).await;
    let path = complete::path(file.id());
    let other = json!({ "parts_sha256": Sha256::of(b"other") });
    client
        .post(&path, &other)
        .await
        .refused(ProblemCode::PartsDiffer);
    for bad in [json!({}), json!({ "parts_sha256": "x" }), json!([])] {
        client
            .post(&path, &bad)
            .await
            .refused(ProblemCode::InvalidRequest);
    }
    assert_eq!(stored(&client, &file).await, [true]);
    client.complete(&file).await.json::<FileRecord>(200);
}

#[tokio::test]
async fn the_store_takes_no_body_but_the_signed_one() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(PART + 10)).await;
    let all = client.sign_all(&file).await;
    assert_eq!(client.send_part(&all[0], file.parts[0].clone()).await, 200);
    let (signed, right) = (&all[1], &file.parts[1]);

    let longer = [right.as_slice(), b"x"].concat();
    assert_eq!(client.send_part(signed, longer).await, 403);
    let shorter = right[..right.len() - 1].to_vec();
    assert_eq!(client.send_part(signed, shorter).await, 403);
    let mut other = right.clone();
    other[0] ^= 1;
    assert_eq!(client.send_part(signed, other.clone()).await, 400);
    assert_eq!(client.send_part(signed, Vec::new()).await, 403);

    let bare = SignedPart {
        headers: [].into(),
        ..signed.clone()
    };
    assert_eq!(client.send_part(&bare, right.clone()).await, 403);
    let mut forged = signed.clone();
    let header = forged.headers.get_mut("x-amz-checksum-sha256").unwrap();
    *header = Sha256::of(&other).to_string();
    assert_eq!(client.send_part(&forged, other).await, 403);
    let elsewhere = SignedPart {
        url: signed.url.replace("partNumber=2", "partNumber=1"),
        ..signed.clone()
    };
    assert_eq!(client.send_part(&elsewhere, right.clone()).await, 403);

    assert_eq!(stored(&client, &file).await, [true, false]);
    client
        .complete(&file)
        .await
        .refused(ProblemCode::PartsMissing);
    assert_eq!(client.send_part(signed, right.clone()).await, 200);
    client.complete(&file).await.json::<FileRecord>(200);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_kept() {
    let stack = Stack::start().await;
    let client = stack.client();
    let file = client.open("a", &bytes(3000)).await;
    let signed = &client.sign_all(&file).await[0];
    let url: Uri = signed.url.parse().unwrap();
    let host = url.authority().unwrap().as_str();
    let mut head = format!(
        "PUT {} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n",
        url.path_and_query().unwrap(),
        file.parts[0].len()
    );
    for (name, value) in &signed.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let mut socket = TcpStream::connect(host).await.unwrap();
    socket
        .write_all(format!("{head}\r\n").as_bytes())
        .await
        .unwrap();
    socket.write_all(&file.parts[0][..1000]).await.unwrap();
    socket.shutdown().await.unwrap();
    let mut answer = Vec::new();
    // The server may refuse or close the connection; both are right.
    let _ = socket.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 200"));

    assert_eq!(stored(&client, &file).await, [false]);
    client.send(&file).await;
    client.complete(&file).await.json::<FileRecord>(200);
}

#[tokio::test]
async fn a_part_sent_twice_is_one_part() {
    let stack = Stack::start().await;
    let client = stack.client();
    let plaintext = bytes(PART + 10);
    let file = client.open("a", &plaintext).await;
    client.send(&file).await;
    client.send(&file).await;
    client.complete(&file).await.json::<FileRecord>(200);
    assert!(client.content(file.file_id()).await.body == plaintext);
}
