//! Limits what code that is not ours may log.

use tracing::{Level, Metadata, Subscriber, subscriber::Interest};
use tracing_subscriber::layer::{Context, Filter};

/// A filter that passes every event of sealift's crates and only warnings and errors of others. It
/// is an allow-list, so that a new dependency is limited without anybody thinking of it.
pub(super) struct OnlyOurs;

fn may_pass(metadata: &Metadata<'_>) -> bool {
    is_ours(metadata.target())
        || (*metadata.level() <= Level::WARN && !is_answered(metadata.target()))
}

/// s3s reports every refusal as an error, even if the client was wrong. The embedded store logs its
/// own failures itself.
fn is_answered(target: &str) -> bool {
    target == "s3s" || target.starts_with("s3s::")
}

fn is_ours(target: &str) -> bool {
    let root = target.split("::").next().unwrap_or_default();
    root == "sealift" || root.starts_with("sealift_")
}

impl<S: Subscriber> Filter<S> for OnlyOurs {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        may_pass(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if may_pass(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_the_embedded_store_are_no_failures_of_the_server() {
        assert!(is_answered("s3s::ops"));
        assert!(!is_answered("s3s_fs::s3"));
    }

    #[test]
    fn only_sealifts_own_crates_are_ours() {
        for ours in ["sealift", "sealift_server::routes::open", "sealift_keyring"] {
            assert!(is_ours(ours), "{ours}");
        }
        for other in [
            "",
            "s3s::ops",
            "sealiftx",
            "aws_sdk_s3",
            "hyper::sealift",
            "log",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
