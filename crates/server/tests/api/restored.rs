//! A database that is older than the mark in the bucket, as after a restore from a backup that nobody
//! announced. The server still reads but changes nothing until the operator begins a new epoch.

use std::{fs, path::PathBuf};

use http::Method;
use sealift_server::{
    Clock, Config, begin_new_epoch, deployment_status,
    objects::{Mark, Reached},
};
use sealift_transfer::api::{FileList, FileRecord, ProblemCode, files, tickets};
use serde_json::json;

use crate::support::{Client, SealedFile, Stack, bytes};

/// Turns the server's own sweeps off, so that only the test sweeps.
const NO_SWEEPS: (&str, &str) = ("sweep_seconds", "0");

fn backup_of(config: &Config) -> PathBuf {
    config.data_dir.join("backup")
}

/// Copies the database file of a stopped server.
async fn back_up(config: &Config) {
    fs::copy(config.database_file(), backup_of(config)).unwrap();
}

/// Puts the copy back without an announcement.
async fn restore(config: &Config) {
    assert!(!config.data_dir.join("sealift.sqlite-wal").exists());
    fs::copy(backup_of(config), config.database_file()).unwrap();
}

fn mark_file(stack: &Stack) -> PathBuf {
    stack.object_file("sealift/sealift.deployment")
}

fn mark_of(stack: &Stack) -> Mark {
    serde_json::from_slice(&fs::read(mark_file(stack)).unwrap()).unwrap()
}

async fn is_ready(client: &Client) -> bool {
    client.get("/readyz").await.status == 200
}

async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let looking = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(core::time::Duration::from_secs(30), looking)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_database_that_was_put_back_is_noticed_and_read_only_until_a_new_epoch() {
    let stack = Stack::with(&[NO_SWEEPS]).await;
    let kept = stack.client().upload("before", &bytes(10)).await;
    let open = stack.client().open("open", &bytes(20)).await;
    let stack = stack.restart_after(back_up).await;
    stack.client().upload("after", &bytes(30)).await;
    let stack = stack.restart_after(restore).await;

    let client = stack.client();
    let problem = client.get("/readyz").await.refused(ProblemCode::ReadOnly);
    assert!(problem.detail.contains("`sealift records new-epoch --yes`"));
    let list: FileList = client.get(files::PATH).await.json(200);
    assert_eq!(list.files.len(), 1);
    assert_eq!(client.content(&kept.id).await.body, bytes(10));
    let refused = client.sign(open.id(), &open.receipts()).await;
    let problem = refused.refused(ProblemCode::ReadOnly);
    assert!(problem.detail.contains("`sealift records new-epoch --yes`"));
    // Clients retry for two minutes, so with this Retry-After they give up at once.
    assert_eq!(refused.header("retry-after"), "300");
    assert!(deployment_status(&stack.config).await.unwrap().is_older());

    // Another start does not change this.
    let stack = stack.restart().await;
    assert!(!is_ready(&stack.client()).await);
    assert_eq!(begin_new_epoch(&stack.config).await.unwrap(), 2);
    assert!(!deployment_status(&stack.config).await.unwrap().is_older());
    let stack = stack.restart().await;
    let client = stack.client();
    assert!(is_ready(&client).await);
    let refused = client.sign(open.id(), &open.receipts()).await;
    refused.refused(ProblemCode::UploadExpired);
    client
        .key_again(open.id())
        .await
        .refused(ProblemCode::UploadExpired);
    client.upload("again", &bytes(40)).await;
    assert_eq!(client.content(&kept.id).await.body, bytes(10));
}

#[tokio::test]
async fn each_change_that_a_restore_must_not_forget_is_enough_to_notice_it() {
    type Change = (&'static str, for<'a> fn(&'a Client, &'a Before) -> Done<'a>);
    type Done<'a> = core::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;
    /// The uploads and the file that the backup knows.
    struct Before {
        open: SealedFile,
        sent: SealedFile,
        file: FileRecord,
    }
    let changes: [Change; 5] = [
        ("an upload was opened", |client, _| {
            Box::pin(async { _ = client.open("new", &bytes(10)).await })
        }),
        ("a part was signed", |client, before| {
            Box::pin(async { _ = client.sign_all(&before.open).await })
        }),
        // Only the completion counts, because the part was signed before the backup.
        ("an upload was completed", |client, before| {
            Box::pin(async {
                client.complete(&before.sent).await.json::<FileRecord>(200);
            })
        }),
        ("a file was deleted", |client, before| {
            Box::pin(async {
                let deleted = client.delete(&files::path(&before.file.id)).await;
                assert_eq!(deleted.status, 204);
            })
        }),
        ("a form was sent", |client, _| {
            Box::pin(async {
                let put = client.request(Method::PUT, "/upload/a").body("sent");
                assert_eq!(put.send().await.unwrap().status(), 201);
            })
        }),
    ];
    let mut stack = Stack::with(&[NO_SWEEPS]).await;
    for (what, change) in changes {
        let client = stack.client();
        let before = Before {
            open: client.open("open", &bytes(20)).await,
            sent: client.open("sent", &bytes(20)).await,
            file: client.upload("file", &bytes(10)).await,
        };
        client.send(&before.sent).await;
        stack = stack.restart_after(back_up).await;
        assert!(is_ready(&stack.client()).await, "{what}");
        change(&stack.client(), &before).await;
        stack = stack.restart_after(restore).await;
        assert!(!is_ready(&stack.client()).await, "{what}");
        begin_new_epoch(&stack.config).await.unwrap();
        stack = stack.restart().await;
        assert!(is_ready(&stack.client()).await, "{what}");
    }
}

#[tokio::test]
async fn what_changes_nothing_is_no_reason_to_be_read_only() {
    let stack = Stack::with(&[NO_SWEEPS]).await;
    let file = stack.client().upload("a", &bytes(10)).await;
    let stack = stack.restart_after(back_up).await;
    let client = stack.client();
    assert_eq!(client.content(&file.id).await.body, bytes(10));
    let made = client
        .post(tickets::PATH, &json!({ "file_id": file.id }))
        .await;
    assert_eq!(made.status, 201);
    let stack = stack.restart_after(restore).await;
    assert!(is_ready(&stack.client()).await);
    // A database that was copied as it is and put back is not older, either.
    let stack = stack.restart_after(back_up).await;
    let stack = stack.restart_after(restore).await;
    assert!(is_ready(&stack.client()).await);
}

#[tokio::test]
async fn an_older_epoch_is_noticed_and_the_next_epoch_is_later_than_the_marks() {
    let stack = Stack::with(&[NO_SWEEPS]).await;
    let stack = stack.restart_after(back_up).await;
    begin_new_epoch(&stack.config).await.unwrap();
    let stack = stack.restart_after(restore).await;
    assert!(!is_ready(&stack.client()).await);
    assert_eq!(begin_new_epoch(&stack.config).await.unwrap(), 3);
    assert_eq!(mark_of(&stack).reached.epoch, 3);
    let stack = stack.restart().await;
    assert!(is_ready(&stack.client()).await);
}

#[tokio::test]
async fn the_mark_is_raised_once_a_minute_and_at_a_stop() {
    let (clock, hand) = Clock::by_hand(Clock::system().now());
    let stack = Stack::at(clock, &[NO_SWEEPS]).await;
    let client = stack.client();
    let at_start = mark_of(&stack);
    assert_eq!((at_start.reached.epoch, at_start.prefix_is_ours), (1, true));
    for name in ["a", "b", "c"] {
        client.open(name, &bytes(10)).await;
    }
    assert_eq!(mark_of(&stack), at_start);
    let reached = at_start.reached;
    let expected = Reached {
        high_water: reached.high_water + 3,
        ..reached
    };
    hand.forward(60_000);
    until(async || mark_of(&stack).reached == expected).await;
    let opened = client.open("d", &bytes(10)).await;
    client.sign_all(&opened).await;
    let file = mark_file(&stack);
    // The mark is read while no server runs, because a start raises it too.
    let at_the_stop = async |_: &Config| {
        let mark: Mark = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert_eq!(mark.reached.high_water, expected.high_water + 2);
    };
    let stack = stack.restart_after(at_the_stop).await;
    assert!(is_ready(&stack.client()).await);
}

#[tokio::test]
async fn a_running_server_notices_the_older_database_and_the_new_epoch_within_a_minute() {
    let (clock, hand) = Clock::by_hand(Clock::system().now());
    let stack = Stack::at(clock, &[NO_SWEEPS]).await;
    let client = stack.client();
    client.open("a", &bytes(10)).await;
    let mark = mark_of(&stack);
    let farther = Mark {
        reached: Reached {
            high_water: 100,
            ..mark.reached
        },
        ..mark
    };
    fs::write(mark_file(&stack), serde_json::to_vec(&farther).unwrap()).unwrap();
    hand.forward(60_000);
    until(async || !is_ready(&client).await).await;
    assert_eq!(begin_new_epoch(&stack.config).await.unwrap(), 2);
    hand.forward(60_000);
    until(async || is_ready(&client).await).await;
    assert_eq!(
        mark_of(&stack).reached,
        Reached {
            epoch: 2,
            high_water: 100
        }
    );
    client.upload("b", &bytes(10)).await;
}
