//! The list of all differences between the tested stores and S3. docs/STORES.md shows the same list.

/// A difference from S3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// A PUT with `If-None-Match: *` replaces an existing object.
    IgnoresIfNoneMatch,
    /// The store joins parts below 5 MiB even if they are not the last.
    JoinsSmallParts,
    /// A completion may name another ETag than the store gave for a part. The SHA-256 decides.
    IgnoresETagOfCompletion,
    /// A caller with the credentials may upload a part with number 0.
    TakesPartZero,
    /// A caller with the credentials may upload a part with number 10,001.
    TakesPartBeyondTenThousand,
    /// ListParts and ListMultipartUploads answer in a single page, however long the list is.
    ListsInOnePage,
    /// Objects have no versions.
    KeepsNoVersions,
}

impl Quirk {
    const ALL: [Self; 7] = [
        Self::IgnoresIfNoneMatch,
        Self::JoinsSmallParts,
        Self::IgnoresETagOfCompletion,
        Self::TakesPartZero,
        Self::TakesPartBeyondTenThousand,
        Self::ListsInOnePage,
        Self::KeepsNoVersions,
    ];

    /// Returns the sentence that docs/STORES.md shows.
    fn sentence(self) -> &'static str {
        match self {
            Self::IgnoresIfNoneMatch => "a PUT with `If-None-Match: *` replaces an existing object",
            Self::JoinsSmallParts => "parts below 5 MiB are joined, not only the last one",
            Self::IgnoresETagOfCompletion => {
                "a completion may name another ETag of a part than the store gave"
            }
            Self::TakesPartZero => "a part may be put as number 0",
            Self::TakesPartBeyondTenThousand => "a part may be put as number 10,001",
            Self::ListsInOnePage => "lists of parts and uploads have a single page, however long",
            Self::KeepsNoVersions => "no object has versions",
        }
    }
}

/// The differences of s3s-fs behind the embedded store's wrapper.
pub(crate) const EMBEDDED: &[Quirk] = &[
    Quirk::IgnoresETagOfCompletion,
    Quirk::TakesPartZero,
    Quirk::ListsInOnePage,
    Quirk::KeepsNoVersions,
];

/// The differences of Garage 2.5.
pub(crate) const GARAGE: &[Quirk] = &[
    Quirk::IgnoresIfNoneMatch,
    Quirk::JoinsSmallParts,
    Quirk::TakesPartZero,
    Quirk::TakesPartBeyondTenThousand,
    Quirk::KeepsNoVersions,
];

#[test]
fn the_documentation_lists_every_quirk_of_every_store() {
    let mut table = "| difference from S3 | embedded | Garage 2.5 |\n|---|---|---|\n".to_owned();
    for quirk in Quirk::ALL {
        let mark = |store: &[Quirk]| if store.contains(&quirk) { "yes" } else { "" };
        table += &format!(
            "| {} | {} | {} |\n",
            quirk.sentence(),
            mark(EMBEDDED),
            mark(GARAGE)
        );
    }
    let stores = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/STORES.md");
    let stores = std::fs::read_to_string(stores).unwrap();
    assert!(
        stores.contains(&table),
        "docs/STORES.md must have:\n{table}"
    );
}
