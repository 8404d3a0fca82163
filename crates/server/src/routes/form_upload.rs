//! `POST /upload` (multipart/form-data) and `PUT /upload/{name}`: for curl and for pages without
//! script. The server seals while it streams to the store ([`crate::sealing`]) and answers only
//! when the file is complete.

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
    aborting,
    app::App,
    caller::{Caller, Wish},
    problem::Refusal,
    sealing::{self, ComingFile, SealedBody, Sealing, SealingPermit},
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
    caller.may(Wish::Upload)?;
    app.read_only.may_change()?;
    let boundary = form::boundary(headers)?;
    // The file is shorter than the form around it.
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

/// A file waits so long for memory.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Whether it may be sent now, and memory for it: all of it before a key is made.
async fn admit(app: &App, caller: &Caller, most_bytes: u64) -> Result<SealingPermit, Refusal> {
    may_open_another(app, caller).await?;
    let bytes = sealing::memory_for(&app.config, most_bytes);
    tokio::select! {
        biased;
        permit = app.sealing_memory.take(&caller.scope, bytes) => Ok(permit),
        () = app.stopping.cancelled() => Err(BodyError::Stopping.into()),
        () = app.clock.sleep(LONGEST_WAIT) => Err(Refusal::new(
            ProblemCode::TooManyRequests,
            "As many files are being sealed here as the memory for them allows; try again in a \
             moment.",
        )
        .retry_after_s(5)),
    }
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.typed_get::<ContentLength>().map(|length| length.0)
}

/// Plaintext bytes of a body whose length is announced.
fn announced(app: &App) -> u64 {
    policy::most_bytes(&app.config).min(sealing::most_bytes(&app.config))
}

/// Plaintext bytes of a body whose length is not.
fn unannounced(app: &App) -> u64 {
    announced(app).min(sealing::most_bytes_unannounced(&app.config))
}

/// Begins to seal a file, if it may have that name and type.
async fn begin(app: &App, caller: &Caller, mut coming: ComingFile) -> Result<Sealing, Refusal> {
    coming.name = check::name(&coming.name, app.config.limits.name_bytes)?;
    if let Some(content_type) = &coming.content_type {
        check::content_type(content_type)?;
    }
    Sealing::begin(app, caller, coming).await
}

/// The store may need a moment; the client cannot ask again.
const ASK_AGAIN_AFTER: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
];

/// From the end of the body to a file.
async fn ended(app: &App, caller: &Caller, sealing: Sealing) -> Result<FileRecord, Refusal> {
    let sealed = sealing.finish().await?;
    let (id, parts_sha256) = (&sealed.upload_id, &sealed.parts_sha256);
    let mut waits = ASK_AGAIN_AFTER.iter();
    loop {
        let refusal = match complete_upload::complete(app, caller, id, parts_sha256).await {
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

/// Takes back what can be: where it is being completed, the sweeper finds out what became of it.
async fn given_up(app: &App, caller: &Caller, sealed: &SealedBody, refusal: Refusal) -> Refusal {
    let id = &sealed.upload_id;
    let Err(error) = aborting::abort(app, caller, id).await else {
        return refusal;
    };
    let code = error.code();
    tracing::warn!(upload.id = %id, code = code.as_str(), "Upload {id} was neither completed nor aborted");
    match code {
        // It is being aborted; only the store has not dropped it yet.
        ProblemCode::StoreUnavailable | ProblemCode::RefusedByStore => refusal,
        _ => may_still_come(refusal, &sealed.file_id),
    }
}

/// Whoever is refused sends again, and has the file twice if it was kept after all.
fn may_still_come(refusal: Refusal, file_id: &FileId) -> Refusal {
    let detail = format!(
        "The file was sent, but it could not be found out whether it was kept: look for it in some \
         minutes at {}, and send it again only if it is not there.",
        files::path(file_id)
    );
    let told = refusal.told_as(ProblemCode::Completing, detail);
    told.with_number("file_id", file_id.as_str())
}
