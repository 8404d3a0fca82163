//! What stores do otherwise than S3: the one list. docs/STORES.md shows it.

/// A way to differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quirk {
    /// A PUT with `If-None-Match: *` replaces the object that is there.
    IgnoresIfNoneMatch,
    /// Parts below 5 MiB are joined, not only the last one.
    JoinsSmallParts,
    /// A completion may name another ETag of a part than the store gave. The SHA-256 decides.
    IgnoresETagOfCompletion,
    /// Whoever has the credentials may put a part as number 0.
    TakesPartZero,
    /// Or as number 10,001.
    TakesPartBeyondTenThousand,
    /// ListParts and ListMultipartUploads answer in one page, however long.
    ListsInOnePage,
    /// No object has versions.
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

    /// As docs/STORES.md says it.
    fn sentence(self) -> &'static str {
        match self {
            Self::IgnoresIfNoneMatch => "a PUT with `If-None-Match: *` replaces what is there",
            Self::JoinsSmallParts => "parts below 5 MiB are joined, not only the last one",
            Self::IgnoresETagOfCompletion => {
                "a completion may name another ETag of a part than the store gave"
            }
            Self::TakesPartZero => "a part may be put as number 0",
            Self::TakesPartBeyondTenThousand => "a part may be put as number 10,001",
            Self::ListsInOnePage => "lists of parts and uploads come in one page, however long",
            Self::KeepsNoVersions => "no object has versions",
        }
    }
}

/// s3s-fs behind the embedded store's wrapper.
pub(crate) const EMBEDDED: &[Quirk] = &[
    Quirk::IgnoresETagOfCompletion,
    Quirk::TakesPartZero,
    Quirk::ListsInOnePage,
    Quirk::KeepsNoVersions,
];

/// Garage 2.5.
pub(crate) const GARAGE: &[Quirk] = &[
    Quirk::IgnoresIfNoneMatch,
    Quirk::JoinsSmallParts,
    Quirk::TakesPartZero,
    Quirk::TakesPartBeyondTenThousand,
    Quirk::KeepsNoVersions,
];

#[test]
fn the_documentation_lists_every_quirk_of_every_store() {
    let mut table = "| otherwise than S3 | embedded | Garage 2.5 |\n|---|---|---|\n".to_owned();
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
