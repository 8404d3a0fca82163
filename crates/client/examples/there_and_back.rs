//! Uploads a file and downloads it again beside the old one:
//! `cargo run -p sealift-client --example there_and_back -- http://localhost:8080 photo.jpg`.
//! If the server asks for an API key, the example takes it from `SEALIFT_API_KEY`.

use std::{env, error::Error, path::PathBuf};

use sealift_client::{ApiKey, CancellationToken, Client, FileSource, UploadOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(server), Some(path)) = (arguments.next(), arguments.next()) else {
        return Err("give the server's address and a file".into());
    };
    let api_key = env::var("SEALIFT_API_KEY").ok();
    let api_key = api_key.map(|text| ApiKey::parse(&text)).transpose()?;
    let client = Client::new(&server, api_key)?;

    let cancel = CancellationToken::new();
    let on_interrupt = cancel.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            on_interrupt.cancel();
        }
    });
    let path = PathBuf::from(path);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let source = FileSource::open(&path)?;
    let show = |progress: sealift_client::Progress| {
        let (stored, all) = (progress.stored_plaintext_len, progress.plaintext_len);
        eprintln!("{stored} of {all} bytes are stored");
    };
    let record = client
        .upload(source, UploadOptions::named(name), show, cancel)
        .await?;
    eprintln!("File {} is object {}", record.id, record.object_key);

    let back = path.with_added_extension("back");
    let len = client.download_to(&record.id, &back).await?;
    eprintln!("Its {len} bytes are in {}", back.display());
    Ok(())
}
