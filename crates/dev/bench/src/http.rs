//! A minimal HTTP client: requests over a keep-alive connection, and listening to an event stream.

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

/// Longest head of an answer, in bytes.
const HEAD: usize = 64 << 10;
/// Longest body of an answer, in bytes.
const BODY: usize = 256 << 20;

/// One connection.
pub struct Client {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    /// Whether the server has announced that it closes the connection.
    is_closed: bool,
}

/// An answer of the server.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body; chunks are joined.
    pub body: Vec<u8>,
}

impl Client {
    /// Opens a connection.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        Ok(Self {
            stream: connect(address).await?,
            address,
            is_closed: false,
        })
    }

    /// The answer to a GET request, whatever its status.
    pub async fn get(&mut self, path: &str) -> Result<Answer> {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        let answer = tokio::time::timeout(TIMEOUT, self.exchange(&head, &[])).await;
        answer
            .with_context(|| format!("no answer in {TIMEOUT:?}"))
            .flatten()
            .with_context(|| format!("GET {path}"))
    }

    /// The answer to a POST request.
    pub async fn post(&mut self, path: &str, kind: &str, body: &[u8]) -> Result<Answer> {
        self.send("POST", path, kind, body).await
    }

    /// The answer to a PUT request.
    pub async fn put(&mut self, path: &str, kind: &str, body: &[u8]) -> Result<Answer> {
        self.send("PUT", path, kind, body).await
    }

    /// Connects again before the next request.
    pub fn reconnect(&mut self) {
        self.is_closed = true;
    }

    async fn send(&mut self, method: &str, path: &str, kind: &str, body: &[u8]) -> Result<Answer> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        let answer = tokio::time::timeout(TIMEOUT, self.exchange(&head, body)).await;
        answer
            .with_context(|| format!("no answer in {TIMEOUT:?}"))
            .flatten()
            .with_context(|| format!("{method} {path}"))
    }

    async fn exchange(&mut self, head: &str, body: &[u8]) -> Result<Answer> {
        if std::mem::take(&mut self.is_closed) {
            self.stream = connect(self.address).await?;
        }
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
        let (mut status, mut length, mut chunked) = (None, 0, false);
        let mut taken = 0;
        loop {
            let mut line = String::new();
            taken += self.stream.read_line(&mut line).await?;
            if line.is_empty() {
                // The server closed the connection before it answered.
                bail!(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
            }
            if taken > HEAD {
                bail!("the head of the answer has no end");
            }
            let line = line.trim().to_ascii_lowercase();
            if status.is_none() {
                status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
            } else if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            } else if line.starts_with("connection:") {
                self.is_closed = line.contains("close");
            } else if line.starts_with("transfer-encoding:") {
                chunked = line.contains("chunked");
            } else if line.is_empty() {
                break;
            }
        }
        let status = status.context("an answer without a status")?;
        let body = if chunked {
            self.chunks().await?
        } else {
            self.take(length).await?
        };
        Ok(Answer { status, body })
    }

    async fn take(&mut self, length: usize) -> Result<Vec<u8>> {
        if length > BODY {
            bail!("a body of {length} bytes");
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok(body)
    }

    async fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut joined = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).await?;
            let length = line.split(';').next().unwrap_or_default().trim();
            let length =
                usize::from_str_radix(length, 16).context("a chunk's length is no number")?;
            let mut chunk = self.take(length + 2).await?;
            chunk.truncate(length);
            if length == 0 || joined.len() > BODY {
                return Ok(joined);
            }
            joined.append(&mut chunk);
        }
    }
}

async fn connect(address: SocketAddr) -> Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

/// The body of a GET request that is answered with 200; works without a runtime.
pub fn get_blocking(address: SocketAddr, path: &str) -> Result<Vec<u8>> {
    let mut stream = std::net::TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(request(address, path).as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    body(&answer)
}

/// Passes the name and the data of each event to `event` until that returns `false`.
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
    // Lines with chunk lengths are neither fields nor empty, so they are ignored.
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

/// The body of an answer with status 200, up to the end of the connection.
fn body(answer: &[u8]) -> Result<Vec<u8>> {
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .context("an answer without a head")?;
    let head = String::from_utf8_lossy(&answer[..end]);
    let status = head.lines().next().unwrap_or_default();
    if !status.contains(" 200") {
        bail!("{status}");
    }
    Ok(answer[end + 4..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(answer: &'static [u8]) -> Result<Answer> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut question = [0; 1024];
            let _ = stream.read(&mut question).await.unwrap();
            stream.write_all(answer).await.unwrap();
        });
        Client::open(address).await?.get("/").await
    }

    #[tokio::test]
    async fn bodies_are_read_whole_or_in_chunks() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(asked(whole).await.unwrap().body, b"hello");
        let chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
        assert_eq!(asked(chunks).await.unwrap().body, b"hello");
        let cut = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe";
        assert!(asked(cut).await.is_err());
        let missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(asked(missing).await.unwrap().status, 404);
        assert!(body(missing).is_err());
    }
}
