//! The flags of `sealift demo`.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Folder for all data of the demo.
    #[arg(long, value_name = "FOLDER", default_value = "sealift-demo-data")]
    pub(crate) data: PathBuf,

    /// Start empty: delete the data of earlier demos in the folder.
    #[arg(long)]
    pub(crate) fresh: bool,

    /// Delete the data when the demo ends.
    #[arg(long)]
    pub(crate) drop: bool,

    /// Port of page and server; 0 picks a free port.
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,

    /// Port of the embedded object store; 0 picks a free port.
    #[arg(long, value_name = "PORT", default_value_t = 8081)]
    pub(crate) s3_port: u16,

    /// Folder of the built page.
    #[arg(
        long,
        value_name = "FOLDER",
        env = "SEALIFT_PAGE_DIR",
        hide_env_values = true
    )]
    pub(crate) page_dir: Option<PathBuf>,

    /// Log filter, such as info or sealift_server=debug.
    #[arg(long, value_name = "FILTER", default_value = "warn")]
    pub(crate) log: String,
}
