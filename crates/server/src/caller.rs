//! Identifies the caller of a request. Every handler below `/v1` takes a [`Caller`], or a [`Reader`] if
//! the holder of a ticket may call it too, so that no handler can forget the check.

use core::time::Duration;
use std::sync::{Arc, OnceLock};

use axum::{extract::FromRequestParts, http::request::Parts};
use headers::{Authorization, HeaderMapExt as _, authorization::Bearer};
use http::{HeaderMap, HeaderValue, header};
use sealift_transfer::api::{ApiKeyId, FileId, ProblemCode, TicketId};

use crate::{
    app::App,
    config::Auth,
    limits::ReadFor,
    problem::Refusal,
    records::{ApiKeyEnded, ApiKeyRow, Role, Roles, Scope},
    telemetry::{CREDENTIAL_FIELD, RequestId},
};

mod api_key;
mod loopback;
mod reader;
mod secret;
mod ticket;
mod transport;

pub use api_key::ApiKey;
pub(crate) use loopback::{only_this_machine, only_this_machine_or_a_link};
pub(crate) use reader::{ReadEnded, Reader};
pub(crate) use ticket::{ReadCookie, Ticket};
use transport::secure_transport;

/// The caller of a request and its roles. Handlers see only rows of its scope.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) scope: Scope,
    pub(crate) roles: Roles,
    pub(crate) via: Via,
    pub(crate) request_id: Option<RequestId>,
}

/// The way in which the caller was identified.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Via {
    /// By this API key.
    ApiKey(ApiKeyId),
    /// Without login: one of this machine's own pages or programs.
    Loopback,
    /// By this ticket, or by the cookie for which it was redeemed. The owner made it for one file.
    Ticket(TicketId),
    /// An operator's command on the server's machine acts on the owner's files.
    Command,
}

impl Via {
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::ApiKey(_) => "api-key",
            Self::Loopback => "loopback",
            Self::Ticket(_) => "ticket",
            Self::Command => "command",
        }
    }

    /// Returns the id of the API key or ticket, for audit and log.
    pub(crate) fn credential(&self) -> Option<&str> {
        match self {
            Self::ApiKey(id) => Some(id.as_str()),
            Self::Loopback | Self::Command => None,
            Self::Ticket(id) => Some(id.as_str()),
        }
    }
}

/// A permission that a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    /// Open, continue, complete and abort uploads, and see one's unfinished ones.
    Upload,
    /// List, show, open, download and verify files.
    Read,
    /// Make and revoke links.
    Share,
    /// Delete files.
    Delete,
    /// Read the metrics of the deployment.
    Operate,
}

/// The permissions of a role. `tests/api/access.rs` asks every route with every role.
fn permissions(role: Role) -> &'static [Permission] {
    use Permission::{Delete, Operate, Read, Share, Upload};
    match role {
        Role::Upload => &[Upload],
        Role::Download => &[Read],
        Role::Member | Role::Admin => &[Upload, Read, Share, Delete],
        Role::Operator => &[Operate],
    }
}

impl Caller {
    /// Checks that the roles of the caller include this permission.
    ///
    /// # Errors
    /// Returns `forbidden` if they do not.
    pub(crate) fn require(&self, permission: Permission) -> Result<(), Refusal> {
        let mut roles = Role::ALL.into_iter().filter(|role| self.roles.has(*role));
        if roles.any(|role| permissions(role).contains(&permission)) {
            return Ok(());
        }
        Err(Refusal::new(
            ProblemCode::Forbidden,
            "Your API key does not cover this; ask the operator for one that does.",
        ))
    }

    /// Makes the caller for the cookie of a redeemed ticket, which is good for one file ([`Reader`]).
    fn with_ticket(scope: Scope, ticket_id: TicketId, request_id: Option<RequestId>) -> Self {
        Self {
            scope,
            roles: Roles::of(&[Role::Download]),
            via: Via::Ticket(ticket_id),
            request_id,
        }
    }

    /// Returns the holder against whose limit the caller's reads of this file count.
    pub(crate) fn reads_for(&self, file_id: &FileId) -> ReadFor {
        match self.via {
            Via::Ticket(_) => ReadFor::TicketsOf(file_id.clone()),
            Via::ApiKey(_) | Via::Loopback | Via::Command => ReadFor::Owner(self.scope.clone()),
        }
    }

    /// Saves the caller in the request, so that an audit row of a denial can name it, and its id in the span,
    /// so that every log line of the request has it.
    fn become_known(&self, parts: &Parts) {
        if let Some(id) = self.via.credential() {
            tracing::Span::current().record(CREDENTIAL_FIELD, id);
        }
        if let Some(known) = parts.extensions.get::<KnownCaller>() {
            // This is set once per request. A second extractor would find the same caller.
            let _ = known.0.set(self.clone());
        }
    }
}

/// The caller of a request once it is known. Audit rows of denials name it.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownCaller(Arc<OnceLock<Caller>>);

impl KnownCaller {
    pub(crate) fn get(&self) -> Option<&Caller> {
        self.0.get()
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        secure_transport(parts, app)?;
        let request_id = parts.extensions.get::<RequestId>().cloned();
        match app.config.auth {
            Auth::None => {
                let caller = Self {
                    scope: app.loopback_scope.clone(),
                    roles: Roles::ALL,
                    via: Via::Loopback,
                    request_id,
                };
                caller.become_known(parts);
                Ok(caller)
            }
            Auth::ApiKeys => {
                let row = known_api_key(&parts.headers, app).await?;
                let caller = Self {
                    scope: row.scope.clone(),
                    roles: row.roles,
                    via: Via::ApiKey(row.id.clone()),
                    request_id,
                };
                // The audit names a key that has ended, too.
                caller.become_known(parts);
                use_of(&row, app).await?;
                Ok(caller)
            }
        }
    }
}

/// A caller without login who shows a ticket. Only the request id is known of it; the extractor has
/// checked that the request came over a secure transport.
#[derive(Debug)]
pub(crate) struct Stranger(Option<RequestId>);

impl Stranger {
    /// Makes the caller that the audit names, once the ticket has shown which owner the file belongs
    /// to.
    pub(crate) fn with_ticket_of(self, scope: Scope, ticket_id: TicketId) -> Caller {
        Caller::with_ticket(scope, ticket_id, self.0)
    }
}

impl FromRequestParts<App> for Stranger {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        secure_transport(parts, app)?;
        Ok(Self(parts.extensions.get::<RequestId>().cloned()))
    }
}

/// The time between two notes of an API key's last use, so that not every request writes.
const USE_NOTED_EVERY: Duration = Duration::from_secs(60);

async fn known_api_key(headers: &HeaderMap, app: &App) -> Result<ApiKeyRow, Refusal> {
    let given = headers
        .typed_get::<Authorization<Bearer>>()
        .and_then(|bearer| ApiKey::parse(bearer.token()));
    let given = given.ok_or_else(unauthenticated)?;
    let row = app.records.api_key(given.id()).await?;
    let row = row.filter(|row| given.has_hash(&row.hash));
    row.ok_or_else(unauthenticated)
}

/// Refuses an API key that has ended, and notes the use of one that works.
async fn use_of(row: &ApiKeyRow, app: &App) -> Result<(), Refusal> {
    let now = app.now();
    // `known_api_key` has compared the secret already, so that a stranger does not learn that the key has ended.
    match row.ended(now) {
        None => {}
        Some(ApiKeyEnded::Revoked) => return Err(no_longer("This API key was revoked")),
        Some(ApiKeyEnded::Expired) => return Err(no_longer("This API key has expired")),
    }
    let is_noted = |at| now.since(at) < USE_NOTED_EVERY;
    if !row.last_used_at.is_some_and(is_noted)
        && let Err(error) = app.records.note_use_of_api_key(&row.id, now).await
    {
        // The request does not depend on the note.
        tracing::warn!(%error, "The last use of API key {} could not be saved", row.id);
    }
    Ok(())
}

fn unauthenticated() -> Refusal {
    without_login("An API key is needed: send it as `Authorization: Bearer`.".to_owned())
}

fn no_longer(why: &str) -> Refusal {
    without_login(format!("{why}; ask the operator for a new one."))
}

fn without_login(detail: String) -> Refusal {
    Refusal::new(ProblemCode::Unauthenticated, detail)
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}
