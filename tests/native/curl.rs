//! Downloads with the real curl. A damaged file must end in an error, never in a file that looks complete.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use anyhow::{Context as _, Result};
use sealift_tests::{Randomness, Setup, Stack, sizes::FRAME};
use sealift_transfer::api::FileRecord;

const FRAMES: usize = 40;
const LEN: usize = FRAMES * FRAME;

/// Exit codes with their names in curl's manual.
const PARTIAL_FILE: i32 = 18;
const RECEIVE_ERROR: i32 = 56;
const HTTP_ERROR: i32 = 22;

fn curl(args: &[&str], to: &Path, address: &str) -> Result<Output> {
    Command::new("curl")
        .args(["--silent", "--show-error", "--noproxy", "*", "--output"])
        .arg(to)
        .args(args)
        .arg(address)
        .output()
        .context("curl is needed for this story; install it")
}

/// Flips a bit of the object, `before_end` bytes before its end.
fn damage(stack: &Stack, file: &FileRecord, before_end: usize) -> Result<()> {
    let path = stack.object_path(file);
    let mut sealed = fs::read(&path)?;
    let at = sealed.len() - before_end;
    *sealed.get_mut(at).context("within the object")? ^= 1;
    fs::write(path, sealed)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_gets_the_file_and_goes_on_where_it_stopped() -> Result<()> {
    let stack = Setup::new().start().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(LEN);
    let file = stack.upload("good.bin", &plaintext).await?;
    let address = stack.content_url(&file.id);
    let folder = tempfile::tempdir()?;
    let whole = folder.path().join("whole");
    let got = curl(&["--fail"], &whole, &address)?;
    assert!(got.status.success(), "{got:?}");
    assert!(fs::read(&whole)? == plaintext);

    let part = folder.path().join("part");
    fs::write(&part, plaintext.get(..5 * FRAME + 3).unwrap_or_default())?;
    let got = curl(&["--fail", "--continue-at", "-"], &part, &address)?;
    assert!(got.status.success(), "{got:?}");
    assert!(fs::read(&part)? == plaintext);

    // curl saves the file under the name that the server gave.
    let named = Command::new("curl")
        .args(["--silent", "--noproxy", "*", "-O", "-J"])
        .arg(&address)
        .current_dir(folder.path())
        .output()?;
    assert!(named.status.success(), "{named:?}");
    assert!(fs::read(folder.path().join("good.bin"))? == plaintext);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_sees_that_a_file_broke_off_where_a_frame_does_not_open() -> Result<()> {
    let stack = Setup::new().start().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(LEN);
    let file = stack.upload("damaged.bin", &plaintext).await?;
    let address = stack.content_url(&file.id);
    let folder = tempfile::tempdir()?;
    let to = folder.path().join("damaged");
    // The damage is in the very last byte, so only the final frame is bad.
    damage(&stack, &file, 1)?;
    for args in [
        [].as_slice(),
        &["--range", "0-"],
        &["--http1.0"],
        &["--compressed"],
    ] {
        let got = curl(args, &to, &address)?;
        let code = got.status.code();
        assert!(
            [Some(PARTIAL_FILE), Some(RECEIVE_ERROR)].contains(&code),
            "{args:?}: {got:?}"
        );
        let came = fs::read(&to)?;
        assert!(came.len() < LEN, "{args:?}: it looks whole");
        assert!(plaintext.starts_with(&came), "{args:?}: a wrong byte");
    }
    // Frames before the damaged one can still be read.
    let got = curl(&["--fail", "--range", "0-99"], &to, &address)?;
    assert!(got.status.success());
    assert!(plaintext.starts_with(&fs::read(&to)?));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_gets_nothing_where_the_first_frame_does_not_open() -> Result<()> {
    let stack = Setup::new().start().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(LEN);
    let file = stack.upload("damaged.bin", &plaintext).await?;
    let folder = tempfile::tempdir()?;
    let to = folder.path().join("damaged");
    damage(&stack, &file, LEN)?;
    let got = curl(&["--fail"], &to, &stack.content_url(&file.id))?;
    assert_eq!(got.status.code(), Some(HTTP_ERROR), "{got:?}");
    assert!(!to.exists() || fs::read(&to)?.is_empty());
    Ok(())
}
