//! Decompression in steps, so that a body that turns out to be large can continue on another
//! thread. Respects the size limit and the memory limit of requests in flight.

use crate::body::{Body, BodyError};
use bytes::{Buf, Bytes};
use flate2::read::MultiGzDecoder;
use hinomi_io::{HeldMemory, MemoryShare};
use std::{
    io::{self, Read},
    sync::Arc,
};

/// Bytes decompressed at once.
const INFLATED_BYTES: usize = 64 << 10;

/// Maximum window of a zstd body: 8 MiB, which RFC 8878 requires every decoder to support. This
/// memory is not accounted for.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Compression of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    /// Parses the name, which is the same in both transports.
    pub fn of(name: &str) -> Option<Self> {
        match &*name.trim().to_ascii_lowercase() {
            "identity" | "" => Some(Self::None),
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// A body that is being decompressed.
pub(crate) struct Inflating {
    decoder: Box<dyn Read + Send>,
    inflated: Vec<u8>,
    held: HeldMemory,
    limit: usize,
    /// Reservation of the compressed body, which is needed until the end.
    _sent: HeldMemory,
}

/// Result of a decompression step.
pub(crate) enum Step {
    Done(Body),
    More(Inflating),
}

impl Inflating {
    /// Starts to decompress a body to at most `limit` bytes.
    pub fn new(
        sent: Body,
        compression: Compression,
        limit: usize,
        memory: &Arc<MemoryShare>,
    ) -> Result<Self, BodyError> {
        let bytes = sent.bytes.reader();
        let decoder: Box<dyn Read + Send> = match compression {
            Compression::None => Box::new(bytes),
            Compression::Gzip => Box::new(MultiGzDecoder::new(bytes)),
            Compression::Zstd => {
                let mut decoder = zstd::Decoder::new(bytes).map_err(corrupt)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(corrupt)?;
                Box::new(decoder)
            }
        };
        Ok(Self {
            decoder,
            inflated: Vec::new(),
            held: memory.hold(0).ok_or(BodyError::NoMemory)?,
            limit,
            _sent: sent.held,
        })
    }

    /// Decompresses until there are more than `until` bytes. Stops shortly after the limit, so that
    /// a decompression bomb costs no more than a request of maximum size.
    pub fn step(mut self, until: usize) -> Result<Step, BodyError> {
        let (inflated, limit) = (&mut self.inflated, self.limit);
        loop {
            if inflated.len() > limit {
                return Err(BodyError::TooLarge { limit });
            }
            if inflated.len() > until {
                return Ok(Step::More(self));
            }
            if inflated.capacity() - inflated.len() < INFLATED_BYTES {
                let most = limit.saturating_add(2 * INFLATED_BYTES);
                let capacity = (2 * inflated.capacity()).clamp(2 * INFLATED_BYTES, most);
                if !self.held.resize(capacity) {
                    return Err(BodyError::NoMemory);
                }
                inflated.reserve_exact(capacity - inflated.len());
            }
            let mut piece = self.decoder.by_ref().take(INFLATED_BYTES as u64);
            if piece.read_to_end(inflated).map_err(corrupt)? == 0 {
                break;
            }
        }
        inflated.shrink_to_fit();
        // Shrinking a reservation always succeeds.
        let _ = self.held.resize(inflated.len());
        Ok(Step::Done(Body {
            bytes: Bytes::from(self.inflated),
            held: self.held,
        }))
    }
}

fn corrupt(error: io::Error) -> BodyError {
    BodyError::Corrupt(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const LIMIT: usize = 10_000;

    fn inflate(
        sent: &[u8],
        compression: Compression,
        limit: usize,
        memory: &Arc<MemoryShare>,
    ) -> Result<Body, BodyError> {
        let sent = Body {
            bytes: Bytes::copy_from_slice(sent),
            held: memory.hold(sent.len()).unwrap(),
        };
        let mut step = Inflating::new(sent, compression, limit, memory)?.step(100)?;
        loop {
            match step {
                Step::Done(body) => return Ok(body),
                Step::More(more) => step = more.step(usize::MAX)?,
            }
        }
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn compressed(bytes: &[u8]) -> [(Vec<u8>, Compression); 3] {
        [
            (bytes.to_vec(), Compression::None),
            (gzip(bytes), Compression::Gzip),
            (zstd::encode_all(bytes, 3).unwrap(), Compression::Zstd),
        ]
    }

    #[test]
    fn bodies_at_the_limit_pass_and_one_byte_more_does_not() {
        let memory = MemoryShare::new(1 << 20);
        for (length, passes) in [(LIMIT, true), (LIMIT + 1, false)] {
            let bytes = vec![7; length];
            for (sent, compression) in compressed(&bytes) {
                let found = inflate(&sent, compression, LIMIT, &memory);
                match found {
                    Ok(body) => {
                        assert!(passes && body.bytes == bytes);
                        assert_eq!(memory.used(), length);
                    }
                    Err(error) => {
                        assert_eq!(
                            (error, passes),
                            (BodyError::TooLarge { limit: LIMIT }, false)
                        );
                    }
                }
                assert_eq!(memory.used(), 0);
            }
        }
    }

    #[test]
    fn bombs_are_too_large() {
        for (sent, compression) in compressed(&vec![0; 64 << 20]).into_iter().skip(1) {
            for (limit, memory, refused) in [
                (1 << 20, 64 << 20, BodyError::TooLarge { limit: 1 << 20 }),
                (64 << 20, 1 << 20, BodyError::NoMemory),
            ] {
                let memory = MemoryShare::new(memory);
                let result = inflate(&sent, compression, limit, &memory);
                assert_eq!(result.unwrap_err(), refused, "{compression:?}");
                assert_eq!(memory.used(), 0);
            }
        }
    }

    #[test]
    fn garbage_is_told() {
        let memory = MemoryShare::new(1 << 20);
        for compression in [Compression::Gzip, Compression::Zstd] {
            let result = inflate(b"no gzip, no zstd", compression, LIMIT, &memory);
            assert!(matches!(result, Err(BodyError::Corrupt(_))), "{result:?}");
        }
        assert_eq!(Compression::of("br"), None);
    }
}
