//! `GET /v1/policy`: the limits and settings that the page needs before anybody logs in.

use axum::{Json, extract::State};
use sealift_message::FrameLength;
use sealift_transfer::{PartPlan, api::Policy, part_plan::MOST_PART_BYTES};

use crate::{
    app::App,
    config::{Auth, Config},
};

pub(crate) async fn policy(State(app): State<App>) -> Json<Policy> {
    let limits = &app.config.limits;
    let count = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    Json(Policy {
        most_bytes: most_bytes(&app.config),
        most_name_bytes: count(limits.name_bytes),
        most_metadata_bytes: count(limits.metadata_bytes),
        login: app.config.auth == Auth::ApiKeys,
        read_only: app.read_only.is_on(),
    })
}

/// Returns the most plaintext bytes of one file: the configured limit, but never more than the format
/// can hold.
pub(crate) fn most_bytes(config: &Config) -> u64 {
    let carried = format_carries(config.frame_length);
    config
        .limits
        .file_bytes
        .map_or(carried, |limit| limit.min(carried))
}

/// Returns the most plaintext bytes that the format can hold: 10,000 parts of 5 GiB in whole frames,
/// with room for our header, and no more frames than sequence numbers (docs/FORMAT.md, arithmetic). The part
/// plan of each upload checks this exactly.
fn format_carries(frame_length: u32) -> u64 {
    /// Our headers have a few hundred bytes: four ids, a key's name and its ciphertext.
    const HEADER_BYTES: u64 = 1024;
    FrameLength::try_from(frame_length).map_or(0, |frame_length| {
        PartPlan::most_plaintext_len(HEADER_BYTES, frame_length, MOST_PART_BYTES)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_carries_what_its_description_says() {
        assert_eq!(format_carries(256 * 1024), 53_679_226_880_000);
        assert_eq!(format_carries(64 * 1024), 53_660_876_800_000);
        // 16 TiB in 2^32 - 1 frames. The last frame is never full.
        assert_eq!(format_carries(4 * 1024), 4096 * u64::from(u32::MAX) - 1);
    }
}
