//! The form for browsers without script. The server seals the file as it arrives.

use anyhow::{Context as _, Result, ensure};
use sealift_tests::{Page, Scene};
use serde_json::json;

use crate::scenes::stories;

stories!(
    chosen:
    the_form_without_script_is_posted_and_answered_with_a_page,
);

const NAME: &str = "Ein \"Foto\" <b>.jpg";
const CONTENT: &str = "what the form holds";

/// Builds the form of the page's `noscript` in the page itself and submits it, because a browser with script does not
/// show `noscript`. The browser then sends the real origin, and the page's policy applies.
const POST: &str = "
    const [name, content] = arguments;
    const form = document.createElement('form');
    Object.assign(form, { method: 'post', action: 'upload', enctype: 'multipart/form-data' });
    const input = document.createElement('input');
    Object.assign(input, { type: 'file', name: 'file' });
    const chosen = new DataTransfer();
    chosen.items.add(new File([content], name, { type: 'image/jpeg' }));
    input.files = chosen.files;
    form.append(input);
    document.body.append(form);
    form.submit();
    return document.querySelector('noscript').textContent;";

/// Returns the text of the page that answers.
async fn answer(page: &Page) -> Result<String> {
    loop {
        // While the next page loads, there may be no page that can run a script.
        let heading = "return document.title.startsWith('Sealed') && document.body.innerText;";
        if let Ok(text) = page.run(heading, vec![]).await
            && let Some(text) = text.as_str()
        {
            return Ok(text.to_owned());
        }
        tokio::task::yield_now().await;
    }
}

async fn the_form_without_script_is_posted_and_answered_with_a_page(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    let form = page.run(POST, vec![json!(NAME), json!(CONTENT)]).await?;
    let form = form.as_str().context("the page has a form for no script")?;
    for said in [
        "action=\"upload\"",
        "method=\"post\"",
        "multipart/form-data",
    ] {
        ensure!(form.contains(said), "{said} is not in {form}");
    }

    let text = answer(&page).await?;
    ensure!(text.contains(NAME), "{text}");
    let links = "return [...document.links].map((link) => link.href);";
    let links = page.run(links, vec![]).await?;
    let shown = links.get(0).and_then(|link| link.as_str());
    let shown = shown.context("the page links to the file")?;
    let id = shown.rsplit('/').next().unwrap_or_default().parse()?;
    assert_eq!(stack.client.file(&id).await?.name, NAME);
    let opened = stack.client.download(&id, None).await?;
    assert_eq!(opened.read_all().await?, CONTENT.as_bytes());
    assert_eq!(links.get(1), Some(&json!(stack.content_url(&id))));
    // The policy allows the page's style, so the page is not unstyled.
    let width = "return getComputedStyle(document.body).maxWidth;";
    assert_ne!(page.run(width, vec![]).await?, json!("none"));
    Ok(())
}
