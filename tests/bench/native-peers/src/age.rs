//! The crate `age`, with one X25519 recipient and its own chunks of 64 KiB.

use std::{
    io::{Read as _, Write as _},
    iter,
};

use age::{Decryptor, Encryptor, Identity, Recipient, x25519};
use anyhow::Result;

use crate::Contestant;

pub(crate) struct Age {
    identity: x25519::Identity,
    recipient: x25519::Recipient,
    sealed: Vec<u8>,
    opened: Vec<u8>,
}

impl Age {
    pub(crate) fn new() -> Self {
        let identity = x25519::Identity::generate();
        Self {
            recipient: identity.to_public(),
            identity,
            sealed: Vec::new(),
            opened: Vec::new(),
        }
    }
}

impl Contestant for Age {
    fn name(&self) -> &'static str {
        "age"
    }

    fn seal(&mut self, plaintext: &[u8]) -> Result<()> {
        self.sealed.clear();
        let recipient: &dyn Recipient = &self.recipient;
        let encryptor = Encryptor::with_recipients(iter::once(recipient))?;
        let mut writer = encryptor.wrap_output(&mut self.sealed)?;
        writer.write_all(plaintext)?;
        writer.finish()?;
        Ok(())
    }

    fn open(&mut self) -> Result<&[u8]> {
        self.opened.clear();
        let identity: &dyn Identity = &self.identity;
        let decryptor = Decryptor::new(self.sealed.as_slice())?;
        let mut reader = decryptor.decrypt(iter::once(identity))?;
        reader.read_to_end(&mut self.opened)?;
        Ok(&self.opened)
    }
}
