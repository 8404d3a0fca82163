//! Lists every route of the server on one screen.

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, delete, get, post, put},
};
use http::{HeaderValue, Method, header};
use sealift_transfer::api::{batch, files, open, policy, tickets};
use tower::util::option_layer;
use tower_http::{cors::CorsLayer, set_header::SetResponseHeaderLayer};
use tracing::Instrument as _;

use crate::{
    app::App,
    caller::{only_this_machine, only_this_machine_or_a_link},
    problem,
    refusals::render,
    routes::{
        abort_upload::abort_upload,
        change_ticket::change_ticket,
        complete_upload::complete_upload,
        content::content,
        delete_file::delete_file,
        file::file,
        files::files as list_files,
        form_upload::{form_upload, put_upload, refusals_as_wanted},
        health::{healthz, readyz},
        make_ticket::make_ticket,
        metrics::metrics,
        no_route::{nothing_here, wrong_method},
        open_file::open_file,
        open_upload::open_upload,
        page::page,
        policy::policy as get_policy,
        redeem_ticket::redeem_ticket,
        revoke_ticket::revoke_ticket,
        shared_file::shared_file,
        sign_parts::sign_parts,
        tickets::tickets as list_tickets,
        unfinished_uploads::unfinished_uploads,
        upload_batches::{complete_uploads, open_uploads, sign_uploads},
        upload_key::upload_key,
        upload_status::upload_status,
        verify_file::verify_file,
    },
    telemetry::with_request_id,
};

/// Builds the router of the whole HTTP API. The page sends its parts to `store_origin`.
pub(crate) fn router(app: App, store_origin: &str) -> Router {
    let api = Router::new()
        .route(open::PATH, only(post(open_upload).get(unfinished_uploads)))
        .route(
            "/v1/uploads/{id}",
            only(get(upload_status).merge(delete(abort_upload))),
        )
        .route("/v1/uploads/{id}/parts", only(post(sign_parts)))
        .route("/v1/uploads/{id}/key", only(post(upload_key)))
        .route("/v1/uploads/{id}/complete", only(post(complete_upload)))
        .route(batch::OPEN_PATH, only(post(open_uploads)))
        .route(batch::SIGN_PATH, only(post(sign_uploads)))
        .route(batch::COMPLETE_PATH, only(post(complete_uploads)))
        .route(files::PATH, only(get(list_files)))
        .route("/v1/files/{id}", only(get(file).merge(delete(delete_file))))
        .route("/v1/files/{id}/content", only(get(content).head(content)))
        .route("/v1/files/{id}/open", only(post(open_file)))
        .route("/v1/files/{id}/shared", only(get(shared_file)))
        .route("/v1/files/{id}/verify", only(post(verify_file)))
        .route(tickets::PATH, only(post(make_ticket).get(list_tickets)))
        .route(tickets::REDEEM_PATH, only(post(redeem_ticket)))
        .route(
            "/v1/tickets/{id}",
            only(delete(revoke_ticket).patch(change_ticket)),
        )
        .merge(forms())
        .route(policy::PATH, only(get(get_policy)))
        .route("/healthz", only(get(healthz)))
        .route("/readyz", only(get(readyz)))
        .route("/metrics", only(get(metrics)))
        .route(
            "/v1/{*rest}",
            only(MethodRouter::new()).fallback(nothing_here),
        )
        .layer(middleware::from_fn(to_the_end))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        // Names are sealed at rest here, so they do not belong in a browser's cache either.
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-store"),
        ))
        .layer(option_layer(other_pages(&app)));
    let guard = middleware::from_fn_with_state(app.clone(), only_this_machine);
    let all = match &app.config.page_dir {
        Some(folder) => {
            let guard_of_pages =
                middleware::from_fn_with_state(app.clone(), only_this_machine_or_a_link);
            let pages = page(folder, store_origin).layer(guard_of_pages);
            api.layer(guard).merge(pages)
        }
        None => api.fallback(nothing_here).layer(guard),
    };
    all.layer(middleware::from_fn_with_state(app.clone(), render))
        .layer(middleware::from_fn(with_request_id))
        .with_state(app)
}

/// The routes for curl, and for pages without script.
fn forms() -> Router<App> {
    Router::new()
        .route("/upload", only(post(form_upload)))
        .route("/upload/", only(put(put_upload)))
        .route("/upload/{name}", only(put(put_upload)))
        .layer(middleware::from_fn(refusals_as_wanted))
}

/// Runs a handler to its end even if the client disconnects, so that begun work is finished and its
/// audit entry is written.
async fn to_the_end(request: Request, next: Next) -> Response {
    let answer = tokio::spawn(next.run(request).in_current_span()).await;
    // The panicking thread logged the panic already.
    answer.unwrap_or_else(|_| problem::internal().into_response())
}

fn only(methods: MethodRouter<App>) -> MethodRouter<App> {
    methods.fallback(wrong_method)
}

/// Lets the configured origins use the API, for a page that another server serves.
fn other_pages(app: &App) -> Option<CorsLayer> {
    let origins = app.config.page_origins.iter();
    let origins: Vec<HeaderValue> = origins
        .filter_map(|origin| HeaderValue::from_str(origin).ok())
        .collect();
    if origins.is_empty() {
        return None;
    }
    let cors = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::RANGE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            header::IF_RANGE,
        ])
        .expose_headers([
            header::ACCEPT_RANGES,
            header::CONTENT_DISPOSITION,
            header::CONTENT_RANGE,
            header::ETAG,
            header::LOCATION,
            header::RETRY_AFTER,
        ]);
    Some(cors)
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::sync::Arc;

    use axum::body::Body;
    use tokio::sync::Notify;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn what_was_begun_is_finished_when_the_client_hangs_up() {
        let [begun, go_on, finished] = [(); 3].map(|()| Arc::new(Notify::new()));
        let handler = {
            let (begun, go_on, finished) = (begun.clone(), go_on.clone(), finished.clone());
            async move || {
                begun.notify_one();
                go_on.notified().await;
                finished.notify_one();
            }
        };
        let router = Router::new()
            .route("/", post(handler))
            .layer(middleware::from_fn(to_the_end));
        let request = Request::post("/").body(Body::empty()).unwrap();
        let connection = tokio::spawn(router.oneshot(request));
        begun.notified().await;
        connection.abort();
        assert!(connection.await.unwrap_err().is_cancelled());
        go_on.notify_one();
        // The wait ends at once, or never.
        let end = tokio::time::timeout(Duration::from_secs(10), finished.notified());
        end.await.unwrap();
    }
}
