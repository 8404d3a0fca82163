//! Locks that one tab at a time has, by `navigator.locks`. The browser frees them when a tab or its worker ends,
//! even by a crash.

use futures::{
    channel::oneshot,
    future::{Either, select},
};
use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use crate::{browser::navigator, failure::Fault};

const LACKING: Fault = Fault::Browser("navigator.locks");

/// A lock that this tab holds. Dropping it frees the lock.
pub struct TabLock {
    _held: oneshot::Sender<()>,
}

impl TabLock {
    /// Takes the lock of that name. Returns `None` if somebody has it, even this same tab.
    ///
    /// # Errors
    /// Returns [`Fault::Browser`] if the browser has no locks.
    pub async fn take(name: &str) -> Result<Option<Self>, Fault> {
        let (answer, answered) = oneshot::channel();
        let (held, freed) = oneshot::channel::<()>();
        // The browser keeps the lock until this function's promise is fulfilled.
        let granted = Closure::once_into_js(move |lock: JsValue| -> Promise {
            let is_ours = !lock.is_null();
            let is_awaited = answer.send(is_ours).is_ok();
            future_to_promise(async move {
                if is_ours && is_awaited {
                    let _freed = freed.await;
                }
                Ok(JsValue::UNDEFINED)
            })
        });
        let request = JsFuture::from(request(name, &granted).map_err(|_| LACKING)?);
        match select(answered, request).await {
            Either::Left((Ok(true), _)) => Ok(Some(Self { _held: held })),
            Either::Left((Ok(false), _)) => Ok(None),
            Either::Left((Err(_), _)) | Either::Right(_) => Err(LACKING),
        }
    }
}

/// Requests the lock by reflection, because web-sys counts locks among its unstable parts.
fn request(name: &str, granted: &JsValue) -> Result<Promise, JsValue> {
    let locks = Reflect::get(&navigator(), &"locks".into())?;
    let request: Function = Reflect::get(&locks, &"request".into())?.dyn_into()?;
    let options = Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE)?;
    request
        .call3(&locks, &name.into(), &options, granted)?
        .dyn_into()
}
