//! Where each story is told. A test's name ends with its scene, so that `cargo test -- firefox`
//! and `cargo test -- a_cancelled_upload` both choose what they say.

/// Makes the tests of stories: `async fn(Scene) -> Result<()>`.
///
/// - `chosen`: in Chromium on the embedded store and in Firefox on Garage; the other two under
///   `--full`.
/// - `everywhere`: in Chromium on the embedded store; the other three under `--full`.
/// - `chromium`: in Chromium only: Firefox lacks what it is about. On Garage under `--full`.
/// - `embedded`: on the embedded store only: it looks at the store's disk. In Firefox under
///   `--full`.
/// - `long`: takes minutes, so all of it under `--full`; in Chromium on the embedded store.
macro_rules! tell {
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

/// The tests of one story: those of every run before the semicolon, those under `--full` behind it.
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
                #[ignore = "told under --full"]
                async fn $full() -> anyhow::Result<()> {
                    super::$story(sealift_tests::Scene::$full_scene).await
                }
            )*
        }
    };
}

pub(crate) use {tell, tests};
