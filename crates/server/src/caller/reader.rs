//! The caller that reads one file. It is identified by its login or by the cookie of a redeemed ticket.

use core::time::Duration;

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use http::{HeaderMap, Uri, header};
use sealift_transfer::api::{FileId, TicketId};

use super::{Caller, ReadCookie, Via, secure_transport, unauthenticated};
use crate::{
    app::App,
    config::Auth,
    lifetimes::reading_expiry,
    problem::Refusal,
    records::{RecordsError, RedeemedTicket},
    telemetry::RequestId,
    unix_millis::UnixMillis,
};

/// The caller of a route below `/v1/files/{id}` that ticket holders may use. Every other route takes a
/// [`Caller`], which a cookie never makes: a ticket is good only for the routes that take this type,
/// and only for its file.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) caller: Caller,
    /// The file in the path.
    pub(crate) file_id: FileId,
    /// The right of the ticket, if the reader was identified by one.
    pub(crate) right: Option<ReadRight>,
    /// When this read last checked in the records that it may go on.
    asked_at: UnixMillis,
}

/// The reasons why a running read is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadEnded {
    #[error("the right to read by this ticket has ended or was revoked")]
    Ticket,
    #[error("the API key has expired or was revoked")]
    ApiKey,
    #[error("the file was deleted")]
    Deleted,
}

/// The right to read that a redeemed ticket gives. Every read extends it, so that a long download is
/// not cut off, up to a day after the ticket was redeemed. The owner of the ticket can revoke it at any
/// time.
#[derive(Debug)]
pub(crate) struct ReadRight {
    pub(crate) ticket_id: TicketId,
    redeemed_at: UnixMillis,
    /// The end of the right, unless it is revoked before.
    pub(crate) until: UnixMillis,
}

/// The right is extended only if it gains at least this much, so that not every range writes to the
/// database.
const LEAST_GAIN: Duration = Duration::from_secs(60);

/// A running read checks the records again after this time. It sends nothing while this check is due,
/// so a revoked ticket or API key, or a deleted file, stops it within two minutes.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(60);

impl Reader {
    /// Extends the right of a ticket. The handler calls this before it sends anything of the file.
    ///
    /// # Errors
    /// Returns `unauthenticated` if the right has ended meanwhile.
    pub(crate) async fn go_on(&mut self, app: &App) -> Result<(), Refusal> {
        match &mut self.right {
            Some(right) => match right.go_on(app, false).await? {
                true => Ok(()),
                false => Err(unauthenticated()),
            },
            None => Ok(()),
        }
    }

    /// Checks that a running read may send more of the file, and extends the right of its ticket. It
    /// asks the records once a minute, even if the right cannot be extended any more.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not answer.
    pub(crate) async fn may_still(
        &mut self,
        app: &App,
    ) -> Result<Result<(), ReadEnded>, RecordsError> {
        let now = app.now();
        let is_due = now.since(self.asked_at) >= ASK_AGAIN_AFTER;
        if let Some(right) = &mut self.right
            && !right.go_on(app, is_due).await?
        {
            return Ok(Err(ReadEnded::Ticket));
        }
        if !is_due {
            return Ok(Ok(()));
        }
        self.asked_at = now;
        if let Via::ApiKey(id) = &self.caller.via {
            let row = app.records.api_key(id).await?;
            if row.is_none_or(|row| row.ended(now).is_some()) {
                return Ok(Err(ReadEnded::ApiKey));
            }
        }
        let (scope, file_id) = (&self.caller.scope, &self.file_id);
        match app.records.is_available(scope, file_id).await? {
            true => Ok(Ok(())),
            false => Ok(Err(ReadEnded::Deleted)),
        }
    }
}

impl ReadRight {
    /// Extends the right if that gains enough. Otherwise it asks the records only if `is_due`. Returns
    /// `false` if the right has ended or was revoked.
    ///
    /// # Errors
    /// Returns [`RecordsError`] if the database does not answer.
    async fn go_on(&mut self, app: &App, is_due: bool) -> Result<bool, RecordsError> {
        let now = app.now();
        let until = reading_expiry(self.redeemed_at, now);
        let gains = until.since(self.until) >= LEAST_GAIN;
        let (records, id) = (&app.records, &self.ticket_id);
        let holds_until = match (gains, is_due) {
            (true, _) => {
                let moved = records.prolong_redeemed_ticket(id, now, until);
                moved.await?
            }
            // This is the last part of the day that the right lasts at most.
            (false, true) => records.redeemed_ticket_ends_at(id, now).await?,
            (false, false) => Some(self.until).filter(|until| now < *until),
        };
        self.until = holds_until.unwrap_or(self.until);
        Ok(holds_until.is_some())
    }
}

impl From<&RedeemedTicket> for ReadRight {
    fn from(redeemed: &RedeemedTicket) -> Self {
        Self {
            ticket_id: redeemed.ticket.id.clone(),
            redeemed_at: redeemed.redeemed_at,
            until: redeemed.until,
        }
    }
}

impl FromRequestParts<App> for Reader {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let path = Path::<String>::from_request_parts(parts, app).await;
        let file_id = path.ok().and_then(|Path(text)| text.parse::<FileId>().ok());
        if let Some(file_id) = &file_id
            && let Some(reader) = by_cookie(parts, app, file_id).await?
        {
            return Ok(reader);
        }
        let caller = Caller::from_request_parts(parts, app).await?;
        Ok(Self {
            caller,
            file_id: file_id.ok_or_else(Refusal::not_found)?,
            right: None,
            asked_at: app.now(),
        })
    }
}

/// Identifies the reader by its cookie. Returns `None` if there is no valid cookie, or if the request
/// has a login, which takes precedence.
async fn by_cookie(parts: &Parts, app: &App, file_id: &FileId) -> Result<Option<Reader>, Refusal> {
    let headers = &parts.headers;
    let has_login = app.config.auth == Auth::None || headers.contains_key(header::AUTHORIZATION);
    if has_login || !is_from_own_page(headers) {
        return Ok(None);
    }
    let Some(cookie) = ReadCookie::of(headers, file_id) else {
        return Ok(None);
    };
    secure_transport(parts, app)?;
    let asked_at = app.now();
    let redeemed = app
        .records
        .redeemed_ticket(&cookie.hash(), asked_at)
        .await?;
    let Some(redeemed) = redeemed.filter(|redeemed| redeemed.ticket.file_id == *file_id) else {
        return Ok(None);
    };
    let request_id = parts.extensions.get::<RequestId>().cloned();
    let right = ReadRight::from(&redeemed);
    let (scope, ticket_id) = (redeemed.ticket.scope, redeemed.ticket.id);
    let caller = Caller::with_ticket(scope, ticket_id, request_id);
    caller.become_known(parts);
    Ok(Some(Reader {
        caller,
        file_id: file_id.clone(),
        right: Some(right),
        asked_at,
    }))
}

/// Returns true if our own page sent the request. A check is needed because browsers send a `SameSite`
/// cookie for every page of the site, whatever its port or subdomain, and this cookie is for our own
/// page alone.
fn is_from_own_page(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    // An older browser, or a program, sends no `Sec-Fetch-Site`.
    let text = |name| headers.get(name).map(|value| value.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (None, _) => true,
        (Some(Some(origin)), Some(Some(host))) => origin
            .parse::<Uri>()
            .is_ok_and(|origin| origin.authority().is_some_and(|own| own == host)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(given: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, value.parse().unwrap());
        }
        is_from_own_page(&headers)
    }

    #[test]
    fn the_cookie_is_taken_from_the_servers_own_page_and_the_address_bar() {
        assert!(own(&[
            ("host", "a.example"),
            ("sec-fetch-site", "same-origin")
        ]));
        assert!(own(&[("host", "a.example"), ("sec-fetch-site", "none")]));
        assert!(own(&[("host", "a.example:1")]));
        let origin = ("origin", "https://a.example:1");
        assert!(own(&[("host", "a.example:1"), origin]));
    }

    #[test]
    fn and_from_no_other_page_of_the_same_site() {
        for site in ["same-site", "cross-site", ""] {
            let own_origin = ("origin", "https://a.example");
            let site = ("sec-fetch-site", site);
            assert!(!own(&[("host", "a.example"), own_origin, site]));
        }
        for origin in ["https://b.example", "https://a.example:2", "null", ""] {
            assert!(
                !own(&[("host", "a.example"), ("origin", origin)]),
                "{origin}"
            );
        }
    }
}
