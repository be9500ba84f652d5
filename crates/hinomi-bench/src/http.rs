//! Just enough HTTP to ask the API and to listen to its stream: one request a connection, as
//! `Connection: close`, so that a body ends where the connection does.

use anyhow::{Context, Result, bail};
use std::{
    io::{Read, Write},
    net::SocketAddr,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// A query that takes longer has failed.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The body of a GET answered by 200.
pub async fn get(address: SocketAddr, path: &str) -> Result<Vec<u8>> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request(address, path).as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        anyhow::Ok(answer)
    };
    let answer = tokio::time::timeout(TIMEOUT, exchange).await;
    body(&answer.with_context(|| format!("{path}: no answer in {TIMEOUT:?}"))??)
        .with_context(|| format!("GET {path}"))
}

/// The same without a runtime.
pub fn get_blocking(address: SocketAddr, path: &str) -> Result<Vec<u8>> {
    let mut stream = std::net::TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(request(address, path).as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    body(&answer)
}

/// Events of a stream: hands each one's `data` to `event` until that returns `false`.
pub async fn listen(
    address: SocketAddr,
    path: &str,
    mut event: impl FnMut(&str, &str) -> bool,
) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request(address, path).as_bytes()).await?;
    let mut lines = BufReader::new(stream).lines();
    let status = lines.next_line().await?.unwrap_or_default();
    if !status.contains(" 200 ") {
        bail!("GET {path}: {status}");
    }
    let (mut name, mut data) = (String::new(), String::new());
    // Lengths of chunks are lines of their own and neither fields nor empty: they fall through.
    while let Some(line) = lines.next_line().await? {
        if let Some(value) = line.strip_prefix("event:") {
            value.trim().clone_into(&mut name);
        } else if let Some(value) = line.strip_prefix("data:") {
            data.push_str(value);
        } else if line.is_empty() && !data.is_empty() {
            if !event(&name, &data) {
                return Ok(());
            }
            data.clear();
        }
    }
    bail!("GET {path}: the stream ended")
}

fn request(address: SocketAddr, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")
}

/// The body of an answer with status 200, its chunks joined.
fn body(answer: &[u8]) -> Result<Vec<u8>> {
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .context("an answer without a head")?;
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let body = &answer[end + 4..];
    let status = head.lines().next().unwrap_or_default();
    if !status.contains(" 200") {
        bail!("{status}: {}", String::from_utf8_lossy(body));
    }
    if !head.contains("transfer-encoding: chunked") {
        return Ok(body.to_vec());
    }
    join_chunks(body)
}

fn join_chunks(mut body: &[u8]) -> Result<Vec<u8>> {
    let mut joined = Vec::new();
    loop {
        let end = body
            .windows(2)
            .position(|two| two == b"\r\n")
            .context("a chunk without a length")?;
        let length = std::str::from_utf8(&body[..end])?
            .split(';')
            .next()
            .unwrap_or_default();
        let length =
            usize::from_str_radix(length.trim(), 16).context("a chunk's length is no number")?;
        if length == 0 {
            return Ok(joined);
        }
        let chunk = body
            .get(end + 2..end + 2 + length)
            .context("a chunk is cut")?;
        joined.extend_from_slice(chunk);
        body = body.get(end + 4 + length..).context("a chunk has no end")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_whole_or_in_chunks() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(body(whole).unwrap(), b"hello");
        let chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
        assert_eq!(body(chunks).unwrap(), b"hello");
        assert!(body(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe").is_err());
        assert!(
            body(b"HTTP/1.1 404 Not Found\r\n\r\nno")
                .unwrap_err()
                .to_string()
                .contains("404")
        );
    }
}
