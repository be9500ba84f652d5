//! A request's body: read within the time limit, decompressed within the size limit.

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::io::{self, Read};
use std::time::Duration;

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
    /// The client hung up.
    #[error("the request broke off: {0}")]
    Broken(String),
}

/// Reads and decompresses the body.
pub(crate) async fn read(
    body: axum::body::Body,
    content_encoding: Option<&str>,
    limit: usize,
    timeout: Duration,
) -> Result<Bytes, BodyError> {
    let raw = match tokio::time::timeout(timeout, Limited::new(body, limit).collect()).await {
        Err(_) => return Err(BodyError::TooSlow(timeout)),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            return Err(BodyError::TooLarge { limit });
        }
        Ok(Err(error)) => return Err(BodyError::Broken(error.to_string())),
        Ok(Ok(collected)) => collected.to_bytes(),
    };
    match content_encoding.map(str::trim).unwrap_or("identity") {
        "identity" | "" => Ok(raw),
        "gzip" => inflate(MultiGzDecoder::new(&raw[..]), limit),
        "zstd" => {
            let decoder = zstd::Decoder::new(&raw[..]).map_err(corrupt)?;
            inflate(decoder, limit)
        }
        other => Err(BodyError::UnknownEncoding(other.to_owned())),
    }
}

/// Stops one byte after the limit, so that a bomb costs no more than a request at the limit.
fn inflate(decoder: impl Read, limit: usize) -> Result<Bytes, BodyError> {
    let mut inflated = Vec::new();
    decoder
        .take(limit as u64 + 1)
        .read_to_end(&mut inflated)
        .map_err(corrupt)?;
    if inflated.len() > limit {
        return Err(BodyError::TooLarge { limit });
    }
    Ok(inflated.into())
}

fn corrupt(error: io::Error) -> BodyError {
    BodyError::Corrupt(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use std::io::Write;

    const LIMIT: usize = 10_000;

    async fn read_all(body: Vec<u8>, encoding: Option<&str>) -> Result<Bytes, BodyError> {
        read(Body::from(body), encoding, LIMIT, Duration::from_secs(5)).await
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
            let result = read(
                Body::from(body),
                Some(encoding),
                1 << 20,
                Duration::from_secs(5),
            );
            let refused = Err(BodyError::TooLarge { limit: 1 << 20 });
            assert_eq!(result.await, refused, "{encoding}: {length} bytes sent");
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
        let result = read(Body::from_stream(never), None, LIMIT, limit).await;
        assert_eq!(result, Err(BodyError::TooSlow(limit)));
    }
}
