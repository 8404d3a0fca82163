//! `POST /v1/uploads:batch`, `:sign` and `:complete`: do for each item of a batch what the single route
//! does, by the same function. Every item counts in the rates, and has audit rows and a result of its own.
//! Whatever refuses every item alike, such as a missing permission, refuses the whole batch.

use axum::{
    Json,
    extract::{FromRequest, Request, State},
    response::{IntoResponse as _, Response},
};
use futures::{StreamExt as _, stream};
use http::{HeaderValue, StatusCode, header};
use sealift_transfer::api::{
    Batch, BatchResult, BatchResults, CompleteUpload, FinishUpload, OpenUpload, ProblemCode,
    SignUpload, UploadId, batch::MOST_ITEMS,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{complete_upload, invalid, json_body, open_upload, sign_parts};
use crate::{
    app::App,
    caller::{Caller, Permission},
    problem::Refusal,
    refusals,
};

/// `POST /v1/uploads:batch`: opens uploads.
pub(crate) async fn open_uploads(
    State(app): State<App>,
    caller: Caller,
    items: Items,
) -> Result<Response, Refusal> {
    let (app, caller) = (&app, &caller);
    let open = move |item: Box<RawValue>| async move {
        let request: OpenUpload = read(&item)?;
        open_upload::open(app, caller, request).await
    };
    results(app, caller, items, open).await
}

/// `POST /v1/uploads:sign`: signs parts of uploads.
pub(crate) async fn sign_uploads(
    State(app): State<App>,
    caller: Caller,
    items: Items,
) -> Result<Response, Refusal> {
    let (app, caller) = (&app, &caller);
    let sign = move |item: Box<RawValue>| async move {
        let SignUpload { upload_id, parts } = read::<SignUpload<String>>(&item)?;
        let signed = sign_parts::sign(app, caller, &id(&upload_id)?, &parts).await?;
        Ok((StatusCode::OK, signed))
    };
    results(app, caller, items, sign).await
}

/// `POST /v1/uploads:complete`: completes uploads.
pub(crate) async fn complete_uploads(
    State(app): State<App>,
    caller: Caller,
    items: Items,
) -> Result<Response, Refusal> {
    let (app, caller) = (&app, &caller);
    let complete = move |item: Box<RawValue>| async move {
        let FinishUpload {
            upload_id,
            parts_sha256,
        } = read::<FinishUpload<String>>(&item)?;
        let request = CompleteUpload { parts_sha256 };
        let record = complete_upload::record(app, caller, &id(&upload_id)?, &request).await?;
        Ok((StatusCode::OK, record))
    };
    results(app, caller, items, complete).await
}

/// The items of a batch, each still as JSON, so that one that cannot be read refuses only itself.
pub(crate) struct Items(Vec<Box<RawValue>>);

/// The most bytes of a batch for each of its items. No setting allows a smaller `limit_json`, so every
/// item that its single route takes has room in a batch of the most items.
const MOST_BYTES_AN_ITEM: usize = 16 * 1024;

impl FromRequest<App> for Items {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let of_one = app.config.limits.json_body_bytes;
        let most = of_one.max(MOST_ITEMS.saturating_mul(MOST_BYTES_AN_ITEM));
        let Batch { uploads } = json_body(request, most).await?;
        if (1..=MOST_ITEMS).contains(&uploads.len()) {
            return Ok(Self(uploads));
        }
        Err(Refusal::new(
            ProblemCode::InvalidRequest,
            format!("A batch has 1 to {MOST_ITEMS} uploads; send several batches."),
        )
        .with_number("most_items", MOST_ITEMS))
    }
}

/// Does `each` for all items and returns their results.
async fn results<T, F>(
    app: &App,
    caller: &Caller,
    Items(items): Items,
    each: impl Fn(Box<RawValue>) -> F,
) -> Result<Response, Refusal>
where
    T: Serialize,
    F: Future<Output = Result<(StatusCode, T), Refusal>>,
{
    caller.require(Permission::Upload)?;
    app.read_only.may_change()?;
    // Here and below loops make the futures, because rustc does not take the closures of `map` for
    // general enough if they get futures that borrow.
    let mut tasks = Vec::with_capacity(items.len());
    for item in items {
        let task = each(item);
        tasks.push(async move {
            match task.await {
                Ok((status, answer)) => BatchResult::answered(status.as_u16(), answer),
                Err(refusal) => refused(app, caller, refusal).await,
            }
        });
    }
    let results = in_order(tasks).await;
    let no_store = HeaderValue::from_static("no-store");
    let answer = Json(BatchResults { results });
    Ok(([(header::CACHE_CONTROL, no_store)], answer).into_response())
}

/// The most items of one batch in progress. They are enough for their writes to share commits and for the
/// store to work on several, and a batch takes no more of the server than as many requests at once.
const MOST_AT_ONCE: usize = 16;

/// Runs the tasks, several at once, and returns their results in the order of the tasks. A slow task
/// holds back none of those behind it.
async fn in_order<T>(tasks: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut placed = Vec::with_capacity(tasks.len());
    for (place, task) in tasks.into_iter().enumerate() {
        placed.push(async move { (place, task.await) });
    }
    let done = stream::iter(placed).buffer_unordered(MOST_AT_ONCE);
    let mut done: Vec<_> = done.collect().await;
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

async fn refused<T>(app: &App, caller: &Caller, refusal: Refusal) -> BatchResult<T> {
    let retry_after_s = refusal.wait_s();
    let problem = refusals::finish(app, Some(caller), caller.request_id.as_ref(), refusal).await;
    BatchResult::refused(problem, retry_after_s)
}

/// Reads an item as its single route reads a body.
fn read<T: DeserializeOwned>(item: &RawValue) -> Result<T, Refusal> {
    serde_json::from_str(item.get()).map_err(|error| invalid(&error))
}

/// Reads the id of an item as its single route reads the id in the path.
fn id(text: &str) -> Result<UploadId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn results_come_in_the_order_of_the_tasks_of_which_some_run_at_once() {
        let (running, most) = (Cell::new(0), Cell::new(0));
        let (first, running, most) = (tokio::sync::Notify::new(), &running, &most);
        let first = &first;
        let tasks = (0..40).map(|place| async move {
            running.set(running.get() + 1);
            most.set(most.get().max(running.get()));
            match place {
                // The first task ends last.
                0 => first.notified().await,
                39 => first.notify_one(),
                _ => tokio::task::yield_now().await,
            }
            running.set(running.get() - 1);
            place
        });
        assert_eq!(in_order(tasks.collect()).await, (0..40).collect::<Vec<_>>());
        assert_eq!(most.get(), MOST_AT_ONCE);
    }
}
