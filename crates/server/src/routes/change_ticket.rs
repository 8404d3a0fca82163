//! `PATCH /v1/tickets/{id}`: gives a ticket another expiry, counted from now. The time of a browser that redeemed the ticket
//! already does not change.

use axum::{Json, extract::State};
use sealift_transfer::api::{ChangeTicket, ProblemCode, TicketId, TicketSummary};

use super::{
    Id, JsonBody,
    make_ticket::{lifetime, subject},
    tickets::{name_of, summary},
};
use crate::{
    app::App,
    caller::{Caller, Permission},
    problem::Refusal,
    records::{AuditAction, OwnedTicket, TicketRow},
};

pub(crate) async fn change_ticket(
    State(app): State<App>,
    caller: Caller,
    Id(ticket_id): Id<TicketId>,
    JsonBody(request): JsonBody<ChangeTicket>,
) -> Result<Json<TicketSummary>, Refusal> {
    caller.require(Permission::Share)?;
    let lifetime = lifetime(request.expires_in_seconds)?;
    let row = app.records.ticket(&ticket_id).await?;
    let row = row.filter(|row| row.scope == caller.scope);
    let row = row.ok_or_else(Refusal::not_found)?;
    let file = app.records.file(&caller.scope, &row.file_id).await?;
    let name = name_of(&app, &file.ok_or_else(Refusal::not_found)?).await?;
    let now = app.now();
    let expires_at = now.later_by(lifetime);
    let subject = subject(&row.file_id, &ticket_id);
    let audited = app.audit_row(&caller, AuditAction::ChangeTicket, &subject, "ok");
    let is_changed = app
        .records
        .change_ticket(&caller.scope, &ticket_id, now, expires_at, audited)
        .await?;
    if !is_changed {
        return Err(Refusal::new(
            ProblemCode::TicketUsed,
            "This link was used or revoked, or has expired: make a new one.",
        ));
    }
    let ticket = TicketRow { expires_at, ..row };
    let changed = OwnedTicket {
        ticket,
        redeemed_at: None,
        until: None,
        revoked_at: None,
    };
    Ok(Json(summary(changed, name, now)))
}
