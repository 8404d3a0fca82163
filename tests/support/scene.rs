//! In which browser and on which store a story is told.

use anyhow::Result;

use crate::{Browser, BrowserKind, Setup, Store};

/// One of each.
#[derive(Debug, Clone, Copy)]
pub struct Scene {
    /// The browser.
    pub browser: BrowserKind,
    /// The store.
    pub store: Store,
}

impl Scene {
    /// Where every story is told.
    pub const CHROMIUM_EMBEDDED: Self = Self {
        browser: BrowserKind::Chromium,
        store: Store::Embedded,
    };
    /// Where chosen stories are told too.
    pub const FIREFOX_GARAGE: Self = Self {
        browser: BrowserKind::Firefox,
        store: Store::Garage,
    };
    /// Under `--full`.
    pub const CHROMIUM_GARAGE: Self = Self {
        browser: BrowserKind::Chromium,
        store: Store::Garage,
    };
    /// Under `--full`.
    pub const FIREFOX_EMBEDDED: Self = Self {
        browser: BrowserKind::Firefox,
        store: Store::Embedded,
    };

    /// A stack on this store that serves the page.
    ///
    /// # Errors
    /// Where no page is built.
    pub fn setup(self) -> Result<Setup> {
        Setup::new().on(self.store).with_page()
    }

    /// This browser with an empty profile.
    ///
    /// # Errors
    /// As [`Browser::start_in`].
    pub async fn browser(self) -> Result<Browser> {
        Browser::start_in(self.browser).await
    }
}
