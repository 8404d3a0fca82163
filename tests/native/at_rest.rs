//! The data on disk reveals neither a file's content nor its name.

use std::{fs, path::Path};

use anyhow::{Result, ensure};
use bytes::Bytes;
use sealift_tests::Setup;

const NAME: &str = "Diagnosis of Ada Lovelace.txt";
const SENTENCE: &str = "This sentence must not lie anywhere in the clear. ";

#[tokio::test(flavor = "multi_thread")]
async fn content_and_name_are_nowhere_on_the_disk() -> Result<()> {
    let stack = Setup::new().start().await?;
    let plaintext = Bytes::from(SENTENCE.repeat(20_000));
    let file = stack.upload(NAME, &plaintext).await?;
    assert_eq!(file.name, NAME);

    let at_rest = stack.files_at_rest()?;
    ensure!(at_rest.contains(&stack.object_path(&file)));
    ensure!(
        at_rest.iter().any(|path| holds(path, &file.object_key)),
        "the search finds nothing"
    );
    for path in at_rest {
        for secret in [SENTENCE, NAME, "Lovelace"] {
            assert!(!holds(&path, secret), "{secret:?} is in {}", path.display());
        }
        assert!(!path.to_string_lossy().contains("Lovelace"));
    }
    Ok(())
}

fn holds(path: &Path, text: &str) -> bool {
    // A journal file may have been deleted meanwhile; then it holds nothing.
    let bytes = fs::read(path).unwrap_or_default();
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}
