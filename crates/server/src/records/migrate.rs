//! Bringing the schema up to date. A change of the schema is a new migration; the migrations that
//! are there are never changed (crates/server/migrations/README.md).

use sqlx::{
    Connection as _, SqliteConnection,
    migrate::{MigrateError, Migrator},
};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Applies what is missing, all or nothing. Of two processes that start at once, the second waits
/// and finds it done.
pub(super) async fn up_to_date(db: &mut SqliteConnection) -> Result<(), MigrateError> {
    let mut all = db.begin_with("BEGIN IMMEDIATE").await?;
    // Not `run`: its future cannot be spawned.
    MIGRATIONS.run_direct(None, &mut *all, false).await?;
    all.commit().await?;
    Ok(())
}
