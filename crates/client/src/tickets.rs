//! Tickets: each permits one download to somebody without a login.

use http::Method;
use sealift_transfer::api::{
    FileId, TicketId,
    tickets::{self, MadeTicket, MakeTicket},
};
use zeroize::Zeroizing;

use crate::{client::Client, error::RequestError};

impl Client {
    /// Makes a ticket for one download of one of the caller's files. The ticket expires after
    /// `expires_in_seconds`, or after the server's default.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn make_ticket(
        &self,
        file: &FileId,
        expires_in_seconds: Option<u64>,
    ) -> Result<MadeTicket, RequestError> {
        let request = MakeTicket {
            file_id: file.clone(),
            expires_in_seconds,
        };
        let request = self.post(tickets::PATH, &request);
        self.ask(request, self.patience.answer).await
    }

    /// Revokes a ticket and ends the access of those who redeemed it.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn revoke_ticket(&self, ticket: &TicketId) -> Result<(), RequestError> {
        let request = self.request(Method::DELETE, &tickets::path(ticket));
        self.send(request, self.patience.answer).await.map(|_| ())
    }

    /// Returns the link to pass on. Anybody who has it can download the file, once.
    #[must_use]
    pub fn link(&self, made: &MadeTicket) -> Zeroizing<String> {
        let page = self.server.at(&made.page_path);
        Zeroizing::new(format!("{page}#{}", made.ticket.expose()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw_server::{answer, listen, play};

    #[tokio::test]
    async fn a_ticket_stands_behind_the_hash_where_no_server_sees_it() {
        let (client, listener) = listen().await;
        let id = TicketId::from_random([1; 16]);
        let made = format!(
            r#"{{"ticket_id":"{id}","ticket":"secret","page_path":"/files/a","expires_at_ms":1}}"#
        );
        let answers = vec![answer("201 Created\r\n", &made), answer("204 No\r\n", "")];
        let server = play(listener, answers);
        let file = FileId::from_random([2; 16]);
        let made = client.make_ticket(&file, Some(60)).await.unwrap();
        let link = client.link(&made);
        assert!(link.ends_with("/files/a#secret"), "{}", *link);
        client.revoke_ticket(&made.ticket_id).await.unwrap();

        let asked = server.await.unwrap();
        assert_eq!(asked[0].what(), "post /v1/tickets");
        let body = format!(r#"{{"file_id":"{file}","expires_in_seconds":60}}"#);
        assert_eq!(asked[0].body, body.as_bytes());
        assert_eq!(asked[1].what(), format!("delete /v1/tickets/{id}"));
    }
}
