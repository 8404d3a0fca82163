//! The steps of an upload by a client: open, seal, sign, send, complete.

use sealift_message::{ContentKey, FrameSealer, StoredHeader};
use sealift_transfer::{
    PartNumber,
    api::{
        FileId, FileRecord, OpenedUpload, PartReceipt, PartReceipts, Sha256, SignedPart,
        SignedParts, UploadId, complete, files, open, sign, status,
    },
};
use serde_json::{Value, json};

use super::{Answer, Client};

/// An open upload with the sealed bytes of all its parts.
pub(crate) struct SealedFile {
    pub(crate) opened: OpenedUpload,
    pub(crate) parts: Vec<Vec<u8>>,
}

impl SealedFile {
    /// Seals the plaintext with the header, plan and key of the server's answer.
    pub(crate) fn seal(opened: OpenedUpload, plaintext: &[u8]) -> Self {
        let content_key = opened.content_key.as_ref().unwrap().to_bytes().unwrap();
        let header = StoredHeader::new(&opened.header).unwrap();
        let verified = header.verify(&ContentKey::from_bytes(&content_key));
        let len = u64::try_from(plaintext.len()).unwrap();
        let sealer = FrameSealer::new(verified.unwrap(), len).unwrap();
        let plan = &opened.plan;
        let parts = PartNumber::all(plan.part_count()).map(|number| {
            let part = plan.part(number).unwrap();
            let index = |offset: u64| usize::try_from(offset).unwrap();
            let plaintext = &plaintext[index(part.plaintext.start)..index(part.plaintext.end)];
            let mut sealed = vec![0; index(part.sealed_len())];
            sealer
                .seal_part(part.frames, plaintext, &mut sealed)
                .unwrap();
            sealed
        });
        Self {
            parts: parts.collect(),
            opened,
        }
    }

    pub(crate) fn id(&self) -> &UploadId {
        &self.opened.upload_id
    }

    pub(crate) fn file_id(&self) -> &FileId {
        &self.opened.file_id
    }

    /// Returns the bytes of the whole object.
    pub(crate) fn object(&self) -> Vec<u8> {
        self.parts.concat()
    }

    pub(crate) fn receipts(&self) -> Vec<PartReceipt> {
        let numbers = PartNumber::all(self.opened.plan.part_count());
        let receipt = |(number, part): (PartNumber, &Vec<u8>)| PartReceipt {
            number,
            sha256: Sha256::of(part),
        };
        numbers.zip(&self.parts).map(receipt).collect()
    }

    /// Returns the digest over all parts, which completion compares.
    pub(crate) fn parts_sha256(&self) -> Sha256 {
        let mut receipts = PartReceipts::default();
        for receipt in self.receipts() {
            receipts.note(receipt).unwrap();
        }
        receipts.digest(self.opened.plan.part_count()).unwrap()
    }
}

/// Returns a request to open an upload, which a test may change.
pub(crate) fn request(token: &str, name: &str, size: usize) -> Value {
    json!({ "client_token": token, "name": name, "size": size })
}

/// Returns a client token that no other call has returned.
pub(crate) fn new_token() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static GIVEN: AtomicU64 = AtomicU64::new(0);
    format!("client-token-{:08}", GIVEN.fetch_add(1, Ordering::Relaxed))
}

impl Client {
    /// Opens an upload and seals all of it.
    pub(crate) async fn open(&self, name: &str, plaintext: &[u8]) -> SealedFile {
        let request = request(&new_token(), name, plaintext.len());
        let answer = self.post(open::PATH, &request).await;
        SealedFile::seal(answer.json(201), plaintext)
    }

    pub(crate) async fn sign(&self, upload: &UploadId, receipts: &[PartReceipt]) -> Answer {
        self.post(&sign::path(upload), &receipts).await
    }

    pub(crate) async fn sign_all(&self, file: &SealedFile) -> Vec<SignedPart> {
        let answer = self.sign(file.id(), &file.receipts()).await;
        answer.json::<SignedParts>(200).parts
    }

    /// Sends one part and returns the status of the store's answer.
    pub(crate) async fn send_part(&self, signed: &SignedPart, bytes: Vec<u8>) -> u16 {
        let mut request = self.put(&signed.url).body(bytes);
        for (name, value) in &signed.headers {
            request = request.header(name, value);
        }
        Answer::to(request).await.status
    }

    /// Signs and sends every part.
    pub(crate) async fn send(&self, file: &SealedFile) {
        let signed = self.sign_all(file).await;
        for (signed, part) in signed.iter().zip(&file.parts) {
            assert_eq!(self.send_part(signed, part.clone()).await, 200);
        }
    }

    pub(crate) async fn complete(&self, file: &SealedFile) -> Answer {
        let request = json!({ "parts_sha256": file.parts_sha256() });
        self.post(&complete::path(file.id()), &request).await
    }

    /// Uploads the plaintext and returns the record of the complete file.
    pub(crate) async fn upload(&self, name: &str, plaintext: &[u8]) -> FileRecord {
        let file = self.open(name, plaintext).await;
        self.send(&file).await;
        self.complete(&file).await.json(200)
    }

    pub(crate) async fn status(&self, upload: &UploadId) -> Answer {
        self.get(&status::path(upload)).await
    }

    pub(crate) async fn key_again(&self, upload: &UploadId) -> Answer {
        let path = status::key_path(upload);
        Answer::to(self.request(http::Method::POST, &path)).await
    }

    pub(crate) async fn abort(&self, upload: &UploadId) -> Answer {
        self.delete(&status::path(upload)).await
    }

    pub(crate) async fn content(&self, file: &FileId) -> Answer {
        self.get(&files::content_path(file)).await
    }
}

/// Returns `len` bytes that look random and are the same each time.
pub(crate) fn bytes(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let words = len.div_ceil(8);
    let mut bytes: Vec<u8> = (0..words).flat_map(|_| next()).collect();
    bytes.truncate(len);
    bytes
}
