//! `POST /upload` (multipart/form-data) and `PUT /upload/{name}`: uploads by curl and by pages without
//! script. The server seals the body while it streams to the store ([`crate::uploads::sealing`]) and answers
//! only when the file is complete.

use core::time::Duration;

use axum::{
    extract::{Request, State},
    response::Response,
};
use headers::{ContentLength, HeaderMapExt as _};
use http::HeaderMap;
use sealift_transfer::api::{FileId, FileRecord, ProblemCode, files};

use super::{
    complete_upload, file,
    open_upload::{check, may_open_another},
    policy,
};
use crate::{
    app::App,
    caller::{Caller, Permission},
    limits::SealingPermit,
    problem::Refusal,
    uploads::{
        abort,
        sealing::{self, ComingFile, SealedBody, Sealing},
    },
};

mod answer;
mod body;
mod form;
mod name;
mod page;
mod put;

use answer::Form;
pub(crate) use answer::refusals_as_wanted;
use body::{BodyError, ComingBody, SharedBody};
pub(crate) use put::put_upload;

pub(crate) async fn form_upload(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let body = ComingBody::shared(&app, body);
    let file = seal(&app, &caller, &head.headers, &body).await?;
    Ok(Form::wanted(&head.headers).answer(&file))
}

async fn seal(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    body: &SharedBody,
) -> Result<FileRecord, Refusal> {
    caller.require(Permission::Upload)?;
    app.read_only.may_change()?;
    let boundary = form::boundary(headers)?;
    // The form's length is more than the file's, because it includes what surrounds the file.
    let most_bytes = match declared(headers) {
        Some(len) if len > announced(app).saturating_add(form::MOST_AROUND_BYTES) => {
            return Err(sealing::too_large(announced(app)));
        }
        Some(len) => len.min(announced(app)),
        None => unannounced(app),
    };
    let _permit = admit(app, caller, most_bytes).await?;
    let sealing = form::read(app, caller, body, boundary, most_bytes).await?;
    ended(app, caller, sealing).await
}

/// The longest time that a file waits for memory.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Checks that the caller may upload another file and waits for the memory to seal it. Both happen
/// before a key is made.
async fn admit(app: &App, caller: &Caller, most_bytes: u64) -> Result<SealingPermit, Refusal> {
    may_open_another(app, caller).await?;
    let bytes = sealing::memory_for(&app.config, most_bytes);
    tokio::select! {
        biased;
        permit = app.sealing_memory.take(&caller.scope, bytes) => Ok(permit),
        () = app.stopping.cancelled() => Err(BodyError::Stopping.into()),
        () = app.clock.sleep(LONGEST_WAIT) => Err(Refusal::new(
            ProblemCode::TooManyRequests,
            "The server is sealing as many files as its memory allows; try again in a moment.",
        )
        .retry_after_s(5)),
    }
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.typed_get::<ContentLength>().map(|length| length.0)
}

/// Returns the most plaintext bytes of a body whose length is announced.
fn announced(app: &App) -> u64 {
    policy::most_bytes(&app.config).min(sealing::most_bytes(&app.config))
}

/// Returns the most plaintext bytes of a body whose length is not announced.
fn unannounced(app: &App) -> u64 {
    announced(app).min(sealing::most_bytes_unannounced(&app.config))
}

/// Checks the file's name and media type and begins to seal it.
async fn begin(app: &App, caller: &Caller, mut coming: ComingFile) -> Result<Sealing, Refusal> {
    coming.name = check::name(&coming.name, app.config.limits.name_bytes)?;
    if let Some(content_type) = &coming.content_type {
        check::content_type(content_type)?;
    }
    Sealing::begin(app, caller, coming).await
}

/// The waits before completion is tried again. The server retries here, because the store may need a
/// moment and the client cannot send its body again.
const ASK_AGAIN_AFTER: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
];

/// Finishes the sealing after the end of the body, completes the upload and returns the file's record.
async fn ended(app: &App, caller: &Caller, sealing: Sealing) -> Result<FileRecord, Refusal> {
    let sealed = sealing.finish().await?;
    let (id, parts_sha256) = (&sealed.upload_id, &sealed.parts_sha256);
    let mut waits = ASK_AGAIN_AFTER.iter();
    loop {
        let upload = app.records.upload(&caller.scope, id).await;
        let completed = match upload.map_err(Refusal::from) {
            Ok(Some(upload)) => complete_upload::complete(app, caller, &upload, parts_sha256).await,
            Ok(None) => Err(Refusal::not_found()),
            Err(refusal) => Err(refusal),
        };
        let refusal = match completed {
            Ok(row) => {
                let record = file::record(app, row).await;
                return record.map_err(|refusal| may_still_come(refusal, &sealed.file_id));
            }
            Err(refusal) => refusal,
        };
        match waits.next() {
            Some(wait) if refusal.code().status() == 503 => app.clock.sleep(*wait).await,
            _ => return Err(given_up(app, caller, &sealed, refusal).await),
        }
    }
}

/// Aborts the upload if that is still possible and returns the refusal to send. If the upload is being
/// completed, it cannot be aborted; the sweeper later finds out what became of it.
async fn given_up(app: &App, caller: &Caller, sealed: &SealedBody, refusal: Refusal) -> Refusal {
    let id = &sealed.upload_id;
    let Err(error) = abort::abort(app, caller, id).await else {
        return refusal;
    };
    let code = error.code();
    tracing::warn!(upload.id = %id, code = code.as_str(), "Upload {id} was neither completed nor aborted");
    match code {
        // The abort is recorded; only the store has not dropped the upload yet.
        ProblemCode::StoreUnavailable | ProblemCode::RefusedByStore => refusal,
        _ => may_still_come(refusal, &sealed.file_id),
    }
}

/// Returns a refusal that says that the file may have been kept. Otherwise the client sends it again,
/// and has it twice if it was kept.
fn may_still_come(refusal: Refusal, file_id: &FileId) -> Refusal {
    let detail = format!(
        "The file was sent, but the server could not find out whether it was kept: look for it at {} \
         in a few minutes, and send it again only if it is not there.",
        files::path(file_id)
    );
    let told = refusal.answered_as(ProblemCode::Completing, detail);
    told.with_number("file_id", file_id.as_str())
}
