//! One PUT of sealed bytes to the store, by XMLHttpRequest: `fetch` does not tell how far it is.

use futures::channel::oneshot;
use js_sys::{Array, Uint8Array};
use sealift_transfer::{api::SignedPart, retry::RequestFailure};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{Blob, ProgressEvent, XmlHttpRequest};

use crate::{
    browser::len_of,
    failure::{Peer, RequestError},
    server_api::retry_after_ms,
};

/// PUTs exactly `sealed`. `progress` hears how many bytes have left. Dropped before its end, it is
/// aborted.
///
/// # Errors
/// [`RequestError`], without a word of the presigned address.
pub async fn put_part(
    signed: &SignedPart,
    sealed: &Uint8Array,
    progress: impl Fn(u64) + 'static,
) -> Result<(), RequestError> {
    let no_answer = |_| RequestError::no_answer(Peer::Store);
    let (running, ended) = Running::start(signed, sealed, progress).map_err(no_answer)?;
    if ended.await.is_err() {
        return Err(RequestError::no_answer(Peer::Store));
    }
    running.answer()
}

/// A request under way with the closures that it calls.
struct Running {
    request: XmlHttpRequest,
    _progress: Closure<dyn Fn(ProgressEvent)>,
    _ended: Closure<dyn FnMut()>,
}

impl Running {
    fn start(
        signed: &SignedPart,
        sealed: &Uint8Array,
        progress: impl Fn(u64) + 'static,
    ) -> Result<(Self, oneshot::Receiver<()>), JsValue> {
        let request = XmlHttpRequest::new()?;
        request.open_with_async("PUT", &signed.url, true)?;
        for (name, value) in &signed.headers {
            request.set_request_header(name, value)?;
        }
        let progress: Closure<dyn Fn(ProgressEvent)> =
            Closure::new(move |event: ProgressEvent| progress(len_of(event.loaded())));
        let (end, ended) = oneshot::channel();
        let mut end = Some(end);
        let when_ended: Closure<dyn FnMut()> = Closure::new(move || {
            // Nobody hears it where the request was dropped just now.
            let _heard = end.take().map(|end| end.send(()));
        });
        let upload = request.upload()?;
        upload.set_onprogress(Some(progress.as_ref().unchecked_ref()));
        request.set_onloadend(Some(when_ended.as_ref().unchecked_ref()));
        // A blob's bytes are not kept in this process as well while they are on the way.
        let body = Blob::new_with_u8_array_sequence(&Array::of1(sealed))?;
        request.send_with_opt_blob(Some(&body))?;
        let running = Self {
            request,
            _progress: progress,
            _ended: when_ended,
        };
        Ok((running, ended))
    }

    fn answer(&self) -> Result<(), RequestError> {
        // 0 where there was no answer, or none that the store's CORS rules let us see.
        let status = self.request.status().unwrap_or(0);
        match status {
            0 => Err(RequestError::no_answer(Peer::Store)),
            200..300 => Ok(()),
            _ => {
                let retry_after = self.request.get_response_header("retry-after");
                let retry_after = retry_after.ok().flatten();
                Err(RequestError {
                    peer: Peer::Store,
                    failure: RequestFailure::Status {
                        status,
                        retry_after_ms: retry_after.as_deref().and_then(retry_after_ms),
                    },
                    problem: None,
                })
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The closures go now: nothing may call them any more.
        self.request.set_onloadend(None);
        if let Ok(upload) = self.request.upload() {
            upload.set_onprogress(None);
        }
        if self.request.ready_state() != XmlHttpRequest::DONE {
            // It fails only for a request that was never sent.
            let _nothing_to_abort = self.request.abort();
        }
    }
}
