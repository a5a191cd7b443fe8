//! Requests and what comes back.

use std::sync::OnceLock;

use reqwest::{Method, RequestBuilder, header};
use serde_json::Value;

/// A client that follows no redirects, so that tests see them.
#[must_use]
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// The API under test: `ATELIER_URL`, or one in this process.
#[must_use]
pub fn base_url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| {
        std::env::var("ATELIER_URL")
            .unwrap_or_else(|_| crate::server::Server::start(crate::database::functions_url()).url)
    })
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: header::HeaderMap,
    /// The body, as it came.
    pub bytes: Vec<u8>,
    /// The body as JSON; null where it is none.
    pub json: Value,
    /// What was asked, for messages.
    request: String,
}

impl Reply {
    /// Sends a request.
    ///
    /// # Panics
    /// Where nobody answers.
    pub async fn to(request: RequestBuilder) -> Self {
        let (client, request) = request.build_split();
        let request = request.expect("a request");
        let description = format!("{} {}", request.method(), request.url());
        let response = client.execute(request).await.unwrap_or_else(|error| panic!("{description}: {error}"));
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let bytes = response.bytes().await.expect("a body").to_vec();
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        Self { status, headers, bytes, json, request: description }
    }

    /// A function's answer, as API Gateway would hand it on.
    ///
    /// # Panics
    /// Where it is none.
    #[must_use]
    pub fn from_gateway(request: String, answer: &Value) -> Self {
        let status = answer["statusCode"].as_u64().unwrap_or_else(|| panic!("{request} answered {answer}"));
        let mut headers = header::HeaderMap::new();
        for (name, value) in answer["headers"].as_object().into_iter().flatten() {
            let name = name.parse::<header::HeaderName>().expect("a header's name");
            headers.insert(name, value.as_str().expect("text").parse().expect("a header's value"));
        }
        assert_ne!(answer["isBase64Encoded"], true, "{request}: every body of the API is text");
        let bytes = answer["body"].as_str().unwrap_or_default().as_bytes().to_vec();
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        Self { status: status.try_into().expect("a status"), headers, bytes, json, request }
    }

    /// The reply, which must have this status.
    ///
    /// # Panics
    /// Where it has another.
    #[must_use]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        let body = String::from_utf8_lossy(&self.bytes);
        assert_eq!(self.status, status, "{} answered {body}", self.request);
        self
    }

    /// Makes sure that it is the problem of this code and status, in the right form.
    ///
    /// # Panics
    /// Where it is something else.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        let reply = self.expect(status);
        assert_eq!(reply.json["code"], code, "{} answered {}", reply.request, reply.json);
        assert_eq!(reply.json["status"], status);
        assert_eq!(reply.header("content-type"), "application/problem+json");
        reply
    }

    /// The pointers of the fields that a problem names.
    #[must_use]
    pub fn pointers(&self) -> Vec<&str> {
        let errors = self.json["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().filter_map(|error| error["pointer"].as_str()).collect()
    }

    /// A header; empty where it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The ETag.
    #[must_use]
    pub fn etag(&self) -> String {
        self.header("etag").to_owned()
    }

    /// The resource's id.
    ///
    /// # Panics
    /// Where it has none.
    #[must_use]
    #[track_caller]
    pub fn id(&self) -> String {
        self.json["id"].as_str().unwrap_or_else(|| panic!("no id in {}", self.json)).to_owned()
    }
}

/// Begins a request to the API.
///
/// # Panics
/// Where the method is none.
pub fn request(client: &reqwest::Client, base_url: &str, method: &str, path: &str) -> RequestBuilder {
    client.request(method.parse::<Method>().expect("a method"), format!("{base_url}{path}"))
}
