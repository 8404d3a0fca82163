//! Opens the frames of any message, whose size is not known before the end.

use super::{FrameOpener, Verified};
use crate::error::{DecryptError, Field};
use crate::frame::{Frame, SequenceNumber};
use crate::header::FrameLength;
use crate::suite::{FINAL_FRAME, IV_LEN};
use crate::wire::{FrameBuffer, Need, Reader};

/// Opens frame after frame, with the lengths and IVs that the message states.
#[derive(Debug)]
pub(crate) struct GeneralOpener {
    opener: FrameOpener,
    frame_length: FrameLength,
    buffer: FrameBuffer,
    state: State,
    /// The offset of the next frame in the message.
    at: u64,
    plaintext_len: u64,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// The number that the next frame must have; `None` after the greatest number that a frame can have.
    Expecting(Option<SequenceNumber>),
    Ended,
    Broken(DecryptError),
}

impl GeneralOpener {
    /// Makes an opener. `at` is the offset of the first frame in the message, which is the header's length.
    pub(crate) fn new(opener: FrameOpener, frame_length: FrameLength, at: u64) -> Self {
        Self {
            opener,
            frame_length,
            buffer: FrameBuffer::default(),
            state: State::Expecting(Some(SequenceNumber::FIRST)),
            at,
            plaintext_len: 0,
        }
    }

    /// Takes the next bytes of a message that ends with its last frame.
    pub(crate) fn push(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), DecryptError> {
        let mut rest = input;
        self.push_frames(&mut rest, out)?;
        if rest.is_empty() {
            return Ok(());
        }
        let error = DecryptError::Malformed {
            field: Field::AfterTheEnd,
            at: self.at,
        };
        self.state = State::Broken(error);
        Err(error)
    }

    /// Takes the next bytes. The bytes after the final frame remain in `input`.
    pub(crate) fn push_frames(
        &mut self,
        input: &mut &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), DecryptError> {
        let pushed = self.open_frames(input, out);
        if let Err(error) = pushed {
            self.state = State::Broken(error);
        }
        pushed
    }

    fn open_frames(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<(), DecryptError> {
        while !input.is_empty() {
            let expected = match self.state {
                State::Expecting(number) => number,
                State::Ended => return Ok(()),
                State::Broken(error) => return Err(error),
            };
            let (at, frame_length) = (self.at, self.frame_length);
            let need = |first: &[u8]| match Prefix::read(first, at, frame_length) {
                Ok(prefix) => Ok(Need::Whole(prefix.sealed_len())),
                Err(DecryptError::Truncated) if first.len() < SHORTEST => {
                    Ok(Need::Prefix(SHORTEST))
                }
                Err(DecryptError::Truncated) => Ok(Need::Prefix(LONGEST)),
                Err(other) => Err(other),
            };
            let Some(sealed) = self.buffer.next(input, need)? else {
                return Ok(());
            };
            let prefix = Prefix::read(sealed, at, frame_length)?;
            let frame = prefix.frame;
            if Some(frame.sequence_number()) != expected {
                return Err(prefix.malformed);
            }
            let mut reader = Reader::new(sealed, at, DecryptError::Truncated);
            reader.take(frame.prefix().len())?;
            let ciphertext = reader.take(usize_of(frame.plaintext_len()))?;
            let tag = reader.array()?;
            self.opener
                .append(&frame, &prefix.iv, ciphertext, &tag, out)?;
            self.at = at.saturating_add(frame.sealed_len());
            self.plaintext_len = self
                .plaintext_len
                .saturating_add(frame.plaintext_len().into());
            self.state = match frame {
                Frame::Regular {
                    sequence_number, ..
                } => State::Expecting(sequence_number.next()),
                Frame::Final { .. } => State::Ended,
            };
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<Verified, DecryptError> {
        match self.state {
            State::Ended => Ok(Verified {
                plaintext_len: self.plaintext_len,
            }),
            State::Expecting(_) => Err(DecryptError::Truncated),
            State::Broken(error) => Err(error),
        }
    }
}

/// The length of a regular frame's prefix: sequence number and IV.
const SHORTEST: usize = 16;
/// The length of the final frame's prefix.
const LONGEST: usize = 24;

/// The bytes before a frame's ciphertext, as they stand in the message.
struct Prefix {
    frame: Frame,
    iv: [u8; IV_LEN],
    malformed: DecryptError,
}

impl Prefix {
    fn read(bytes: &[u8], at: u64, frame_length: FrameLength) -> Result<Self, DecryptError> {
        let malformed = DecryptError::Malformed {
            field: Field::FramePrefix,
            at,
        };
        let mut reader = Reader::new(bytes, at, DecryptError::Truncated);
        let mark_or_number = reader.u32()?;
        let is_final = mark_or_number == FINAL_FRAME;
        let number = if is_final {
            reader.u32()?
        } else {
            mark_or_number
        };
        let sequence_number = SequenceNumber::try_from(number).map_err(|_| malformed)?;
        let iv = reader.array()?;
        let frame = if is_final {
            Frame::Final {
                sequence_number,
                plaintext_len: reader.u32()?,
            }
        } else {
            Frame::Regular {
                sequence_number,
                plaintext_len: frame_length.get(),
            }
        };
        if frame.plaintext_len() > frame_length.get() {
            return Err(malformed);
        }
        Ok(Self {
            frame,
            iv,
            malformed,
        })
    }

    fn sealed_len(&self) -> usize {
        usize::try_from(self.frame.sealed_len()).unwrap_or(usize::MAX)
    }
}

fn usize_of(len: u32) -> usize {
    usize::try_from(len).unwrap_or(usize::MAX)
}
