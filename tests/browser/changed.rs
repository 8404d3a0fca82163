//! A file that has changed since its upload began. No byte of it is sent unless the person agrees.

use anyhow::{Context as _, Result};
use sealift_tests::{Browser, Page, Scene};
use sealift_transfer::api::UploadState;

use crate::{
    interrupted::{Interrupted, NAME, setup},
    scenes::stories,
};

stories!(
    everywhere:
    a_file_that_changed_in_a_stored_part_is_refused_and_can_start_anew,
    a_file_that_changed_in_a_signed_part_is_refused,
    a_file_that_changed_in_an_unsigned_part_is_asked_about,
    a_file_of_another_size_is_refused_and_the_right_one_goes_on,
);

/// Returns the browser, a reloaded page, and the upload that the page before it began.
async fn begun(scene: Scene) -> Result<(Browser, Page, Interrupted)> {
    let stack = setup(scene)?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let begun = Interrupted::begin(&page, stack).await?;
    let page = browser.open(&begun.stack, "").await?;
    page.listed_upload().await?;
    begun.open_gate().await?;
    Ok((browser, page, begun))
}

/// Checks that the file is refused and that the stored parts stay as they are.
async fn is_refused(page: &Page, begun: &Interrupted) -> Result<()> {
    let (before, parts) = (
        begun.stack.gate()?.passed_bytes(),
        begun.status().await?.parts,
    );
    page.choose_again(&begun.path).await?;
    let row = page.wait_for(NAME, "failed").await?;
    assert_eq!(row.problem_code.as_deref(), Some("file_changed"));
    assert!(
        row.problem_text
            .is_some_and(|text| text.contains("changed"))
    );
    assert_eq!(begun.stack.gate()?.passed_bytes(), before);
    let status = begun.status().await?;
    assert_eq!((status.state, status.parts), (UploadState::Open, parts));
    Ok(())
}

async fn a_file_that_changed_in_a_stored_part_is_refused_and_can_start_anew(
    scene: Scene,
) -> Result<()> {
    let (_browser, page, begun) = begun(scene).await?;
    let stored = begun.parts().await?.stored;
    let changed = begun.change_secretly(*stored.first().context("a part is stored")?)?;
    is_refused(&page, &begun).await?;

    page.press_in_row(NAME, ".start-anew").await?;
    let row = page.comes_to(NAME, "done").await?;
    assert!(begun.comes_back(row.file_id, &changed).await?);
    assert_eq!(begun.status().await?.state, UploadState::Aborted);
    assert_eq!(begun.stack.unfinished_uploads().await?, 0);
    Ok(())
}

async fn a_file_that_changed_in_a_signed_part_is_refused(scene: Scene) -> Result<()> {
    let (_browser, page, begun) = begun(scene).await?;
    let signed = begun.parts().await?.signed;
    begun.change_secretly(*signed.first().context("a part is signed and not stored")?)?;
    is_refused(&page, &begun).await
}

async fn a_file_that_changed_in_an_unsigned_part_is_asked_about(scene: Scene) -> Result<()> {
    let (_browser, page, begun) = begun(scene).await?;
    let unsigned = begun.parts().await?.unsigned;
    let changed = begun.change(*unsigned.last().context("a part is not signed")?)?;
    let before = begun.stack.gate()?.passed_bytes();
    page.choose_again(&begun.path).await?;
    page.wait_for(NAME, "unchecked").await?;
    assert_eq!(begun.stack.gate()?.passed_bytes(), before);

    page.press_in_row(NAME, ".confirm-no").await?;
    page.comes_to(NAME, "left").await?;
    assert_eq!(begun.stack.gate()?.passed_bytes(), before);
    assert_eq!(begun.status().await?.state, UploadState::Open);

    page.choose_again_in_row(NAME, &begun.path).await?;
    page.comes_to(NAME, "unchecked").await?;
    page.press_in_row(NAME, ".confirm-yes").await?;
    let row = page.comes_to(NAME, "done").await?;
    assert!(begun.comes_back(row.file_id, &changed).await?);
    Ok(())
}

async fn a_file_of_another_size_is_refused_and_the_right_one_goes_on(scene: Scene) -> Result<()> {
    let (_browser, page, begun) = begun(scene).await?;
    let right = begun.folder().join("right.bin");
    std::fs::rename(&begun.path, &right)?;
    std::fs::write(&begun.path, begun.plaintext.slice(1..))?;
    is_refused(&page, &begun).await?;

    page.choose_again_in_row(NAME, &right).await?;
    let row = page.comes_to(NAME, "done").await?;
    assert_eq!(row.upload_id, Some(begun.upload.clone()));
    assert!(begun.comes_back(row.file_id, &begun.plaintext).await?);
    Ok(())
}
