//! `GET /healthz` says that the server runs. `GET /readyz` says that it can work: its database
//! answers and it is not read-only.

use axum::extract::State;

use crate::{app::App, problem::Refusal};

pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

pub(crate) async fn readyz(State(app): State<App>) -> Result<&'static str, Refusal> {
    app.records.check().await?;
    app.read_only.may_change()?;
    Ok("ok\n")
}
