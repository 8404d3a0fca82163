//! `POST /v1/tickets`, `DELETE /v1/tickets/{id}`, `POST /v1/tickets/redeem`: one download for
//! somebody without a login. The owner of a file makes a ticket and hands on the address of the page
//! with the ticket behind `#`, which no server log sees; the page redeems it once, for a cookie that
//! lets this browser read that one file for a while.

use core::fmt;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{
    files::{UnreadableField, Verification},
    ids::FileId,
    ids::TicketId,
};

/// The path of the collection; `POST` [`MakeTicket`] here.
pub const PATH: &str = "/v1/tickets";
/// Where to `POST` [`RedeemTicket`].
pub const REDEEM_PATH: &str = "/v1/tickets/redeem";

/// Where to `DELETE` a ticket that is not wanted any more. Ends what was redeemed with it, too.
#[must_use]
pub fn path(ticket: &TicketId) -> String {
    format!("/v1/tickets/{ticket}")
}

/// Where to `GET` a [`SharedFile`] with the cookie of a redeemed ticket.
#[must_use]
pub fn shared_path(file: &FileId) -> String {
    format!("/v1/files/{file}/shared")
}

/// The page of a file, below the server's address; a ticket goes behind it: `/files/ID#TICKET`.
#[must_use]
pub fn page_path(file: &FileId) -> String {
    format!("/files/{file}")
}

/// The request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakeTicket {
    /// The caller's own file that may be downloaded.
    pub file_id: FileId,
    /// How long it can be redeemed: 60 to 2,592,000 (30 days); 604,800 (7 days) where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<u64>,
}

/// The answer, 201.
#[derive(Debug, Serialize, Deserialize)]
pub struct MadeTicket {
    /// The ticket's name, which is no secret.
    pub ticket_id: TicketId,
    /// The secret, shown this once.
    pub ticket: TicketText,
    /// Where its page is, below the server's address: `/files/ID`. The link is the server's address,
    /// this, `#` and the ticket.
    pub page_path: String,
    /// When it can no longer be redeemed; milliseconds since the Unix epoch.
    pub expires_at_ms: i64,
}

/// The request that uses a ticket up. Answered with the cookie and [`SharedFile`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedeemTicket {
    /// As it stood behind `#`.
    pub ticket: TicketText,
}

/// What somebody with a ticket is told of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharedFile {
    /// The file.
    pub file_id: FileId,
    /// Its name as given.
    pub name: String,
    /// Its media type as given; only shown, never trusted.
    pub content_type: Option<String>,
    /// Plaintext bytes.
    pub size: u64,
    /// What the pass over all frames found.
    pub verification: Verification,
    /// Until when the cookie holds, where a ticket was redeemed; milliseconds since the Unix epoch.
    /// Whenever the file is read or opened that moves on: 15 minutes from then, a day in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readable_until_ms: Option<i64>,
    /// The fields that cannot be read: only `name` and `verification` occur here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableField>,
}

/// A ticket's secret text: wiped when dropped, never printed.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct TicketText(String);

impl TicketText {
    /// What every ticket begins with: like an API key, so that scanners for leaked credentials find
    /// it, and none, for no key's id is one letter.
    pub const MARK: &str = "sealift_t_";

    /// Of this text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, to be sent or compared.
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
    fn a_ticket_is_never_printed() {
        let redeem: RedeemTicket = serde_json::from_str(r#"{"ticket":"secret"}"#).unwrap();
        assert_eq!(redeem.ticket.expose(), "secret");
        assert!(!format!("{redeem:?}").contains("secret"));
    }
}
