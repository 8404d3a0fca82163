//! `sealift files share` and `unshare`: makes and revokes links for one download.

use serde_json::json;

use super::of_file;
use crate::{
    args::{ShareFile, UnshareFile},
    online::{connect, date, refused},
    terminal,
};

pub(super) async fn run(args: ShareFile) -> anyhow::Result<()> {
    let client = connect(&args.access)?;
    let seconds = args.expires.map(|expires| expires.as_secs());
    let made = client.make_ticket(&args.id, seconds).await;
    let made = made.map_err(|error| of_file(&error, &args.id, &args.access))?;
    let link = client.link(&made);
    if args.output.json {
        return terminal::say_json(&json!({
            "link": *link,
            "file_id": args.id,
            "ticket_id": made.ticket_id,
            "expires_at_ms": made.expires_at_ms,
        }));
    }
    if !args.output.quiet {
        terminal::note(&format!(
            "Anyone who has this link can download the file once, until {} UTC.\n\
             To revoke it: sealift files unshare {}",
            date(made.expires_at_ms),
            made.ticket_id
        ));
    }
    Ok(terminal::say(&link)?)
}

pub(super) async fn take_back(args: UnshareFile) -> anyhow::Result<()> {
    let client = connect(&args.access)?;
    let revoked = client.revoke_ticket(&args.id).await;
    revoked.map_err(|error| refused(&error, &args.access))?;
    if !args.output.quiet && !args.output.json {
        terminal::note("The link can no longer be used.");
    }
    Ok(())
}
