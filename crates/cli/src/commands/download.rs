//! `sealift download`: gets the plaintext of a file from the server. The file appears only when it is complete.

mod name;
mod target;

use core::{cell::Cell, ops::Range};
use std::path::Path;

use sealift_client::{
    CancellationToken, Client, DownloadError, DownloadProgress, SaveOptions, Saved,
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

/// The result in JSON, for programs.
#[derive(Debug, Serialize)]
struct Report {
    file_id: String,
    /// The file's name as its uploader gave it.
    name: String,
    /// The path of the plaintext; `-` is stdout.
    path: String,
    plaintext_len: u64,
    /// The SHA-256 of the downloaded bytes in hexadecimal digits.
    sha256: String,
    /// Whether the SHA-256 was compared with the one that the server recorded when it opened every frame.
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
    let target = Target::of(&args, &record);
    let len = range
        .as_ref()
        .map_or(record.size, |range| range.end - range.start);
    let shown = ShownProgress::of(&args, &record, len);
    let downloaded = download(&client, &args, range, &target, &shown, cancel).await;
    drop(shown);
    match downloaded {
        Ok(saved) => report(&args, &record, &target, &saved),
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
) -> Result<Saved, DownloadError> {
    let progress = |now: DownloadProgress| shown.on_progress(&now);
    match (target, range) {
        (Target::Stdout, range) => {
            let mut stdout = tokio::io::stdout();
            let download = client.download_into(&args.id, range, &mut stdout, progress, cancel);
            let (path, downloaded) = ("-".into(), download.await?);
            Ok(Saved { path, downloaded })
        }
        (Target::File(path, if_exists), None) => {
            let options = SaveOptions {
                resumes: !args.no_resume,
                if_exists: *if_exists,
            };
            client.save(&args.id, path, options, progress, cancel).await
        }
        (Target::File(path, if_exists), Some(range)) => {
            if_exists.check(path)?;
            let (name, handle) = target::temporary(path)?;
            let mut file = tokio::fs::File::from_std(handle);
            let download = client.download_into(&args.id, Some(range), &mut file, progress, cancel);
            let downloaded = download.await?;
            let path = target::keep(name, file, path, *if_exists).await?;
            Ok(Saved { path, downloaded })
        }
    }
}

/// Returns the bytes of the file that were asked for. A range that goes beyond the end is cut.
fn range(asked: AskedRange, size: u64) -> Result<Range<u64>, Failure> {
    let range = match asked {
        AskedRange::Between(first, last) => first..last.saturating_add(1).min(size),
        AskedRange::From(first) => first..size,
        AskedRange::Last(count) => size.saturating_sub(count)..size,
    };
    if range.is_empty() {
        let message = format!("the file has {size} bytes, and none of them is in the range");
        return Err(Failure::new(Exit::Usage, message).code("range_not_satisfiable"));
    }
    Ok(range)
}

/// Returns a token that the first Ctrl-C cancels. The second Ctrl-C ends the process at once.
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

/// Returns the file's name, or its id if the server cannot read the name.
fn name_of(record: &FileRecord) -> &str {
    match record.name.as_str() {
        "" => record.id.as_str(),
        name => name,
    }
}

struct ShownProgress {
    bars: Bars,
    bar: terminal::Bar,
    name: String,
    /// Whether a note is still to be printed if the data of an interrupted download cannot be kept.
    is_to_keep: Cell<bool>,
}

impl ShownProgress {
    fn of(args: &Download, record: &FileRecord, len: u64) -> Self {
        let bars = Bars::new(args.output);
        let is_file = args.destination.as_deref() != Some(Path::new("-")) && args.range.is_none();
        Self {
            bar: bars.bytes(name_of(record), Some(len)),
            bars,
            name: name_of(record).to_owned(),
            is_to_keep: Cell::new(is_file && !args.no_resume && !args.output.quiet),
        }
    }

    fn on_progress(&self, now: &DownloadProgress) {
        match now.retries_in_ms {
            Some(ms) => self.bar.says(&format!("retry in {} s", ms.div_ceil(1_000))),
            None => self.bar.says(&self.name),
        }
        self.bar.reached(now.got_plaintext_len);
        if !now.is_kept && self.is_to_keep.take() {
            let note = "no private folder can be made there: if the download is interrupted, \
                        nothing is kept";
            self.bars.note(note);
        }
    }
}

fn failed(error: &DownloadError, args: &Download, target: &Target) -> Failure {
    let failure = download_refused(error, &args.access);
    let Target::File(path, _) = target else {
        return failure;
    };
    let part = Client::unfinished_path(path, &args.id);
    match error {
        DownloadError::Cancelled | DownloadError::Cut { .. } | DownloadError::OtherAnswer
            if part.exists() =>
        {
            let part = shown(&part.to_string_lossy());
            failure.remedy(format!(
                "give the same command again to continue; the data so far are in {part}"
            ))
        }
        _ => failure,
    }
}

fn report(
    args: &Download,
    record: &FileRecord,
    target: &Target,
    Saved { path, downloaded }: &Saved,
) -> anyhow::Result<()> {
    if args.output.json {
        let report = Report {
            file_id: record.id.to_string(),
            name: record.name.clone(),
            path: path.display().to_string(),
            plaintext_len: downloaded.plaintext_len,
            sha256: downloaded.sha256.clone(),
            is_compared: downloaded.is_compared,
        };
        // Stdout holds the file and nothing else.
        return match target {
            Target::Stdout => {
                terminal::note(&serde_json::to_string(&report)?);
                Ok(())
            }
            Target::File(..) => terminal::say_json(&report),
        };
    }
    if !args.output.quiet {
        let path = shown(&path.to_string_lossy());
        let size = human_size(downloaded.plaintext_len);
        let good = styled("complete and authentic", GOOD);
        let how = match (args.range, downloaded.is_compared) {
            (Some(_), _) => styled("authentic", GOOD),
            (None, true) => format!("{good}, SHA-256 as the server recorded it"),
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
