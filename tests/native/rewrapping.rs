//! `sealift keys rewrap` in a process of its own, beside a server.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use axum::{Json, Router};
use bytes::Bytes;
use sealift_keyring::{Kek, KekWrapper, KekWrappers, KmsConfig, KmsKeyring, Pepper, Peppers};
use sealift_server::{
    Clock, Config,
    config::Sources,
    list_keys,
    records::{AuditAction, AuditRow, Records},
    rewrap_keys,
};
use sealift_tests::{
    Moto, Operation, Proxy, Randomness, Setup, Stack, address_in, sealift, server_in, upload,
};
use sealift_transfer::api::FileRecord;
use serde_json::{Value, json};

const PEPPER: &str = "a pepper of exactly thirty-two b";
const NEW_PEPPER: &str = "another pepper of thirty-two by.";

/// Each tenant has one key row.
const TENANTS: u64 = 24;

/// A tenant's file, its content, and an API key that reads it.
struct OfTenant {
    api_key: String,
    file: FileRecord,
    plaintext: Bytes,
}

async fn all_open(stack: &Stack, all: &[OfTenant]) -> Result<()> {
    for tenant in all {
        let client = stack.client_with(&tenant.api_key)?;
        assert_eq!(client.file(&tenant.file.id).await?, tenant.file);
        let opened = client.download(&tenant.file.id, None).await?;
        assert!(opened.read_all().await? == tenant.plaintext);
    }
    Ok(())
}

fn peppers(has_old: bool) -> Result<Peppers> {
    let old = has_old.then(|| Pepper::parse(1, PEPPER)).transpose()?;
    Ok(Peppers::new(Pepper::parse(2, NEW_PEPPER)?, old)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewrap_that_is_killed_again_and_again_ends_and_loses_nothing() -> Result<()> {
    let moto = Moto::start().await?;
    let (first, second) = (moto.make_key().await?, moto.make_key().await?);
    let setup = Setup::new().with_kek(&moto, &first, PEPPER);
    let stack = setup.with("auth", "api-keys").start().await?;
    let mut randomness = Randomness::from_printed_seed()?;
    let mut all = Vec::new();
    for number in 0..TENANTS {
        let api_key = stack
            .make_api_key(&format!("tenant-{number}"), "ann")
            .await?;
        let plaintext = randomness.bytes(1000);
        let file = upload(&stack.client_with(&api_key)?, "a", &plaintext).await?;
        all.push(OfTenant {
            api_key,
            file,
            plaintext,
        });
    }
    let both = peppers(true)?;
    let stack = stack
        .restart_with(|config| {
            config.kms_key = Some(second.clone());
            config.peppers = Some(both);
        })
        .await?;

    // The program has a proxy of its own, so that the server's calls are not held.
    let proxy = Proxy::start(address_in(moto.endpoint())?).await?;
    let mut kills = 0;
    // The first call proves that the key may be used; the second moves a row.
    let mut calls = 3;
    while !ended_before(calls, &stack, &proxy, &second).await? {
        kills += 1;
        all_open(&stack, &all).await?;
        // Sixteen rows are under way at a time, so a kill before their calls are answered moves none.
        calls = 2 + randomness.below(2 * TENANTS);
    }
    eprintln!("killed {kills} times");
    assert!(kills > 0);
    for kek in list_keys(stack.config()).await? {
        assert_eq!((kek.row.pepper_version, &kek.row.wrapped_by), (2, &second));
    }
    all_open(&stack, &all).await?;
    let new = peppers(false)?;
    let stack = stack
        .restart_with(|config| config.peppers = Some(new))
        .await?;
    all_open(&stack, &all).await
}

/// Runs the program, and kills it when it makes this call for a data key. Returns whether it ended before that.
async fn ended_before(calls: u64, stack: &Stack, proxy: &Proxy, kms_key: &str) -> Result<bool> {
    let held = (0..calls).map(|_| proxy.gate().hold_next(Operation::MakeDataKey));
    let mut held: Vec<_> = held.collect();
    let mut last = held.pop().context("one is held")?;
    let mut program = tokio::process::Command::from(sealift::command()?);
    program
        .args(["keys", "rewrap", "--json", "--data"])
        .arg(&stack.config().data_dir)
        .envs([
            ("SEALIFT_KEYRING", "kek"),
            ("KMS_KEY_ALIAS", kms_key),
            ("SEALIFT_KMS_ENDPOINT", &proxy.endpoint()),
            ("AWS_REGION", Moto::REGION),
            ("SEALIFT_PEPPER", NEW_PEPPER),
            ("SEALIFT_PEPPER_VERSION", "2"),
            ("SEALIFT_OLD_PEPPER", PEPPER),
        ])
        .kill_on_drop(true);
    let mut process = program.spawn()?;
    let last_call = async {
        for mut call in held {
            call.arrived().await;
            call.release();
        }
        last.arrived().await;
    };
    tokio::select! {
        () = last_call => {
            process.kill().await?;
            Ok(false)
        }
        ended = process.wait() => {
            anyhow::ensure!(ended?.success(), "the program failed");
            Ok(true)
        }
    }
}

/// The number of rows that are moved, and their two KMS keys.
const ROWS: u32 = 1000;
const OLD_KEY: &str =
    "arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111";
const NEW_KEY: &str =
    "arn:aws:kms:eu-central-1:123456789012:key/22222222-2222-2222-2222-222222222222";

/// Measures 1,000 rewraps beside a KMS that answers at once, because moto's own time is far more than ours.
/// docs/KEYS.md has the figure.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "only with --full"]
async fn a_thousand_key_rows_are_moved() -> Result<()> {
    let kms = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    let endpoint = format!("http://{}", kms.local_addr()?);
    let answers = Router::new().fallback(answer);
    let kms = tokio::spawn(async { axum::serve(kms, answers).await });
    let folder = tempfile::tempdir()?;
    let mut flags = server_in(folder.path());
    flags.extend([
        ("keyring", "kek".to_owned()),
        ("kms_key", NEW_KEY.to_owned()),
        ("kms_endpoint", endpoint.clone()),
        ("region", Moto::REGION.to_owned()),
        ("pepper", NEW_PEPPER.to_owned()),
        ("pepper_version", "2".to_owned()),
        ("old_pepper", PEPPER.to_owned()),
    ]);
    let config = Config::load(&Sources {
        flags,
        ..Sources::default()
    })?;
    std::fs::create_dir_all(&config.data_dir)?;
    let records = Records::open(&config.database_file()).await?;
    let old = KmsConfig {
        key: OLD_KEY.to_owned(),
        endpoint: Some(endpoint),
        region: Some(Moto::REGION.to_owned()),
    };
    let wrappers = KekWrappers {
        kms: Some(KmsKeyring::connect(&old).await.into()),
        peppers: Some(Peppers::new(Pepper::parse(1, PEPPER)?, None)?),
        ..KekWrappers::default()
    };
    let mut keks: BTreeMap<u32, Kek> = BTreeMap::new();
    for version in 1..=ROWS {
        let made = wrappers.make(KekWrapper::KmsAndPepper, "acme", version);
        let (row, kek) = made.await?;
        keks.insert(version, kek);
        records.add_kek(row, audited()).await?;
    }
    let begun = std::time::Instant::now();
    let report = rewrap_keys(&config).await?;
    let took = begun.elapsed();
    eprintln!("{ROWS} rows moved in {took:?}");
    assert_eq!((report.moved, report.failed.len()), (u64::from(ROWS), 0));
    let new = KekWrappers {
        peppers: config.peppers.clone(),
        ..wrappers
    };
    let tenant = "acme".parse()?;
    for (version, kek) in &keks {
        let row = records.kek(&tenant, *version).await?.context("a row")?;
        assert_eq!((row.wrapped_by.as_str(), row.pepper_version), (NEW_KEY, 2));
        assert!(new.open(&row).await?.expose() == kek.expose());
    }
    records.close().await;
    kms.abort();
    Ok(())
}

fn audited() -> AuditRow {
    AuditRow {
        at: Clock::system().now(),
        request_id: None,
        scope: None,
        via: "test",
        credential: None,
        action: AuditAction::MakeKek,
        subject: None,
        outcome: "ok",
    }
}

/// Answers GenerateDataKey and Decrypt. A ciphertext is the key itself and the ARN behind it, because only the time
/// of our side is measured.
async fn answer(body: Bytes) -> Json<Value> {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |name: &str| asked.get(name).and_then(Value::as_str);
    let arn = text("KeyId").unwrap_or_default();
    let coded = data_encoding::BASE64;
    let (key, blob) = match text("CiphertextBlob") {
        Some(blob) => {
            let blob = coded.decode(blob.as_bytes()).unwrap_or_default();
            let key: Vec<u8> = blob.iter().copied().take(32).collect();
            (key, blob)
        }
        None => {
            let key: Vec<u8> = (0..4)
                .flat_map(|_| getrandom::u64().unwrap_or_default().to_le_bytes())
                .collect();
            let blob = [&key[..], arn.as_bytes()].concat();
            (key, blob)
        }
    };
    Json(json!({
        "KeyId": arn,
        "Plaintext": coded.encode(&key),
        "CiphertextBlob": coded.encode(&blob),
        "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
    }))
}
