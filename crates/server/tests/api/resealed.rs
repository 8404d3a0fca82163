//! Files that were encrypted again, as clients see them that know only the upload from before.

use sealift_server::{ResealReport, ResealWhich, reseal_files};
use sealift_transfer::api::{FileId, FileRecord, ProblemCode, UploadState, UploadStatus, files};
use sha2::{Digest as _, Sha256};

use crate::support::{FRAME, Stack, bytes};

async fn reseal(stack: &Stack, file: &FileId) -> ResealReport {
    let which = ResealWhich::Files(vec![file.clone()]);
    reseal_files(&stack.config, &which, |_| ()).await.unwrap()
}

#[tokio::test]
async fn every_upload_of_a_file_that_was_encrypted_again_is_complete_and_shows_the_file() {
    let stack = Stack::start().await;
    let client = stack.client();
    let sealed = client.open("a name", b"a").await;
    client.send(&sealed).await;
    let mut record: FileRecord = client.complete(&sealed).await.json(200);
    for _ in 0..2 {
        assert_eq!(reseal(&stack, &record.id).await.resealed, 1);
        let before = record.upload_id;
        record = client.get(&files::path(&record.id)).await.json(200);
        assert_ne!(record.upload_id, before);
        // The answer to the first completion may have been lost.
        let again: FileRecord = client.complete(&sealed).await.json(200);
        assert_eq!(again, record);
        for upload in [sealed.id(), &before, &record.upload_id] {
            let status: UploadStatus = client.status(upload).await.json(200);
            assert_eq!(status.state, UploadState::Complete);
            assert_eq!(status.file.as_deref(), Some(&record));
            assert_eq!(
                (status.name.as_str(), status.unreadable),
                ("a name", vec![])
            );
            assert!(status.parts.iter().all(|part| part.stored));
        }
    }
    assert_eq!(client.delete(&files::path(&record.id)).await.status, 204);
    let status: UploadStatus = client.status(sealed.id()).await.json(200);
    assert_eq!((status.state, status.file), (UploadState::Aborted, None));
    let late = client.complete(&sealed).await;
    late.refused(ProblemCode::UploadNotOpen);
}

#[tokio::test]
async fn a_file_whose_content_is_not_that_of_its_last_verification_keeps_its_object() {
    let stack = Stack::start().await;
    let client = stack.client();
    let plaintext = bytes(FRAME + 1);
    let record = client.upload("a", &plaintext).await;
    let field = format!("plaintext-sha256:{}", record.id);
    let verified = "UPDATE files SET verified_at_ms = 1, sealed_sha256 = ? WHERE file_id = ?";
    for (verified_content, is_resealed) in [(&b"other"[..], false), (&plaintext, true)] {
        let sha256 = stack
            .seal_field(&field, &Sha256::digest(verified_content))
            .await;
        let changed = stack.change(verified, sha256, record.id.as_str()).await;
        assert_eq!(changed.unwrap(), 1);
        let report = reseal(&stack, &record.id).await;
        assert_eq!(report.resealed == 1, is_resealed, "{report:?}");
        let now: FileRecord = client.get(&files::path(&record.id)).await.json(200);
        assert_eq!(now.upload_id != record.upload_id, is_resealed);
        assert_eq!(client.content(&record.id).await.body, plaintext);
        if let [(_, reason)] = &report.failed[..] {
            assert!(reason.contains("`sealift files verify`"), "{reason}");
        }
        // The object that is not the file's is gone.
        let folder = stack.object_of(&now).parent().unwrap().to_owned();
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
    }
}
