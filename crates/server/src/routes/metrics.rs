//! `GET /metrics`: counters, for whoever operates the server. How much is uploaded is nobody
//! else's business.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, header};

use crate::{
    app::App,
    caller::{Caller, Wish},
    problem::Refusal,
};

pub(crate) async fn metrics(State(app): State<App>, caller: Caller) -> Result<Response, Refusal> {
    caller.may(Wish::Operate)?;
    let content_type =
        HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = app.metrics.to_text();
    Ok(([(header::CONTENT_TYPE, content_type)], text).into_response())
}
