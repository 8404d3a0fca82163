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

/// One case: a key, a way to seal, a frame length and sizes.
struct Case<'a> {
    is_under_kms: bool,
    how: How,
    frame_length: u32,
    sizes: &'a [usize],
}

async fn sealift_opens_what_it_seals(sdk: Sdk, cases: &[Case<'_>]) -> Result<()> {
    let moto = Moto::start().await?;
    let kms = WrappingKey::Kms(moto.make_key().await?);
    for case in cases {
        let plaintexts = Plaintexts::of(case.sizes)?;
        let (key, moto) = match case.is_under_kms {
            true => (&kms, Some(&moto)),
            false => (&raw_key(), None),
        };
        let sealed = sdk.seal(moto, key, case.how, case.frame_length, &plaintexts.paths)?;
        for (sealed, plaintext) in sealed.iter().zip(&plaintexts.bytes) {
            expect_decrypted(moto, key, sealed, plaintext)?;
        }
    }
    Ok(())
}

/// Returns both kinds of key and both ways to seal, with every size at an edge of this frame length.
fn every_edge(frame_length: u32, sizes: &[usize]) -> [Case<'_>; 4] {
    let pairs = [How::Whole, How::Streamed].map(|how| [true, false].map(|kms| (kms, how)));
    let [[one, two], [three, four]] = pairs;
    [one, two, three, four].map(|(is_under_kms, how)| Case {
        is_under_kms,
        how,
        frame_length,
        sizes,
    })
}

const SHORT_FRAMES: u32 = 4096;
const AROUND_SHORT_FRAMES: [usize; 6] = [0, 1, 4095, 4096, 4097, 3 * 4096];
const LONG_FRAMES: u32 = 262_144;

/// Returns the cases of every test run. The other ways to seal 200 MiB repeat these and take a minute, so they run with
/// `--full`.
fn cases() -> Vec<Case<'static>> {
    let large = Case {
        is_under_kms: true,
        how: How::Streamed,
        frame_length: LONG_FRAMES,
        sizes: &[LARGE],
    };
    let edges = every_edge(LONG_FRAMES, &EDGES).into_iter();
    let edges = edges.chain(every_edge(SHORT_FRAMES, &AROUND_SHORT_FRAMES));
    edges.chain([large]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sealift_opens_what_the_python_sdk_sealed() -> Result<()> {
    sealift_opens_what_it_seals(Sdk::Python, &cases()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sealift_opens_what_the_javascript_sdk_sealed() -> Result<()> {
    sealift_opens_what_it_seals(Sdk::JavaScript, &cases()).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "only with --full"]
async fn sealift_opens_a_large_file_that_either_sdk_sealed_in_any_way() -> Result<()> {
    for sdk in [Sdk::Python, Sdk::JavaScript] {
        sealift_opens_what_it_seals(sdk, &every_edge(LONG_FRAMES, &[LARGE])).await?;
    }
    Ok(())
}

async fn sealift_opens_what_the_command_line_sealed(
    key: &WrappingKey,
    moto: Option<&Moto>,
) -> Result<()> {
    let plaintexts = Plaintexts::of(&[0, 1, 4096, FRAME + 1])?;
    for (path, plaintext) in plaintexts.paths.iter().zip(&plaintexts.bytes) {
        for as_we_do in [true, false] {
            let sealed = seal_with_cli(moto, key, as_we_do, path)?;
            expect_decrypted(moto, key, &sealed, plaintext)?;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn sealift_opens_what_the_official_command_line_sealed_signed_or_not() -> Result<()> {
    let moto = Moto::start().await?;
    let kms = WrappingKey::Kms(moto.make_key().await?);
    sealift_opens_what_the_command_line_sealed(&kms, Some(&moto)).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "only with --full"]
async fn sealift_opens_what_the_official_command_line_sealed_under_a_raw_key() -> Result<()> {
    sealift_opens_what_the_command_line_sealed(&raw_key(), None).await
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
