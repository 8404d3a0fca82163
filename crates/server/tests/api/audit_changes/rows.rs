//! Reads everything that the database holds besides the audit, to compare it.

use sqlx::{AssertSqlSafe, Connection as _, Row as _};

use crate::support::Stack;

const TABLES: [&str; 8] = [
    "tenants",
    "keks",
    "api_keys",
    "tickets",
    "uploads",
    "parts",
    "files",
    "deployment",
];

/// Columns whose changes need no audit entry: the lease of a completion, the time when a sweeper last listed the
/// bucket, and the wraps that servers have reserved.
const UNWATCHED: [&str; 5] = [
    "wraps",
    "completing_by",
    "completing_until_ms",
    "unrecorded_listed_at_ms",
    "unrecorded_reported_at_ms",
];

/// Returns everything that the database holds besides the audit.
pub(super) async fn rows(stack: &Stack) -> Vec<String> {
    let mut db = stack.database().await;
    let mut all = Vec::new();
    for table in TABLES {
        let columns = format!("SELECT name FROM pragma_table_info('{table}')");
        let columns: Vec<String> = sqlx::query_scalar(AssertSqlSafe(columns))
            .fetch_all(&mut db)
            .await
            .unwrap();
        let watched = columns
            .iter()
            .filter(|name| !UNWATCHED.contains(&name.as_str()));
        let quoted: Vec<String> = watched.map(|name| format!("quote({name})")).collect();
        let rows = format!("SELECT {} AS row FROM {table}", quoted.join("||','||"));
        let rows = sqlx::query(AssertSqlSafe(rows)).fetch_all(&mut db).await;
        for row in rows.unwrap() {
            let row: String = row.get("row");
            // `completing` counts as `open`, because a lease changes nothing for anybody else.
            all.push(format!(
                "{table}: {}",
                row.replace("'completing'", "'open'")
            ));
        }
    }
    db.close().await.unwrap();
    all.sort();
    all
}

pub(super) async fn run(stack: &Stack, statement: &'static str) {
    let mut db = stack.database().await;
    sqlx::query(statement).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
}
