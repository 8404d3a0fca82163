//! The real stack, started for a story.
