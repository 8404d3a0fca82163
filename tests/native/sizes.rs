//! Files of every size come back byte for byte.

use anyhow::Result;
use sealift_tests::{
    Randomness, Setup, read_content,
    sizes::{EDGES, FRAME, FRAMES_PER_PART, LARGE},
};
use sealift_transfer::api::OpenUpload;

#[tokio::test(flavor = "multi_thread")]
async fn every_size_at_an_edge_comes_back_byte_for_byte() -> Result<()> {
    let stack = Setup::new().start().await?;
    let mut randomness = Randomness::from_printed_seed()?;
    for len in EDGES {
        let plaintext = randomness.bytes(len);
        let file = stack.upload(&format!("{len} bytes"), &plaintext).await?;
        assert_eq!(file.size, u64::try_from(len)?);
        assert_eq!(
            std::fs::metadata(stack.object_path(&file))?.len(),
            file.sealed_size
        );

        let opened = stack.client.download(&file.id, None).await?;
        assert!(
            opened.read_all().await? == plaintext,
            "{len} bytes, by the client"
        );
        let opened = read_content(&stack, &file.id, None).await?.whole()?;
        assert!(opened == plaintext, "{len} bytes, by plain HTTP");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_comes_back_byte_for_byte() -> Result<()> {
    let stack = Setup::new().start().await?;
    let plaintext = Randomness::from_printed_seed()?.bytes(LARGE);
    let file = stack.upload("large", &plaintext).await?;
    let opened = stack.client.download(&file.id, None).await?;
    assert!(opened.read_all().await? == plaintext);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sizes_of_these_stories_are_the_servers_edges() -> Result<()> {
    let stack = Setup::new().start().await?;
    let request = OpenUpload {
        client_token: "a-token-of-its-own".to_owned(),
        name: "planned".to_owned(),
        content_type: None,
        size: u64::try_from(LARGE)?,
        last_modified_ms: None,
        metadata: None,
        reference: None,
    };
    let opened = stack.client.open_upload(&request).await?;
    let frame_length = opened.plan.layout().frame_length().get();
    assert_eq!(usize::try_from(frame_length)?, FRAME);
    assert_eq!(
        usize::try_from(opened.plan.frames_per_part())?,
        FRAMES_PER_PART
    );
    stack.client.abort(&opened.upload_id).await?;
    Ok(())
}
