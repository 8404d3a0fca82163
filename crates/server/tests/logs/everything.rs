//! Sends good and bad requests to all routes and then searches the log for secrets.

use std::fs;

use http::Method;
use sealift_keyring::{KeyFile, Keyring as _};
use sealift_message::Header;
use sealift_server::{
    config::LogFormat,
    records::{Records, Roles},
    telemetry::{self, Capture},
};
use sealift_transfer::api::{
    BatchResults, FileRecord, OpenedUpload, ProblemCode, SignedPart, batch, files, open,
};
use serde_json::{Value, json};

use crate::{
    handing_on::hand_on,
    search::Secrets,
    support::{
        Answer, Client, PART, SealedFile, Stack, alter, bytes,
        forms::{Part, post_form},
        sealing::request,
    },
};

const NAME: &str = "a-name-that-is-personal.pdf";
const METADATA: &str = "metadata-that-is-personal";
const REFERENCE: &str = "reference-of-the-caller";
const PLAINTEXT: &[u8] = b"plaintext that nobody else may read";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_stands_in_the_log_of_everything_at_trace() {
    let capture = Capture::default();
    let subscriber = telemetry::subscriber("trace", LogFormat::Json, capture.clone()).unwrap();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let mut secrets = Secrets::default();
    let stack = Stack::with(&[("auth", "api-keys"), ("limit_keys", "3")]).await;
    let client = stack.login("acme", "ada", Roles::ALL).await;
    secrets.text("API key", client.api_key());
    secrets.text(
        "secret of the API key",
        client.api_key().rsplit('_').next().unwrap(),
    );
    for (what, text) in [
        ("name", NAME),
        ("metadata", METADATA),
        ("reference", REFERENCE),
        ("plaintext", "plaintext that"),
        ("Authorization", "Bearer "),
    ] {
        secrets.text(what, text);
    }

    let file = opened(&client, PLAINTEXT).await;
    add_keys(&mut secrets, &stack, &file).await;
    for signed in client.sign_all(&file).await {
        add_signature(&mut secrets, &signed);
        refused_by_the_store(&client, &signed, &file).await;
    }
    client.send(&file).await;
    client.complete(&file).await.json::<FileRecord>(200);
    read_and_refuse(&client, &file).await;
    through_the_server(&client).await;
    hand_on(&mut secrets, &stack, &client, file.file_id()).await;
    damage_and_read(&stack, &client).await;
    strangers(&mut secrets, &stack, &file).await;
    client.delete(&files::path(file.file_id())).await;
    // The sweeper gets something to end, because it logs ids and object keys.
    let left = client.open(NAME, PLAINTEXT).await;
    client.send(&left).await;
    client.abort(left.id()).await;
    stack.server.sweep_now().await;
    assert_eq!(client.get("/metrics").await.status, 200);
    let stack = stack.restart().await;
    assert_eq!(stack.client().get("/healthz").await.status, 200);
    let config = stack.config.clone();
    stack.server.shutdown().await;

    add_files(&mut secrets, &config);
    let logged = capture.text();
    let key_id = client.api_key().split('_').nth(1).unwrap();
    // Every line of a request names the API key by its id.
    let by_key = format!(r#""credential":"{key_id}""#);
    // The log has the events of all these steps, refusals included, and also the debug level.
    for expected in [
        "Opened upload",
        "Swept: ",
        "Completed upload",
        "Deleted file",
        "Refused with",
        "object_damaged",
        file.id().as_str(),
        &by_key,
    ] {
        assert!(logged.contains(expected), "{expected} is missing");
    }
    assert!(logged.contains(r#""level":"DEBUG""#));
    assert_eq!(secrets.found_in(&logged), Vec::<&str>::new(), "{logged}");
    assert!(!logged.contains("X-Amz-"));
}

async fn opened(client: &Client, plaintext: &[u8]) -> SealedFile {
    let mut asked = request("the-token-of-the-logs", NAME, plaintext.len());
    asked["metadata"] = METADATA.into();
    asked["reference"] = REFERENCE.into();
    let opened: OpenedUpload = client.post(open::PATH, &asked).await.json(201);
    client.post(open::PATH, &asked).await.json::<Value>(200);
    let mut other = asked.clone();
    other["name"] = format!("other-{NAME}").into();
    client
        .post(open::PATH, &other)
        .await
        .refused(ProblemCode::TokenReused);
    other["name"] = format!("{NAME}\n").into();
    client
        .post(open::PATH, &other)
        .await
        .refused(ProblemCode::InvalidName);
    other["size"] = NAME.into();
    client
        .post(open::PATH, &other)
        .await
        .refused(ProblemCode::InvalidRequest);
    let both = json!({ "uploads": [asked, other] });
    let both = client.post(batch::OPEN_PATH, &both).await;
    assert_eq!(both.json::<BatchResults<Value>>(200).results[1].status, 400);
    for _ in 0..4 {
        client.key_again(&opened.upload_id).await;
    }
    client.status(&opened.upload_id).await;
    SealedFile::seal(opened, plaintext)
}

/// Sends forms to the server, which sees their names and plaintext and must log neither. It must not log
/// a form that it cannot read, either.
async fn through_the_server(client: &Client) {
    let file = Part::file(METADATA, NAME, PLAINTEXT);
    let sent = post_form(client, std::slice::from_ref(&file)).await;
    assert_eq!(sent.status, 201);
    let two = post_form(client, &[file.clone(), file]).await;
    two.refused(ProblemCode::NotOneFile);
    let request = client.request(Method::POST, "/upload").body(PLAINTEXT);
    let content_type = format!("multipart/form-data; boundary={REFERENCE}");
    let garbled = Answer::to(request.header("content-type", content_type)).await;
    garbled.refused(ProblemCode::InvalidRequest);
}

/// Adds the content key, the data key and the records key to the secrets.
async fn add_keys(secrets: &mut Secrets, stack: &Stack, file: &SealedFile) {
    let content_key = file
        .opened
        .content_key
        .as_ref()
        .unwrap()
        .to_bytes()
        .unwrap();
    secrets.bytes("content key", content_key.as_slice());
    let header = Header::parse_own(&file.opened.header).unwrap();
    let records = Records::open(&stack.config.database_file()).await.unwrap();
    let row = records.kek(&"acme".parse().unwrap(), 1).await.unwrap();
    records.close().await;
    let key_file = KeyFile::load(&stack.config.key_file).unwrap();
    let kek = key_file.open_kek(&row.unwrap()).unwrap();
    let encrypted = &header.encrypted_data_keys()[0];
    let data_key = kek
        .open(encrypted, header.encryption_context())
        .await
        .unwrap();
    secrets.bytes("data key", data_key.expose());
    secrets.bytes("records key", kek.records_key().expose());
}

fn add_signature(secrets: &mut Secrets, signed: &SignedPart) {
    secrets.parameter("X-Amz-Signature", &signed.url);
    secrets.parameter("X-Amz-Credential", &signed.url);
}

async fn refused_by_the_store(client: &Client, signed: &SignedPart, file: &SealedFile) {
    let mut other = file.parts[0].clone();
    other[0] ^= 1;
    assert_eq!(client.send_part(signed, other).await, 400);
    assert_eq!(client.send_part(signed, Vec::new()).await, 403);
    let expired = signed.url.replace("X-Amz-Expires=900", "X-Amz-Expires=901");
    assert_eq!(Answer::to(client.put(&expired).body("a")).await.status, 403);
    client
        .complete(file)
        .await
        .refused(ProblemCode::PartsMissing);
}

async fn read_and_refuse(client: &Client, file: &SealedFile) {
    let path = files::content_path(file.file_id());
    assert_eq!(client.content(file.file_id()).await.body, PLAINTEXT);
    assert_eq!(
        client.get_with(&path, "range", "bytes=0-3").await.status,
        206
    );
    assert_eq!(
        client.get_with(&path, "range", "bytes=99-").await.status,
        416
    );
    client.get(files::PATH).await;
    client.get(&files::path(file.file_id())).await;
    client.get(&format!("/v1/files?cursor={NAME}")).await;
    client.get(&format!("/v1/files?search={NAME}")).await;
    client.get(&format!("/v1/files/{NAME}")).await;
    client.get(&format!("/{NAME}")).await;
    let put = client.request(Method::PUT, &path).body(NAME);
    assert_eq!(Answer::to(put).await.status, 405);
}

async fn damage_and_read(stack: &Stack, client: &Client) {
    let record = client.upload(NAME, &bytes(PART)).await;
    alter(&stack.object_of(&record), -1);
    let whole = client.request(Method::GET, &files::content_path(&record.id));
    assert!(Answer::or_broken(whole).await.is_err());
    alter(&stack.object_of(&record), 0);
    client
        .content(&record.id)
        .await
        .refused(ProblemCode::ObjectDamaged);
    fs::write(stack.object_of(&record), PLAINTEXT).unwrap();
    client
        .content(&record.id)
        .await
        .refused(ProblemCode::ObjectReplaced);
    let wrong = client.open(NAME, b"a").await;
    client.send(&wrong).await;
    alter(&stack.object_to_be(wrong.id()).await, 0);
    client
        .complete(&wrong)
        .await
        .refused(ProblemCode::UploadFailed);
    let aborted = client.open(NAME, b"a").await;
    assert_eq!(client.abort(aborted.id()).await.status, 204);
}

async fn strangers(secrets: &mut Secrets, stack: &Stack, file: &SealedFile) {
    let stranger = stack.login("evil", "eve", Roles::ALL).await;
    secrets.text("API key of a stranger", stranger.api_key());
    stranger
        .content(file.file_id())
        .await
        .refused(ProblemCode::NotFound);
    let wrong = "sealift_wrong_secret-of-nobody";
    secrets.text("wrong API key", wrong);
    let nobody = stack.client().with_api_key(wrong);
    nobody
        .get(files::PATH)
        .await
        .refused(ProblemCode::Unauthenticated);
    let proxied = stranger.get_with(files::PATH, "via", "1.1 proxy").await;
    proxied.refused(ProblemCode::InsecureTransport);
}

/// Adds the bytes of the key file and the store's credentials to the secrets.
fn add_files(secrets: &mut Secrets, config: &sealift_server::Config) {
    secrets.bytes("key file", &fs::read(&config.key_file).unwrap());
    let credentials = fs::read_to_string(config.store_credentials_file()).unwrap();
    let credentials: Value = serde_json::from_str(&credentials).unwrap();
    for name in ["access_key", "secret_key"] {
        secrets.text(
            "credentials of the store",
            credentials[name].as_str().unwrap(),
        );
    }
}
