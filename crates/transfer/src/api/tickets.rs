//! `POST` and `GET /v1/tickets`, `PATCH` and `DELETE /v1/tickets/{id}`, `POST /v1/tickets/redeem`: one download for
//! somebody without a login. The owner of a file makes a ticket and passes on the address of the page
//! with the ticket after `#`, so that it appears in no server log. The page redeems the ticket once,
//! for a cookie that lets this browser read that one file for a while.

use core::fmt;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{
    files::{UnreadableField, Verification},
    ids::FileId,
    ids::TicketId,
};

/// The path to `POST` [`MakeTicket`] to.
pub const PATH: &str = "/v1/tickets";
/// The path to `POST` [`RedeemTicket`] to.
pub const REDEEM_PATH: &str = "/v1/tickets/redeem";

/// Returns the path to `PATCH` a ticket with [`ChangeTicket`], or to `DELETE` it. The latter also ends the access of
/// those who redeemed it.
#[must_use]
pub fn path(ticket: &TicketId) -> String {
    format!("/v1/tickets/{ticket}")
}

/// Returns the path to `GET` the first page of a [`TicketList`] from, of all the caller's files or of one.
#[must_use]
pub fn list_path(file: Option<&FileId>) -> String {
    file.map_or_else(|| PATH.to_owned(), |file| format!("{PATH}?file={file}"))
}

/// Returns the path to `GET` a [`SharedFile`] from, with the cookie of a redeemed ticket.
#[must_use]
pub fn shared_path(file: &FileId) -> String {
    format!("/v1/files/{file}/shared")
}

/// Returns the path of a file's page. A ticket follows it: `/files/ID#TICKET`.
#[must_use]
pub fn page_path(file: &FileId) -> String {
    format!("/files/{file}")
}

/// Seconds for which a ticket can be redeemed: a minute to 30 days. The choices of the page's dialog
/// (`web/common/parts/share.html`) are among them.
pub const LIFETIMES_S: core::ops::RangeInclusive<u64> = 60..=30 * DAY_S;
/// The same if the request names none: a week.
pub const DEFAULT_LIFETIME_S: u64 = 7 * DAY_S;
const DAY_S: u64 = 24 * 60 * 60;

/// The request for a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct MakeTicket {
    /// The caller's own file that may be downloaded.
    pub file_id: FileId,
    /// Seconds for which the ticket can be redeemed, within [`LIFETIMES_S`]; [`DEFAULT_LIFETIME_S`] if
    /// there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub expires_in_seconds: Option<u64>,
}

/// The answer with a new ticket, a 201.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MadeTicket {
    /// The ticket's id, which is not secret.
    pub ticket_id: TicketId,
    /// The secret ticket. The server shows it only in this answer.
    pub ticket: TicketText,
    /// The path of the file's page: `/files/ID`. The link consists of the server's address, this path,
    /// `#` and the ticket.
    pub page_path: String,
    /// When the ticket expires; milliseconds since the Unix epoch.
    pub expires_at_ms: i64,
}

/// The request for another expiry of a ticket. The answer is its [`TicketSummary`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ChangeTicket {
    /// Seconds from now on for which the ticket can be redeemed, within [`LIFETIMES_S`].
    pub expires_in_seconds: u64,
}

/// A page of the caller's tickets, newest first. A ticket is listed until it has expired and nobody reads with it any
/// more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TicketList {
    /// The tickets of this page.
    pub tickets: Vec<TicketSummary>,
    /// The `cursor` of the next page, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub next_cursor: Option<String>,
}

/// The facts about a ticket for its owner. Its secret is not among them, because the server does not have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TicketSummary {
    /// The ticket's id.
    pub ticket_id: TicketId,
    /// The file that can be downloaded with it.
    pub file_id: FileId,
    /// The file's name as given.
    pub name: String,
    /// The fields that cannot be read: only `name` occurs here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableField>,
    /// Whether the ticket can still be redeemed or used.
    pub state: TicketState,
    /// When the ticket was made; this and the other times are milliseconds since the Unix epoch.
    pub made_at_ms: i64,
    /// When the ticket expires, or expired.
    pub expires_at_ms: i64,
    /// When the ticket was redeemed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub redeemed_at_ms: Option<i64>,
    /// Until when the browser that redeemed the ticket can read the file, unless it reads again before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub readable_until_ms: Option<i64>,
    /// When the ticket was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub revoked_at_ms: Option<i64>,
}

/// The state of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum TicketState {
    /// Nobody has redeemed the ticket yet, and it has not expired.
    Waiting,
    /// A browser redeemed the ticket and can still read the file.
    Reading,
    /// A browser redeemed the ticket, and its time to read is over.
    Used,
    /// The ticket expired before anybody redeemed it.
    Expired,
    /// The owner revoked the ticket.
    Revoked,
}

/// The request that uses a ticket up. The answer is a cookie and a [`SharedFile`].
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct RedeemTicket {
    /// The ticket as it stood after `#`.
    pub ticket: TicketText,
}

/// The facts about a file that somebody with a ticket gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SharedFile {
    /// The id of the file.
    pub file_id: FileId,
    /// The file's name as given.
    pub name: String,
    /// The file's media type as given. Clients only show it and never trust it.
    pub content_type: Option<String>,
    /// The file's size in plaintext bytes.
    pub size: u64,
    /// The result of the check of all frames.
    pub verification: Verification,
    /// When the cookie ends, if a ticket was redeemed; milliseconds since the Unix epoch. Every read or
    /// opening of the file moves it to 15 minutes from then, up to a day in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub readable_until_ms: Option<i64>,
    /// The fields that cannot be read: only `name` and `verification` occur here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableField>,
}

/// A ticket's secret text. It is wiped when dropped and never printed.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(transparent)]
pub struct TicketText(String);

impl TicketText {
    /// The beginning of every ticket. It looks like an API key, so that scanners for leaked credentials
    /// find it. It cannot be an API key, because no key's id is a single letter.
    pub const MARK: &str = "sealift_t_";

    /// Wraps the text of a ticket.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Returns the text, to be sent or compared.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TicketText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketText(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_offers_lifetimes_that_the_server_takes_and_begins_with_the_default() {
        let dialog = include_str!("../../../../web/common/parts/share.html");
        let mut chosen = Vec::new();
        for option in dialog.split("<option value=\"").skip(1) {
            let (seconds, rest) = option.split_once('"').unwrap();
            let seconds = seconds.parse().unwrap();
            assert!(LIFETIMES_S.contains(&seconds), "{seconds}");
            if rest.split('>').next().unwrap().contains("selected") {
                chosen.push(seconds);
            }
        }
        assert_eq!(chosen, [DEFAULT_LIFETIME_S]);
    }

    #[test]
    fn a_ticket_is_never_printed() {
        let redeem: RedeemTicket = serde_json::from_str(r#"{"ticket":"secret"}"#).unwrap();
        assert_eq!(redeem.ticket.expose(), "secret");
        assert!(!format!("{redeem:?}").contains("secret"));
    }
}
