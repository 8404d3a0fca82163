//! Chooses files in other ways than with the file dialog.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::Page;
use crate::browser::OwnCommand;

/// Creates files in the page and passes them to it as a dialog, or the clipboard, would.
const FILES: &str = "
const [method, names, text] = arguments;
const transfer = new DataTransfer();
for (const name of names) transfer.items.add(new File([text], name));
if (method === 'paste') {
    // In Firefox a script cannot create a paste event that holds files.
    const paste = new Event('paste', { bubbles: true });
    Object.defineProperty(paste, 'clipboardData', { value: transfer });
    window.dispatchEvent(paste);
} else {
    const input = document.querySelector('input#files');
    input.files = transfer.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
}
";

impl Page {
    /// Chooses files of these names, each with this text.
    ///
    /// # Errors
    /// Fails if the page does not accept them.
    pub async fn choose_many(&self, names: &[String], text: &str) -> Result<()> {
        let arguments = vec![json!("choose"), json!(names), json!(text)];
        self.run(FILES, arguments).await?;
        Ok(())
    }

    /// Pastes a file.
    ///
    /// # Errors
    /// Fails if the page does not accept it.
    pub async fn paste(&self, name: &str, text: &str) -> Result<()> {
        let arguments = vec![json!("paste"), json!([name]), json!(text)];
        self.run(FILES, arguments).await?;
        Ok(())
    }

    /// Drags files and folders from the system's file manager onto the page and drops them (Chromium only).
    ///
    /// # Errors
    /// Fails if the browser does not answer.
    pub async fn drop(&self, paths: &[&Path]) -> Result<()> {
        self.drag(json!({ "items": [], "files": paths, "dragOperationsMask": 1 }))
            .await
    }

    /// Drags data of a media type, which is not a file, onto the page and drops it (Chromium only).
    ///
    /// # Errors
    /// Fails if the browser does not answer.
    pub async fn drop_data(&self, kind: &str, data: &str) -> Result<()> {
        let items = json!([{ "mimeType": kind, "data": data }]);
        self.drag(json!({ "items": items, "files": [], "dragOperationsMask": 1 }))
            .await
    }

    async fn drag(&self, data: Value) -> Result<()> {
        for step in ["dragEnter", "dragOver", "drop"] {
            let event = json!({ "type": step, "x": 200, "y": 200, "data": data });
            let command = OwnCommand::dev_tools("Input.dispatchDragEvent", event);
            self.client.issue_cmd(command).await?;
        }
        Ok(())
    }
}
