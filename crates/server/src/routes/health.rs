//! `GET /healthz` says that the server runs. `GET /readyz` says that it can work: its database
//! answers and it is not read-only. It stays ready while KMS is away, because keys in memory go on working, but
//! says so.

use axum::extract::State;

use crate::{app::App, problem::Refusal};

pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

pub(crate) async fn readyz(State(app): State<App>) -> Result<String, Refusal> {
    app.records.check().await?;
    app.read_only.may_change()?;
    Ok(match app.keys.kms_away_seconds() {
        None => "ok\n".to_owned(),
        Some(seconds) => {
            format!("ok, but KMS has not answered for {seconds} s; only keys in memory work\n")
        }
    })
}
