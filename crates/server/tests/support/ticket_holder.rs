//! A person who got a link: a browser without a login, with the cookie of a redeemed ticket.

use http::{Method, header};
use sealift_transfer::api::{FileId, MadeTicket, tickets};
use serde_json::json;

use super::{Answer, Client, Stack};

impl Client {
    /// Makes a ticket for one of this caller's files, with the server's default lifetime.
    pub(crate) async fn make_ticket(&self, file: &FileId) -> MadeTicket {
        let asked = json!({ "file_id": file });
        self.post(tickets::PATH, &asked).await.json(201)
    }

    pub(crate) async fn redeem(&self, made: &MadeTicket) -> Answer {
        self.redeem_text(made.ticket.expose()).await
    }

    pub(crate) async fn redeem_text(&self, ticket: &str) -> Answer {
        self.post(tickets::REDEEM_PATH, &json!({ "ticket": ticket }))
            .await
    }
}

/// A browser with the cookie of a redeemed ticket.
pub(crate) struct TicketHolder {
    pub(crate) client: Client,
    /// `name=secret`.
    pub(crate) cookie: String,
}

impl TicketHolder {
    /// Opens the link and presses the button.
    pub(crate) async fn of(stack: &Stack, made: &MadeTicket) -> Self {
        let client = stack.client();
        let redeemed = client.redeem(made).await;
        assert_eq!(redeemed.status, 200);
        let to_set = redeemed.header(header::SET_COOKIE);
        let (cookie, _) = to_set.split_once(';').unwrap();
        Self {
            cookie: cookie.to_owned(),
            client,
        }
    }

    /// Returns only the secret of the cookie.
    pub(crate) fn secret(&self) -> &str {
        self.cookie.split_once('=').unwrap().1
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, path)
            .header(header::COOKIE, &self.cookie)
    }

    pub(crate) async fn ask(&self, method: Method, path: &str) -> Answer {
        Answer::to(self.request(method, path)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).await
    }
}
