//! Removes tickets that can no longer be redeemed or read with.

use super::{SweepKind, SweepReport, walk::PAGE};
use crate::{
    app::App,
    audit::Unasked,
    records::{AuditAction, RecordsError, TicketRow},
    routes::make_ticket::subject,
};

pub(super) async fn sweep(app: &App, report: &mut SweepReport) {
    if let Err(error) = forget_all(app, report).await {
        let kind = SweepKind::Ticket;
        tracing::error!(%error, kind = kind.as_str(), "The sweeper could not forget tickets");
        report.failed(kind);
    }
}

async fn forget_all(app: &App, report: &mut SweepReport) -> Result<(), RecordsError> {
    loop {
        let teller = app.clone();
        let audited = move |ticket: &TicketRow| {
            let (scope, subject) = (Some(&ticket.scope), subject(&ticket.file_id, &ticket.id));
            let action = AuditAction::ForgetTicket;
            teller.unasked_row(Unasked::Sweeper, scope, action, &subject, "ok")
        };
        let forgotten = app.records.forget_tickets(app.now(), PAGE, audited);
        let forgotten = forgotten.await?;
        for _ in 0..forgotten {
            report.found(SweepKind::Ticket);
            report.done(SweepKind::Ticket);
        }
        if forgotten < u64::from(PAGE) {
            return Ok(());
        }
    }
}
