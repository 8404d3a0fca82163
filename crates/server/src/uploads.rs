//! The way of an upload: its message and its row, sealing what curl and forms bring, joining and checking the
//! parts, and aborting. The routes and the sweeper call it.

pub(crate) mod abort;
pub(crate) mod completion;
pub(crate) mod new_message;
pub(crate) mod new_upload;
pub(crate) mod reseal;
pub(crate) mod sealing;
