//! Servers in separate processes on one database file and one store. A server is killed at the worst
//! moment, and another one follows it.

use std::{
    env,
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use sealift_server::{
    Clock, Server, SweepKind,
    objects::{Objects, OpenStore, embedded::EmbeddedCredentials},
};
use sealift_transfer::api::{FileRecord, ProblemCode, UploadState};

use crate::{
    gate::{Call, Side},
    pair::{Deployment, store_config, two_parts},
    support::{Client, SealedFile, bytes, config_in},
};

/// Environment variables that pass the settings to the other process.
const FOLDER: &str = "SEALIFT_RACES_FOLDER";
const STORE: &str = "SEALIFT_RACES_STORE";
const PUBLIC_STORE: &str = "SEALIFT_RACES_PUBLIC_STORE";
const READY: &str = "listening on ";

/// A server in a process of its own. Dropping it kills the process, as a power cut would.
struct Elsewhere {
    process: Child,
    address: SocketAddr,
}

impl Elsewhere {
    fn start(both: &Deployment) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "processes::a_server_on_its_own", "--ignored"])
            .arg("--nocapture")
            .env(FOLDER, both.folder())
            .env(STORE, both.gate.endpoint())
            .env(PUBLIC_STORE, both.store.endpoint())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = lines.map(Result::unwrap).find_map(|line| {
            let address = line.split_once(READY)?.1;
            Some(address.trim().parse().unwrap())
        });
        Self {
            process,
            address: ready.unwrap(),
        }
    }

    fn client(&self) -> Client {
        Client::of(self.address)
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
#[ignore = "no test: the other process of this folder's tests, which they start"]
async fn a_server_on_its_own() {
    let Ok(folder) = env::var(FOLDER) else {
        return;
    };
    let [store, public_store] = [STORE, PUBLIC_STORE].map(|name| env::var(name).unwrap());
    let config = config_in(Path::new(&folder), &[("sweep_seconds", "0")]);
    let credentials = EmbeddedCredentials::keep_in(&config.store_credentials_file()).unwrap();
    let s3 = store_config(&config, &store, &public_store, credentials);
    let store = OpenStore {
        objects: Objects::connect(&s3).await,
        embedded: None,
        public_origin: public_store,
        is_new: false,
    };
    let server = Server::start_on(config, Clock::system(), store)
        .await
        .unwrap();
    println!("{READY}{}", server.address());
    // The process waits here until it is killed or the process that started it ends.
    let mut rest = Vec::new();
    tokio::task::spawn_blocking(move || std::io::stdin().read_to_end(&mut rest))
        .await
        .unwrap()
        .unwrap();
}

/// Kills a server after the store has joined the parts and before the server has recorded it.
async fn joined_and_killed(both: &Deployment) -> (Elsewhere, SealedFile) {
    let first = Elsewhere::start(both);
    let client = first.client();
    let file = client.open("a", &two_parts()).await;
    client.send(&file).await;
    let mut joined = both.gate.hold(Call::CompleteMultipart, Side::Answer);
    let path = sealift_transfer::api::complete::path(file.id());
    let request = serde_json::json!({ "parts_sha256": file.parts_sha256() });
    let request = client.request(http::Method::POST, &path).json(&request);
    let asked = tokio::spawn(request.send());
    joined.arrived().await;
    first.kill();
    asked.await.unwrap().unwrap_err();
    assert_eq!(both.state(file.id()).await, UploadState::Completing);
    (Elsewhere::start(both), file)
}

// A second thread keeps the gate running while this test waits for the other process.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_between_join_and_record_the_next_request_finds_the_file() {
    let both = Deployment::new().await;
    let (second, file) = joined_and_killed(&both).await;
    let early = second.client().complete(&file).await;
    early.refused(ProblemCode::Completing);
    // The dead server's lease ends.
    both.change("UPDATE uploads SET completing_until_ms = 0 WHERE state = 'completing'")
        .await;
    let record: FileRecord = second.client().complete(&file).await.json(200);
    assert!(second.client().content(&record.id).await.body == two_parts());
}

// A second thread keeps the gate running while this test waits for the other process.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_crash_between_join_and_record_a_sweeper_finds_the_file_without_the_client() {
    let both = Deployment::new().await;
    let (second, file) = joined_and_killed(&both).await;
    let third = both.serve(false).await;
    assert!(third.sweep().await.is_empty(), "the lease runs");
    third.later_by(61_000);
    let report = third.sweep().await;
    assert_eq!(report.of(SweepKind::Abandoned).done, 1, "{report}");
    assert_eq!(both.state(file.id()).await, UploadState::Complete);
    let record: FileRecord = second.client().complete(&file).await.json(200);
    assert!(second.client().content(&record.id).await.body == two_parts());
}

// A second thread keeps the gate running while this test waits for the other process.
#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_database_file_make_one_file_of_an_upload() {
    let both = Deployment::new().await;
    let (first, second) = (Elsewhere::start(&both), Elsewhere::start(&both));
    let [one, two] = [&first, &second].map(Elsewhere::client);
    let mut expected = Vec::new();
    for round in 0..10 {
        let plaintext = bytes(1000 + round);
        let file = one.open("a", &plaintext).await;
        // Both servers sign, and both complete.
        let (signed, _) = tokio::join!(one.sign_all(&file), two.sign_all(&file));
        assert_eq!(one.send_part(&signed[0], file.object()).await, 200);
        let (first, second) = tokio::join!(one.complete(&file), two.complete(&file));
        for answer in [first, second] {
            if answer.status != 200 {
                answer.refused(ProblemCode::Completing);
            }
        }
        let record: FileRecord = two.complete(&file).await.json(200);
        assert!(one.content(&record.id).await.body == plaintext);
        expected.push(record.id);
    }
    let list: sealift_transfer::api::FileList =
        one.get(sealift_transfer::api::files::PATH).await.json(200);
    let mut found: Vec<_> = list.files.into_iter().map(|file| file.id).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}
