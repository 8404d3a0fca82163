//! Disturbs the server itself while uploads run: kills and restarts it, locks its database from another
//! process, and makes its disk full.

use std::{process::Command, time::Duration};

use anyhow::{Context as _, Result, ensure};
use sealift_tests::Randomness;
use sqlx::{ConnectOptions as _, Executor as _, sqlite::SqliteConnectOptions};
use tokio::time::sleep;

use crate::{deployment::Deployment, figures::Disturbances};

/// Disturbs the server until the faults end, then leaves it running.
pub(crate) async fn disturb(
    deployment: &Deployment,
    mut randomness: Randomness,
) -> Result<Disturbances> {
    let mut done = Disturbances::default();
    loop {
        for _ in 0..5 + randomness.below(50) {
            // The steps are small, so that the loop notices the end of the faults and a server that died by itself.
            sleep(Duration::from_millis(100)).await;
            if deployment.is_over() {
                return Ok(done);
            }
            if deployment.server.lock().await.has_died()? {
                done.deaths += 1;
                restart(deployment, &mut done).await?;
            }
        }
        match randomness.below(10) {
            0..=5 => {
                done.kills += 1;
                restart(deployment, &mut done).await?;
            }
            6..=7 => {
                done.locks += 1;
                lock_database(deployment, &mut randomness).await?;
            }
            _ => {
                done.full_disks += 1;
                fill_disk(deployment, &mut randomness).await?;
            }
        }
    }
}

async fn restart(deployment: &Deployment, done: &mut Disturbances) -> Result<()> {
    let mut server = deployment.server.lock().await;
    server.kill()?;
    done.refused_starts += tokio::task::block_in_place(|| server.start())?;
    Ok(())
}

/// Holds SQLite's write lock from this process for up to six seconds, which is sometimes longer than
/// the server waits for it.
async fn lock_database(deployment: &Deployment, randomness: &mut Randomness) -> Result<()> {
    let options = SqliteConnectOptions::new()
        .filename(deployment.database_file())
        .busy_timeout(Duration::from_secs(30));
    let mut other = options.connect().await?;
    other.execute("BEGIN IMMEDIATE").await?;
    sleep(Duration::from_millis(200 + randomness.below(6_000))).await;
    other.execute("ROLLBACK").await?;
    Ok(())
}

/// Limits the server's files to 16 KiB for up to two seconds, so that the database's writes fail as on a full disk
/// (with EFBIG instead of ENOSPC).
async fn fill_disk(deployment: &Deployment, randomness: &mut Randomness) -> Result<()> {
    let server = deployment.server.lock().await;
    let process = server.id().context("the server runs")?;
    limit_files(process, "16384")?;
    sleep(Duration::from_millis(200 + randomness.below(2_000))).await;
    limit_files(process, "unlimited")
}

fn limit_files(process: u32, soft_limit: &str) -> Result<()> {
    let limited = Command::new("prlimit")
        .arg(format!("--pid={process}"))
        .arg(format!("--fsize={soft_limit}:"))
        .status()
        .context("prlimit (Debian: util-linux) cannot be run")?;
    ensure!(
        limited.success(),
        "prlimit did not limit the server's files"
    );
    Ok(())
}
