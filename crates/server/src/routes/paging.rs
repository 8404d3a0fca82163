//! Splits lists into pages, newest first. A cursor names the last row of a page by time and id:
//! `<milliseconds>-<id>`.

use core::{fmt::Display, str::FromStr};

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use sealift_transfer::api::{FileId, ProblemCode, TicketId};
use serde::Deserialize;

use crate::{app::App, problem::Refusal, unix_millis::UnixMillis};

/// Rows of one page, unless the request gives a `limit`.
const DEFAULT_MOST: u32 = 50;
const MOST: u32 = 200;

/// The page of a list that a request asks for, `?cursor=&limit=`. `I` is the type of the rows' ids.
pub(crate) struct Paging<I> {
    /// The time and the id of the last row before this page.
    pub(crate) after: Option<(UnixMillis, I)>,
    most: u32,
}

impl<I: FromStr + Display> Paging<I> {
    fn of(cursor: Option<&str>, limit: Option<u32>) -> Result<Self, Refusal> {
        let most = limit.unwrap_or(DEFAULT_MOST);
        if !(1..=MOST).contains(&most) {
            return Err(invalid());
        }
        let after = cursor.map(place).transpose()?;
        Ok(Self { after, most })
    }

    /// Returns how many rows to read: one more than the page has, to see whether another page follows.
    pub(crate) fn to_read(&self) -> u32 {
        self.most.saturating_add(1)
    }

    /// Returns whether this many rows fill a page.
    pub(crate) fn is_full(&self, rows: usize) -> bool {
        u32::try_from(rows).is_ok_and(|rows| rows >= self.most)
    }

    /// Returns the cursor of the page that begins after this row.
    pub(crate) fn cursor((at, id): &(UnixMillis, I)) -> String {
        format!("{}-{id}", at.get())
    }

    /// Returns the rows of this page, and the next page's cursor if one follows.
    pub(crate) fn cut<R>(
        &self,
        mut rows: Vec<R>,
        place: impl Fn(&R) -> (UnixMillis, &I),
    ) -> (Vec<R>, Option<String>) {
        let most = usize::try_from(self.most).unwrap_or(usize::MAX);
        if rows.len() <= most {
            return (rows, None);
        }
        rows.truncate(most);
        let last = rows.last().map(place);
        let cursor = last.map(|(at, id)| format!("{}-{id}", at.get()));
        (rows, cursor)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    cursor: Option<String>,
    limit: Option<u32>,
}

impl<I: FromStr + Display> FromRequestParts<App> for Paging<I> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let Query(asked) = Query::<Asked>::from_request_parts(parts, app)
            .await
            .map_err(|_| invalid())?;
        Self::of(asked.cursor.as_deref(), asked.limit)
    }
}

/// The page of a list that can also be searched, `?search=&cursor=&limit=`.
pub(crate) struct Searching<I> {
    pub(crate) page: Paging<I>,
    /// The text that the rows must contain; never empty.
    pub(crate) text: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedSearch {
    search: Option<String>,
    cursor: Option<String>,
    limit: Option<u32>,
}

impl<I: FromStr + Display> FromRequestParts<App> for Searching<I> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let Query(asked) = Query::<AskedSearch>::from_request_parts(parts, app)
            .await
            .map_err(|_| invalid())?;
        Ok(Self {
            page: Paging::of(asked.cursor.as_deref(), asked.limit)?,
            text: asked.search.filter(|text| !text.is_empty()),
        })
    }
}

/// The page of a list that may be of one file only, `?file=&cursor=&limit=`.
pub(crate) struct OfFile {
    pub(crate) page: Paging<TicketId>,
    pub(crate) file: Option<FileId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedOfFile {
    file: Option<FileId>,
    cursor: Option<String>,
    limit: Option<u32>,
}

impl FromRequestParts<App> for OfFile {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let Query(asked) = Query::<AskedOfFile>::from_request_parts(parts, app)
            .await
            .map_err(|_| invalid())?;
        Ok(Self {
            page: Paging::of(asked.cursor.as_deref(), asked.limit)?,
            file: asked.file,
        })
    }
}

fn place<I: FromStr>(cursor: &str) -> Result<(UnixMillis, I), Refusal> {
    let place = cursor.split_once('-').and_then(|(at, id)| {
        let at = UnixMillis::from_ms(at.parse().ok()?);
        Some((at, id.parse().ok()?))
    });
    place.ok_or_else(invalid)
}

fn invalid() -> Refusal {
    Refusal::new(
        ProblemCode::InvalidRequest,
        format!("`limit` must be 1 to {MOST}, and `cursor` must come from the page before."),
    )
}
