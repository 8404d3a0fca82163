//! The plaintext sizes at which something changes, with the default frames and parts.

/// Plaintext bytes of a frame.
pub const FRAME: usize = 256 * 1024;

/// Whole frames in a part: the fewest whose sealed bytes reach 8 MiB.
pub const FRAMES_PER_PART: usize = 32;

/// Plaintext bytes of a part.
pub const PART: usize = FRAMES_PER_PART * FRAME;

/// Nothing, a byte, and one byte around a frame and a part. A frame and a part exactly end with an
/// empty final frame.
pub const EDGES: [usize; 8] = [0, 1, FRAME - 1, FRAME, FRAME + 1, PART - 1, PART, PART + 1];

/// Enough for 25 parts, far more than are held at a time.
pub const LARGE: usize = 200 * 1024 * 1024;
