//! The macros that decide in which scenes each story runs. A test's name ends with its scene, so that both
//! `cargo test -- firefox` and `cargo test -- a_cancelled_upload` select tests.

/// Makes the tests of stories, which are functions of the form `async fn(Scene) -> Result<()>`.
///
/// - `chosen`: runs in Chromium on the embedded store and in Firefox on Garage; the other two scenes run with `--full`.
///   These are the stories in which the engines differ: files on disk, cookies, locks, media, and a lost network.
/// - `everywhere`: runs in Chromium on the embedded store; the other three scenes run with `--full`.
/// - `chromium`: runs in Chromium only, because Firefox lacks the feature; on Garage it runs with `--full`.
/// - `embedded`: runs on the embedded store only, because it uses the store's disk; in Firefox it runs with `--full`.
/// - `long`: takes minutes, so it runs with `--full` only, in Chromium on the embedded store.
macro_rules! stories {
    (chosen: $($story:ident),+ $(,)?) => { $(
        $crate::scenes::tests!($story: chromium_embedded CHROMIUM_EMBEDDED, firefox_garage FIREFOX_GARAGE;
            firefox_embedded FIREFOX_EMBEDDED, chromium_garage CHROMIUM_GARAGE);
    )+ };
    (everywhere: $($story:ident),+ $(,)?) => { $(
        $crate::scenes::tests!($story: chromium_embedded CHROMIUM_EMBEDDED;
            firefox_garage FIREFOX_GARAGE, firefox_embedded FIREFOX_EMBEDDED, chromium_garage CHROMIUM_GARAGE);
    )+ };
    (chromium: $($story:ident),+ $(,)?) => { $(
        $crate::scenes::tests!($story: chromium_embedded CHROMIUM_EMBEDDED; chromium_garage CHROMIUM_GARAGE);
    )+ };
    (embedded: $($story:ident),+ $(,)?) => { $(
        $crate::scenes::tests!($story: chromium_embedded CHROMIUM_EMBEDDED; firefox_embedded FIREFOX_EMBEDDED);
    )+ };
    (long: $($story:ident),+ $(,)?) => { $(
        $crate::scenes::tests!($story: ; chromium_embedded CHROMIUM_EMBEDDED);
    )+ };
}

/// Makes the tests of one story. Those before the semicolon always run, those after it only with `--full`.
macro_rules! tests {
    ($story:ident: $($always:ident $scene:ident),*; $($full:ident $full_scene:ident),*) => {
        mod $story {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $always() -> anyhow::Result<()> {
                    super::$story(sealift_tests::Scene::$scene).await
                }
            )*
            $(
                #[tokio::test(flavor = "multi_thread")]
                #[ignore = "only with --full"]
                async fn $full() -> anyhow::Result<()> {
                    super::$story(sealift_tests::Scene::$full_scene).await
                }
            )*
        }
    };
}

pub(crate) use {stories, tests};
