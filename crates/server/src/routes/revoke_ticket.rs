//! `DELETE /v1/tickets/{id}`: revokes a ticket. The cookie that the ticket was redeemed for ends with it:
//! the next request is refused, and a read under way ends within two minutes, because it asks the records
//! once a minute ([`crate::caller::Reader::may_still`]). A presigned GET that was already given out
//! returns ciphertext for at most two minutes more. A request that the store is answering then goes on.

use axum::extract::State;
use http::StatusCode;
use sealift_transfer::api::TicketId;

use super::{Id, make_ticket::subject};
use crate::{
    app::App,
    caller::{Caller, Permission},
    problem::Refusal,
    records::AuditAction,
};

pub(crate) async fn revoke_ticket(
    State(app): State<App>,
    caller: Caller,
    Id(ticket_id): Id<TicketId>,
) -> Result<StatusCode, Refusal> {
    caller.require(Permission::Share)?;
    let row = app.records.ticket(&ticket_id).await?;
    let row = row.filter(|row| row.scope == caller.scope);
    let row = row.ok_or_else(Refusal::not_found)?;
    let subject = subject(&row.file_id, &ticket_id);
    let audited = app.audit_row(&caller, AuditAction::RevokeTicket, &subject, "ok");
    app.records
        .revoke_ticket(&caller.scope, &ticket_id, app.now(), audited)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
