//! Tickets: each permits one download to somebody without a login.

use http::Method;
use sealift_transfer::api::{
    FileId, TicketId,
    tickets::{self, ChangeTicket, MadeTicket, MakeTicket, TicketList, TicketSummary},
};
use zeroize::Zeroizing;

use crate::{client::Client, error::RequestError, files::query_value};

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

    /// Fetches a page of the caller's tickets, newest first: those for one file if it is given. The `next_cursor` of a page
    /// is the `cursor` of the next one.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn tickets(
        &self,
        file: Option<&FileId>,
        cursor: Option<&str>,
    ) -> Result<TicketList, RequestError> {
        let mut path = tickets::list_path(file);
        if let Some(cursor) = cursor {
            path.push(if file.is_some() { '&' } else { '?' });
            path.push_str("cursor=");
            path.push_str(&query_value(cursor));
        }
        self.ask(self.get(&path), self.patience.answer).await
    }

    /// Gives a ticket that nobody redeemed yet another expiry, `expires_in_seconds` from now.
    ///
    /// # Errors
    /// Returns a [`RequestError`] if the request fails or is refused.
    pub async fn change_ticket(
        &self,
        ticket: &TicketId,
        expires_in_seconds: u64,
    ) -> Result<TicketSummary, RequestError> {
        let request = self.request(Method::PATCH, &tickets::path(ticket));
        let request = request.json(&ChangeTicket { expires_in_seconds });
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
    use crate::raw_server::{Asked, answer, listen, play};

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
    #[tokio::test]
    async fn the_next_page_of_the_list_is_of_the_same_file() {
        let (client, listener) = listen().await;
        let id = TicketId::from_random([1; 16]);
        let file = FileId::from_random([2; 16]);
        let one = format!(
            r#"{{"ticket_id":"{id}","file_id":"{file}","name":"a","state":"waiting","made_at_ms":1,"expires_at_ms":2}}"#
        );
        let answers = vec![
            answer(
                "200 OK\r\n",
                &format!(r#"{{"tickets":[{one}],"next_cursor":"a&b"}}"#),
            ),
            answer("200 OK\r\n", r#"{"tickets":[]}"#),
            answer("200 OK\r\n", r#"{"tickets":[]}"#),
            answer("200 OK\r\n", &one),
        ];
        let server = play(listener, answers);
        let first = client.tickets(Some(&file), None).await.unwrap();
        assert_eq!(first.tickets[0].ticket_id, id);
        let cursor = first.next_cursor.as_deref();
        client.tickets(Some(&file), cursor).await.unwrap();
        client.tickets(None, cursor).await.unwrap();
        client.change_ticket(&id, 60).await.unwrap();

        let asked = server.await.unwrap();
        let first_line = |asked: &Asked| asked.head.lines().next().unwrap().to_owned();
        let what: Vec<_> = asked.iter().map(first_line).collect();
        let expected = [
            format!("get /v1/tickets?file={file} http/1.1"),
            format!("get /v1/tickets?file={file}&cursor=a%26b http/1.1"),
            "get /v1/tickets?cursor=a%26b http/1.1".to_owned(),
            format!("patch /v1/tickets/{id} http/1.1"),
        ];
        assert_eq!(what, expected.map(|what| what.to_lowercase()));
        assert_eq!(asked[3].body, br#"{"expires_in_seconds":60}"#);
    }
}
