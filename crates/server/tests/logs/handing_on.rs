//! A link that is given to another person, opened, used a second time and revoked.

use http::Method;
use sealift_transfer::api::{FileId, FileOpening, ProblemCode, files, read, tickets};

use crate::{
    search::Secrets,
    support::{Client, Stack, ticket_holder::TicketHolder},
};

pub(crate) async fn hand_on(secrets: &mut Secrets, stack: &Stack, client: &Client, file: &FileId) {
    let made = client.make_ticket(file).await;
    let text = made.ticket.expose();
    secrets.text("ticket", text);
    secrets.text("secret of the ticket", text.rsplit('_').next().unwrap());
    let holder = TicketHolder::of(stack, &made).await;
    secrets.text("cookie", holder.secret());
    let again = stack.client().redeem(&made).await;
    again.refused(ProblemCode::TicketUsed);
    let opening = holder.ask(Method::POST, &read::path(file)).await;
    let opening: FileOpening = opening.json(200);
    secrets.parameter("X-Amz-Signature", &opening.get.url);
    let key = opening.content_key.to_bytes().unwrap();
    secrets.bytes("content key", key.as_slice());
    assert_eq!(holder.get(&files::content_path(file)).await.status, 200);
    assert_eq!(holder.get(&tickets::shared_path(file)).await.status, 200);
    let other = holder.get(&files::path(file)).await;
    other.refused(ProblemCode::Unauthenticated);
    let revoked = client.delete(&tickets::path(&made.ticket_id)).await;
    assert_eq!(revoked.status, 204);
}
