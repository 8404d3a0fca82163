//! Identifies the caller of a request. Every handler below `/v1` takes a [`Caller`], or a [`Reader`] if
//! the holder of a ticket may call it too, so that no handler can forget the check.

use std::sync::{Arc, OnceLock};

use axum::{extract::FromRequestParts, http::request::Parts};
use headers::{Authorization, HeaderMapExt as _, authorization::Bearer};
use http::{HeaderMap, HeaderValue, header};
use sealift_transfer::api::{FileId, ProblemCode};

use crate::{
    app::App,
    config::Auth,
    limits::ReadFor,
    problem::Refusal,
    records::{Roles, Scope},
    telemetry::RequestId,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// By an API key.
    ApiKey,
    /// Without login: one of this machine's own pages or programs.
    Loopback,
    /// By the cookie of a redeemed ticket, which the owner made for one file.
    Ticket,
    /// An operator's command on the server's machine acts on the owner's files.
    Command,
}

impl Via {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api-key",
            Self::Loopback => "loopback",
            Self::Ticket => "ticket",
            Self::Command => "command",
        }
    }
}

/// A permission that a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    /// Upload files, and delete them.
    Upload,
    /// Read files, share and verify them.
    Download,
    /// List files and show their records. Each of the roles gives this permission.
    Look,
    /// Read the metrics.
    Operate,
}

impl Caller {
    /// Checks that the roles of the caller include this permission.
    ///
    /// # Errors
    /// Returns `forbidden` if they do not.
    pub(crate) fn require(&self, permission: Permission) -> Result<(), Refusal> {
        let Roles {
            upload,
            download,
            admin,
        } = self.roles;
        let allowed = match permission {
            Permission::Upload => upload || admin,
            Permission::Download => download || admin,
            Permission::Look => upload || download || admin,
            Permission::Operate => admin,
        };
        if allowed {
            return Ok(());
        }
        Err(Refusal::new(
            ProblemCode::Forbidden,
            "Your API key does not cover this; ask the operator for one that does.",
        ))
    }

    /// Makes the caller for the cookie of a redeemed ticket, which is good for one file ([`Reader`]).
    fn with_ticket(scope: Scope, request_id: Option<RequestId>) -> Self {
        Self {
            scope,
            roles: Roles {
                download: true,
                ..Roles::default()
            },
            via: Via::Ticket,
            request_id,
        }
    }

    /// Returns the holder against whose limit the caller's reads of this file count.
    pub(crate) fn reads_for(&self, file_id: &FileId) -> ReadFor {
        match self.via {
            Via::Ticket => ReadFor::TicketsOf(file_id.clone()),
            Via::ApiKey | Via::Loopback | Via::Command => ReadFor::Owner(self.scope.clone()),
        }
    }

    /// Saves the caller in the request, so that an audit row of a denial can name it.
    fn become_known(&self, parts: &Parts) {
        if let Some(known) = parts.extensions.get::<KnownCaller>() {
            // This is set once per request. A second extractor would find the same caller.
            let _ = known.0.set((self.scope.clone(), self.via));
        }
    }
}

/// The scope of a request's caller once it is known. Audit rows of denials name it.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownCaller(Arc<OnceLock<(Scope, Via)>>);

impl KnownCaller {
    pub(crate) fn get(&self) -> Option<(&Scope, Via)> {
        self.0.get().map(|(scope, via)| (scope, *via))
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        secure_transport(parts, app)?;
        let request_id = parts.extensions.get::<RequestId>().cloned();
        let caller = match app.config.auth {
            Auth::None => Self {
                scope: app.loopback_scope.clone(),
                roles: Roles::ALL,
                via: Via::Loopback,
                request_id,
            },
            Auth::ApiKeys => {
                let (scope, roles) = known_api_key(&parts.headers, app).await?;
                Self {
                    scope,
                    roles,
                    via: Via::ApiKey,
                    request_id,
                }
            }
        };
        caller.become_known(parts);
        Ok(caller)
    }
}

/// A caller without login who shows a ticket. Only the request id is known of it; the extractor has
/// checked that the request came over a secure transport.
#[derive(Debug)]
pub(crate) struct Stranger(Option<RequestId>);

impl Stranger {
    /// Makes the caller that the audit names, once the ticket has shown which owner the file belongs
    /// to.
    pub(crate) fn with_ticket_of(self, scope: Scope) -> Caller {
        Caller::with_ticket(scope, self.0)
    }
}

impl FromRequestParts<App> for Stranger {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        secure_transport(parts, app)?;
        Ok(Self(parts.extensions.get::<RequestId>().cloned()))
    }
}

async fn known_api_key(headers: &HeaderMap, app: &App) -> Result<(Scope, Roles), Refusal> {
    let given = headers
        .typed_get::<Authorization<Bearer>>()
        .and_then(|bearer| ApiKey::parse(bearer.token()));
    let given = given.ok_or_else(unauthenticated)?;
    let row = app.records.api_key(given.id()).await?;
    match row {
        Some(row) if given.has_hash(&row.hash) => Ok((row.scope, row.roles)),
        _ => Err(unauthenticated()),
    }
}

fn unauthenticated() -> Refusal {
    Refusal::new(
        ProblemCode::Unauthenticated,
        "An API key is needed: send it as `Authorization: Bearer`.",
    )
    .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}
