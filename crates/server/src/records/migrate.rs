//! Brings the schema up to date. A change of the schema is a new migration; existing migrations are
//! never changed (crates/server/migrations/README.md).

use sqlx::{
    Connection as _, SqliteConnection,
    migrate::{MigrateError, Migrator},
    query_as,
};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Applies all missing migrations, or none. If two processes start at once, the second waits and then
/// finds nothing left to do.
pub(super) async fn up_to_date(db: &mut SqliteConnection) -> Result<(), MigrateError> {
    let mut all = db.begin_with("BEGIN IMMEDIATE").await?;
    // The future of `run` cannot be spawned, so this calls `run_direct`.
    MIGRATIONS.run_direct(None, &mut *all, false).await?;
    all.commit().await?;
    Ok(())
}

/// Returns the number of migrations that the database lacks. Changes nothing.
///
/// # Errors
/// Fails if a newer or an early version of Sealift made the database, or if it is no database of Sealift's.
pub(super) async fn missing(db: &mut SqliteConnection) -> Result<usize, MigrateError> {
    let applied: Vec<(i64, Vec<u8>)> =
        query_as("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
            .fetch_all(db)
            .await?;
    for (version, checksum) in &applied {
        match MIGRATIONS.iter().find(|known| known.version == *version) {
            None => return Err(MigrateError::VersionMissing(*version)),
            Some(known) if *known.checksum != **checksum => {
                return Err(MigrateError::VersionMismatch(*version));
            }
            Some(_) => {}
        }
    }
    Ok(MIGRATIONS.iter().count().saturating_sub(applied.len()))
}

/// Makes a database look as if the version before this one had made it.
#[cfg(test)]
pub(crate) async fn make_older(file: &std::path::Path) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut db = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let undo = "DELETE FROM _sqlx_migrations
        WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    sqlx::query(undo).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::MIGRATIONS;

    /// The SHA-384 of every migration. A new migration adds a line here; a line is never changed.
    const CHECKSUMS: [(i64, &str); 5] = [
        (
            1,
            "8f74b7cc7e8e3762f667232aaab29dc47972bee532b8a5475ecda66569cb59797c2c1df1de6a471f5dfba38f787c7b5e",
        ),
        (
            2,
            "c482345eb3cc25e72ec4e6f3683dcc7a5c599ed3aff33465b4c33e39ce4d0f2a157958d3bfd61849336ddf2056f3deec",
        ),
        (
            3,
            "8a60d9cfb751549ac90dcbdd92a60c224a58e9ce665b3fdb74c6d52e161e897aaa1673a9ec9b1879430549543dc3282d",
        ),
        (
            4,
            "497a507687efae2fd40ac1886be1f2d0f572c8a69246518271cdb9c7b4174f91adc99eb27c82adc52e64ed8de61ee9c6",
        ),
        (
            5,
            "ea79a2120f90111e0a53c8098799ca6856372c234d1fb1246b8b13bd62d1a51be382fc30671f916415939b09afb76d9f",
        ),
    ];

    #[test]
    fn a_migration_that_is_there_is_never_edited() {
        let found: Vec<_> = MIGRATIONS
            .iter()
            .map(|one| (one.version, HEXLOWER.encode(&one.checksum)))
            .collect();
        let expected: Vec<_> = CHECKSUMS
            .iter()
            .map(|(version, checksum)| (*version, (*checksum).to_owned()))
            .collect();
        assert_eq!(
            found, expected,
            "databases exist that were made by these migrations: put the old text back and change \
             the schema by a new migration (crates/server/migrations/README.md)"
        );
    }
}
