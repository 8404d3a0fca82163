//! `POST /v1/tickets/redeem`: exchanges a ticket, which then cannot be used again, for a cookie that
//! lets this browser read the file as long as it keeps reading. The page sends this request when a
//! person presses its button. A program that only loads the page, such as the preview of a messenger,
//! does not use the ticket up.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, header};
use sealift_transfer::api::{ProblemCode, RedeemTicket};
use zeroize::Zeroizing;

use super::{JsonBody, make_ticket::subject, shared_file::shared};
use crate::{
    app::App,
    caller::{ReadCookie, Stranger, Ticket},
    lifetimes::reading_expiry,
    problem::{self, Refusal},
    random,
    records::AuditAction,
};

/// Redeems a ticket. A wrong ticket costs one query, as a wrong API key does, and its answer reveals
/// nothing: a used, expired, revoked or invented ticket gets the same answer.
pub(crate) async fn redeem_ticket(
    State(app): State<App>,
    stranger: Stranger,
    JsonBody(request): JsonBody<RedeemTicket>,
) -> Result<Response, Refusal> {
    let ticket = Ticket::parse(&request.ticket).ok_or_else(used)?;
    let row = app.records.ticket(ticket.id()).await?;
    let row = row.filter(|row| ticket.has_hash(&row.hash));
    let row = row.ok_or_else(used)?;
    let now = app.now();
    let until = reading_expiry(now, now);
    // Everything that may fail comes before the ticket is used up.
    let file = app.records.file(&row.scope, &row.file_id).await?;
    let shared = shared(&app, file.ok_or_else(used)?, Some(until)).await?;
    let cookie = ReadCookie::from_random(Zeroizing::new(random::bytes()));
    let mut to_set =
        HeaderValue::from_str(&cookie.to_set(&row.file_id)).map_err(|_| problem::internal())?;
    to_set.set_sensitive(true);

    let subject = subject(&row.file_id, ticket.id());
    let caller = stranger.with_ticket_of(row.scope, ticket.id().clone());
    let audited = app.audit_row(&caller, AuditAction::RedeemTicket, &subject, "ok");
    let is_first = app
        .records
        .redeem_ticket(ticket.id(), cookie.hash(), now, until, audited)
        .await?;
    if !is_first {
        return Err(used());
    }
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::SET_COOKIE, to_set),
    ];
    Ok((headers, Json(shared)).into_response())
}

fn used() -> Refusal {
    Refusal::new(
        ProblemCode::TicketUsed,
        "This link was used already or has ended; ask whoever sent it for another one.",
    )
}
