//! `GET /v1/tickets`: lists the caller's tickets, newest first, page by page. With `?file=` it lists those for one file.

use std::collections::{HashMap, hash_map::Entry};

use axum::{Json, extract::State};
use sealift_transfer::api::{FileId, TicketList, TicketState, TicketSummary, UnreadableField};

use super::paging::OfFile;
use crate::{
    app::App,
    caller::{Caller, Permission},
    problem::Refusal,
    records::{FileRow, OwnedTicket, TicketCursor},
    sealed_names::Opener,
    unix_millis::UnixMillis,
};

pub(crate) async fn tickets(
    State(app): State<App>,
    caller: Caller,
    OfFile { page, file }: OfFile,
) -> Result<Json<TicketList>, Refusal> {
    caller.require(Permission::Share)?;
    app.rates.look(&caller.scope)?;
    let after = page.after.clone();
    let cursor = after.map(|(made_at, id)| TicketCursor { made_at, id });
    let rows = app
        .records
        .tickets(&caller.scope, file.as_ref(), cursor, page.to_read())
        .await?;
    let (rows, next_cursor) = page.cut(rows, |row| (row.ticket.made_at, &row.ticket.id));
    let now = app.now();
    let mut names = HashMap::<FileId, Name>::new();
    let mut tickets = Vec::with_capacity(rows.len());
    for row in rows {
        let name = match names.entry(row.ticket.file_id.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => match app.records.file(&caller.scope, unknown.key()).await? {
                Some(file) => unknown.insert(name_of(&app, &file).await?),
                // A file that was deleted since the rows were read takes its tickets with it.
                None => continue,
            },
        };
        tickets.push(summary(row, name.clone(), now));
    }
    Ok(Json(TicketList {
        tickets,
        next_cursor,
    }))
}

/// The name of a ticket's file.
#[derive(Clone)]
pub(crate) struct Name {
    text: String,
    unreadable: Vec<UnreadableField>,
}

pub(crate) async fn name_of(app: &App, file: &FileRow) -> Result<Name, Refusal> {
    let mut opener = Opener::new(app, &file.scope.tenant, &file.file_id);
    Ok(Name {
        text: opener.name(&file.name).await?,
        unreadable: opener.into_unreadable(),
    })
}

/// Returns the facts about a ticket for its owner.
pub(crate) fn summary(row: OwnedTicket, name: Name, now: UnixMillis) -> TicketSummary {
    let OwnedTicket {
        ticket,
        redeemed_at,
        until,
        revoked_at,
    } = row;
    let state = match (revoked_at, until) {
        (Some(_), _) => TicketState::Revoked,
        (None, Some(until)) if until > now => TicketState::Reading,
        (None, Some(_)) => TicketState::Used,
        (None, None) if ticket.expires_at > now => TicketState::Waiting,
        (None, None) => TicketState::Expired,
    };
    TicketSummary {
        ticket_id: ticket.id,
        file_id: ticket.file_id,
        name: name.text,
        unreadable: name.unreadable,
        state,
        made_at_ms: ticket.made_at.get(),
        expires_at_ms: ticket.expires_at.get(),
        redeemed_at_ms: redeemed_at.map(UnixMillis::get),
        readable_until_ms: until.map(UnixMillis::get),
        revoked_at_ms: revoked_at.map(UnixMillis::get),
    }
}
