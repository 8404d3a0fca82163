//! The browser and the store with which a story runs.

use anyhow::Result;

use crate::{Browser, BrowserKind, Setup, Store};

/// One browser and one store.
#[derive(Debug, Clone, Copy)]
pub struct Scene {
    /// The browser.
    pub browser: BrowserKind,
    /// The store.
    pub store: Store,
}

impl Scene {
    /// Every story runs here.
    pub const CHROMIUM_EMBEDDED: Self = Self {
        browser: BrowserKind::Chromium,
        store: Store::Embedded,
    };
    /// Selected stories also run here.
    pub const FIREFOX_GARAGE: Self = Self {
        browser: BrowserKind::Firefox,
        store: Store::Garage,
    };
    /// Stories run here only with `--full`.
    pub const CHROMIUM_GARAGE: Self = Self {
        browser: BrowserKind::Chromium,
        store: Store::Garage,
    };
    /// Stories run here only with `--full`.
    pub const FIREFOX_EMBEDDED: Self = Self {
        browser: BrowserKind::Firefox,
        store: Store::Embedded,
    };

    /// Returns the setup of a stack on this store that serves the page.
    ///
    /// # Errors
    /// Fails if no page is built.
    pub fn setup(self) -> Result<Setup> {
        Setup::new().on(self.store).with_page()
    }

    /// Starts this browser with an empty profile.
    ///
    /// # Errors
    /// Fails like [`Browser::start_in`].
    pub async fn browser(self) -> Result<Browser> {
        Browser::start_in(self.browser).await
    }
}
