//! Messages that AWS's official programs sealed, decrypted by `sealift decrypt`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use bytes::Bytes;
use sealift_tests::{
    Moto, Randomness,
    official_readers::{How, Sdk, WrappingKey, seal_with_cli},
    sealift::decrypt,
    sizes::{EDGES, FRAME, LARGE},
};

/// The exit code of `sealift` for a message that is not authentic or not allowed.
const REFUSED: Option<i32> = Some(3);
/// The exit code of `sealift` if none of the given keys belongs to the message.
const NOT_ALLOWED: Option<i32> = Some(5);

/// Files of random bytes with these sizes.
struct Plaintexts {
    _folder: tempfile::TempDir,
    paths: Vec<PathBuf>,
    bytes: Vec<Bytes>,
}

impl Plaintexts {
    fn of(sizes: &[usize]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut randomness = Randomness::from_printed_seed()?;
        let (mut paths, mut bytes) = (Vec::new(), Vec::new());
        for len in sizes {
            let (path, plaintext) = randomness.file(folder.path(), &len.to_string(), *len)?;
            paths.push(path);
            bytes.push(plaintext);
        }
        Ok(Self {
            _folder: folder,
            paths,
            bytes,
        })
    }
}

fn raw_key() -> WrappingKey {
    WrappingKey::RawAes {
        namespace: "of others".to_owned(),
        name: "the first/of 2".to_owned(),
        bytes: [0x5A; 32],
    }
}

fn expect_decrypted(
    moto: Option<&Moto>,
    key: &WrappingKey,
    sealed: &[u8],
    plaintext: &[u8],
) -> Result<()> {
    let called = decrypt(moto, key, sealed, ["--context", "case=4711"])?;
    ensure!(
        called.code == Some(0) && called.stdout == plaintext,
        "{} bytes: {:?} {}",
        plaintext.len(),
        called.code,
        called.stderr
    );
    Ok(())
}

async fn sealift_opens_what_it_seals(sdk: Sdk) -> Result<()> {
    let moto = Moto::start().await?;
    let kms = WrappingKey::Kms(moto.make_key().await?);
    for (frame_length, sizes) in [
        (262_144, [&EDGES[..], &[LARGE]].concat()),
        (4096, vec![0, 1, 4095, 4096, 4097, 3 * 4096]),
    ] {
        let plaintexts = Plaintexts::of(&sizes)?;
        for (key, moto) in [(&kms, Some(&moto)), (&raw_key(), None)] {
            for how in [How::Whole, How::Streamed] {
                let sealed = sdk.seal(moto, key, how, frame_length, &plaintexts.paths)?;
                for (sealed, plaintext) in sealed.iter().zip(&plaintexts.bytes) {
                    expect_decrypted(moto, key, sealed, plaintext)?;
                }
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sealift_opens_what_the_python_sdk_sealed() -> Result<()> {
    sealift_opens_what_it_seals(Sdk::Python).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sealift_opens_what_the_javascript_sdk_sealed() -> Result<()> {
    sealift_opens_what_it_seals(Sdk::JavaScript).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sealift_opens_what_the_official_command_line_sealed_signed_or_not() -> Result<()> {
    let moto = Moto::start().await?;
    let kms = WrappingKey::Kms(moto.make_key().await?);
    let plaintexts = Plaintexts::of(&[0, 1, 4096, FRAME + 1])?;
    for (path, plaintext) in plaintexts.paths.iter().zip(&plaintexts.bytes) {
        for (key, moto) in [(&kms, Some(&moto)), (&raw_key(), None)] {
            for as_we_do in [true, false] {
                let sealed = seal_with_cli(moto, key, as_we_do, path)?;
                expect_decrypted(moto, key, &sealed, plaintext)?;
            }
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sealift_refuses_their_messages_under_another_key_or_in_another_context() -> Result<()> {
    let plaintexts = Plaintexts::of(&[5000])?;
    let sealed = Sdk::Python.seal(None, &raw_key(), How::Whole, 4096, &plaintexts.paths)?;
    let sealed = sealed.concat();
    let WrappingKey::RawAes {
        namespace, name, ..
    } = raw_key()
    else {
        anyhow::bail!("no raw key");
    };
    let wrong_bytes = WrappingKey::RawAes {
        namespace: namespace.clone(),
        name: name.clone(),
        bytes: [0x5B; 32],
    };
    let wrong_name = WrappingKey::RawAes {
        namespace,
        name: format!("{name}2"),
        bytes: [0x5A; 32],
    };
    for (key, code) in [(wrong_bytes, REFUSED), (wrong_name, NOT_ALLOWED)] {
        let called = decrypt(None, &key, &sealed, [""; 0])?;
        assert_eq!((called.code, called.stdout.len()), (code, 0), "{called:?}");
    }
    for pair in ["case=4712", "another=4711"] {
        let called = decrypt(None, &raw_key(), &sealed, ["--context", pair])?;
        assert_eq!(
            (called.code, called.stdout.len()),
            (REFUSED, 0),
            "{called:?}"
        );
    }
    Ok(())
}
