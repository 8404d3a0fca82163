//! `sealift download`: the plaintext, by way of the server, whole or not at all.

mod name;
mod target;

use core::ops::Range;

use sealift_client::{
    CancellationToken, Client, DownloadError, DownloadProgress, Downloaded, SaveOptions,
};
use sealift_transfer::api::FileRecord;
use serde::Serialize;

use super::stop::Stop;
use crate::{
    args::{AskedRange, Download},
    failure::{Exit, Failure},
    online::{connect, download_refused, refused},
    terminal::{self, Bars, GOOD, human_size, shown, styled},
};
use target::Target;

/// What was downloaded, for programs.
#[derive(Debug, Serialize)]
struct Told {
    file_id: String,
    /// The file's name as it was given.
    name: String,
    /// Where it went; `-` is stdout.
    path: String,
    plaintext_len: u64,
    /// Of what came, in hexadecimal digits.
    sha256: String,
    /// Whether that is what the server recorded when it opened every frame.
    is_compared: bool,
}

pub(crate) async fn run(args: Download) -> anyhow::Result<()> {
    let cancel = cancelled_by(Stop::listen()?);
    let client = connect(&args.access)?;
    let record = tokio::select! {
        record = client.file(&args.id) => record.map_err(|error| refused(&error, &args.access))?,
        () = cancel.cancelled() => return Err(Failure::new(Exit::Interrupted, "interrupted").into()),
    };
    let range = match args.range {
        Some(asked) => Some(range(asked, record.size)?),
        None => None,
    };
    let target = Target::of(&args, &record)?;
    let len = range
        .as_ref()
        .map_or(record.size, |range| range.end - range.start);
    let shown = ShownProgress::of(&args, &record, len);
    let downloaded = download(&client, &args, range, &target, &shown, cancel).await;
    drop(shown);
    match downloaded {
        Ok(downloaded) => tell(&args, &record, &target, &downloaded),
        Err(error) => Err(failed(&error, &args, &target).into()),
    }
}

async fn download(
    client: &Client,
    args: &Download,
    range: Option<Range<u64>>,
    target: &Target,
    shown: &ShownProgress,
    cancel: CancellationToken,
) -> Result<Downloaded, DownloadError> {
    let progress = |told: DownloadProgress| shown.hear(&told);
    match (target, range) {
        (Target::Stdout, range) => {
            let mut stdout = tokio::io::stdout();
            let download = client.download_into(&args.id, range, &mut stdout, progress, cancel);
            download.await
        }
        (Target::File(path), None) => {
            let options = SaveOptions {
                resumes: !args.no_resume,
                replaces: args.force,
            };
            client.save(&args.id, path, options, progress, cancel).await
        }
        (Target::File(path), Some(range)) => {
            let (name, handle) = target::temporary(path)?;
            let mut file = tokio::fs::File::from_std(handle);
            let download = client.download_into(&args.id, Some(range), &mut file, progress, cancel);
            let downloaded = download.await?;
            target::keep(name, file, path, args.force).await?;
            Ok(downloaded)
        }
    }
}

/// What of the file; a range that goes beyond its end gives what there is.
fn range(asked: AskedRange, size: u64) -> Result<Range<u64>, Failure> {
    let range = match asked {
        AskedRange::Between(first, last) => first..last.saturating_add(1).min(size),
        AskedRange::From(first) => first..size,
        AskedRange::Last(count) => size.saturating_sub(count)..size,
    };
    if range.is_empty() {
        let message = format!("the file has {size} bytes, and the range none of them");
        return Err(Failure::new(Exit::Usage, message).code("range_not_satisfiable"));
    }
    Ok(range)
}

/// Ctrl-C: once to leave in good order, twice to be gone.
fn cancelled_by(mut stop: Stop) -> CancellationToken {
    let cancel = CancellationToken::new();
    let asked = cancel.clone();
    tokio::spawn(async move {
        stop.asked().await;
        asked.cancel();
        stop.asked().await;
        std::process::exit(Exit::Interrupted.number().into());
    });
    cancel
}

struct ShownProgress {
    bar: terminal::Bar,
    name: String,
}

impl ShownProgress {
    fn of(args: &Download, record: &FileRecord, len: u64) -> Self {
        Self {
            bar: Bars::new(args.told).bytes(&record.name, Some(len)),
            name: record.name.clone(),
        }
    }

    fn hear(&self, told: &DownloadProgress) {
        match told.retries_in_ms {
            Some(ms) => self.bar.says(&format!("retry in {} s", ms.div_ceil(1_000))),
            None => self.bar.says(&self.name),
        }
        self.bar.reached(told.got_plaintext_len);
    }
}

fn failed(error: &DownloadError, args: &Download, target: &Target) -> Failure {
    let failure = download_refused(error, &args.access);
    let Target::File(path) = target else {
        return failure;
    };
    match error {
        DownloadError::Cancelled | DownloadError::Cut { .. }
            if Client::unfinished_path(path).exists() =>
        {
            let part = Client::unfinished_path(path);
            let part = shown(&part.to_string_lossy());
            failure.remedy(format!(
                "give the same command again to go on; what came lies in {part}"
            ))
        }
        _ => failure,
    }
}

fn tell(
    args: &Download,
    record: &FileRecord,
    target: &Target,
    downloaded: &Downloaded,
) -> anyhow::Result<()> {
    if args.told.json {
        let told = Told {
            file_id: record.id.to_string(),
            name: record.name.clone(),
            path: target.to_string(),
            plaintext_len: downloaded.plaintext_len,
            sha256: downloaded.sha256.clone(),
            is_compared: downloaded.is_compared,
        };
        // Stdout has the file, and nothing else.
        return match target {
            Target::Stdout => {
                terminal::note(&serde_json::to_string(&told)?);
                Ok(())
            }
            Target::File(_) => terminal::say_json(&told),
        };
    }
    if !args.told.quiet {
        let path = shown(&target.to_string());
        let size = human_size(downloaded.plaintext_len);
        let good = styled("whole and authentic", GOOD);
        let how = match (args.range, downloaded.is_compared) {
            (Some(_), _) => styled("authentic", GOOD),
            (None, true) => format!("{good}, SHA-256 as recorded"),
            (None, false) => good,
        };
        terminal::note(&format!("{path}  {size}, {how}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_file() {
        let range = |asked| range(asked, 10).ok();
        assert_eq!(range(AskedRange::Between(3, 5)), Some(3..6));
        assert_eq!(range(AskedRange::Between(3, 99)), Some(3..10));
        assert_eq!(range(AskedRange::From(9)), Some(9..10));
        assert_eq!(range(AskedRange::Last(4)), Some(6..10));
        assert_eq!(range(AskedRange::Last(40)), Some(0..10));
        assert_eq!(range(AskedRange::From(10)), None);
        assert_eq!(range(AskedRange::Between(10, 12)), None);
    }
}
