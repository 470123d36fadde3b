//! The HTTP answer to a refused request, as 3.0.9 words it (docs/protocol.md, "Upgrade").

use tokio_tungstenite::tungstenite::http::StatusCode;

use super::Refusal;

impl Refusal {
    /// The whole answer, after which the connection is closed. `peer` is `<address>:<port>` as Node.js writes it.
    pub fn response(&self, peer: &str) -> Vec<u8> {
        let Self { status, headers, .. } = self;
        let (peer, reason) = (escape(peer), escape(self.reason()));
        let body = format!(
            "<html><body><h1>{status}</h1><p>Upgrade request for {peer} was refused. {reason}</p></body></html>"
        );
        // Who sends Upgrade has to name it in Connection as well (RFC 9110 section 7.8).
        let connection = if *status == StatusCode::UPGRADE_REQUIRED { "close, Upgrade" } else { "close" };
        // Its length, whether it is sent or not (RFC 9110 section 8.6).
        let length = body.len();
        let body = if self.bodiless { "" } else { body.as_str() };
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n\
             {headers}Connection: {connection}\r\n\r\n{body}"
        )
        .into_bytes()
    }
}

/// Text as HTML shows it: some of it came from outside.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
