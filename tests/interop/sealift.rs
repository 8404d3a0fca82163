//! Objects that Sealift stored, decrypted by `sealift decrypt` without the server, and altered ones that it refuses.

use anyhow::{Context as _, Result};
use sealift_tests::{
    Setup, Stack,
    sealift::{Called, decrypt},
    sizes::{EDGES, FRAME},
};

use crate::{UnderKms, stored};

/// The exit code for a message that is not authentic or not complete.
const DAMAGED: Option<i32> = Some(3);

#[tokio::test(flavor = "multi_thread")]
async fn it_opens_every_size_with_aws_credentials_alone() -> Result<()> {
    let kms = UnderKms::start().await?;
    for (file, plaintext) in stored(&kms.stack, &EDGES).await? {
        let sealed = std::fs::read(kms.stack.object_path(&file))?;
        let object = format!("object-id={}", file.id);
        let called = decrypt(Some(&kms.moto), &kms.key(), &sealed, ["--context", &object])?;
        assert_eq!(called.code, Some(0), "{}", called.stderr);
        assert!(called.stdout == plaintext, "{} differs", file.name);
    }
    Ok(())
}

/// Bytes that sealing adds to a frame. The final frame has eight more.
const AROUND: usize = 32;
const FINAL: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_altered_is_refused_and_says_so_with_the_exit_code() -> Result<()> {
    let stack = Setup::new().start().await?;
    // The last frame is empty in one case and holds plaintext in the other.
    for in_the_final_frame in [0, 1000] {
        refuses_what_was_altered(&stack, in_the_final_frame).await?;
    }
    Ok(())
}

#[expect(
    clippy::indexing_slicing,
    reason = "the places are those of a message of known length"
)]
async fn refuses_what_was_altered(stack: &Stack, in_the_final_frame: usize) -> Result<()> {
    let len = 3 * FRAME + in_the_final_frame;
    let stored = stored(stack, &[len, len]).await?;
    let [(file, plaintext), (other, _)] = &stored[..] else {
        anyhow::bail!("two files were stored");
    };
    let key = stack.exported_key_of(file)?;
    let sealed = std::fs::read(stack.object_path(file))?;
    let other_sealed = std::fs::read(stack.object_path(other))?;
    let header_len = sealed.len() - 3 * (FRAME + AROUND) - FINAL - in_the_final_frame;
    let last = &sealed[sealed.len() - in_the_final_frame - FINAL..];
    let junk = [0x5A; 100];
    let mut early = sealed[..header_len].to_vec();
    early.extend_from_slice(last);
    early.extend_from_slice(&junk);
    let flipped = |at: usize| {
        let mut flipped = sealed.clone();
        flipped[at] ^= 1;
        flipped
    };
    let cases: [(&str, Vec<u8>); 9] = [
        ("bytes after the final frame", [&sealed[..], &junk].concat()),
        ("a second final frame", [&sealed[..], last].concat()),
        ("an early final frame with junk behind it", early),
        (
            "another object's header",
            [&other_sealed[..header_len], &sealed[header_len..]].concat(),
        ),
        (
            "another object's body",
            [&sealed[..header_len], &other_sealed[header_len..]].concat(),
        ),
        (
            "no final frame",
            sealed[..sealed.len() - last.len()].to_vec(),
        ),
        ("the last byte gone", sealed[..sealed.len() - 1].to_vec()),
        ("a bit of the header", flipped(60)),
        ("a bit of a frame", flipped(header_len + FRAME + 100)),
    ];
    for (case, altered) in cases {
        let Called {
            code,
            stdout,
            stderr,
        } = decrypt(None, &key, &altered, [""; 0])?;
        assert_eq!(code, DAMAGED, "{case}: {stderr}");
        assert!(
            plaintext.starts_with(&stdout),
            "{case}: wrong bytes came out"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_sealing_or_a_swapped_object_does_not_pass_for_the_named_one() -> Result<()> {
    let stack = Setup::new().start().await?;
    let stored = stored(&stack, &[5000, 5000]).await?;
    let [(file, _), (other, _)] = &stored[..] else {
        anyhow::bail!("two files were stored");
    };
    let key = stack.exported_key_of(other)?;
    let swapped = std::fs::read(stack.object_path(other)).context("the other object")?;
    for demanded in [
        format!("object-id={}", file.id),
        format!("upload-id={}", file.upload_id),
    ] {
        let called = decrypt(None, &key, &swapped, ["--context", &demanded])?;
        assert_eq!(called.code, DAMAGED, "{}", called.stderr);
        assert_eq!(called.stdout.len(), 0);
    }
    Ok(())
}
