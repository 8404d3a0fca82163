//! Measures a download from the store to a client through the server: decrypted on the way, against the same sealed
//! object passed on unchanged by the same process.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use sealift_client::{CancellationToken, Client, FileSource, UploadOptions};
use sealift_transfer::api::{FileRecord, files};

use crate::{Scale, figures, ground::Ground};

/// Numbers of concurrent readers.
const READERS: [usize; 2] = [1, 4];

pub(crate) async fn measure(scale: Scale) -> Result<()> {
    let ground = Ground::prepare().await?;
    let file = stored(&ground, scale.upload_bytes).await?;
    let opened = format!("{}{}", ground.origin(), files::content_path(&file.id));
    let passed_on = format!("{}plain/object/{}", ground.site.address, file.object_key);
    let peers = [
        ("sealift", opened, file.size),
        ("passed-on", passed_on, file.sealed_size),
    ];
    for readers in READERS {
        let mut rates = vec![Vec::new(); peers.len()];
        for _ in 0..scale.rounds {
            for ((who, url, len), rates) in peers.iter().zip(&mut rates) {
                let began = Instant::now();
                let reads = (0..readers).map(|_| read(url, *len));
                futures::future::try_join_all(reads)
                    .await
                    .with_context(|| format!("{who} does not read"))?;
                let bytes = len.saturating_mul(u64::try_from(readers)?);
                let seconds = began.elapsed().as_secs_f64();
                rates.push(figures::megabytes_per_second(bytes, seconds));
            }
        }
        for ((who, _, _), rates) in peers.iter().zip(&rates) {
            figures::report("reading", &measure_of(readers), who, rates);
        }
    }
    Ok(())
}

fn measure_of(readers: usize) -> String {
    match readers {
        1 => "MB/s, one reader".to_owned(),
        many => format!("MB/s, {many} readers"),
    }
}

/// Uploads a file of that length with the native client.
pub(crate) async fn stored(ground: &Ground, len: u64) -> Result<FileRecord> {
    let path = ground.file("stored.bin", len)?;
    let source = FileSource::open(&path)?;
    let client = Client::new(ground.origin(), None)?;
    let options = UploadOptions::named("stored.bin");
    let stored = client.upload(source, options, |_| (), CancellationToken::new());
    Ok(stored.await?)
}

/// Reads everything and discards it.
async fn read(url: &str, len: u64) -> Result<()> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut answer = http.get(url).send().await?.error_for_status()?;
    let mut got = 0;
    while let Some(piece) = answer.chunk().await? {
        got += u64::try_from(piece.len())?;
    }
    ensure!(got == len, "{got} of {len} bytes came");
    Ok(())
}
