//! What the page of a file asks of the server.

use js_sys::Reflect;
use sealift_transfer::api::{
    FileId, FileOpening, RedeemTicket, TicketText, files, problem::ProblemCode, read, tickets,
};
use wasm_bindgen::JsValue;

use super::{Authority, PATIENCE_MS, ServerApi, js_of, json, not_understood};
use crate::failure::RequestError;

impl ServerApi {
    /// What there is to know of a file, and by what it is shown: its record to its owner, with
    /// `is_own` and the `file_id` that the other has; else what a redeemed ticket shows of it.
    ///
    /// # Errors
    /// [`RequestError`], the owner's where neither is to be had.
    pub async fn about(&self, file: &FileId) -> Result<(JsValue, Authority), RequestError> {
        let refused = match self.ask_for_js(&files::path(file)).await {
            Ok(record) => {
                // Objects of JSON take anything.
                let _set = Reflect::set(&record, &"file_id".into(), &file.to_string().into());
                let _set = Reflect::set(&record, &"is_own".into(), &JsValue::TRUE);
                return Ok((record, Authority::Login));
            }
            Err(error) => error,
        };
        let may_be_shared = [ProblemCode::Unauthenticated, ProblemCode::NotFound];
        if !may_be_shared.iter().any(|code| refused.says(*code)) {
            return Err(refused);
        }
        let (by, path) = (Authority::Ticket, tickets::shared_path(file));
        match self.send_by(by, "GET", &path, None, PATIENCE_MS).await {
            Ok(answer) => Ok((js_of(answer)?, by)),
            Err(_no_ticket) => Err(refused),
        }
    }

    /// Uses a ticket up. The answer's cookie stays with the browser.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn redeem(&self, ticket: String) -> Result<JsValue, RequestError> {
        let ticket = TicketText::new(ticket);
        let body = json(&RedeemTicket { ticket })?;
        let (by, path) = (Authority::Ticket, tickets::REDEEM_PATH);
        js_of(
            self.send_by(by, "POST", path, Some(body), PATIENCE_MS)
                .await?,
        )
    }

    /// The content key of a file, and where its object is. The answer's bytes are wiped here.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn open_file(
        &self,
        file: &FileId,
        authority: Authority,
    ) -> Result<FileOpening, RequestError> {
        let path = read::path(file);
        let (status, bytes) = self
            .send_by(authority, "POST", &path, None, PATIENCE_MS)
            .await?;
        serde_json::from_slice(&bytes).map_err(|_| not_understood(status))
    }
}
