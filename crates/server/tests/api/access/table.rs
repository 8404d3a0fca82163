//! The table of all routes, and what each asks of its caller.

use http::Method;
use sealift_server::records::Role;
use sealift_transfer::{
    PartNumber,
    api::{
        FileId, PartReceipt, Sha256, TicketId, UploadId, batch, complete, files, open, policy,
        read, sign, status, tickets,
    },
};
use serde_json::{Value, json};

use crate::support::sealing::{new_token, request};

/// The permission that a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Anybody may call it.
    Nothing,
    Upload,
    /// Reading, or the link to the file.
    ReadOrLink,
    Read,
    Share,
    Delete,
    Operate,
}

/// The ids in the paths and bodies.
pub(crate) struct Ids {
    pub(crate) file: FileId,
    pub(crate) upload: UploadId,
    pub(crate) ticket: TicketId,
}

pub(crate) struct Route {
    /// The name of the handler in the router.
    pub(crate) handler: &'static str,
    pub(crate) method: Method,
    pub(crate) path: fn(&Ids) -> String,
    pub(crate) body: fn(&Ids) -> Option<Value>,
    pub(crate) needs: Needs,
    /// True if path or body name something that belongs to somebody.
    pub(crate) is_owned: bool,
}

fn a_batch(_: &Ids) -> Option<Value> {
    Some(json!({ "uploads": [{}] }))
}

fn a_part(_: &Ids) -> Option<Value> {
    let part = PartReceipt {
        number: PartNumber::FIRST,
        sha256: Sha256::of(b"a"),
    };
    Some(json!([part]))
}

fn digest(_: &Ids) -> Option<Value> {
    Some(json!({ "parts_sha256": format!("{}=", "A".repeat(43)) }))
}

fn none(_: &Ids) -> Option<Value> {
    None
}

fn row(
    handler: &'static str,
    method: Method,
    path: fn(&Ids) -> String,
    body: fn(&Ids) -> Option<Value>,
    needs: Needs,
    is_owned: bool,
) -> Route {
    Route {
        handler,
        method,
        path,
        body,
        needs,
        is_owned,
    }
}

/// Returns the whole table.
pub(crate) fn routes() -> Vec<Route> {
    use Needs::{Delete, Nothing, Operate, Read, ReadOrLink, Share, Upload};
    let (get, post, put, delete) = (Method::GET, Method::POST, Method::PUT, Method::DELETE);
    vec![
        row(
            "open_upload",
            post.clone(),
            |_| open::PATH.to_owned(),
            |_| Some(request(&new_token(), "a", 1)),
            Upload,
            false,
        ),
        row(
            "unfinished_uploads",
            get.clone(),
            |_| open::PATH.to_owned(),
            none,
            Upload,
            false,
        ),
        row(
            "upload_status",
            get.clone(),
            |ids| status::path(&ids.upload),
            none,
            Upload,
            true,
        ),
        row(
            "abort_upload",
            delete.clone(),
            |ids| status::path(&ids.upload),
            none,
            Upload,
            true,
        ),
        row(
            "sign_parts",
            post.clone(),
            |ids| sign::path(&ids.upload),
            a_part,
            Upload,
            true,
        ),
        row(
            "upload_key",
            post.clone(),
            |ids| status::key_path(&ids.upload),
            none,
            Upload,
            true,
        ),
        row(
            "complete_upload",
            post.clone(),
            |ids| complete::path(&ids.upload),
            digest,
            Upload,
            true,
        ),
        row(
            "open_uploads",
            post.clone(),
            |_| batch::OPEN_PATH.to_owned(),
            a_batch,
            Upload,
            false,
        ),
        row(
            "sign_uploads",
            post.clone(),
            |_| batch::SIGN_PATH.to_owned(),
            a_batch,
            Upload,
            false,
        ),
        row(
            "complete_uploads",
            post.clone(),
            |_| batch::COMPLETE_PATH.to_owned(),
            a_batch,
            Upload,
            false,
        ),
        row(
            "form_upload",
            post.clone(),
            |_| "/upload".to_owned(),
            none,
            Upload,
            false,
        ),
        row(
            "put_upload",
            put,
            |_| "/upload/a".to_owned(),
            none,
            Upload,
            false,
        ),
        row(
            "list_files",
            get.clone(),
            |_| files::PATH.to_owned(),
            none,
            Read,
            false,
        ),
        row(
            "file",
            get.clone(),
            |ids| files::path(&ids.file),
            none,
            Read,
            true,
        ),
        row(
            "content",
            get.clone(),
            |ids| files::content_path(&ids.file),
            none,
            ReadOrLink,
            true,
        ),
        row(
            "content",
            Method::HEAD,
            |ids| files::content_path(&ids.file),
            none,
            ReadOrLink,
            true,
        ),
        row(
            "open_file",
            post.clone(),
            |ids| read::path(&ids.file),
            none,
            ReadOrLink,
            true,
        ),
        row(
            "shared_file",
            get.clone(),
            |ids| tickets::shared_path(&ids.file),
            none,
            ReadOrLink,
            true,
        ),
        row(
            "verify_file",
            post.clone(),
            |ids| files::verify_path(&ids.file),
            none,
            Read,
            true,
        ),
        row(
            "make_ticket",
            post.clone(),
            |_| tickets::PATH.to_owned(),
            |ids| Some(json!({ "file_id": ids.file })),
            Share,
            true,
        ),
        row(
            "list_tickets",
            get.clone(),
            |ids| tickets::list_path(Some(&ids.file)),
            none,
            Share,
            false,
        ),
        row(
            "change_ticket",
            Method::PATCH,
            |ids| tickets::path(&ids.ticket),
            |_| Some(json!({ "expires_in_seconds": 60 })),
            Share,
            true,
        ),
        row(
            "revoke_ticket",
            delete.clone(),
            |ids| tickets::path(&ids.ticket),
            none,
            Share,
            true,
        ),
        row(
            "delete_file",
            delete,
            |ids| files::path(&ids.file),
            none,
            Delete,
            true,
        ),
        row(
            "redeem_ticket",
            post,
            |_| tickets::REDEEM_PATH.to_owned(),
            |_| Some(json!({ "ticket": "none" })),
            Nothing,
            false,
        ),
        row(
            "get_policy",
            get.clone(),
            |_| policy::PATH.to_owned(),
            none,
            Nothing,
            false,
        ),
        row(
            "healthz",
            get.clone(),
            |_| "/healthz".to_owned(),
            none,
            Nothing,
            false,
        ),
        row(
            "readyz",
            get.clone(),
            |_| "/readyz".to_owned(),
            none,
            Nothing,
            false,
        ),
        row(
            "metrics",
            get,
            |_| "/metrics".to_owned(),
            none,
            Operate,
            false,
        ),
    ]
}

/// Returns whether a caller with this role may call a route.
pub(crate) fn covers(role: Role, needs: Needs) -> bool {
    use Needs::{Delete, Nothing, Operate, Read, ReadOrLink, Share, Upload};
    match needs {
        Nothing => true,
        Upload => matches!(role, Role::Upload | Role::Member | Role::Admin),
        Read | ReadOrLink => matches!(role, Role::Download | Role::Member | Role::Admin),
        Share | Delete => matches!(role, Role::Member | Role::Admin),
        Operate => role == Role::Operator,
    }
}
