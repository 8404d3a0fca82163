//! `sealift files links` and `change-link`: lists share links, and changes how long one works.

use sealift_transfer::api::{TicketState, TicketSummary, UnreadableField};

use super::UNREADABLE_NAME;
use crate::{
    args::{ChangeLink, ListLinks},
    online::{connect, date, refused},
    terminal::{self, STRONG, shown, styled},
};

pub(super) async fn list(args: ListLinks) -> anyhow::Result<()> {
    let client = connect(&args.access)?;
    let mut cursor = None;
    let mut is_empty = true;
    loop {
        let page = client.tickets(args.file.as_ref(), cursor.as_deref()).await;
        let page = page.map_err(|error| refused(&error, &args.access))?;
        for ticket in &page.tickets {
            if args.output.json {
                terminal::say_json(ticket)?;
            } else {
                if is_empty {
                    terminal::say(&styled(&head(), STRONG))?;
                }
                terminal::say(&line(ticket))?;
            }
            is_empty = false;
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    if is_empty && !args.output.quiet && !args.output.json {
        terminal::note("There are no links; `sealift files share FILE_ID` makes one.");
    }
    Ok(())
}

pub(super) async fn change(args: ChangeLink) -> anyhow::Result<()> {
    let client = connect(&args.access)?;
    let changed = client
        .change_ticket(&args.id, args.expires.as_secs())
        .await
        .map_err(|error| refused(&error, &args.access))?;
    if args.output.json {
        return terminal::say_json(&changed);
    }
    if !args.output.quiet {
        let until = date(changed.expires_at_ms);
        terminal::note(&format!("The link works once, until {until} UTC."));
    }
    Ok(())
}

fn head() -> String {
    row("TICKET", "STATE", "EXPIRES (UTC)", "USED (UTC)", "NAME")
}

fn line(ticket: &TicketSummary) -> String {
    let used = ticket.redeemed_at_ms.map(date);
    let name = match ticket.unreadable.contains(&UnreadableField::Name) {
        true => UNREADABLE_NAME.to_owned(),
        false => shown(&ticket.name),
    };
    row(
        ticket.ticket_id.as_str(),
        state(ticket.state),
        &date(ticket.expires_at_ms),
        used.as_deref().unwrap_or("-"),
        &name,
    )
}

/// Returns one row. Ids have 26 characters, dates 16. The name comes last because it can have any length.
fn row(id: &str, state: &str, expires: &str, used: &str, name: &str) -> String {
    format!("{id:26}  {state:7}  {expires:16}  {used:16}  {name}")
}

fn state(state: TicketState) -> &'static str {
    match state {
        TicketState::Waiting => "waiting",
        TicketState::Reading => "reading",
        TicketState::Used => "used",
        TicketState::Expired => "expired",
        TicketState::Revoked => "revoked",
    }
}
