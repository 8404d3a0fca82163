//! What a person asks of an upload.

/// What a person asks of an upload under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Pause it and free its memory. An upload that is already completing is not paused.
    Pause,
    /// Continue it after a pause.
    Continue,
    /// Abort it, unless it is complete by then.
    Cancel,
    /// End it here and leave it on the server, so that it can be resumed.
    Leave,
}
