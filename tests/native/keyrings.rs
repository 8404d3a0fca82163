//! A deployment moves from one keyring to another, and every file opens under each of them.

use anyhow::{Context as _, Result};
use bytes::Bytes;
use sealift_keyring::{Pepper, Peppers};
use sealift_server::{config::Keyring, list_keys, rewrap_keys, rotate_keys, shred_keys};
use sealift_tests::{Moto, Randomness, Setup, Stack, Store, sealift::sealift_with};
use sealift_transfer::api::FileRecord;
use sqlx::{ConnectOptions as _, Executor as _, sqlite::SqliteConnectOptions};

const PEPPER: &str = "a pepper of exactly thirty-two b";

/// Uploads one file and returns it with its content.
async fn one_more(stack: &Stack, files: &mut Vec<(FileRecord, Bytes)>) -> Result<()> {
    let plaintext = Randomness::from_printed_seed()?.bytes(10_000 + files.len());
    let name = format!("file {}", files.len());
    let file = stack.upload(&name, &plaintext).await?;
    files.push((file, plaintext));
    Ok(())
}

/// Checks that every file is listed with its name and opens.
async fn all_open(stack: &Stack, files: &[(FileRecord, Bytes)]) -> Result<()> {
    for (file, plaintext) in files {
        assert_eq!(stack.client.file(&file.id).await?, *file);
        let opened = stack.client.download(&file.id, None).await?;
        assert!(opened.read_all().await? == *plaintext, "{}", file.name);
    }
    Ok(())
}

/// Returns whether KMS itself encrypted the file's data key. Under a KEK it has 32 bytes and a tag of 16.
fn is_of_kms(file: &FileRecord) -> bool {
    file.encrypted_data_key.len() > 48
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_moves_from_local_to_kms_to_kek_and_back() -> Result<()> {
    moves_and_back(Store::Embedded).await
}

/// The keyrings do not depend on the store, so the other store repeats this only with `--full`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "only with --full"]
async fn a_deployment_on_garage_moves_from_local_to_kms_to_kek_and_back() -> Result<()> {
    moves_and_back(Store::Garage).await
}

async fn moves_and_back(store: Store) -> Result<()> {
    let moto = Moto::start().await?;
    let key = moto.make_key().await?;
    let mut stack = Setup::new()
        .on(store)
        .with_kek(&moto, &key, PEPPER)
        .with("keyring", "local")
        .start()
        .await?;
    let mut files = Vec::new();
    one_more(&stack, &mut files).await?;
    // Nothing asked KMS yet, although its settings are there.
    assert_eq!(moto.proxy().journal().iter().count(), 0);
    for keyring in [Keyring::Kms, Keyring::Kek, Keyring::Local, Keyring::Kek] {
        stack = stack
            .restart_with(|config| config.keyring = keyring)
            .await?;
        all_open(&stack, &files).await?;
        one_more(&stack, &mut files).await?;
        one_more(&stack, &mut files).await?;
    }
    all_open(&stack, &files).await?;
    let of_kms = files.iter().filter(|(file, _)| is_of_kms(file));
    let of_kms: Vec<_> = of_kms.map(|(file, _)| file.name.as_str()).collect();
    assert_eq!(of_kms, ["file 1", "file 2"]);
    Ok(())
}

/// The table of docs/KEYS.md gives these figures for a thousand.
#[tokio::test(flavor = "multi_thread")]
async fn kms_is_asked_for_every_upload_and_first_read_or_for_none() -> Result<()> {
    const FILES: usize = 10;
    let moto = Moto::start().await?;
    let key = moto.make_key().await?;
    for (keyring, of_uploads, of_first_reads) in [
        ("local", 0, 0),
        // The first call makes the key, and the second proves at completion that it opens.
        ("kms", 2 * FILES, FILES),
        ("kek", 0, 0),
    ] {
        let setup = Setup::new().with_kek(&moto, &key, PEPPER);
        let stack = setup.with("keyring", keyring).start().await?;
        let mut files = Vec::new();
        one_more(&stack, &mut files).await?;
        let asked_since = |before: usize| moto.proxy().journal().iter().count() - before;
        let before = asked_since(0);
        for _ in 0..FILES {
            one_more(&stack, &mut files).await?;
        }
        assert_eq!(asked_since(before), of_uploads, "{keyring}");
        let stack = stack.restart().await?;
        // The first file opens the tenant's own keys, which are few.
        all_open(&stack, &files[..1]).await?;
        let before = asked_since(0);
        all_open(&stack, &files[1..]).await?;
        assert_eq!(asked_since(before), of_first_reads, "{keyring}");
        all_open(&stack, &files).await?;
        assert_eq!(asked_since(before), of_first_reads, "{keyring}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_move_to_another_kms_key_and_pepper_while_the_server_serves() -> Result<()> {
    const NEW_PEPPER: &str = "another pepper of thirty-two by.";
    let moto = Moto::start().await?;
    let (first, second) = (moto.make_key().await?, moto.make_key().await?);
    let setup = Setup::new().with_kek(&moto, &first, PEPPER);
    let mut stack = setup.start().await?;
    let mut files = Vec::new();
    one_more(&stack, &mut files).await?;

    let both = peppers((2, NEW_PEPPER), Some((1, PEPPER)))?;
    stack = stack
        .restart_with(|config| {
            config.kms_key = Some(second.clone());
            config.peppers = Some(both);
        })
        .await?;
    one_more(&stack, &mut files).await?;
    let objects = |files: &[(FileRecord, Bytes)]| -> Result<Vec<Vec<u8>>> {
        let paths = files.iter().map(|(file, _)| stack.object_path(file));
        Ok(paths.map(std::fs::read).collect::<Result<_, _>>()?)
    };
    let sealed = objects(&files)?;
    let report = rewrap_keys(stack.config()).await?;
    // R8: keys move, objects do not.
    assert!(objects(&files)? == sealed);
    assert_eq!((report.moved, report.failed.len()), (1, 0));
    one_more(&stack, &mut files).await?;
    all_open(&stack, &files).await?;
    // Doing it again changes nothing.
    let again = rewrap_keys(stack.config()).await?;
    assert_eq!((again.moved, again.were_there), (0, 1));

    let rotated = rotate_keys(stack.config(), None).await?;
    assert_eq!(rotated.len(), 1);
    one_more(&stack, &mut files).await?;
    let listed = list_keys(stack.config()).await?;
    let versions: Vec<_> = listed.iter().map(|kek| kek.row.version).collect();
    assert_eq!(versions, [1, 2]);
    for kek in &listed {
        assert_eq!((kek.row.pepper_version, &kek.row.wrapped_by), (2, &second));
    }

    // Neither the old pepper nor the old KMS key is needed any more.
    let new = peppers((2, NEW_PEPPER), None)?;
    stack = stack
        .restart_with(|config| config.peppers = Some(new))
        .await?;
    all_open(&stack, &files).await?;

    let wrong = peppers((2, PEPPER), None)?;
    let refused = stack
        .restart_with(|config| config.peppers = Some(wrong))
        .await;
    let refused = format!("{:#}", refused.err().context("the server started")?);
    assert!(refused.contains("pepper of version 2"), "{refused}");
    Ok(())
}

fn peppers(newest: (u32, &str), old: Option<(u32, &str)>) -> Result<Peppers> {
    let pepper = |(version, text): (u32, &str)| Pepper::parse(version, text);
    Ok(Peppers::new(pepper(newest)?, old.map(pepper).transpose()?)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_is_exported_before_its_audit_entry_is_there() -> Result<()> {
    let stack = Setup::new().start().await?;
    let mut files = Vec::new();
    one_more(&stack, &mut files).await?;
    let object = stack.object_path(&files[0].0);
    let config = stack.config();
    let records = SqliteConnectOptions::new().filename(config.database_file());
    let mut records = records.connect().await?;
    let folder = tempfile::tempdir()?;
    let output = folder.path().join("exported");
    // All keys of the tenant go into a folder, and the key of one object into a file.
    for object in [None, Some(object.as_os_str())] {
        let trigger = "CREATE TRIGGER no_audit BEFORE INSERT ON audit
                       BEGIN SELECT RAISE(ABORT, 'closed'); END";
        records.execute(trigger).await?;
        let export = || {
            let arguments = [
                ("keys", "export".as_ref()),
                ("--tenant", "local".as_ref()),
                ("--data", config.data_dir.as_os_str()),
                ("--key-file", config.key_file.as_os_str()),
                ("--output", output.as_os_str()),
            ];
            let arguments = arguments
                .iter()
                .flat_map(|(flag, value)| [flag.as_ref(), *value]);
            sealift_with(&[], arguments.chain(object))
        };
        let refused = export()?;
        assert_ne!(refused.code, Some(0));
        assert!(
            refused.stderr.contains("no key was written"),
            "{}",
            refused.stderr
        );
        let is_empty = match std::fs::read_dir(&output) {
            Ok(mut folder) => folder.next().is_none(),
            Err(_) => !output.exists(),
        };
        assert!(is_empty);
        let _ = std::fs::remove_dir(&output);
        records.execute("DROP TRIGGER no_audit").await?;
        let exported = export()?;
        assert_eq!(exported.code, Some(0), "{}", exported.stderr);
        let _ = std::fs::remove_dir_all(&output);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_shred_no_old_file_opens_and_new_files_get_a_new_key() -> Result<()> {
    let stack = Setup::new().start().await?;
    let mut files = Vec::new();
    one_more(&stack, &mut files).await?;
    let (old, _) = files.remove(0);
    let tenant = old.encryption_context.get("tenant").context("a tenant")?;
    assert_eq!(shred_keys(stack.config(), &tenant.parse()?).await?, 1);
    // A server stops using the keys in memory within five minutes; a new process has none.
    let stack = stack.restart().await?;
    assert!(stack.client.download(&old.id, None).await.is_err());
    one_more(&stack, &mut files).await?;
    all_open(&stack, &files).await?;
    let versions = list_keys(stack.config()).await?;
    let versions: Vec<_> = versions.iter().map(|kek| kek.row.version).collect();
    assert_eq!(versions, [2]);
    Ok(())
}
