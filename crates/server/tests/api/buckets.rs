//! The records name their bucket. A server that is set to another bucket refuses to start, and an object
//! that another bucket lacks does not count as lost.

use std::{fs, path::PathBuf};

use sealift_server::{
    Clock, Config, DeploymentError, Server,
    config::StoreConfig,
    mark_store,
    objects::{Mark, StoreAddress},
};
use sealift_transfer::api::{FileRecord, ProblemCode, UploadStatus, Verification, files, open};

use crate::support::{Client, DAY_MS, PART, Stack, bytes, change};

const NO_SWEEPS: (&str, &str) = ("sweep_seconds", "0");

/// A stopped deployment with one file and one open upload.
pub(crate) struct Stopped {
    pub(crate) config: Config,
    pub(crate) file: FileRecord,
    pub(crate) upload: sealift_transfer::api::UploadId,
    _folder: tempfile::TempDir,
}

impl Stopped {
    pub(crate) async fn new() -> Self {
        let stack = Stack::with(&[NO_SWEEPS]).await;
        let client = stack.client();
        let file = client.upload("a", &bytes(10)).await;
        let open = client.open("b", &bytes(PART + 10)).await;
        client.sign_all(&open).await;
        let upload = open.id().clone();
        let (config, folder) = stack.stop().await;
        Self {
            config,
            file,
            upload,
            _folder: folder,
        }
    }

    pub(crate) fn bucket(&self) -> PathBuf {
        self.config.store_folder().join(&self.config.bucket)
    }

    fn mark_file(&self) -> PathBuf {
        self.bucket().join("sealift/sealift.deployment")
    }

    fn mark(&self) -> Mark {
        serde_json::from_slice(&fs::read(self.mark_file()).unwrap()).unwrap()
    }

    /// Removes the mark as an operator could: the object and the store's note about it.
    fn remove_mark(&self) {
        fs::remove_file(self.mark_file()).unwrap();
    }

    /// Expects that a server with these settings does not start, and returns its error message.
    pub(crate) async fn refused(&self, config: &Config) -> String {
        let refused = Server::start(config.clone()).await.unwrap_err();
        refused.to_string()
    }

    /// Expects that everything is as before if the server has the right settings.
    pub(crate) async fn expect_unharmed(&self) {
        let server = Server::start(self.config.clone()).await.unwrap();
        let client = Client::of(server.address());
        assert_eq!(client.content(&self.file.id).await.body, bytes(10));
        let status: UploadStatus = client.status(&self.upload).await.json(200);
        assert_eq!(status.state.as_str(), "open");
        let record: FileRecord = client.get(&files::path(&self.file.id)).await.json(200);
        assert!(!matches!(record.verification, Verification::Failed { .. }));
        server.shutdown().await;
    }

    async fn change(&self, statement: &'static str) {
        change(&self.config, statement).await;
    }
}

fn s3_at(endpoint: Option<&str>) -> StoreConfig {
    StoreConfig::S3 {
        endpoint: endpoint.map(str::to_owned),
        public_endpoint: None,
        path_style: true,
    }
}

#[tokio::test]
async fn a_server_with_another_bucket_endpoint_or_prefix_does_not_start_and_says_how_to_go_on() {
    let stopped = Stopped::new().await;
    let right = &stopped.config;
    let bucket = Config {
        bucket: "another".to_owned(),
        ..right.clone()
    };
    let prefix = Config {
        prefix: "another".parse().unwrap(),
        ..right.clone()
    };
    let [endpoint, aws] = [Some("http://127.0.0.1:9"), None].map(|endpoint| Config {
        store: s3_at(endpoint),
        ..right.clone()
    });
    for config in [bucket, prefix, endpoint, aws] {
        let said = stopped.refused(&config).await;
        for part in [
            &StoreAddress::of(right).to_string(),
            &StoreAddress::of(&config).to_string(),
            "S3_BUCKET_NAME",
            "`sealift store moved --yes`",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        // An operator's command does not take it for the right bucket either.
        let refused = mark_store(&config, true).await.unwrap_err();
        assert_eq!(refused.to_string(), said);
    }
    // The refused server made nothing in the other bucket.
    assert!(!right.store_folder().join("another").exists());
    stopped.expect_unharmed().await;
}

#[tokio::test]
async fn a_deployment_that_never_had_an_upload_may_change_its_bucket() {
    let stack = Stack::with(&[NO_SWEEPS]).await;
    let (config, _folder) = stack.stop().await;
    let config = Config {
        bucket: "another".to_owned(),
        ..config
    };
    let server = Server::start(config.clone()).await.unwrap();
    let client = Client::of(server.address());
    let file = client.upload("a", &bytes(10)).await;
    assert_eq!(file.bucket, "another");
    server.shutdown().await;
    let server = Server::start(config).await.unwrap();
    server.shutdown().await;
}

#[tokio::test]
async fn a_bucket_without_the_mark_is_refused_until_the_operator_marks_it() {
    let stopped = Stopped::new().await;
    stopped.remove_mark();
    // Every start is refused, because a start does not write a missing mark.
    for _ in 0..2 {
        let said = stopped.refused(&stopped.config).await;
        assert!(said.contains("sealift/sealift.deployment"), "{said}");
        assert!(said.contains("`sealift store mark`"), "{said}");
        assert!(!stopped.mark_file().exists());
    }
    mark_store(&stopped.config, false).await.unwrap();
    stopped.expect_unharmed().await;
}

#[tokio::test]
async fn an_emptied_bucket_and_a_folder_that_is_gone_are_refused_until_the_loss_is_accepted() {
    for folder_too in [false, true] {
        let stopped = Stopped::new().await;
        let object = stopped.bucket().join(&stopped.file.object_key);
        let away = stopped.config.data_dir.join("away");
        if folder_too {
            fs::rename(stopped.config.store_folder(), &away).unwrap();
        } else {
            stopped.remove_mark();
            fs::rename(&object, &away).unwrap();
        }
        let said = stopped.refused(&stopped.config).await;
        let command = if folder_too {
            "`sealift store mark --yes`"
        } else {
            "`sealift store mark`"
        };
        assert!(said.contains(command), "{said}");
        // The refused server made no new folder.
        assert_eq!(stopped.config.store_folder().exists(), !folder_too);
        let refused = mark_store(&stopped.config, false).await.unwrap_err();
        assert!(
            matches!(refused, DeploymentError::ObjectsMissing(_)),
            "{refused}"
        );
        // With the folder back, everything works again.
        if folder_too {
            fs::rename(&away, stopped.config.store_folder()).unwrap();
            stopped.expect_unharmed().await;
            fs::remove_dir_all(stopped.config.store_folder()).unwrap();
        }
        mark_store(&stopped.config, true).await.unwrap();
        let server = Server::start(stopped.config.clone()).await.unwrap();
        let client = Client::of(server.address());
        client
            .content(&stopped.file.id)
            .await
            .refused(ProblemCode::ObjectDamaged);
        client.upload("new", &bytes(10)).await;
        server.shutdown().await;
    }
}

#[tokio::test]
async fn a_bucket_that_another_deployment_marked_is_refused() {
    let stopped = Stopped::new().await;
    let mark = fs::read(stopped.mark_file()).unwrap();
    let other = Mark {
        deployment_id: "0123456789abcdef0123456789abcdef".to_owned(),
        ..stopped.mark()
    };
    let other = serde_json::to_vec(&other).unwrap();
    for found in [
        other.as_slice(),
        b"0123456789abcdef0123456789abcdef",
        b"",
        b"{}",
        &[b'x'; 2000],
    ] {
        fs::write(stopped.mark_file(), found).unwrap();
        let said = stopped.refused(&stopped.config).await;
        assert!(said.contains("another deployment has marked"), "{said}");
        assert_eq!(fs::read(stopped.mark_file()).unwrap(), found);
    }
    fs::write(stopped.mark_file(), mark).unwrap();
    stopped.expect_unharmed().await;
}

#[tokio::test]
async fn a_deployment_from_before_the_marks_gets_one_where_its_objects_are_and_nowhere_else() {
    let stopped = Stopped::new().await;
    let forget = "UPDATE deployment SET s3_endpoint = NULL, s3_bucket = NULL, s3_prefix = NULL";
    stopped.change(forget).await;
    stopped.remove_mark();
    let another = Config {
        bucket: "another".to_owned(),
        ..stopped.config.clone()
    };
    // The rows of its uploads name the bucket.
    assert!(
        stopped
            .refused(&another)
            .await
            .contains("`sealift store moved --yes`")
    );
    // This store has a bucket of the same name, but none of the objects.
    let object = stopped.bucket().join(&stopped.file.object_key);
    let away = stopped.config.data_dir.join("away");
    fs::rename(&object, &away).unwrap();
    assert!(
        stopped
            .refused(&stopped.config)
            .await
            .contains("`sealift store mark`")
    );
    fs::rename(&away, &object).unwrap();
    stopped.expect_unharmed().await;
    // The store is known from now on, but the sweeper only reports until the prefix is marked as ours.
    assert!(!stopped.mark().prefix_is_ours);
    mark_store(&stopped.config, false).await.unwrap();
    assert!(stopped.mark().prefix_is_ours);
    stopped.remove_mark();
    assert!(
        stopped
            .refused(&stopped.config)
            .await
            .contains("`sealift store mark`")
    );
}

#[tokio::test]
async fn rows_of_another_bucket_are_never_taken_for_losses() {
    let (clock, hand) = Clock::by_hand(Clock::system().now());
    let stack = Stack::at(clock, &[NO_SWEEPS, ("verify", "full")]).await;
    let client = stack.client();
    let file = client.upload("a", &bytes(10)).await;
    let several = client.open("b", &bytes(PART + 10)).await;
    client.send(&several).await;
    let single = client.open("c", &bytes(20)).await;
    let deleted = client.upload("d", &bytes(10)).await;
    let deleting = "UPDATE files SET state = 'deleting' WHERE ? IS NOT NULL AND file_id = ?";
    stack
        .change(deleting, vec![1], deleted.id.as_str())
        .await
        .unwrap();
    for table in [
        "UPDATE uploads SET s3_bucket = 'elsewhere'",
        "UPDATE files SET s3_bucket = 'elsewhere', verification_due_at_ms = 1",
    ] {
        change(&stack.config, table).await;
    }
    let unknown = ProblemCode::StoreUnavailable;
    let detail = client.content(&file.id).await.refused(unknown).detail;
    assert!(detail.contains("another bucket"), "{detail}");
    let opening = format!("{}/open", files::path(&file.id));
    client.post(&opening, &()).await.refused(unknown);
    client.delete(&files::path(&file.id)).await.refused(unknown);
    for upload in [&several, &single] {
        client.status(upload.id()).await.refused(unknown);
        client
            .sign(upload.id(), &upload.receipts())
            .await
            .refused(unknown);
        client.complete(upload).await.refused(unknown);
        client.abort(upload.id()).await.refused(unknown);
    }
    stack.server.verify_now().await;
    let rows = "SELECT count(*) FROM files WHERE verification_code IS NOT NULL AND file_id <> ?";
    assert_eq!(stack.number(rows, "").await, 0);
    // The sweeper ends no expired upload, nothing that was cut off, and no tombstone.
    for (state, day) in [("open", 8), ("aborting", 9), ("completing", 10)] {
        let more = match state {
            "completing" => {
                "UPDATE uploads SET state = 'completing', completing_by = zeroblob(16), completing_until_ms = 0 WHERE state = 'aborting'"
            }
            "aborting" => "UPDATE uploads SET state = 'aborting' WHERE state = 'open'",
            _ => "UPDATE uploads SET state = 'open' WHERE state = 'open'",
        };
        change(&stack.config, more).await;
        hand.forward(day * DAY_MS);
        stack.server.sweep_now().await;
        for upload in [&several, &single] {
            let found = "SELECT state FROM uploads WHERE upload_id = ?";
            assert_eq!(stack.text(found, upload.id().as_str()).await, state);
        }
        let found = "SELECT state FROM files WHERE file_id = ?";
        assert_eq!(stack.text(found, deleted.id.as_str()).await, "deleting");
    }
    // With the right bucket in the rows, everything goes on.
    let right = "UPDATE uploads SET s3_bucket = (SELECT s3_bucket FROM deployment)";
    change(&stack.config, right).await;
    change(
        &stack.config,
        "UPDATE files SET s3_bucket = (SELECT s3_bucket FROM deployment)",
    )
    .await;
    assert_eq!(client.content(&file.id).await.body, bytes(10));
    client.get(open::PATH).await.json::<serde_json::Value>(200);
}
