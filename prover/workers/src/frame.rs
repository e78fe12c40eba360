//! Messages over a pipe: a header of eight bytes (mark, version, length), then the message as CBOR.
//!
//! Both ends are one program, but not always one build of it: a program may be replaced while it runs. So a header
//! says the version of what follows.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt};

/// What every frame begins with; the last byte is the version of [`message`](super::message).
const MARK: [u8; 4] = [b'z', b'k', b'p', 1];
const HEADER_BYTES: usize = 8;
/// Longest message, bytes. The largest sub-blocks have a hundredth of it.
const MAX_BYTES: u32 = 1 << 28;

/// Why there is no message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// The pipe.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The pipe ended inside of a frame.
    #[error("it ends before its end")]
    Cut,
    /// Not a frame, or one of another version.
    #[error("a frame begins with {found:02x?}, not {MARK:02x?}")]
    Mark {
        /// Its first bytes.
        found: [u8; 4],
    },
    /// Longer than any message.
    #[error("it would have {bytes} bytes")]
    TooLong {
        /// What it claims.
        bytes: u64,
    },
    /// Not the message that is expected.
    #[error("it is not understood: {0}")]
    Message(String),
}

/// The frame of a message.
pub(crate) fn encode(message: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; HEADER_BYTES];
    ciborium::into_writer(message, &mut frame).map_err(|error| FrameError::Message(error.to_string()))?;
    let bytes = frame.len() - HEADER_BYTES;
    let length = u32::try_from(bytes).ok().filter(|length| *length <= MAX_BYTES);
    let length = length.ok_or(FrameError::TooLong { bytes: bytes as u64 })?;
    frame[..4].copy_from_slice(&MARK);
    frame[4..HEADER_BYTES].copy_from_slice(&length.to_le_bytes());
    Ok(frame)
}

/// Sends a message.
pub(crate) fn write(out: &mut impl Write, message: &impl Serialize) -> Result<(), FrameError> {
    out.write_all(&encode(message)?)?;
    Ok(out.flush()?)
}

/// The next message; none at the pipe's end.
pub(crate) fn read<T: DeserializeOwned>(pipe: &mut impl Read) -> Result<Option<T>, FrameError> {
    let mut header = Vec::new();
    pipe.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut header)?;
    let Some(length) = length(&header)? else { return Ok(None) };
    let mut message = Vec::new();
    pipe.by_ref().take(length).read_to_end(&mut message)?;
    decode(&message, length).map(Some)
}

/// As [`read`].
pub(crate) async fn read_async<T: DeserializeOwned>(
    pipe: &mut (impl AsyncRead + Unpin),
) -> Result<Option<T>, FrameError> {
    let mut header = Vec::new();
    (&mut *pipe).take(HEADER_BYTES as u64).read_to_end(&mut header).await?;
    let Some(length) = length(&header)? else { return Ok(None) };
    let mut message = Vec::new();
    (&mut *pipe).take(length).read_to_end(&mut message).await?;
    decode(&message, length).map(Some)
}

/// What a header says; none at the pipe's end.
fn length(header: &[u8]) -> Result<Option<u64>, FrameError> {
    if header.is_empty() {
        return Ok(None);
    }
    let found = *header.first_chunk::<4>().ok_or(FrameError::Cut)?;
    if found != MARK {
        return Err(FrameError::Mark { found });
    }
    let length = u32::from_le_bytes(*header[4..].first_chunk().ok_or(FrameError::Cut)?);
    if length > MAX_BYTES {
        return Err(FrameError::TooLong { bytes: length.into() });
    }
    Ok(Some(length.into()))
}

fn decode<T: DeserializeOwned>(message: &[u8], length: u64) -> Result<T, FrameError> {
    if message.len() as u64 != length {
        return Err(FrameError::Cut);
    }
    let mut rest = message;
    let value = ciborium::from_reader(&mut rest).map_err(|error| FrameError::Message(error.to_string()))?;
    if rest.is_empty() { Ok(value) } else { Err(FrameError::Message("something follows".to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(mut bytes: &[u8]) -> Result<Vec<String>, FrameError> {
        let mut messages = Vec::new();
        while let Some(message) = read(&mut bytes)? {
            messages.push(message);
        }
        Ok(messages)
    }

    #[test]
    fn frames_follow_each_other() {
        let mut pipe = Vec::new();
        for message in ["one", "", "three"] {
            write(&mut pipe, &message).unwrap();
        }
        assert_eq!(read_all(&pipe).unwrap(), ["one", "", "three"]);
    }

    #[tokio::test]
    async fn both_readers_read_alike() {
        let pipe = encode(&"one").unwrap();
        let mut rest = pipe.as_slice();
        assert_eq!(read_async::<String>(&mut rest).await.unwrap().unwrap(), "one");
        assert!(read_async::<String>(&mut rest).await.unwrap().is_none());
        assert!(matches!(read_async::<String>(&mut &pipe[..9]).await, Err(FrameError::Cut)));
    }

    #[test]
    fn what_is_no_frame_is_told() {
        let frame = encode(&"message").unwrap();
        for end in [1, 3, 7, 8, frame.len() - 1] {
            assert!(matches!(read_all(&frame[..end]), Err(FrameError::Cut)), "{end}");
        }
        assert!(
            matches!(read_all(b"memory allocation"), Err(FrameError::Mark { found }) if &found == b"memo")
        );
        let mut newer = frame.clone();
        newer[3] += 1;
        assert!(matches!(read_all(&newer), Err(FrameError::Mark { .. })));
        let mut long = frame.clone();
        long[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(read_all(&long), Err(FrameError::TooLong { .. })));
        assert!(matches!(read_all(&encode(&7).unwrap()), Err(FrameError::Message(_))));
        let mut longer = frame.clone();
        longer[4] += 1;
        longer.push(0);
        assert!(matches!(read_all(&longer), Err(FrameError::Message(_))));
    }
}
