//! `sealift upload`: seals files here and lifts the ciphertext straight to the store.

mod chosen;
mod shown_progress;
mod source;

use futures::StreamExt as _;
use sealift_client::{
    CancellationToken, Client, FileSource, Progress, ResumeOptions, Source, UploadControl,
    UploadError, UploadOptions,
};
use sealift_transfer::api::{FileRecord, UploadSummary};

use super::stop::Stop;
use crate::{
    args::Upload,
    failure::{self, Exit, Failure},
    online::{connect, refused, upload_refused},
    terminal::{self, Bars, human_size, shown},
};
use chosen::{Chosen, Input, chosen};
use shown_progress::{ShownProgress, Total};

/// Small files wait for the server more than for the link; the PUTs at once stay the client's.
const FILES_AT_ONCE: usize = 4;

pub(crate) async fn run(args: Upload) -> anyhow::Result<()> {
    let stop = Stop::listen()?;
    let chosen = chosen(&args)?;
    let client = connect(&args.access)?;
    // A server that is not there is said at once, and not after many attempts.
    let policy = client.policy().await;
    policy.map_err(|error| refused(&error, &args.access))?;
    let unfinished = match args.no_resume {
        true => Vec::new(),
        false => {
            let unfinished = client.unfinished().await;
            unfinished.map_err(|error| refused(&error, &args.access))?
        }
    };
    let bars = Bars::new(args.told);
    let uploads = Uploads {
        total: Total::of(&chosen, &bars),
        args,
        client,
        unfinished,
        bars,
        stopping: Stopping::watch(stop),
    };
    uploads.all(chosen).await
}

/// What all of the files share.
struct Uploads {
    args: Upload,
    client: Client,
    unfinished: Vec<UploadSummary>,
    bars: Bars,
    total: Total,
    stopping: Stopping,
}

impl Uploads {
    async fn all(self, chosen: Vec<Chosen>) -> anyhow::Result<()> {
        let count = chosen.len();
        let mut failed: Vec<anyhow::Error> = Vec::new();
        let uploads = &self;
        let mut done = futures::stream::iter(chosen)
            .map(|one| async move { uploads.one(&one).await.map_err(|error| (one, error)) })
            .buffered(FILES_AT_ONCE);
        while let Some(one) = done.next().await {
            match one {
                Ok(record) => self.bars.suspended(|| self.tell(&record))?,
                Err((_, error)) if count == 1 => return Err(error),
                Err((one, error)) => {
                    let error = error.context(shown(&one.name));
                    self.bars
                        .suspended(|| failure::failed(&error, self.args.told.json));
                    failed.push(error);
                }
            }
        }
        let Some(first) = failed.first() else {
            return Ok(());
        };
        let message = format!("{} of {count} files were not uploaded", failed.len());
        let failure = Failure::new(failure::exit_of(first), message);
        Err(failure.remedy("give the same command again").into())
    }

    async fn one(&self, chosen: &Chosen) -> anyhow::Result<FileRecord> {
        if self.stopping.is_asked() {
            return Err(Failure::new(Exit::Interrupted, "interrupted").into());
        }
        match &chosen.input {
            Input::File(path) => {
                let open = || FileSource::open(path);
                let source = open().map_err(|error| self.refused(error.into()))?;
                let shown = self
                    .total
                    .file(&self.bars, &chosen.name, source.plaintext_len());
                match self.go_on(chosen, source, &shown).await {
                    Some(result) => result.map_err(|error| self.refused(error)),
                    None => {
                        let source = open().map_err(|error| self.refused(error.into()))?;
                        let control = self.stopping.leaving.clone();
                        self.begin(chosen, source, &shown, control).await
                    }
                }
            }
            Input::Stdin => {
                let interrupted = &self.stopping.asked;
                let source = source::stdin(self.args.size, &self.bars, interrupted).await;
                let source = source.map_err(|error| self.refused(error))?;
                let shown = self
                    .total
                    .file(&self.bars, &chosen.name, source.plaintext_len());
                // It cannot be read again, so nobody could go on with it.
                let control = self.stopping.asked.clone().into();
                self.begin(chosen, source, &shown, control).await
            }
        }
    }

    /// With the unfinished upload of this very file; `None` where there is none that can be gone on
    /// with.
    async fn go_on(
        &self,
        chosen: &Chosen,
        source: FileSource,
        progress: &ShownProgress,
    ) -> Option<Result<FileRecord, UploadError>> {
        let earlier = self.unfinished.iter().find(|upload| {
            upload.name == chosen.name
                && upload.size == source.plaintext_len()
                && upload.last_modified_ms == source.last_modified_ms()
        })?;
        let heard = |told: Progress| progress.hear(&told);
        let control = self.stopping.leaving.clone();
        let id = earlier.upload_id.clone();
        let options = ResumeOptions::default();
        let gone_on = self.client.resume(id, source, options, heard, control);
        match gone_on.await {
            Err(error @ (UploadError::Changed { .. } | UploadError::Gone { .. })) => {
                if !self.args.told.quiet {
                    let why = shown(&error.to_string());
                    self.bars
                        .note(&format!("{}: {why}: begun anew", shown(&chosen.name)));
                }
                None
            }
            other => Some(other),
        }
    }

    async fn begin(
        &self,
        chosen: &Chosen,
        source: impl Source,
        progress: &ShownProgress,
        control: UploadControl,
    ) -> anyhow::Result<FileRecord> {
        let options = UploadOptions {
            name: chosen.name.clone(),
            content_type: chosen.content_type.clone(),
            metadata: self.args.metadata.clone(),
            reference: self.args.reference.clone(),
            ..UploadOptions::default()
        };
        let heard = |told: Progress| progress.hear(&told);
        let record = self.client.upload(source, options, heard, control).await;
        record.map_err(|error| self.refused(error))
    }

    fn refused(&self, error: UploadError) -> anyhow::Error {
        let failure = upload_refused(&error, &self.args.access);
        match error {
            UploadError::Left { upload_id: Some(_) }
            | UploadError::Failed {
                upload_id: Some(_), ..
            } => failure.remedy("give the same command again to go on"),
            _ => failure,
        }
        .into()
    }

    fn tell(&self, record: &FileRecord) -> anyhow::Result<()> {
        if self.args.told.json {
            return terminal::say_json(record);
        }
        let name = shown(&record.name);
        let place = shown(&format!("s3://{}/{}", record.bucket, record.object_key));
        let size = human_size(record.size);
        terminal::say(&format!("{name}  {}  {place}  {size}", record.id));
        Ok(())
    }
}

/// Ctrl-C: once to leave in good order, twice to be gone.
struct Stopping {
    asked: CancellationToken,
    leaving: UploadControl,
}

impl Stopping {
    fn watch(mut stop: Stop) -> Self {
        let stopping = Self {
            asked: CancellationToken::new(),
            leaving: UploadControl::new(),
        };
        let (asked, leaving) = (stopping.asked.clone(), stopping.leaving.clone());
        tokio::spawn(async move {
            stop.asked().await;
            leaving.leave();
            asked.cancel();
            stop.asked().await;
            std::process::exit(Exit::Interrupted.number().into());
        });
        stopping
    }

    fn is_asked(&self) -> bool {
        self.asked.is_cancelled()
    }
}
