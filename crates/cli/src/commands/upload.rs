//! `sealift upload`: encrypts files here and sends the ciphertext straight to the store.

mod at_once;
mod chosen;
mod existing;
mod shown_progress;
mod source;

use core::future::ready;
use std::{
    path::Path,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

use futures::StreamExt as _;
use sealift_client::{
    CancellationToken, Client, FileSource, Progress, ResumeOptions, Source, SourceError,
    UploadControl, UploadError, UploadOptions,
};
use sealift_transfer::api::{FileRecord, UploadSummary};

use super::stop::Stop;
use crate::{
    args::Upload,
    failure::{self, Exit, Failure},
    online::{connect, refused, upload_refused},
    terminal::{self, Bars, human_size, shown},
};
use at_once::AtOnce;
use chosen::{Chosen, Input, Selection};
use existing::Existing;
use shown_progress::{ShownProgress, Total};

pub(crate) async fn run(args: Upload) -> anyhow::Result<()> {
    let selection = Selection::of(&args)?;
    let (chosen, refusals) = selection.report(&args)?;
    let client = connect(&args.access)?.with_part_folder(source::temp_dir(&args));
    // If the server cannot be reached, this fails at once and not after many retries.
    let policy = client.policy().await;
    policy.map_err(|error| refused(&error, &args.access))?;
    let unfinished = match args.no_resume {
        true => Vec::new(),
        false => {
            let unfinished = client.unfinished().await;
            unfinished.map_err(|error| refused(&error, &args.access))?
        }
    };
    let existing = match args.skip_existing {
        true => Existing::among(&client, &chosen).await,
        false => Ok(Existing::default()),
    };
    let existing = existing.map_err(|error| refused(&error, &args.access))?;
    let bars = Bars::new(args.output);
    let uploads = Uploads {
        total: Total::of(&chosen, &bars),
        args,
        client,
        unfinished: Mutex::new(unfinished),
        existing,
        bars,
        // Until now there was nothing to clean up, so Ctrl-C simply ended the program.
        stopping: Stopping::watch(Stop::listen()?),
    };
    uploads.all(chosen, refusals).await
}

/// Counts the chosen files that cannot be uploaded, and holds the exit code of the first.
#[derive(Debug, Clone, Copy)]
struct Refusals {
    count: usize,
    first: Option<Exit>,
}

impl Selection {
    /// Reports which files are left out and which cannot be uploaded, before the others are uploaded.
    ///
    /// # Errors
    /// Fails if there is nothing to upload or the flags do not fit the files.
    fn report(self, args: &Upload) -> anyhow::Result<(Vec<Chosen>, Refusals)> {
        if !args.output.quiet {
            for sentence in &self.left_out {
                terminal::note(sentence);
            }
        }
        self.check(args)?;
        let (count, is_alone) = (self.refused.len(), self.files.is_empty());
        let mut first = None;
        for failure in self.refused {
            let error = anyhow::Error::from(failure);
            if is_alone && count == 1 {
                return Err(error);
            }
            first = first.or(Some(failure::exit_of(&error)));
            failure::failed(&error, args.output.json);
        }
        match first {
            Some(exit) if is_alone => {
                let none = format!("{count} of {count} files were not uploaded");
                Err(Failure::new(exit, none).into())
            }
            first => Ok((self.files, Refusals { count, first })),
        }
    }
}

/// The state that all uploads of this command share.
struct Uploads {
    args: Upload,
    client: Client,
    /// The unfinished uploads that no file of this command continues yet.
    unfinished: Mutex<Vec<UploadSummary>>,
    existing: Existing,
    bars: Bars,
    total: Total,
    stopping: Stopping,
}

impl Uploads {
    async fn all(self, chosen: Vec<Chosen>, refusals: Refusals) -> anyhow::Result<()> {
        let count = chosen.len().saturating_add(refusals.count);
        let mut there: usize = 0;
        let mut first_exit = refusals.first;
        let uploads = &self;
        let at_once = &AtOnce::new();
        let done = futures::stream::iter(chosen)
            .then(|one| async move { (at_once.acquire(&one).await, one) })
            .take_while(|_| ready(!uploads.stopping.is_asked()))
            .map(|(permit, one)| async move {
                let _permit = permit;
                uploads.one(&one).await.map_err(|error| (one, error))
            })
            .buffered(AtOnce::most_files());
        let mut done = core::pin::pin!(done);
        while let Some(one) = done.next().await {
            match one {
                Ok(record) => {
                    there += 1;
                    self.bars.suspended(|| self.report(&record))?;
                }
                Err((_, error)) if count == 1 => return Err(error),
                Err((one, error)) => {
                    let exit = failure::exit_of(&error);
                    first_exit = first_exit.or(Some(exit));
                    if exit != Exit::Interrupted {
                        let error = error.context(shown(&one.name));
                        self.bars
                            .suspended(|| failure::failed(&error, self.args.output.json));
                    }
                }
            }
        }
        let missing = count.saturating_sub(there);
        let exit = match self.stopping.is_asked() {
            true => Some(Exit::Interrupted),
            false => first_exit,
        };
        let (1.., Some(exit)) = (missing, exit) else {
            return Ok(());
        };
        let message = match exit {
            Exit::Interrupted => {
                format!("interrupted: {missing} of {count} files are not uploaded")
            }
            _ => format!("{missing} of {count} files were not uploaded"),
        };
        // Without the flag, the same command would upload the complete files again.
        let again = "give the same command again with --skip-existing";
        let remedy = match refusals.count {
            0 => again.to_owned(),
            _ => format!("fix the errors above, then {again}"),
        };
        Err(Failure::new(exit, message).remedy(remedy).into())
    }

    async fn one(&self, chosen: &Chosen) -> anyhow::Result<FileRecord> {
        match &chosen.input {
            Input::File(path) => {
                let open = || FileSource::open(path);
                let source = match open() {
                    Err(SourceError::OtherSize { .. }) => return self.spooled(chosen, path).await,
                    opened => opened.map_err(|error| self.refused(error.into()))?,
                };
                if let Some(record) = self.existing.of(chosen, &source) {
                    let there = format!("{}: is uploaded already", shown(&chosen.name));
                    self.note(&there);
                    return Ok(record.clone());
                }
                let shown = self
                    .total
                    .file(&self.bars, &chosen.name, source.plaintext_len());
                match self.go_on(chosen, source, &shown).await {
                    Some(result) => result.map_err(|error| self.refused(error)),
                    None => {
                        let source = open().map_err(|error| self.refused(error.into()))?;
                        let control = self.stopping.leaving.clone();
                        let on_progress = |now: Progress| shown.on_progress(&now);
                        let begun = self.begin(chosen, source, on_progress, control).await;
                        begun.map_err(|error| self.refused(error))
                    }
                }
            }
            Input::Stdin => {
                let interrupted = &self.stopping.asked;
                let source = source::stdin(&self.args, &self.bars, interrupted).await;
                self.once(chosen, source).await
            }
        }
    }

    /// Uploads a file whose real size is not what the file system says, and is known only at its end.
    async fn spooled(&self, chosen: &Chosen, path: &Path) -> anyhow::Result<FileRecord> {
        let (folder, interrupted) = (source::temp_dir(&self.args), &self.stopping.asked);
        let source = source::file(path, &chosen.name, folder, &self.bars, interrupted).await;
        self.once(chosen, source).await
    }

    /// Uploads a source that cannot be read again. Such an upload cannot be continued, so it is aborted if it fails.
    async fn once(
        &self,
        chosen: &Chosen,
        source: Result<impl Source, UploadError>,
    ) -> anyhow::Result<FileRecord> {
        let refused = |error| upload_refused(&error, &self.args.access);
        let source = source.map_err(refused)?;
        let shown = self
            .total
            .file(&self.bars, &chosen.name, source.plaintext_len());
        let upload_id = OnceLock::new();
        let on_progress = |now: Progress| {
            if let Some(id) = &now.upload_id {
                upload_id.get_or_init(|| id.clone());
            }
            shown.on_progress(&now);
        };
        let control = self.stopping.asked.clone().into();
        let begun = self.begin(chosen, source, on_progress, control).await;
        if let (Err(_), Some(id)) = (&begun, upload_id.get()) {
            // If the abort fails, too, the upload ends when it expires. An upload that was aborted already does not
            // change.
            let _ = self.client.abort(id).await;
        }
        Ok(begun.map_err(refused)?)
    }

    /// Continues the unfinished upload of this file. Returns `None` if there is none that can be continued.
    async fn go_on(
        &self,
        chosen: &Chosen,
        source: FileSource,
        progress: &ShownProgress,
    ) -> Option<Result<FileRecord, UploadError>> {
        let earlier = self.take_unfinished(chosen, &source)?;
        let on_progress = |now: Progress| progress.on_progress(&now);
        let control = self.stopping.leaving.clone();
        let id = earlier.upload_id.clone();
        // Another program may be about to complete this upload with another file of the same name.
        let options = ResumeOptions {
            must_compare: true,
            ..ResumeOptions::default()
        };
        let gone_on = self
            .client
            .resume(id, source, options, on_progress, control);
        match gone_on.await {
            Err(error @ (UploadError::Changed { .. } | UploadError::Gone { .. })) => {
                if matches!(error, UploadError::Changed { .. }) {
                    // The upload may belong to another of the chosen files.
                    self.unfinished().push(earlier);
                }
                self.note_begun_anew(chosen, &shown(&error.to_string()));
                None
            }
            other => Some(other),
        }
    }

    /// Removes the unfinished upload that looks like this file from the list and returns it, so that no other file
    /// continues it.
    fn take_unfinished(&self, chosen: &Chosen, source: &FileSource) -> Option<UploadSummary> {
        let mut unfinished = self.unfinished();
        let is_of_the_file = |upload: &UploadSummary| {
            upload.name == chosen.name
                && upload.size == source.plaintext_len()
                && upload.last_modified_ms == source.last_modified_ms()
        };
        // A media type is compared only if it was given, because other clients guess it in other ways.
        let is_said_the_same = |upload: &UploadSummary| {
            upload.reference == self.args.reference
                && upload.metadata == self.args.metadata
                && (self.args.content_type.is_none()
                    || upload.content_type == self.args.content_type)
        };
        let same = |upload: &UploadSummary| is_of_the_file(upload) && is_said_the_same(upload);
        if let Some(at) = unfinished.iter().position(same) {
            return Some(unfinished.remove(at));
        }
        let is_other = unfinished.iter().any(is_of_the_file);
        drop(unfinished);
        if is_other {
            let other =
                "its unfinished upload has another --reference, --metadata or --content-type";
            self.note_begun_anew(chosen, other);
        }
        None
    }

    fn unfinished(&self) -> MutexGuard<'_, Vec<UploadSummary>> {
        self.unfinished
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn note_begun_anew(&self, chosen: &Chosen, why: &str) {
        self.note(&format!("{}: {why}: started again", shown(&chosen.name)));
    }

    fn note(&self, text: &str) {
        if !self.args.output.quiet {
            self.bars.note(text);
        }
    }

    async fn begin(
        &self,
        chosen: &Chosen,
        source: impl Source,
        on_progress: impl FnMut(Progress),
        control: UploadControl,
    ) -> Result<FileRecord, UploadError> {
        let options = UploadOptions {
            name: chosen.name.clone(),
            content_type: chosen.content_type.clone(),
            metadata: self.args.metadata.clone(),
            reference: self.args.reference.clone(),
            ..UploadOptions::default()
        };
        self.client
            .upload(source, options, on_progress, control)
            .await
    }

    fn refused(&self, error: UploadError) -> anyhow::Error {
        let failure = upload_refused(&error, &self.args.access);
        match error {
            UploadError::Left { upload_id: Some(_) }
            | UploadError::Failed {
                upload_id: Some(_), ..
            } => failure.remedy("give the same command again to continue"),
            _ => failure,
        }
        .into()
    }

    fn report(&self, record: &FileRecord) -> anyhow::Result<()> {
        if self.args.output.json {
            return terminal::say_json(record);
        }
        let name = shown(&record.name);
        let object = shown(&format!("s3://{}/{}", record.bucket, record.object_key));
        let size = human_size(record.size);
        let line = format!("{name}  {}  {object}  {size}", record.id);
        Ok(terminal::say(&line)?)
    }
}

/// Watches for Ctrl-C. The first leaves the uploads so that they can be continued, the second ends the process at once.
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
