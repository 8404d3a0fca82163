//! `POST /v1/tickets`: makes a ticket, which lets another person download one file once. The ticket is
//! in this answer and nowhere else.

use core::time::Duration;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, StatusCode, header};
use sealift_transfer::api::{
    FileId, MadeTicket, MakeTicket, ProblemCode, TicketId,
    tickets::{self, DEFAULT_LIFETIME_S, LIFETIMES_S},
};
use zeroize::Zeroizing;

use super::JsonBody;
use crate::{
    app::App,
    caller::{Caller, Permission, Ticket},
    problem::Refusal,
    random,
    records::{AuditAction, TicketRow},
};

pub(crate) async fn make_ticket(
    State(app): State<App>,
    caller: Caller,
    JsonBody(request): JsonBody<MakeTicket>,
) -> Result<Response, Refusal> {
    caller.require(Permission::Share)?;
    let lifetime = lifetime(request.expires_in_seconds.unwrap_or(DEFAULT_LIFETIME_S))?;
    let file_id = request.file_id;
    let file = app.records.file(&caller.scope, &file_id).await?;
    file.ok_or_else(Refusal::not_found)?;
    app.rates.ticket(&caller.scope)?;

    let ticket = Ticket::from_random(random::bytes(), Zeroizing::new(random::bytes()));
    let now = app.now();
    let row = TicketRow {
        id: ticket.id().clone(),
        hash: ticket.hash(),
        scope: caller.scope.clone(),
        file_id: file_id.clone(),
        made_at: now,
        expires_at: now.later_by(lifetime),
    };
    let expires_at = row.expires_at;
    let subject = subject(&file_id, ticket.id());
    let audited = app.audit_row(&caller, AuditAction::MakeTicket, &subject, "ok");
    app.records.add_ticket(row, audited).await?;
    let made = MadeTicket {
        ticket_id: ticket.id().clone(),
        ticket: ticket.reveal(),
        page_path: tickets::page_path(&file_id),
        expires_at_ms: expires_at.get(),
    };
    let no_store = HeaderValue::from_static("no-store");
    let headers = [(header::CACHE_CONTROL, no_store)];
    Ok((StatusCode::CREATED, headers, Json(made)).into_response())
}

/// Returns the subject of a ticket's audit row. It names the file too, because the ticket's own row is
/// deleted some day and the audit must still name the file.
pub(crate) fn subject(file_id: &FileId, ticket_id: &TicketId) -> String {
    format!("{file_id}/{ticket_id}")
}

/// Returns how long a ticket can be redeemed, if a ticket may be asked to.
pub(crate) fn lifetime(asked_s: u64) -> Result<Duration, Refusal> {
    match LIFETIMES_S.contains(&asked_s) {
        true => Ok(Duration::from_secs(asked_s)),
        false => {
            let (least, most) = (LIFETIMES_S.start(), LIFETIMES_S.end());
            let detail = format!("`expires_in_seconds` must be {least} to {most}.");
            Err(Refusal::new(ProblemCode::InvalidField, detail)
                .with_number("least", *least)
                .with_number("most", *most))
        }
    }
}
