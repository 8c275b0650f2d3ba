//! Resend, as its documentation has it: one letter for each idempotency key, and errors as documents.

use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Instant,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;

/// The key that it knows.
pub(crate) const KEY: &str = "re_123456789";

/// What it says to the next request, instead of what it would.
pub(crate) enum Answer {
    /// An error, with further header fields; nothing is taken.
    Error { status: u16, body: String, header: String },
    /// It takes the letter and hangs up.
    Cut,
}

impl Answer {
    pub(crate) fn error(status: u16, name: &str, message: &str) -> Self {
        let body = json!({ "statusCode": status, "name": name, "message": message }).to_string();
        Self::Error { status, body, header: String::new() }
    }

    pub(crate) fn with(self, field: &str) -> Self {
        match self {
            Self::Error { status, body, .. } => Self::Error { status, body, header: format!("{field}\r\n") },
            Self::Cut => self,
        }
    }
}

pub(crate) struct Double {
    address: SocketAddr,
    book: Arc<Mutex<Book>>,
}

#[derive(Default)]
struct Book {
    answers: VecDeque<Answer>,
    asked: Vec<(String, Instant)>,
    /// By idempotency key.
    taken: BTreeMap<String, Value>,
}

/// The id that it gives a letter.
pub(crate) fn id_of(key: &str) -> String {
    format!("resend-{key}")
}

impl Double {
    pub(crate) async fn open(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let book = Arc::new(Mutex::new(Book { answers: answers.into_iter().collect(), ..Book::default() }));
        let shared = Arc::clone(&book);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, book }
    }

    pub(crate) fn url(&self) -> Url {
        format!("http://{}", self.address).parse().unwrap()
    }

    /// Every letter that it took, with its key.
    pub(crate) fn taken(&self) -> Vec<(String, Value)> {
        self.book.lock().unwrap().taken.clone().into_iter().collect()
    }

    /// Keys and times of every request.
    pub(crate) fn asked(&self) -> (Vec<String>, Vec<Instant>) {
        self.book.lock().unwrap().asked.iter().cloned().unzip()
    }
}

/// One request a connection.
async fn serve(mut stream: TcpStream, book: Arc<Mutex<Book>>) {
    let mut read = Vec::new();
    let (head, length) = loop {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).await.unwrap();
        assert!(count > 0, "the client hung up");
        read.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let length: usize = field(head, "content-length").parse().unwrap();
        if read.len() >= head.len() + 4 + length {
            break (head.to_owned(), length);
        }
    };
    let document: Value = serde_json::from_slice(&read[read.len() - length..]).unwrap();
    let answer = book.lock().unwrap().answer(&head, document);
    if let Some(answer) = answer {
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

impl Book {
    /// `None`: it hangs up.
    fn answer(&mut self, head: &str, document: Value) -> Option<String> {
        assert!(head.starts_with("POST /emails HTTP/1.1\r\n"), "{head}");
        let key = field(head, "idempotency-key");
        self.asked.push((key.clone(), Instant::now()));
        let cut = match self.answers.pop_front() {
            Some(Answer::Error { status, body, header }) => return Some(http(status, &header, &body)),
            Some(Answer::Cut) => true,
            None => false,
        };
        if field(head, "authorization") != format!("Bearer {KEY}") {
            let said =
                json!({ "statusCode": 401, "name": "validation_error", "message": "API key is invalid" });
            return Some(http(401, "", &said.to_string()));
        }
        let first = self.taken.entry(key.clone()).or_insert_with(|| document.clone());
        if *first != document {
            let said = json!({
                "statusCode": 409, "name": "invalid_idempotent_request",
                "message": "Same idempotency key used with a different request payload.",
            });
            return Some(http(409, "", &said.to_string()));
        }
        (!cut).then(|| http(200, "", &json!({ "id": id_of(&key) }).to_string()))
    }
}

fn field(head: &str, name: &str) -> String {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")));
    line.and_then(|line| line.split_once(':')).map_or_else(String::new, |(_, value)| value.trim().to_owned())
}

fn http(status: u16, header: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nConnection: close\r\n{header}\
         Content-Length: {length}\r\n\r\n{body}"
    )
}
