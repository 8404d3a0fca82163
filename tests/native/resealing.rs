//! Files are encrypted again as new objects, while the server serves.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use sealift_server::{
    ResealProgress, ResealReport, ResealWhich, config::Keyring, reseal_files, rewrap_keys,
    rotate_keys,
};
use sealift_tests::{
    IamPolicy, Moto, Operation, Randomness, Setup, Stack, sizes::FRAME, sizes::PART,
};
use sealift_transfer::api::{FileRecord, ProblemCode, Verification};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::{ConnectOptions as _, Executor as _, sqlite::SqliteConnectOptions};

const PEPPER: &str = "a pepper of exactly thirty-two b";

async fn reseal(stack: &Stack, which: ResealWhich) -> Result<ResealReport> {
    Ok(reseal_files(stack.config(), &which, |_| ()).await?)
}

/// Returns how many files were encrypted again, were there already, were gone, and failed.
fn counts(report: &ResealReport) -> (u64, u64, u64, usize) {
    let ResealReport {
        resealed,
        were_there,
        gone,
        failed,
    } = report;
    (*resealed, *were_there, *gone, failed.len())
}

async fn stored(stack: &Stack, sizes: &[usize]) -> Result<Vec<(FileRecord, Bytes)>> {
    let mut randomness = Randomness::from_printed_seed()?;
    let mut stored = Vec::new();
    for len in sizes {
        let plaintext = randomness.bytes(*len);
        stored.push((
            stack.upload(&format!("{len} bytes"), &plaintext).await?,
            plaintext,
        ));
    }
    Ok(stored)
}

async fn opens(stack: &Stack, file: &FileRecord, plaintext: &Bytes) -> Result<()> {
    let opened = stack.client.download(&file.id, None).await?;
    assert!(opened.read_all().await? == *plaintext, "{}", file.name);
    Ok(())
}

/// Checks that the file is as it was, apart from its object, and that only the new object is there.
async fn was_resealed(stack: &Stack, old: &FileRecord, plaintext: &Bytes) -> Result<FileRecord> {
    let new = stack.client.file(&old.id).await?;
    assert_ne!(new.upload_id, old.upload_id);
    assert_ne!(new.encrypted_data_key, old.encrypted_data_key);
    let Verification::Verified {
        plaintext_sha256, ..
    } = &new.verification
    else {
        bail!("{:?}", new.verification);
    };
    let sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(plaintext));
    assert_eq!(*plaintext_sha256, sha256);
    let of_context = |name: &str| new.encryption_context.get(name).map(String::as_str);
    assert_eq!(of_context("upload-id"), Some(new.upload_id.as_str()));
    assert_eq!(of_context("object-id"), Some(old.id.as_str()));
    let else_the_same = FileRecord {
        upload_id: old.upload_id.clone(),
        sealed_size: old.sealed_size,
        verification: old.verification.clone(),
        object_key: old.object_key.clone(),
        etag: old.etag.clone(),
        encrypted_data_key: old.encrypted_data_key.clone(),
        encryption_context: old.encryption_context.clone(),
        ..new.clone()
    };
    assert_eq!(else_the_same, *old);
    opens(stack, &new, plaintext).await?;
    assert!(!stack.object_path(old).exists());
    assert!(stack.object_path(&new).exists());
    Ok(new)
}

#[tokio::test(flavor = "multi_thread")]
async fn files_move_to_another_keyring_and_need_the_old_one_no_more() -> Result<()> {
    let moto = Moto::start().await?;
    let key = moto.make_key().await?;
    let setup = Setup::new().with_kek(&moto, &key, PEPPER);
    let stack = setup.with("keyring", "local").start().await?;
    let sizes = [0, 1, FRAME, PART, PART + 1];
    let files = stored(&stack, &sizes).await?;
    let stack = stack
        .restart_with(|config| config.keyring = Keyring::Kms)
        .await?;
    let shown: Arc<Mutex<Vec<ResealProgress>>> = Arc::default();
    let seen = Arc::clone(&shown);
    let report = reseal_files(stack.config(), &ResealWhich::All, move |progress| {
        seen.lock().unwrap().push(progress);
    });
    let report = report.await?;
    assert_eq!(counts(&report), (5, 0, 0, 0), "{report:?}");
    let last = shown.lock().unwrap().last().copied();
    let last = last.context("no progress")?;
    let all_bytes = u64::try_from(sizes.iter().sum::<usize>())?;
    assert_eq!((last.done_bytes, last.all_bytes), (all_bytes, all_bytes));
    let mut moved = Vec::new();
    for (old, plaintext) in files {
        moved.push((was_resealed(&stack, &old, &plaintext).await?, plaintext));
    }
    let again = reseal(&stack, ResealWhich::OfTenant("local".parse()?)).await?;
    assert_eq!(counts(&again), (0, 5, 0, 0));

    // Nothing needs the keys of the old keyring, neither the objects nor the names.
    let records = SqliteConnectOptions::new().filename(stack.config().database_file());
    records.connect().await?.execute("DELETE FROM keks").await?;
    let stack = stack
        .restart_with(|config| config.keyring = Keyring::Kek)
        .await?;
    for (file, plaintext) in &moved {
        assert_eq!(stack.client.file(&file.id).await?, *file);
        opens(&stack, file, plaintext).await?;
    }

    // A new version of the key is another key, too.
    moved.truncate(2);
    let ids = moved.iter().map(|(file, _)| file.id.clone()).collect();
    assert_eq!(
        counts(&reseal(&stack, ResealWhich::Files(ids)).await?),
        (2, 0, 0, 0)
    );
    let again = reseal(&stack, ResealWhich::All).await?;
    assert_eq!(counts(&again), (3, 2, 0, 0));
    rotate_keys(stack.config(), None).await?;
    let rotated = reseal(&stack, ResealWhich::All).await?;
    assert_eq!(counts(&rotated), (5, 0, 0, 0));
    for (file, plaintext) in &moved {
        opens(&stack, file, plaintext).await?;
    }
    Ok(())
}

/// Follows the recipe of docs/KEYS.md. Without the rewrap, the names stay under the old key.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_leak_of_a_kms_key_files_and_names_open_without_it() -> Result<()> {
    let moto = Moto::start().await?;
    let (old_key, new_key) = (moto.make_key().await?, moto.make_key().await?);
    let stack = Setup::new().with_kms(&moto, &old_key).start().await?;
    let files = stored(&stack, &[1, FRAME]).await?;
    let stack = stack
        .restart_with(|config| config.kms_key = Some(new_key.clone()))
        .await?;
    assert_eq!(rewrap_keys(stack.config()).await?.moved, 1);
    let report = reseal(&stack, ResealWhich::All).await?;
    assert_eq!(counts(&report), (2, 0, 0, 0), "{report:?}");
    let only_the_new_key = json!({ "Statement": [{
        "Sid": "new",
        "Effect": "Allow",
        "Action": ["kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:Decrypt", "kms:Encrypt"],
        "Resource": new_key,
    }]});
    let only_the_new_key = serde_json::to_vec(&only_the_new_key)?;
    moto.proxy().enforce(&IamPolicy::parse(&only_the_new_key)?);
    let stack = stack.restart().await?;
    for (file, plaintext) in &files {
        was_resealed(&stack, file, plaintext).await?;
    }
    Ok(())
}

/// The requests to the store before which a reseal is killed: the operation, and which of its requests.
const KILLS: [(Operation, usize); 15] = [
    (Operation::GetObject, 1),
    (Operation::GetObject, 2),
    (Operation::GetObject, 3),
    (Operation::GetObject, 4),
    (Operation::GetObject, 5),
    (Operation::CreateMultipart, 1),
    (Operation::UploadPart, 1),
    (Operation::UploadPart, 2),
    (Operation::PutObject, 1),
    (Operation::ListParts, 1),
    (Operation::CompleteMultipart, 1),
    (Operation::HeadObject, 1),
    (Operation::HeadObject, 2),
    (Operation::DeleteObject, 1),
    (Operation::List, 1),
];

/// Begins to reseal the file and kills the task before this request. Returns whether it came that far.
async fn killed(stack: &Stack, file: &FileRecord, kill: (Operation, usize)) -> Result<bool> {
    let gate = stack.proxies()?.server_to_store.gate();
    let (operation, number) = kill;
    let mut held: Vec<_> = (0..number).map(|_| gate.hold_next(operation)).collect();
    let mut last = held.pop().context("one is held")?;
    let (config, id) = (stack.config().clone(), file.id.clone());
    let mut resealing = tokio::spawn(async move {
        let which = ResealWhich::Files(vec![id]);
        reseal_files(&config, &which, |_| ()).await
    });
    let came_that_far = async {
        for mut request in held {
            request.arrived().await;
            request.release();
        }
        last.arrived().await;
    };
    tokio::select! {
        () = came_that_far => {
            resealing.abort();
            let _ = (&mut resealing).await;
            Ok(true)
        }
        ended = &mut resealing => {
            ended??;
            Ok(false)
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_reseal_leaves_the_file_and_nothing_else() -> Result<()> {
    let stack = Setup::new().with_proxies().start().await?;
    let files = stored(&stack, &[1, PART + 1]).await?;
    // From now on everything that is left behind has expired.
    stack.set_days_ahead(2);
    for (file, plaintext) in &files {
        let mut kills = 0;
        for kill in KILLS {
            kills += usize::from(killed(&stack, file, kill).await?);
            opens(&stack, file, plaintext).await?;
        }
        assert!(kills >= 8, "{kills} kills");
        let which = ResealWhich::Files(vec![file.id.clone()]);
        let report = reseal(&stack, which).await?;
        assert_eq!(counts(&report), (1, 0, 0, 0), "{report:?}");
        stack.server().sweep_now().await;
        let new = was_resealed(&stack, file, plaintext).await?;
        has_objects(&stack, &new, 1)?;
    }
    assert_eq!(stack.unfinished_uploads().await?, 0);
    // Nothing was altered, so the alarm for that is silent.
    let metrics = reqwest::get(format!("{}/metrics", stack.address())).await?;
    let metrics = metrics.text().await?;
    assert!(
        metrics.contains("\nsealift_uploads_failed_total 0\n"),
        "{metrics}"
    );
    Ok(())
}

/// Checks the number of objects in the folder of this file.
fn has_objects(stack: &Stack, file: &FileRecord, count: usize) -> Result<()> {
    let object = stack.object_path(file);
    let folder = object.parent().context("a folder")?;
    let objects = match fs::read_dir(folder) {
        Ok(objects) => objects.count(),
        Err(_) => 0,
    };
    assert_eq!(objects, count);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_deleted_while_it_is_encrypted_again_stays_deleted() -> Result<()> {
    let stack = Setup::new().with_proxies().start().await?;
    let files = stored(&stack, &[1, PART + 1]).await?;
    for ((file, _), operation) in files
        .iter()
        .zip([Operation::HeadObject, Operation::CompleteMultipart])
    {
        let mut held = stack.proxies()?.server_to_store.gate().hold_next(operation);
        let deleting = async {
            held.arrived().await;
            let deleted = stack.client.delete(&file.id).await;
            held.release();
            deleted
        };
        let which = ResealWhich::Files(vec![file.id.clone()]);
        let (report, deleted) = tokio::join!(reseal(&stack, which), deleting);
        deleted?;
        assert_eq!(counts(&report?), (0, 0, 1, 0));
        assert!(stack.client.file(&file.id).await.is_err());
    }
    stack.set_days_ahead(2);
    stack.server().sweep_now().await;
    for (file, _) in &files {
        has_objects(&stack, file, 0)?;
    }
    assert_eq!(stack.unfinished_uploads().await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_object_that_differs_in_one_byte_does_not_replace_the_old_one() -> Result<()> {
    let stack = Setup::new().with_proxies().start().await?;
    let files = stored(&stack, &[PART + 1]).await?;
    let (file, plaintext) = files.first().context("a file")?;
    let old = stack.object_path(file);
    let folder = old.parent().context("a folder")?;
    let gate = stack.proxies()?.server_to_store.gate();
    let mut held = gate.hold_next(Operation::HeadObject);
    let altering = async {
        held.arrived().await;
        let objects = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
        let objects: Vec<_> = objects.collect::<Result<_>>()?;
        let new = objects.iter().find(|object| **object != old);
        let new = new.context("the new object")?;
        let mut sealed = fs::read(new)?;
        *sealed.get_mut(PART / 2).context("a byte")? ^= 1;
        fs::write(new, sealed)?;
        held.release();
        anyhow::Ok(())
    };
    let which = ResealWhich::Files(vec![file.id.clone()]);
    let (report, altered) = tokio::join!(reseal(&stack, which), altering);
    altered?;
    assert_eq!(counts(&report?), (0, 0, 0, 1));
    assert_eq!(stack.client.file(&file.id).await?, *file);
    opens(&stack, file, plaintext).await?;
    has_objects(&stack, file, 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_the_old_object_gets_its_bytes_or_is_refused() -> Result<()> {
    let stack = Setup::new().with_proxies().start().await?;
    for (request, (file, plaintext)) in stored(&stack, &[3 * PART, 3 * PART])
        .await?
        .iter()
        .enumerate()
    {
        let gate = stack.proxies()?.server_to_store.gate();
        let mut held: Vec<_> = (0..=request)
            .map(|_| gate.hold_next(Operation::GetObject))
            .collect();
        let mut last = held.pop().context("one is held")?;
        let swapping = async {
            for mut before in held {
                before.arrived().await;
                before.release();
            }
            last.arrived().await;
            let report = reseal(&stack, ResealWhich::Files(vec![file.id.clone()])).await;
            last.release();
            report
        };
        let reading = async {
            let opened = stack.client.download(&file.id, None).await?;
            anyhow::Ok(opened.read_all().await?)
        };
        let (report, read) = tokio::join!(swapping, reading);
        assert_eq!(counts(&report?), (1, 0, 0, 0));
        if let Ok(read) = read {
            assert!(read == *plaintext);
        }
        opens(&stack, file, plaintext).await?;
    }
    let code = ProblemCode::PreconditionFailed.as_str();
    assert!(stack.files_and_refusals(code).await?.1 > 0);
    let damaged = ProblemCode::ObjectDamaged.as_str();
    assert_eq!(stack.files_and_refusals(damaged).await?, (2, 0));
    Ok(())
}
