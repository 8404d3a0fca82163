//! Walks all rows of one step of a sweep, page by page, and ends each of them.

use core::{fmt::Display, time::Duration};

use super::{SweepKind, SweepReport};
use crate::{
    app::App, objects::ObjectsError, records::RecordsError, unix_millis::UnixMillis,
    uploads::completion::CompletionError,
};

/// How long after its last signature a tombstone is kept. Signatures end by the store's clock,
/// records by the server's; doctor allows a minute between them, and a PUT that began in time may
/// take a while.
const TOMBSTONE_MARGIN: Duration = Duration::from_secs(60 * 60);

/// Rows or object keys in one page.
pub(super) const PAGE: u32 = 500;

/// The audit outcome of a step that somebody else had begun.
pub(super) const FINISHED: &str = "finished";

/// The reasons why a step failed. The next sweep tries it again.
#[derive(Debug, thiserror::Error)]
pub(super) enum SweepError {
    #[error("the records failed")]
    Records(#[from] RecordsError),
    #[error("the store failed")]
    Objects(#[from] ObjectsError),
    #[error("a completion could not be ended")]
    Completion(#[from] CompletionError),
}

/// One step of a sweep: the rows in one state, and how each of them is ended.
pub(super) trait Step: Copy {
    type Row;
    type Id: Clone + Display;

    /// Names the step in the report and in the log.
    fn kind(self) -> SweepKind;

    /// Returns the next page of rows that were due at `until`, behind the row `after`.
    async fn page(
        self,
        app: &App,
        until: UnixMillis,
        after: Option<&Self::Id>,
    ) -> Result<Vec<Self::Row>, RecordsError>;

    fn id(row: &Self::Row) -> &Self::Id;

    /// Ends one row, and returns whether this sweep did it rather than another server.
    async fn end(self, app: &App, row: &Self::Row, now: UnixMillis) -> Result<bool, SweepError>;
}

/// Ends every row that is due. A row that cannot be ended does not keep the others.
pub(super) async fn walk<S: Step>(app: &App, step: S, report: &mut SweepReport) {
    if let Err(error) = end_all(app, step, report).await {
        let kind = step.kind();
        tracing::error!(%error, kind = kind.as_str(), "The sweeper could not read the records");
        report.failed(kind);
    }
}

async fn end_all<S: Step>(
    app: &App,
    step: S,
    report: &mut SweepReport,
) -> Result<(), RecordsError> {
    let (kind, now) = (step.kind(), app.now());
    let until = match kind {
        SweepKind::Tombstone => now.earlier_by(TOMBSTONE_MARGIN),
        _ => now,
    };
    let mut after: Option<S::Id> = None;
    loop {
        let page = step.page(app, until, after.as_ref()).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some(S::id(last).clone());
        for row in &page {
            report.found(kind);
            match step.end(app, row, now).await {
                Ok(true) => report.done(kind),
                Ok(false) => {}
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    let (id, kind_name) = (S::id(row), kind.as_str());
                    tracing::warn!(%id, error, kind = kind_name, "The sweeper could not end {kind_name} {id}");
                    report.failed(kind);
                }
            }
        }
    }
}
