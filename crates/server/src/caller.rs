//! Who asks. Every handler below `/v1` takes a [`Caller`], or, where a ticket's holder may ask too,
//! a [`Reader`], so that none can forget to ask.

use std::sync::{Arc, OnceLock};

use axum::{extract::FromRequestParts, http::request::Parts};
use headers::{Authorization, HeaderMapExt as _, authorization::Bearer};
use http::{HeaderMap, HeaderValue, header};
use sealift_transfer::api::ProblemCode;

use crate::{
    app::App,
    config::Auth,
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

/// Who asks, and what it may do. Handlers see only rows of its scope.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) scope: Scope,
    pub(crate) roles: Roles,
    pub(crate) via: Via,
    pub(crate) request_id: Option<RequestId>,
}

/// How it proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// An API key.
    ApiKey,
    /// Not at all: this machine's own pages and programs.
    Loopback,
    /// The cookie of a redeemed ticket: for one file, by the owner's leave.
    Ticket,
}

impl Via {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api-key",
            Self::Loopback => "loopback",
            Self::Ticket => "ticket",
        }
    }
}

/// What a caller wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Seal files, and take them back.
    Upload,
    /// Open them again.
    Download,
    /// Know what is there: whoever may do either.
    Look,
    /// See how the server does.
    Operate,
}

impl Caller {
    /// # Errors
    /// `forbidden` where its roles do not cover this.
    pub(crate) fn may(&self, wish: Wish) -> Result<(), Refusal> {
        let Roles {
            upload,
            download,
            admin,
        } = self.roles;
        let allowed = match wish {
            Wish::Upload => upload || admin,
            Wish::Download => download || admin,
            Wish::Look => upload || download || admin,
            Wish::Operate => admin,
        };
        if allowed {
            return Ok(());
        }
        Err(Refusal::new(
            ProblemCode::Forbidden,
            "Your API key does not cover this; ask the operator for one that does.",
        ))
    }

    /// By the cookie of a redeemed ticket, which is good for one file ([`Reader`]).
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

    /// Tells the rows about what is refused who it was.
    fn become_known(&self, parts: &Parts) {
        if let Some(known) = parts.extensions.get::<KnownCaller>() {
            // Set once a request: a second extractor would find the same caller.
            let _ = known.0.set((self.scope.clone(), self.via));
        }
    }
}

/// The scope of a request's caller, once it is known: for rows about what was refused.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownCaller(Arc<OnceLock<(Scope, Via)>>);

impl KnownCaller {
    pub(crate) fn get(&self) -> Option<&(Scope, Via)> {
        self.0.get()
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

/// Somebody without a login, who shows a ticket. Of this request only the way it came is known.
#[derive(Debug)]
pub(crate) struct Stranger(Option<RequestId>);

impl Stranger {
    /// Once the ticket has proved whose file it is for: for the audit.
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
