//! `sealift api-keys`.

use crate::args::ApiKeys;

pub(crate) async fn run(args: ApiKeys) -> anyhow::Result<()> {
    match args {
        ApiKeys::Make(_make) => Ok(()),
    }
}
