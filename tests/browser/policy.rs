//! The page obeys the Content-Security-Policy that the server sends with it.

use anyhow::Result;
use sealift_tests::{ConsoleLine, Randomness, Scene, sizes::PART};
use serde_json::json;

use crate::scenes::stories;

stories!(
    chromium:
    an_upload_breaks_no_rule_of_the_policy_and_logs_no_error,
    the_policy_is_in_force,
);

async fn an_upload_breaks_no_rule_of_the_policy_and_logs_no_error(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    for backend in ["", "?backend=aes-gcm"] {
        let page = browser.open(&stack, backend).await?;
        let folder = tempfile::tempdir()?;
        let mut randomness = Randomness::from_printed_seed()?;
        let (path, _) = randomness.file(folder.path(), "quiet.bin", PART + 1)?;
        page.upload(&path).await?;
        let console = browser.console().await?;
        // The driver leaves the page without ever touching it, so the browser does not ask and logs an
        // intervention instead.
        let is_error = |line: &ConsoleLine| line.level == "SEVERE" && line.source != "intervention";
        let errors: Vec<&ConsoleLine> = console
            .iter()
            .filter(|line| line.is_policy_violation() || is_error(line))
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    Ok(())
}

async fn the_policy_is_in_force(scene: Scene) -> Result<()> {
    let stack = scene.setup()?.start().await?;
    let browser = scene.browser().await?;
    let page = browser.open(&stack, "").await?;
    browser.console().await?;
    let reach_out = "const [got] = arguments;
        fetch('http://127.0.0.1:9/').then(() => got('reached'), () => got('kept in'));";
    assert_eq!(page.ask(reach_out, vec![]).await?, json!("kept in"));
    let run = "const [got] = arguments;
        const script = document.createElement('script');
        try {
            script.textContent = 'window.ran = true';
            document.body.append(script);
        } catch { /* The policy may refuse already here. */ }
        got(window.ran === true ? 'ran' : 'kept out');";
    assert_eq!(page.ask(run, vec![]).await?, json!("kept out"));
    let console = browser.console().await?;
    for directive in ["connect-src", "script"] {
        let reports =
            |line: &ConsoleLine| line.is_policy_violation() && line.message.contains(directive);
        assert!(console.iter().any(reports), "{directive} in {console:?}");
    }
    Ok(())
}
