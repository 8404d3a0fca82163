//! Reads files back and compares them, however often the connection breaks.

use std::time::Duration;

use bytes::Bytes;
use sealift_client::{Client, DownloadError};
use sealift_transfer::api::FileRecord;
use tokio::time::sleep;

use crate::figures::Tally;

/// How often a read is tried. The faults come and go.
const MOST_READS: usize = 40;

/// Reads the file until it comes whole, and records whether it equals the plaintext that was sent.
pub(crate) async fn compare(
    client: &Client,
    file: &FileRecord,
    plaintext: &Bytes,
    tally: &mut Tally,
) {
    let mut last = None;
    for _ in 0..MOST_READS {
        match read(client, file).await {
            Ok(came) if came == *plaintext => {
                tally.identical.insert(file.id.clone());
                return;
            }
            Ok(came) => {
                tally.wrong.push(format!(
                    "{} ({}) came back with {} other bytes",
                    file.name,
                    file.id,
                    came.len()
                ));
                return;
            }
            Err(error) => {
                tally.broken_reads += 1;
                last = Some(error);
                sleep(Duration::from_millis(300)).await;
            }
        }
    }
    let why = last.map(|error| error.to_string()).unwrap_or_default();
    tally.lost.push(format!(
        "{} ({}) could not be read in {MOST_READS} attempts: {why}",
        file.name, file.id
    ));
}

async fn read(client: &Client, file: &FileRecord) -> Result<Vec<u8>, DownloadError> {
    client.download(&file.id, None).await?.read_all().await
}
