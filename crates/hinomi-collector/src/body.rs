//! A request's body: read within the time limit, decompressed within the size limit, and of the memory
//! for requests in flight all the while.

use crate::metered::{Metered, NoMemory};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use hinomi_io::{HeldMemory, MemoryShare};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::{
    io::{self, Read},
    sync::Arc,
    time::Duration,
};

/// Bytes that are decompressed at once.
const INFLATED_BYTES: usize = 64 << 10;

/// Why a body was not read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    /// Longer than the limit, as sent or decompressed.
    #[error("the request is larger than {limit} bytes")]
    TooLarge { limit: usize },
    /// Not what its Content-Encoding says.
    #[error("the request can not be decompressed: {0}")]
    Corrupt(String),
    /// A Content-Encoding that is not known.
    #[error("Content-Encoding {0:?} is not known; send gzip, zstd or identity")]
    UnknownEncoding(String),
    /// The client took too long.
    #[error("the request did not arrive within {0:?}")]
    TooSlow(Duration),
    /// There is no memory for it now.
    #[error("there is no memory for more requests at once")]
    NoMemory,
    /// The client hung up.
    #[error("the request broke off: {0}")]
    Broken(String),
}

/// A body as its reader has it.
#[derive(Debug)]
pub(crate) struct Body {
    pub bytes: Bytes,
    /// Its part of the memory.
    pub _held: HeldMemory,
}

/// Reads and decompresses the body.
pub(crate) async fn read(
    body: axum::body::Body,
    content_encoding: Option<&str>,
    limit: usize,
    timeout: Duration,
    memory: &Arc<MemoryShare>,
) -> Result<Body, BodyError> {
    let body = Metered::new(body, memory.clone(), Box::new(|| NoMemory.into()));
    let raw = match tokio::time::timeout(timeout, Limited::new(body, limit).collect()).await {
        Err(_) => return Err(BodyError::TooSlow(timeout)),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return Err(BodyError::TooLarge { limit });
        }
        Ok(Err(error)) if error.is::<NoMemory>() => return Err(BodyError::NoMemory),
        Ok(Err(error)) => return Err(BodyError::Broken(error.to_string())),
        Ok(Ok(collected)) => collected.to_bytes(),
    };
    let held = memory.hold(raw.len()).ok_or(BodyError::NoMemory)?;
    match content_encoding.map(str::trim).unwrap_or("identity") {
        "identity" | "" => Ok(Body {
            bytes: raw,
            _held: held,
        }),
        "gzip" => inflate(MultiGzDecoder::new(&raw[..]), limit, memory),
        "zstd" => {
            let decoder = zstd::Decoder::new(&raw[..]).map_err(corrupt)?;
            inflate(decoder, limit, memory)
        }
        other => Err(BodyError::UnknownEncoding(other.to_owned())),
    }
}

/// Stops soon after the limit, so that a bomb costs no more than a request at the limit.
fn inflate(
    mut decoder: impl Read,
    limit: usize,
    memory: &Arc<MemoryShare>,
) -> Result<Body, BodyError> {
    let mut inflated = Vec::new();
    let mut held = memory.hold(0).ok_or(BodyError::NoMemory)?;
    loop {
        if inflated.capacity() - inflated.len() < INFLATED_BYTES {
            let most = limit.saturating_add(2 * INFLATED_BYTES);
            let capacity = (2 * inflated.capacity()).clamp(2 * INFLATED_BYTES, most);
            if !held.resize(capacity) {
                return Err(BodyError::NoMemory);
            }
            inflated.reserve_exact(capacity - inflated.len());
        }
        let mut piece = decoder.by_ref().take(INFLATED_BYTES as u64);
        let length = piece.read_to_end(&mut inflated).map_err(corrupt)?;
        if inflated.len() > limit {
            return Err(BodyError::TooLarge { limit });
        }
        if length == 0 {
            break;
        }
    }
    inflated.shrink_to_fit();
    // Less than before.
    let _ = held.resize(inflated.len());
    let bytes = inflated.into();
    Ok(Body { bytes, _held: held })
}

fn corrupt(error: io::Error) -> BodyError {
    BodyError::Corrupt(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const LIMIT: usize = 10_000;
    const TIMEOUT: Duration = Duration::from_secs(5);

    async fn read_all(body: Vec<u8>, encoding: Option<&str>) -> Result<Bytes, BodyError> {
        let memory = MemoryShare::new(1 << 20);
        let read = read(body.into(), encoding, LIMIT, TIMEOUT, &memory).await?;
        assert_eq!(memory.used(), read.bytes.len());
        Ok(read.bytes)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).unwrap()
    }

    #[tokio::test]
    async fn bodies_at_the_limit_pass_and_one_byte_more_does_not() {
        for (length, passes) in [(LIMIT, true), (LIMIT + 1, false)] {
            let bytes = vec![7; length];
            for (body, encoding) in [
                (bytes.clone(), None),
                (gzip(&bytes), Some("gzip")),
                (zstd(&bytes), Some("zstd")),
            ] {
                let expected = if passes {
                    Ok(Bytes::from(bytes.clone()))
                } else {
                    Err(BodyError::TooLarge { limit: LIMIT })
                };
                assert_eq!(
                    read_all(body, encoding).await,
                    expected,
                    "{encoding:?} {length}"
                );
            }
        }
    }

    #[tokio::test]
    async fn bombs_are_too_large() {
        let zeros = vec![0; 64 << 20];
        for (body, encoding) in [(gzip(&zeros), "gzip"), (zstd(&zeros), "zstd")] {
            let length = body.len();
            for (limit, memory, refused) in [
                (1 << 20, 64 << 20, BodyError::TooLarge { limit: 1 << 20 }),
                (64 << 20, 1 << 20, BodyError::NoMemory),
            ] {
                let memory = MemoryShare::new(memory);
                let body = body.clone().into();
                let result = read(body, Some(encoding), limit, TIMEOUT, &memory).await;
                assert_eq!(
                    result.unwrap_err(),
                    refused,
                    "{encoding}: {length} bytes sent"
                );
                assert_eq!(memory.used(), 0);
            }
        }
    }

    #[tokio::test]
    async fn garbage_and_foreign_encodings_are_told_apart() {
        let garbage = || b"no gzip, no zstd".to_vec();
        assert!(matches!(
            read_all(garbage(), Some("gzip")).await,
            Err(BodyError::Corrupt(_))
        ));
        assert!(matches!(
            read_all(garbage(), Some("zstd")).await,
            Err(BodyError::Corrupt(_))
        ));
        let foreign = read_all(garbage(), Some("br")).await;
        assert_eq!(foreign, Err(BodyError::UnknownEncoding("br".into())));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_is_given_up() {
        let never = futures_util::stream::pending::<Result<Bytes, io::Error>>();
        let limit = Duration::from_secs(30);
        let (body, memory) = (
            axum::body::Body::from_stream(never),
            MemoryShare::new(LIMIT),
        );
        let result = read(body, None, LIMIT, limit, &memory).await;
        assert_eq!(result.unwrap_err(), BodyError::TooSlow(limit));
    }
}
