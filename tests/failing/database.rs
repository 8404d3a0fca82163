//! Another process holds the database's lock.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use sealift_tests::{Setup, Stack};
use sealift_transfer::api::OpenUpload;
use sqlx::{ConnectOptions as _, Executor as _, sqlite::SqliteConnectOptions};

use crate::sending::plaintext;

fn database_of(stack: &Stack) -> Result<PathBuf> {
    let mut files = stack.files_at_rest()?.into_iter();
    let database = files.find(|path| path.ends_with("sealift.sqlite"));
    database.context("the stack has no database")
}

#[tokio::test(flavor = "multi_thread")]
async fn while_another_process_holds_the_database_requests_fail_and_change_nothing() -> Result<()> {
    let stack = Setup::new().start().await?;
    let options = SqliteConnectOptions::new().filename(database_of(&stack)?);
    let mut other = options.connect().await?;
    other.execute("BEGIN IMMEDIATE").await?;
    let request = OpenUpload {
        client_token: "of-one-who-asks-again".to_owned(),
        name: "held up".to_owned(),
        content_type: None,
        size: 1,
        last_modified_ms: None,
        metadata: None,
        reference: None,
    };
    let refused = stack.client.open_upload(&request).await;
    assert!(refused.is_err(), "{refused:?}");
    // Reading still works.
    assert_eq!(stack.client.unfinished().await?, []);

    other.execute("ROLLBACK").await?;
    let opened = stack.client.open_upload(&request).await?;
    assert!(
        opened.content_key.is_some(),
        "it is the first with this token"
    );
    let plaintext = plaintext(100_000)?;
    let file = stack.upload("afterwards", &plaintext).await?;
    let came = stack
        .client
        .download(&file.id, None)
        .await?
        .read_all()
        .await?;
    assert!(came == plaintext);
    Ok(())
}
