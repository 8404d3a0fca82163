//! `PUT /upload/{name}`, as `curl -T photo.jpg http://localhost:8080/upload/` sends it: the body
//! is the file.

use axum::{
    extract::{Path, Request, State, rejection::PathRejection},
    response::Response,
};
use http::{HeaderMap, header};
use sealift_transfer::api::{FileRecord, ProblemCode};

use super::{
    Form, admit, announced, begin,
    body::{BodyError, ComingBody, SharedBody},
    declared, ended,
    name::base_name,
    unannounced,
};
use crate::{
    app::App,
    caller::{Caller, Wish},
    problem::Refusal,
    sealing::{self, ComingFile, Sealing},
};

pub(crate) async fn put_upload(
    State(app): State<App>,
    caller: Caller,
    name: Result<Option<Path<String>>, PathRejection>,
    request: Request,
) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let body = ComingBody::shared(&app, body);
    let file = seal(&app, &caller, name, &head.headers, &body).await?;
    Ok(Form::wanted(&head.headers).answer(&file))
}

async fn seal(
    app: &App,
    caller: &Caller,
    name: Result<Option<Path<String>>, PathRejection>,
    headers: &HeaderMap,
    body: &SharedBody,
) -> Result<FileRecord, Refusal> {
    caller.may(Wish::Upload)?;
    if headers.contains_key(header::CONTENT_RANGE) {
        // As `curl -C -` does: what has come would be taken for the whole file.
        return Err(Refusal::new(
            ProblemCode::InvalidRequest,
            "A file is sent as a whole here; `sealift upload` can go on with a part of it.",
        ));
    }
    let name = match name {
        Ok(Some(Path(name))) => base_name(&name),
        // As `curl -T - http://localhost:8080/upload/` does.
        Ok(None) => base_name(""),
        Err(_) => {
            return Err(Refusal::new(
                ProblemCode::InvalidName,
                "The file's name in the address is no UTF-8; rename the file and try again.",
            ));
        }
    };
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
    };
    let _permit = admit(app, caller, headers, most_bytes).await?;
    let mut sealing = begin(app, caller, coming).await?;
    if let Err(refusal) = take(&mut *body.lock().await, &mut sealing, len).await {
        sealing.abort(refusal.code()).await;
        return Err(refusal);
    }
    ended(app, caller, sealing).await
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
