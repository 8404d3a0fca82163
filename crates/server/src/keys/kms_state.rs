//! Remembers whether KMS answered last, for `GET /readyz` and the metrics.

use std::sync::{Mutex, PoisonError};

use sealift_keyring::{KeyringError, MayPass as _};

use crate::unix_millis::UnixMillis;

/// The time since which KMS has not answered.
#[derive(Debug, Default)]
pub(super) struct KmsState(Mutex<Option<UnixMillis>>);

impl KmsState {
    /// Notes the result of a call. A refusal is an answer too.
    pub(super) fn note<T>(&self, result: &Result<T, KeyringError>, now: UnixMillis) {
        let is_away = matches!(result, Err(error) if error.may_pass());
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (is_away, *since) {
            (true, None) => {
                *since = Some(now);
                tracing::warn!("KMS does not answer; keys that are in memory are used for an hour");
            }
            (false, Some(_)) => {
                *since = None;
                tracing::info!("KMS answers again");
            }
            _ => {}
        }
    }

    /// Returns since when KMS has not answered.
    pub(super) fn away_since(&self) -> Option<UnixMillis> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWAY: Result<(), KeyringError> = Err(KeyringError::Unavailable { status: None });

    #[test]
    fn kms_is_away_from_its_first_missing_answer_to_its_next_answer() {
        let state = KmsState::default();
        assert_eq!(state.away_since(), None);
        state.note(&AWAY, UnixMillis::from_ms(1));
        state.note(&AWAY, UnixMillis::from_ms(2));
        assert_eq!(state.away_since(), Some(UnixMillis::from_ms(1)));
        let refusal: Result<(), _> = Err(KeyringError::Unauthentic);
        state.note(&refusal, UnixMillis::from_ms(3));
        assert_eq!(state.away_since(), None);
    }
}
