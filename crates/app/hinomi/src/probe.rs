//! A minimal HTTP client for one request to a running server, as `doctor` and `deployment` need it.
//!
//! Supports `http://` only and no redirects. An answer may have at most 8 MiB and must arrive
//! within seconds.

use std::{
    io::{Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

/// Longest wait for a connection, and for each part of an answer.
const WAIT: Duration = Duration::from_secs(5);
/// Longest answer, in bytes.
const ANSWER_BYTES: u64 = 8 << 20;

/// An answer of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    headers: String,
    /// The body. Bytes that are not UTF-8 are replaced.
    pub body: String,
}

impl Answer {
    /// When it was sent by the server's clock, in seconds since the Unix epoch.
    pub fn date_seconds(&self) -> Option<i64> {
        let date = self.header("date")?;
        let parsed = jiff::fmt::rfc2822::parse(date).ok()?;
        Some(parsed.timestamp().as_second())
    }

    fn header(&self, name: &str) -> Option<&str> {
        let headers = self.headers.lines().filter_map(|line| line.split_once(':'));
        let mut of_name = headers.filter(|(have, _)| have.eq_ignore_ascii_case(name));
        of_name.next().map(|(_, value)| value.trim())
    }
}

/// Sends a GET request for `path` to the server at `url`.
pub fn get(url: &str, path: &str) -> anyhow::Result<Answer> {
    ask(url, &format!("GET {path}"), "", "")
}

/// Sends a POST request with JSON for `path` to the server at `url`.
pub fn post(url: &str, path: &str, json: &str) -> anyhow::Result<Answer> {
    let length = json.len();
    let headers = format!("content-type: application/json\r\ncontent-length: {length}\r\n");
    ask(url, &format!("POST {path}"), &headers, json)
}

fn ask(url: &str, question: &str, headers: &str, body: &str) -> anyhow::Result<Answer> {
    let rest = url
        .strip_prefix("http://")
        .ok_or_else(|| anyhow::anyhow!("the address must begin with http://"))?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    anyhow::ensure!(path.is_empty(), "the address must end after its port");
    let named = match authority.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => authority.to_owned(),
        _ => format!("{authority}:80"),
    };
    let mut tried = Err(anyhow::anyhow!("{named} has no address"));
    // `localhost` may have several addresses, of which only one has a server.
    for address in named.to_socket_addrs()? {
        tried = TcpStream::connect_timeout(&address, WAIT).map_err(Into::into);
        if tried.is_ok() {
            break;
        }
    }
    let mut stream = tried?;
    stream.set_read_timeout(Some(WAIT))?;
    stream.set_write_timeout(Some(WAIT))?;
    // With HTTP/1.0 the answer is not chunked.
    let request = format!(
        "{question} HTTP/1.0\r\nhost: {authority}\r\nconnection: close\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.take(ANSWER_BYTES).read_to_end(&mut bytes)?;
    parse(&String::from_utf8_lossy(&bytes)).ok_or_else(|| anyhow::anyhow!("the answer is not HTTP"))
}

fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let (status, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let mut words = status.split(' ');
    if !words.next()?.starts_with("HTTP/1.") {
        return None;
    }
    Some(Answer {
        status: words.next()?.parse().ok()?,
        headers: headers.to_owned(),
        body: body.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_apart() {
        let answer =
            parse("HTTP/1.0 503 no\r\nDate: Sun, 22 Nov 2026 13:00:00 GMT\r\n\r\nstarting");
        let answer = answer.unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (503, "starting"));
        assert_eq!(answer.date_seconds(), Some(1_795_352_400));
    }

    #[test]
    fn what_is_no_http_is_refused() {
        for text in [
            "",
            "SSH-2.0-x\r\n\r\n",
            "HTTP/1.1 x\r\n\r\n",
            "HTTP/1.1 200 ok",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        for address in ["https://127.0.0.1:1", "http://127.0.0.1:1/hinomi"] {
            let error = get(address, "/").unwrap_err().to_string();
            assert!(error.starts_with("the address must"), "{error}");
        }
    }
}
