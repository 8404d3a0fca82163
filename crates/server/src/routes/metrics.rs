//! `GET /metrics`: the counters. Only the operator of the server may read them, because nobody else
//! needs to know how much is uploaded.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, header};

use crate::{
    app::App,
    caller::{Caller, Permission},
    problem::Refusal,
};

pub(crate) async fn metrics(State(app): State<App>, caller: Caller) -> Result<Response, Refusal> {
    caller.require(Permission::Operate)?;
    let content_type =
        HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    app.metrics.note_kms(app.keys.kms_away_seconds());
    let text = app.metrics.to_text();
    Ok(([(header::CONTENT_TYPE, content_type)], text).into_response())
}
