//! Makes a new message: its ids, data key and header, each once (docs/FORMAT.md, R1). Nothing of it has
//! left the server or been stored yet.

use sealift_message::{FrameLength, Header, HeaderBuilder, HeaderError, MessageId, VerifiedHeader};
use sealift_transfer::api::{FileId, TenantId, UploadId};

use crate::{
    app::App,
    keys::context,
    problem::{self, Refusal},
    random,
};

/// A new message: the ids and the verified header that a new upload needs.
#[derive(Debug)]
pub(crate) struct NewMessage {
    pub(crate) upload_id: UploadId,
    pub(crate) file_id: FileId,
    /// The header, with the content key of this one message.
    pub(crate) verified: VerifiedHeader,
    pub(crate) encrypted_dek: Vec<u8>,
}

/// The parts of a [`NewMessage`] that remain without the content key.
#[derive(Debug, Clone)]
pub(crate) struct MessageIds {
    pub(crate) upload_id: UploadId,
    pub(crate) file_id: FileId,
    pub(crate) message_id: [u8; 32],
    pub(crate) encrypted_dek: Vec<u8>,
}

impl NewMessage {
    /// Makes the message of a new file, with the configured frame length.
    pub(crate) async fn make(app: &App, tenant: &TenantId) -> Result<Self, Refusal> {
        Self::make_for(app, tenant, FileId::from_random(random::bytes())).await
    }

    /// Makes another message of a file.
    pub(crate) async fn make_for(
        app: &App,
        tenant: &TenantId,
        file_id: FileId,
    ) -> Result<Self, Refusal> {
        let upload_id = UploadId::from_random(random::bytes());
        let context = context::of(tenant, &file_id, &upload_id).map_err(no_header)?;
        let (data_key, encrypted) = app.keys.make(tenant, &context).await?;
        let encrypted_dek = encrypted.ciphertext().to_vec();
        let message_id = MessageId::make(&mut random::source());
        let frame_length =
            FrameLength::try_from(app.config.frame_length).map_err(|_| problem::internal())?;
        let header = HeaderBuilder::new(message_id, context, encrypted, frame_length)
            .authenticate(&data_key)
            .map_err(no_header)?;
        Ok(Self {
            upload_id,
            file_id,
            verified: header.verify(&data_key)?,
            encrypted_dek,
        })
    }

    /// Splits the message into the verified header, which holds the content key, and the rest that
    /// goes into the row.
    pub(crate) fn into_parts(self) -> (VerifiedHeader, MessageIds) {
        let ids = MessageIds {
            message_id: *self.header().message_id().as_bytes(),
            upload_id: self.upload_id,
            file_id: self.file_id,
            encrypted_dek: self.encrypted_dek,
        };
        (self.verified, ids)
    }

    pub(crate) fn header(&self) -> &Header {
        self.verified.header()
    }
}

fn no_header(_: HeaderError) -> Refusal {
    problem::internal()
}
