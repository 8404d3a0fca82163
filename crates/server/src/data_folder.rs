//! Makes the data folder, which holds the database and, with the embedded store, the ciphertext.

use std::{fs::DirBuilder, io, path::Path};

/// Makes the data folder, if it is absent, for its owner only. An existing one stays as it is; `sealift doctor` says
/// whether others may read it.
///
/// # Errors
/// Fails if the folder cannot be made.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
