//! `PUT /upload/{name}`, which `curl -T photo.jpg http://localhost:8080/upload/` sends. The body is
//! the file.

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::{HeaderMap, Uri, header};
use percent_encoding::percent_decode_str;
use sealift_transfer::api::{FileRecord, ProblemCode};

use super::{
    Form, admit, announced, begin,
    body::{BodyError, ComingBody, SharedBody},
    declared, ended, unannounced,
};
use crate::{
    app::App,
    caller::{Caller, Permission},
    problem::Refusal,
    routes::open_upload::check,
    uploads::sealing::{self, ComingFile, Sealing},
};

pub(crate) async fn put_upload(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let body = ComingBody::shared(&app, body);
    let file = seal(&app, &caller, name_in(&head.uri), &head.headers, &body).await?;
    Ok(Form::wanted(&head.headers).answer(&file))
}

async fn seal(
    app: &App,
    caller: &Caller,
    name: String,
    headers: &HeaderMap,
    body: &SharedBody,
) -> Result<FileRecord, Refusal> {
    caller.require(Permission::Upload)?;
    app.read_only.may_change()?;
    if headers.contains_key(header::CONTENT_RANGE) {
        // `curl -C -` sends this header with the rest of a file, which would be kept as the whole file.
        return Err(Refusal::new(
            ProblemCode::InvalidRequest,
            "This address takes whole files only; `sealift upload` can resume an upload.",
        ));
    }
    let name = check::name(&name, app.config.limits.name_bytes)?;
    let len = declared(headers);
    let most_bytes = match len {
        Some(len) if len > announced(app) => return Err(sealing::too_large(announced(app))),
        Some(len) => len,
        None => unannounced(app),
    };
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()));
    let coming = ComingFile {
        name,
        content_type: content_type.map(std::borrow::Cow::into_owned),
        most_bytes,
        resealed: None,
    };
    let _permit = admit(app, caller, most_bytes).await?;
    let mut sealing = begin(app, caller, coming).await?;
    if let Err(refusal) = take(&mut *body.lock().await, &mut sealing, len).await {
        sealing.abort(refusal.code()).await;
        return Err(refusal);
    }
    ended(app, caller, sealing).await
}

/// Returns the name at the end of the address. The name is empty for
/// `curl -T - http://localhost:8080/upload/`. Bytes that are not UTF-8 become U+FFFD, as in a form.
fn name_in(address: &Uri) -> String {
    let name = address.path().strip_prefix("/upload/").unwrap_or_default();
    percent_decode_str(name).decode_utf8_lossy().into_owned()
}

async fn take(
    body: &mut ComingBody,
    sealing: &mut Sealing,
    len: Option<u64>,
) -> Result<(), Refusal> {
    while let Some(bytes) = body.next().await {
        sealing.push(bytes?).await?;
    }
    match len {
        Some(len) if sealing.plaintext_len() != len => Err(BodyError::Cut.into()),
        _ => Ok(()),
    }
}
