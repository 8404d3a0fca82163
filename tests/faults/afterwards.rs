//! The checks after the faults have ended: every open upload is brought to its end, every file is read, and the store
//! is searched for leftovers.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, Result, ensure};
use sealift_client::{Client, UploadError};
use sealift_transfer::api::{FileRecord, UploadSummary};
use sqlx::{ConnectOptions as _, Executor as _, Row as _, sqlite::SqliteConnectOptions};
use tokio::time::sleep;

use crate::{
    course::Course,
    deployment::Deployment,
    figures::{Findings, Tally},
    inventory::{Bucket, Inventory, is_of_a_trial},
    native, readings,
    store_process::StoreProcess,
};

/// Resumes the open uploads. Then reads every file that was not read yet and checks that nothing of a
/// cancelled upload is left.
pub(crate) async fn end_everything(
    client: &Client,
    seed: u64,
    tally: &mut Tally,
) -> Result<Vec<FileRecord>> {
    for upload in client.unfinished().await? {
        let course = course_of(seed, &upload.name)?;
        if !tally.cancelled.contains(&course.number) {
            go_on(client, &upload, &course, seed, tally).await?;
        } else if upload.signed_parts == 0 {
            // The client cancelled during the open request and its answer was lost, so nobody knew the upload's id.
            client.abort(&upload.upload_id).await?;
            tally.opened_unanswered += 1;
        } else {
            let name = &upload.name;
            tally.lost.push(format!(
                "{name} was cancelled but is still open: {upload:?}"
            ));
        }
    }
    let files = all_files(client).await?;
    for file in &files {
        let course = course_of(seed, &file.name)?;
        if tally.cancelled.contains(&course.number) {
            tally
                .lost
                .push(format!("{} was cancelled but became a file", file.name));
        }
        if !tally.identical.contains(&file.id) {
            readings::compare(client, file, &course.plaintext(seed), tally).await;
        }
    }
    Ok(files)
}

async fn go_on(
    client: &Client,
    upload: &UploadSummary,
    course: &Course,
    seed: u64,
    tally: &mut Tally,
) -> Result<()> {
    let plaintext = course.plaintext(seed);
    tally.resumed += 1;
    match native::resume(client, upload.upload_id.clone(), &plaintext).await {
        Ok(_) | Err(UploadError::Gone { .. }) => {}
        Err(error) => tally
            .lost
            .push(format!("{} stays open: {error}", upload.name)),
    }
    Ok(())
}

fn course_of(seed: u64, name: &str) -> Result<Course> {
    let number =
        Course::number_in(name).with_context(|| format!("not a file of this run: {name}"))?;
    Course::of(seed, number)
}

async fn all_files(client: &Client) -> Result<Vec<FileRecord>> {
    let mut files = Vec::new();
    let mut cursor = None;
    loop {
        let page = client.files(cursor.as_deref()).await?;
        files.extend(page.files);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(files);
        }
    }
}

/// Days by which everything is moved into the past. After that all signatures have expired and everything
/// without a record is old.
const DAYS: i64 = 40;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The limit of the wait for a sweep. A sweep starts with the server and takes seconds.
const LONGEST_SWEEP: Duration = Duration::from_secs(60);

/// Moves the whole deployment 40 days into the past, lets the server sweep, and compares the store's
/// content with the existing files.
pub(crate) async fn search(deployment: &Deployment, files: &[FileRecord]) -> Result<Findings> {
    let bucket = Bucket::at(deployment.store.endpoint()).await;
    let before = bucket.inventory().await?;
    bucket.mark(deployment_id(deployment).await?).await?;
    // The first listing only reports objects without a record (docs/FORMAT.md, R11). The second removes them.
    for _ in 0..2 {
        let mut server = deployment.server.lock().await;
        server.kill()?;
        move_into_the_past(deployment).await?;
        tokio::task::block_in_place(|| server.start())?;
        drop(server);
        wait_for_the_list(deployment).await?;
    }
    let kept: BTreeSet<String> = files.iter().map(|file| file.object_key.clone()).collect();
    let after = settled(deployment, &bucket, &kept).await?;
    let mut findings = Findings {
        orphans: orphans(deployment, &after, &kept),
        missing: kept.difference(&after.objects).cloned().collect(),
        swept: count(before.objects.len() - after.objects.len())
            + count(before.multiparts.len() - after.multiparts.len()),
        ..Findings::default()
    };
    findings.misjudged = misjudged(deployment).await?;
    look_at_what_came(deployment, &mut findings);
    Ok(findings)
}

/// Waits until the running sweep has removed everything, or until its time is over.
async fn settled(
    deployment: &Deployment,
    bucket: &Bucket,
    kept: &BTreeSet<String>,
) -> Result<Inventory> {
    let began = Instant::now();
    loop {
        let found = bucket.inventory().await?;
        if orphans(deployment, &found, kept).is_empty() || began.elapsed() > LONGEST_SWEEP {
            return Ok(found);
        }
        sleep(Duration::from_millis(200)).await;
    }
}

fn orphans(deployment: &Deployment, found: &Inventory, kept: &BTreeSet<String>) -> Vec<String> {
    let objects = found.objects.difference(kept);
    let objects = objects.map(|key| format!("object {key}"));
    // Garage's own timestamps cannot be changed, so uploads without a record are too young to be swept there.
    let may_stay =
        |key: &str| matches!(deployment.store, StoreProcess::Garage(_)) && is_of_a_trial(key);
    let multiparts = found.multiparts.iter();
    let multiparts = multiparts.filter(|(key, _)| !may_stay(key));
    let multiparts = multiparts.map(|(key, id)| format!("multipart upload {id} of {key}"));
    objects.chain(multiparts).collect()
}

async fn deployment_id(deployment: &Deployment) -> Result<String> {
    let mut records = records(deployment).await?;
    let row = records
        .fetch_one("SELECT deployment_id FROM deployment")
        .await?;
    Ok(row.try_get(0)?)
}

/// Returns the uploads that completion wrongly failed. Nobody alters an object in this run, so there must be none.
async fn misjudged(deployment: &Deployment) -> Result<Vec<String>> {
    let mut records = records(deployment).await?;
    let failed = "SELECT upload_id FROM uploads WHERE state = 'failed'";
    let rows = records.fetch_all(failed).await?;
    let ids = rows.iter().map(|row| Ok(row.try_get(0)?));
    ids.collect()
}

async fn wait_for_the_list(deployment: &Deployment) -> Result<()> {
    let began = Instant::now();
    let mut records = records(deployment).await?;
    let asked = "SELECT unrecorded_listed_at_ms IS NOT NULL FROM deployment";
    while !records.fetch_one(asked).await?.try_get::<bool, _>(0)? {
        ensure!(
            began.elapsed() < LONGEST_SWEEP,
            "the sweeper did not list the store"
        );
        sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Changes the times in the server's records and of the store's files. The server must not be running.
async fn move_into_the_past(deployment: &Deployment) -> Result<()> {
    let by_ms = DAYS * DAY_MS;
    let mut records = records(deployment).await?;
    for change in [
        format!(
            "UPDATE uploads SET opened_at_ms = opened_at_ms - {by_ms},
             expires_at_ms = expires_at_ms - {by_ms},
             last_signature_ends_at_ms = last_signature_ends_at_ms - {by_ms}"
        ),
        format!("UPDATE files SET uploaded_at_ms = uploaded_at_ms - {by_ms}"),
        "UPDATE deployment SET unrecorded_listed_at_ms = NULL".to_owned(),
    ] {
        records.execute(sqlx::AssertSqlSafe(change)).await?;
    }
    let by = Duration::from_millis(by_ms.unsigned_abs());
    let then = SystemTime::now()
        .checked_sub(by)
        .context("a clock that is right")?;
    set_modified(&deployment.folder().join("store"), then)
}

fn set_modified(folder: &Path, then: SystemTime) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            set_modified(&path, then)?;
        } else {
            File::open(&path)?.set_modified(then)?;
        }
    }
    Ok(())
}

async fn records(deployment: &Deployment) -> Result<sqlx::SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(deployment.database_file())
        .busy_timeout(Duration::from_secs(30));
    Ok(options.connect().await?)
}

/// Evaluates the journal of the proxy between clients and store.
fn look_at_what_came(deployment: &Deployment, findings: &mut Findings) {
    let journal = deployment.proxies.client_to_store.journal();
    let mut whole: BTreeMap<(String, u16), u64> = BTreeMap::new();
    for reached in journal.iter().filter(|reached| reached.is_whole_part()) {
        let part = (
            reached.request.path.clone(),
            reached.request.part_number.unwrap_or(1),
        );
        *whole.entry(part).or_default() += 1;
    }
    findings.parts = count(whole.len());
    findings.part_requests = whole.values().sum();
    let twice = journal.parts_sealed_twice().into_iter();
    findings.sealed_twice = twice
        .map(|(key, part)| format!("part {part} of {key}"))
        .collect();
}

fn count(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}
