//! Converts columns to types. A value that cannot be read is an error that names the column, never a
//! default.

use core::{error::Error, str::FromStr};

use sealift_transfer::PartPlan;
use sqlx::{Row as _, sqlite::SqliteRow};

use super::Scope;

/// The readers of a column that `try_get` does not offer.
pub(super) trait Columns {
    /// Reads a text that `T` parses.
    fn parsed<T: FromStr>(&self, column: &'static str) -> sqlx::Result<T>
    where
        T::Err: Error + Send + Sync + 'static;

    /// Reads a number that fits into `T`.
    fn number<T: TryFrom<i64>>(&self, column: &'static str) -> sqlx::Result<T>
    where
        T::Error: Error + Send + Sync + 'static;

    /// Reads exactly `N` bytes.
    fn bytes<const N: usize>(&self, column: &'static str) -> sqlx::Result<[u8; N]>;

    /// Reads the tenant and owner of the row.
    fn scope(&self) -> sqlx::Result<Scope>;

    /// Reads the part plan. Its numbers must agree with each other and with the header.
    fn plan(&self) -> sqlx::Result<PartPlan>;
}

impl Columns for SqliteRow {
    fn parsed<T: FromStr>(&self, column: &'static str) -> sqlx::Result<T>
    where
        T::Err: Error + Send + Sync + 'static,
    {
        let text: &str = self.try_get(column)?;
        text.parse().map_err(|error| unreadable(column, error))
    }

    fn number<T: TryFrom<i64>>(&self, column: &'static str) -> sqlx::Result<T>
    where
        T::Error: Error + Send + Sync + 'static,
    {
        let number: i64 = self.try_get(column)?;
        T::try_from(number).map_err(|error| unreadable(column, error))
    }

    fn bytes<const N: usize>(&self, column: &'static str) -> sqlx::Result<[u8; N]> {
        let bytes: &[u8] = self.try_get(column)?;
        bytes.try_into().map_err(|error| unreadable(column, error))
    }

    fn scope(&self) -> sqlx::Result<Scope> {
        Ok(Scope {
            tenant: self.parsed("tenant")?,
            owner: self.parsed("owner")?,
        })
    }

    fn plan(&self) -> sqlx::Result<PartPlan> {
        let plan = PartPlan::new(
            self.number("header_len")?,
            self.number("frame_length")?,
            self.number("plaintext_len")?,
            self.number("frames_per_part")?,
        )
        .map_err(|error| unreadable("frames_per_part", error))?;
        let header: &[u8] = self.try_get("header")?;
        let stored = (
            u64::try_from(header.len()).ok(),
            self.number("frame_count")?,
            self.number("sealed_len")?,
        );
        let layout = plan.layout();
        let planned = (
            Some(layout.header_len()),
            layout.frame_count(),
            layout.sealed_len(),
        );
        if stored == planned {
            Ok(plan)
        } else {
            Err(unreadable("sealed_len", "it contradicts the part plan"))
        }
    }
}

/// Returns the error for a column that holds an invalid value.
pub(super) fn unreadable(
    column: &'static str,
    why: impl Into<Box<dyn Error + Send + Sync>>,
) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: why.into(),
    }
}

/// Converts a length for a `BIGINT` column. It fails only for lengths far above what the format allows.
pub(super) fn bigint(number: u64) -> sqlx::Result<i64> {
    i64::try_from(number).map_err(|error| sqlx::Error::Encode(error.into()))
}
