//! Stops and starts. A stop finishes the running requests, open uploads go on after a start, and a start
//! that fails says why.

use std::{error::Error as _, fs, os::unix::fs::PermissionsExt as _};

use sealift_server::{Server, ServerError, records::Roles};
use sealift_transfer::api::{FileRecord, PartStatus, UploadState, UploadStatus, files};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{FRAME, PART, Stack, bytes, config_in};

#[tokio::test]
async fn a_running_download_is_finished_while_new_connections_are_refused() {
    let stack = Stack::start().await;
    let client = stack.client();
    // The answer is larger than the sockets of both sides hold, so it is still running at the stop.
    let plaintext = bytes(32 * 1024 * 1024);
    let record = client.upload("a", &plaintext).await;
    let address = stack.server.address();
    let mut reader = TcpStream::connect(address).await.unwrap();
    let path = files::content_path(&record.id);
    let asked = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    reader.write_all(asked.as_bytes()).await.unwrap();
    let mut begin = [0; 12];
    reader.read_exact(&mut begin).await.unwrap();
    assert_eq!(&begin, b"HTTP/1.1 200");

    let stopping = tokio::spawn(stack.server.shutdown());
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!stopping.is_finished());
    let mut rest = Vec::new();
    // The server closes the connection after its last answer.
    reader.read_to_end(&mut rest).await.unwrap();
    let head = rest.windows(4).position(|at| at == b"\r\n\r\n").unwrap() + 4;
    assert!(rest[head..] == plaintext);
    stopping.await.unwrap();
}

#[tokio::test]
async fn an_open_upload_goes_on_after_a_restart() {
    let stack = Stack::start().await;
    let client = stack.client();
    let plaintext = bytes(PART + FRAME);
    let file = client.open("a", &plaintext).await;
    let signed = client.sign_all(&file).await;
    assert_eq!(
        client.send_part(&signed[0], file.parts[0].clone()).await,
        200
    );

    let stack = stack.restart().await;
    let client = stack.client();
    let status: UploadStatus = client.status(file.id()).await.json(200);
    assert_eq!(status.state, UploadState::Open);
    let stored = |part: &PartStatus| part.stored;
    let stored: Vec<bool> = status.parts.iter().map(stored).collect();
    assert_eq!(stored, [true, false]);
    let key = file
        .opened
        .content_key
        .as_ref()
        .unwrap()
        .to_bytes()
        .unwrap();
    assert_eq!(client.key_again(file.id()).await.body, key.as_slice());

    let signed = client.sign_all(&file).await;
    assert_eq!(
        client.send_part(&signed[1], file.parts[1].clone()).await,
        200
    );
    client.complete(&file).await.json::<FileRecord>(200);
    assert!(client.content(file.file_id()).await.body == plaintext);
    let stack = stack.restart().await;
    assert!(stack.client().content(file.file_id()).await.body == plaintext);
}

#[tokio::test]
async fn an_api_key_made_beside_a_running_server_is_known_at_once_and_after_a_restart() {
    let stack = Stack::with(&[("auth", "api-keys")]).await;
    let client = stack.login("acme", "ada", Roles::ALL).await;
    assert_eq!(client.get(files::PATH).await.status, 200);
    let key = client.api_key().to_owned();
    let stack = stack.restart().await;
    let client = stack.client().with_api_key(&key);
    assert_eq!(client.get(files::PATH).await.status, 200);
}

/// Returns the messages of an error and of all its causes.
fn message_of(error: &ServerError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

#[tokio::test]
async fn a_taken_port_is_said() {
    let stack = Stack::start().await;
    let port = stack.server.address().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let config = config_in(folder.path(), &[("port", &port)]);
    let error = Server::start(config).await.unwrap_err();
    assert!(
        matches!(error, ServerError::Listen { address, .. } if address == stack.server.address())
    );
    assert!(error.to_string().contains(&port), "{error}");

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let config = config_in(folder.path(), &[("s3_port", &port)]);
    let error = Server::start(config).await.unwrap_err();
    assert!(matches!(error, ServerError::Store(_)));
    assert!(message_of(&error).contains(&port), "{}", message_of(&error));
}

#[tokio::test]
async fn secrets_that_others_may_read_refuse_the_start() {
    let stack = Stack::start().await;
    let config = stack.config.clone();
    let folder = stack.folder().join("keys");
    stack.client().upload("a", b"a").await;
    let secrets = [config.key_file.clone(), config.store_credentials_file()];
    for secret in &secrets {
        assert!(secret.starts_with(&folder));
        let mode = fs::metadata(secret).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", secret.display());
    }
    for secret in &secrets {
        fs::set_permissions(secret, fs::Permissions::from_mode(0o640)).unwrap();
        let error = Server::start(config.clone()).await.unwrap_err();
        assert!(
            message_of(&error).contains("chmod 600"),
            "{}",
            message_of(&error)
        );
        fs::set_permissions(secret, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let (config, _folder) = stack.stop().await;
    Server::start(config).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn without_its_key_file_a_deployment_with_files_does_not_start_with_a_new_one() {
    let stack = Stack::start().await;
    stack.client().upload("a", b"a").await;
    let config = stack.config.clone();
    let hidden = config.key_file.with_extension("hidden");
    fs::rename(&config.key_file, &hidden).unwrap();
    let error = Server::start(config.clone()).await.unwrap_err();
    assert!(
        matches!(error, ServerError::Keys(_)),
        "{}",
        message_of(&error)
    );
    assert!(!config.key_file.exists());
    fs::rename(&hidden, &config.key_file).unwrap();
    let (config, _folder) = stack.stop().await;
    Server::start(config).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn another_deployments_key_file_refuses_the_start() {
    let stack = Stack::start().await;
    stack.client().upload("a", b"a").await;
    let folder = tempfile::tempdir().unwrap();
    let other = config_in(folder.path(), &[]);
    Server::start(other.clone()).await.unwrap().shutdown().await;
    fs::copy(&other.key_file, &stack.config.key_file).unwrap();
    let error = Server::start(stack.config.clone()).await.unwrap_err();
    assert!(
        matches!(error, ServerError::Keys(_)),
        "{}",
        message_of(&error)
    );
}
