//! Tickets: `sealift_t_<id>_<secret>`. The id finds the row, and the secret proves that the caller has
//! the ticket. A ticket is redeemed once, for a cookie that lets one browser read one file for a while.

use core::fmt;

use cookie::{Cookie, SameSite};
use http::{HeaderMap, header};
use sealift_transfer::api::{FileId, TicketId, TicketText, files};
use zeroize::Zeroizing;

use super::secret::Secret;
use crate::lifetimes::READING_MOST;

/// A ticket in plaintext. The person with the link has it; the server only has it for a moment.
pub(crate) struct Ticket {
    id: TicketId,
    secret: Secret,
}

impl Ticket {
    /// Makes a ticket from 128 random bits for the public id and 256 for the secret.
    pub(crate) fn from_random(id: [u8; 16], secret: Zeroizing<[u8; 32]>) -> Self {
        Self {
            id: TicketId::from_random(id),
            secret: Secret::from_random(secret),
        }
    }

    /// Parses a ticket. Returns `None` if the text is not a ticket.
    pub(crate) fn parse(text: &TicketText) -> Option<Self> {
        let (id, secret) = text
            .expose()
            .strip_prefix(TicketText::MARK)?
            .split_once('_')?;
        Some(Self {
            id: id.parse().ok()?,
            secret: Secret::parse(secret)?,
        })
    }

    pub(crate) fn id(&self) -> &TicketId {
        &self.id
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        self.secret.hash()
    }

    pub(crate) fn has_hash(&self, hash: &[u8; 32]) -> bool {
        self.secret.has_hash(hash)
    }

    /// Returns the text of the ticket, which its owner sees once.
    pub(crate) fn reveal(&self) -> TicketText {
        let secret = self.secret.reveal();
        TicketText::new(format!("{}{}_{}", TicketText::MARK, self.id, *secret))
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({}, ..)", self.id)
    }
}

/// The cookie for which a ticket is redeemed.
pub(crate) struct ReadCookie(Secret);

impl ReadCookie {
    pub(crate) fn from_random(secret: Zeroizing<[u8; 32]>) -> Self {
        Self(Secret::from_random(secret))
    }

    /// Returns the cookie for this file that came with a request.
    pub(crate) fn of(headers: &HeaderMap, file: &FileId) -> Option<Self> {
        let name = name(file);
        headers.get_all(header::COOKIE).iter().find_map(|sent| {
            // Other software on this host may have set cookies that are not valid text.
            let sent = String::from_utf8_lossy(sent.as_bytes());
            let cookies = Cookie::split_parse(sent).flatten();
            let mut ours = cookies.filter(|cookie| cookie.name() == name);
            ours.find_map(|cookie| Secret::parse(cookie.value()).map(Self))
        })
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        self.0.hash()
    }

    /// Returns the value of `Set-Cookie`. Scripts cannot read the cookie. Browsers send it only over
    /// TLS, only from pages of this site, and only to the routes of this file. They keep it for the
    /// longest time that its right can last; the ticket's row says whether the right is still valid.
    pub(crate) fn to_set(&self, file: &FileId) -> Zeroizing<String> {
        let text = Zeroizing::new(self.0.reveal().to_string());
        let longest = time::Duration::try_from(READING_MOST).unwrap_or(time::Duration::MAX);
        let cookie = Cookie::build((name(file), text.as_str()))
            .http_only(true)
            .secure(true)
            .same_site(SameSite::Strict)
            .path(files::path(file))
            .max_age(longest);
        Zeroizing::new(cookie.to_string())
    }
}

/// Returns the name of the cookie. Each file has its own, so that a browser can read several files at
/// once.
fn name(file: &FileId) -> String {
    format!("sealift-file-{file}")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::caller::ApiKey;

    fn ticket(secret: u8) -> Ticket {
        Ticket::from_random([1; 16], Zeroizing::new([secret; 32]))
    }

    #[test]
    fn a_ticket_is_known_again_by_its_text_and_is_no_api_key() {
        let text = ticket(2).reveal();
        let again = Ticket::parse(&text).unwrap();
        assert_eq!(again.id(), ticket(2).id());
        assert!(again.has_hash(&ticket(2).hash()));
        assert!(!again.has_hash(&ticket(3).hash()));
        assert!(ApiKey::parse(text.expose()).is_none());
        let secret = text.expose().rsplit('_').next().unwrap();
        assert!(!format!("{again:?}").contains(secret));
    }

    #[test]
    fn other_texts_are_no_tickets() {
        let ticket = ticket(2).reveal();
        let key = ApiKey::from_random([1; 16], Zeroizing::new([2; 32])).reveal();
        let cut = ticket.expose().trim_end_matches(char::is_alphanumeric);
        for bad in ["", "sealift_t_", "sealift_t__", key.as_str(), cut] {
            assert!(
                Ticket::parse(&TicketText::new(bad.to_owned())).is_none(),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_cookie_is_for_one_file_over_tls_and_for_no_script() {
        let file = FileId::from_random([1; 16]);
        let cookie = ReadCookie::from_random(Zeroizing::new([0; 32]));
        let secret = "a".repeat(52);
        assert_eq!(
            *cookie.to_set(&file),
            format!(
                "sealift-file-{file}={secret}; HttpOnly; SameSite=Strict; Secure; \
                 Path=/v1/files/{file}; Max-Age=86400"
            )
        );
        let of = |cookies: String| {
            let cookies = HeaderValue::from_bytes(cookies.as_bytes()).unwrap();
            let headers = HeaderMap::from_iter([(header::COOKIE, cookies)]);
            ReadCookie::of(&headers, &file).map(|found| found.hash())
        };
        let sent = format!("other=ä; alone; sealift-file-{file}={secret}");
        assert_eq!(of(sent), Some(cookie.hash()));
        let other = FileId::from_random([2; 16]);
        for bad in [
            String::new(),
            format!("sealift-file-{other}={secret}"),
            format!("sealift-file-{file}={secret}x"),
            format!("sealift-file-{file}="),
        ] {
            assert_eq!(of(bad.clone()), None, "{bad}");
        }
    }
}
