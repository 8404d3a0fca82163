//! The flags of `sealift files`.

use core::time::Duration;

use clap::Subcommand;
use sealift_transfer::api::{FileId, TenantId, TicketId, tickets::LIFETIMES_S};

use super::{Access, Output, deployment};

#[derive(Debug, Subcommand)]
pub(crate) enum Files {
    /// List your files, newest first.
    #[command(after_help = LIST_EXAMPLES)]
    List(ListFiles),
    /// Show everything that is known about a file.
    Show(ShowFile),
    /// Delete files for good.
    Delete(DeleteFiles),
    /// Make the server verify every frame of files again.
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(VerifyFiles),
    /// Encrypt files again as new objects, under the keyring that is set now.
    ///
    /// Run this on the server's machine, with the server's settings; servers may run meanwhile. A file keeps
    /// its id. Its new object is read back and compared before the old one is deleted. This command may be
    /// interrupted and repeated: files that are under the newest key already are left alone.
    #[command(after_help = RESEAL_EXAMPLES)]
    Reseal(ResealFiles),
    /// Make a link that lets somebody without a login download a file once.
    #[command(after_help = SHARE_EXAMPLES)]
    Share(ShareFile),
    /// List your share links, newest first: all of them, or those of one file.
    #[command(after_help = LINKS_EXAMPLES)]
    Links(ListLinks),
    /// Change the expiry of a share link that nobody has used yet.
    ChangeLink(ChangeLink),
    /// Revoke a share link and the downloads that were begun with it.
    Unshare(UnshareFile),
}

impl Files {
    pub(super) fn output(&self) -> Output {
        match self {
            Self::List(list) => list.output,
            Self::Show(show) => show.output,
            Self::Delete(delete) => delete.output,
            Self::Verify(verify) => verify.output,
            Self::Reseal(reseal) => reseal.output,
            Self::Share(share) => share.output,
            Self::Links(links) => links.output,
            Self::ChangeLink(change) => change.output,
            Self::Unshare(unshare) => unshare.output,
        }
    }
}

const LIST_EXAMPLES: &str = "\
Examples:
  sealift files list
  sealift files list --search invoice
  sealift files list --limit 1000 --json | jq -r .name";

const VERIFY_EXAMPLES: &str = "\
Examples:
  sealift files verify FILE_ID --wait

With --wait the exit code is 3 if a file is damaged. The SHA-256 is that of the
plaintext, as sha256sum prints it.";

const RESEAL_EXAMPLES: &str = "\
Examples:
  sealift files reseal --all
  sealift files reseal --tenant acme
  sealift files reseal FILE_ID

Files of the keyrings local and kek need this only if a key was exported or leaked:
`sealift keys rewrap` moves their keys without touching an object.";

const SHARE_EXAMPLES: &str = "\
Examples:
  sealift files share FILE_ID
  sealift files share FILE_ID --expires 2h

Anyone who has the link can download the file once: send it like a password.";

const LINKS_EXAMPLES: &str = "\
Examples:
  sealift files links
  sealift files links FILE_ID --json

The state is waiting, reading (used, and that browser can still read the file), used,
expired or revoked. A link that has ended is listed until its expiry. The link itself
is not shown again: the server does not keep it.";

#[derive(Debug, clap::Args)]
pub(crate) struct ListFiles {
    /// List only files with this text in their name, in upper or lower case.
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,

    /// Most files to list.
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    pub(crate) limit: usize,

    #[command(flatten)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) access: Access,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShowFile {
    /// The file's id.
    #[arg(value_name = "FILE_ID", value_parser = super::file_id)]
    pub(crate) id: FileId,

    #[command(flatten)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) access: Access,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DeleteFiles {
    /// The files' ids.
    #[arg(value_name = "FILE_ID", required = true, value_parser = super::file_id)]
    pub(crate) ids: Vec<FileId>,

    /// Do not ask for confirmation; needed if stdin is not a terminal.
    #[arg(long, short)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) access: Access,
}

#[derive(Debug, clap::Args)]
pub(crate) struct VerifyFiles {
    /// The files' ids.
    #[arg(value_name = "FILE_ID", required = true, value_parser = super::file_id)]
    pub(crate) ids: Vec<FileId>,

    /// Wait for the result.
    #[arg(long)]
    pub(crate) wait: bool,

    #[command(flatten)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) access: Access,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ResealFiles {
    /// Ids of files that are encrypted again even if they are under the newest key.
    #[arg(
        value_name = "FILE_ID",
        value_parser = super::file_id,
        required_unless_present_any = ["all", "tenant"],
        conflicts_with_all = ["all", "tenant"]
    )]
    pub(crate) ids: Vec<FileId>,

    /// All files of all tenants.
    #[arg(long, conflicts_with = "tenant")]
    pub(crate) all: bool,

    /// All files of this tenant.
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<TenantId>,

    #[command(flatten)]
    pub(crate) deployment: deployment::Deployment,

    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShareFile {
    /// The file's id.
    #[arg(value_name = "FILE_ID", value_parser = super::file_id)]
    pub(crate) id: FileId,

    /// How long the link works: 1m to 30d, such as 90m or 12h; 7d if not given.
    #[arg(long, value_name = "TIME", value_parser = expiry)]
    pub(crate) expires: Option<Duration>,

    #[command(flatten)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) access: Access,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListLinks {
    /// The id of the file whose links are listed; without it the links of all your files.
    #[arg(value_name = "FILE_ID", value_parser = super::file_id)]
    pub(crate) file: Option<FileId>,

    #[command(flatten)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) access: Access,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ChangeLink {
    /// The ticket's id, as `sealift files links` shows it.
    #[arg(value_name = "TICKET_ID")]
    pub(crate) id: TicketId,

    /// How long the link works from now on: 1m to 30d, such as 90m or 12h.
    #[arg(long, value_name = "TIME", value_parser = expiry)]
    pub(crate) expires: Duration,

    #[command(flatten)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) access: Access,
}

fn expiry(text: &str) -> Result<Duration, String> {
    let expires = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    match LIFETIMES_S.contains(&expires.as_secs()) {
        true => Ok(expires),
        false => Err("a link can work for 1m to 30d".to_owned()),
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct UnshareFile {
    /// The ticket's id, as `sealift files share` printed it and `sealift files links` shows it.
    #[arg(value_name = "TICKET_ID")]
    pub(crate) id: TicketId,

    #[command(flatten)]
    pub(crate) output: Output,

    #[command(flatten)]
    pub(crate) access: Access,
}
