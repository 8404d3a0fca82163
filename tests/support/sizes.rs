//! The plaintext sizes at which behaviour changes, with the default frame and part sizes.

/// Plaintext bytes of a frame.
pub const FRAME: usize = 256 * 1024;

/// Whole frames in a part: the smallest number whose sealed bytes reach 8 MiB.
pub const FRAMES_PER_PART: usize = 32;

/// Plaintext bytes of a part.
pub const PART: usize = FRAMES_PER_PART * FRAME;

/// Zero bytes, one byte, and sizes one byte around a frame and a part. A plaintext of exactly one frame or one part
/// ends with an empty final frame.
pub const EDGES: [usize; 8] = [0, 1, FRAME - 1, FRAME, FRAME + 1, PART - 1, PART, PART + 1];

/// A plaintext of 25 parts, far more than a client holds at a time.
pub const LARGE: usize = 200 * 1024 * 1024;
