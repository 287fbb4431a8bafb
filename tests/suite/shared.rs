//! The data sets that stay out of the repository.

use std::path::{Path, PathBuf};

/// A folder or file below the shared data, or `None` after saying by name which test is skipped.
pub(crate) fn shared(test: &str, relative: &str) -> Option<PathBuf> {
    #[expect(
        clippy::disallowed_methods,
        reason = "where the data is can be told in no other way"
    )]
    let told = std::env::var("MOTET_SHARED").ok().map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let path = told.unwrap_or_else(beside).join(relative);
    if path.exists() {
        return Some(path);
    }
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    {
        eprintln!("skipped `{test}`: there is no shared/{relative}; set MOTET_SHARED");
    }
    None
}
