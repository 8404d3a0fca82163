//! Tests the commands about a deployment as a whole: `records` and `store`.

#![expect(clippy::expect_used, reason = "a test")]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use sealift_server::objects::embedded::{Embedded, EmbeddedConfig, EmbeddedCredentials};

fn sealift(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealift"));
    command.args(args).arg("--data").arg(folder.join("data"));
    command
}

fn make_database(folder: &Path) {
    let make = "api-keys make --tenant acme --owner back-end --role upload";
    let args: Vec<&str> = make.split(' ').collect();
    said(&sealift(folder, &args).output().expect("the program"));
    let data = fs::metadata(folder.join("data")).expect("the data folder");
    assert_eq!(data.permissions().mode() & 0o777, 0o700);
}

fn said(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_new_epoch_begins_only_when_it_is_meant() {
    let folder = tempfile::tempdir().expect("a folder");
    let new_epoch = |more: &[&str]| {
        let mut command = sealift(folder.path(), &["records", "new-epoch"]);
        command.args(more).output().expect("the program")
    };
    // The command does not make a deployment.
    assert!(refused(&new_epoch(&["--yes"])).contains("there is no database at"));
    make_database(folder.path());
    let epoch = |output: &Output| {
        let said = said(output);
        let number = said.split(' ').nth(1).expect("a number");
        number.parse::<u32>().expect("a number")
    };
    let first = epoch(&new_epoch(&["--yes"]));
    assert!(refused(&new_epoch(&[])).contains("give --yes"));
    assert_eq!(epoch(&new_epoch(&["--yes"])), first + 1);
    let mut status = sealift(folder.path(), &["records", "status"]);
    let status = said(&status.output().expect("the program"));
    let database = format!("database: epoch {}, high-water mark 0\n", first + 1);
    assert!(status.starts_with(&database), "{status}");
    assert!(status.contains("no server has started yet"), "{status}");
    // The command does not make an embedded store only to look for a mark in it.
    assert!(!folder.path().join("data/objects").exists());
}

#[tokio::test]
async fn a_bucket_is_marked_by_the_deployment_that_comes_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().join("s3-credentials.json");
    let store = Embedded::start(EmbeddedConfig {
        folder: folder.path().join("store"),
        address: "127.0.0.1:0".parse().expect("an address"),
        bucket: "files".to_owned(),
        page_origins: Vec::new(),
        credentials: EmbeddedCredentials::keep_in(&keys).expect("credentials"),
    })
    .await
    .expect("a store");
    let keys = fs::read_to_string(keys).expect("credentials");
    let keys: Vec<&str> = keys.split('"').collect();
    let after = |name: &str| {
        let place = keys.iter().position(|word| *word == name);
        keys.get(place.expect("its name") + 2).expect("its value")
    };
    let mark = async |place: &Path| {
        let mut command = sealift(place, &["store", "mark"]);
        command
            .env("S3_BUCKET_NAME", "files")
            .env("S3_ENDPOINT", store.endpoint())
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", after("access_key"))
            .env("AWS_SECRET_ACCESS_KEY", after("secret_key"));
        let ended = tokio::task::spawn_blocking(move || command.output());
        ended.await.expect("a thread").expect("the program")
    };
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    for place in [&first, &second] {
        make_database(place);
    }
    for _ in 0..2 {
        assert!(said(&mark(&first).await).contains("is marked as this deployment's"));
    }
    let object = folder.path().join("store/files/sealift/sealift.deployment");
    let written = fs::read(&object).expect("the mark");
    assert!(refused(&mark(&second).await).contains("another deployment has marked"));
    assert_eq!(fs::read(&object).expect("the mark"), written);
}
