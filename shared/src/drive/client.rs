//! Calls to Google, and what their failures mean.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, header};
use http_body_util::{BodyExt, Full, Limited};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::Drive;

/// How long a call may take; shorter than a lease.
const CALL_TIMEOUT: Duration = Duration::from_mins(1);

/// How long a call within a request of ours may take.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(8);

/// Bytes of an answer at most: a page of a thousand files is one of these.
const ANSWER_LIMIT: usize = 16 * 1024 * 1024;

/// What a file is asked for.
pub(super) const FILE_FIELDS: &str = "id,name,mimeType,size,trashed,sha256Checksum";

/// A folder that the user picked may lie in a drive that is shared: without this it would not be found.
const ANYWHERE: &str = "supportsAllDrives=true";

/// The same for lists, with as much on a page as there may be.
const ALL_DRIVES: &str = "pageSize=1000&spaces=drive&supportsAllDrives=true&includeItemsFromAllDrives=true";

/// What went wrong with a call.
#[derive(Debug, Clone)]
pub enum Failure {
    /// The access token is not taken: another may be.
    Unauthorized,
    /// The user has taken the consent back, or never gave enough of it.
    NoConsent(String),
    /// Too much was asked for in too short a time.
    Limited(Option<Duration>),
    /// The user's Drive is full.
    StorageFull,
    /// It is not there.
    NotFound(String),
    /// There is one already.
    Conflict,
    /// Google refuses, and will go on refusing.
    Refused(String),
    /// Google did not answer, or not as it should.
    Away(String, Option<Duration>),
    /// Google does not take us for who we are: the operator's to mend.
    Misconfigured(String),
}

/// A call to be made, as often as need be.
pub(super) struct Request {
    method: Method,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

/// An answer of any status that the caller knows what to do with.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Tokens that Google gave.
#[derive(Deserialize)]
pub struct Grant {
    /// For calls, for an hour or so.
    pub access_token: String,
    /// For new access tokens; absent where the old one stays.
    #[serde(default)]
    pub refresh_token: Option<String>,
    /// What they are good for.
    #[serde(default)]
    pub scope: String,
}

/// What Drive says of a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata {
    /// Drive's identifier.
    pub(super) id: String,
    /// What it is called there.
    #[serde(default)]
    pub(super) name: String,
    /// Media type, Google's own included.
    #[serde(default)]
    pub(super) mime_type: String,
    /// Bytes, as a decimal number; absent for what has none.
    #[serde(default)]
    pub(super) size: Option<String>,
    /// Whether it lies in the trash.
    #[serde(default)]
    pub(super) trashed: bool,
    /// SHA-256 of the bytes, in hex.
    #[serde(default)]
    pub(super) sha256_checksum: Option<String>,
}

impl Metadata {
    /// Bytes.
    pub(super) fn bytes(&self) -> Option<i64> {
        self.size.as_ref()?.parse().ok()
    }
}

impl Request {
    /// A call without a body.
    pub(super) fn new(method: Method, url: String) -> Self {
        Self { method, url, headers: Vec::new(), body: Bytes::new() }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}

/// What may not stand for itself everywhere in a URL: all but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Text as a part of a path, or a value in a query.
fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

impl Drive {
    /// Sends a call, with an access token where it needs one.
    pub(super) async fn send(&self, request: &Request, access_token: Option<&str>) -> Result<Answer, Failure> {
        self.send_within(request, access_token, CALL_TIMEOUT).await
    }

    async fn send_within(
        &self,
        request: &Request,
        access_token: Option<&str>,
        timeout: Duration,
    ) -> Result<Answer, Failure> {
        let away = |error: &dyn std::fmt::Display| Failure::Away(error.to_string(), None);
        let mut builder = http::Request::builder().method(&request.method).uri(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        if let Some(access_token) = access_token {
            builder = builder.header(header::AUTHORIZATION, format!("Bearer {access_token}"));
        }
        let sent =
            builder.body(Full::new(request.body.clone())).map_err(|error| Failure::Refused(error.to_string()))?;
        let work = async {
            let response =
                self.http.request(sent).await.map_err(|error| away(&format!("{:#}", anyhow::Error::new(error))))?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_LIMIT).collect().await.map_err(|error| away(&error))?.to_bytes();
            Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body })
        };
        tokio::time::timeout(timeout, work).await.unwrap_or_else(|_| Err(away(&"it took too long")))
    }

    /// Exchanges an authorization code for tokens: RFC 6749, section 4.1.3, with RFC 7636.
    pub async fn exchange(
        &self,
        code: &str,
        redirect_uri: &str,
        code_verifier: Option<&str>,
    ) -> Result<Grant, Failure> {
        let mut form = vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri)];
        form.extend(code_verifier.map(|verifier| ("code_verifier", verifier)));
        self.token(form, EXCHANGE_TIMEOUT).await
    }

    /// Looks whether a refresh token is good, within a request.
    pub async fn try_refresh(&self, refresh_token: &str) -> Result<Grant, Failure> {
        self.token(vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token)], EXCHANGE_TIMEOUT).await
    }

    /// Gets a new access token: RFC 6749, section 6.
    pub(super) async fn refresh(&self, refresh_token: &str) -> Result<Grant, Failure> {
        self.token(vec![("grant_type", "refresh_token"), ("refresh_token", refresh_token)], CALL_TIMEOUT).await
    }

    async fn token(&self, mut form: Vec<(&str, &str)>, timeout: Duration) -> Result<Grant, Failure> {
        form.extend([("client_id", self.config.client_id.as_str()), ("client_secret", &self.config.client_secret)]);
        let answer = self.send_within(&self.form("/token", &form)?, None, timeout).await?;
        if answer.status == 200 {
            return answer.json();
        }
        let error = answer.oauth_error();
        let told = format!("{} {error} of the token endpoint", answer.status);
        Err(match (answer.status, error.as_str()) {
            (_, "invalid_grant") => Failure::NoConsent(told),
            (_, "invalid_client") => Failure::Misconfigured(told),
            (429, _) | (403, "rate_limit_exceeded") => Failure::Limited(answer.retry_after()),
            (400..500, _) => Failure::Refused(told),
            _ => Failure::Away(told, answer.retry_after()),
        })
    }

    /// Takes a refresh token back: RFC 7009. One that is none any more is as good.
    pub(super) async fn revoke(&self, token: &str) -> Result<(), Failure> {
        let answer = self.send(&self.form("/revoke", &[("token", token)])?, None).await?;
        match answer.status {
            200 | 400 => Ok(()),
            429 => Err(Failure::Limited(answer.retry_after())),
            status => Err(Failure::Away(format!("{status} of the revocation endpoint"), answer.retry_after())),
        }
    }

    fn form(&self, path: &str, form: &[(&str, &str)]) -> Result<Request, Failure> {
        let body = serde_html_form::to_string(form).map_err(|error| Failure::Refused(error.to_string()))?;
        let request = Request::new(Method::POST, format!("{}{path}", self.config.oauth_url));
        Ok(request.header("content-type", "application/x-www-form-urlencoded").body(body))
    }

    pub(super) fn get_account(&self) -> Request {
        Request::new(Method::GET, format!("{}/drive/v3/about?fields=user(emailAddress)", self.config.api_url))
    }

    pub(super) fn generate_id(&self) -> Request {
        Request::new(Method::GET, format!("{}/drive/v3/files/generateIds?count=1&type=files", self.config.api_url))
    }

    pub(super) fn get_file(&self, id: &str) -> Request {
        let fields = encode(FILE_FIELDS);
        Request::new(
            Method::GET,
            format!("{}/drive/v3/files/{}?{ANYWHERE}&fields={fields}", self.config.api_url, encode(id)),
        )
    }

    pub(super) fn delete_file(&self, id: &str) -> Request {
        Request::new(Method::DELETE, format!("{}/drive/v3/files/{}?{ANYWHERE}", self.config.api_url, encode(id)))
    }

    /// Begins an upload of so many bytes, to a file of this id.
    pub(super) fn begin_upload(&self, metadata: &Value, mime_type: &str, size: u64) -> Request {
        let fields = encode(FILE_FIELDS);
        let query = format!("uploadType=resumable&{ANYWHERE}&fields={fields}");
        let url = format!("{}/upload/drive/v3/files?{query}", self.config.api_url);
        Request::new(Method::POST, url)
            .header("content-type", "application/json; charset=UTF-8")
            .header("x-upload-content-type", mime_type)
            .header("x-upload-content-length", size.to_string())
            .body(metadata.to_string())
    }

    /// The URL of an upload, if it is one that tokens may be sent to.
    pub(super) fn session_url(&self, answer: &Answer) -> Result<String, Failure> {
        let location = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if location.strip_prefix(&self.config.api_url).is_some_and(|rest| rest.starts_with('/')) {
            Ok(location.to_owned())
        } else {
            Err(Failure::Away("an upload begins elsewhere than at the API".to_owned(), None))
        }
    }

    pub(super) fn start_page_token(&self) -> Request {
        Request::new(Method::GET, format!("{}/drive/v3/changes/startPageToken", self.config.api_url))
    }

    pub(super) fn list_changes(&self, page_token: &str) -> Request {
        let fields = encode(&format!("nextPageToken,newStartPageToken,changes(fileId,removed,file({FILE_FIELDS}))"));
        let token = encode(page_token);
        let query = format!("pageToken={token}&includeRemoved=true&{ALL_DRIVES}&fields={fields}");
        Request::new(Method::GET, format!("{}/drive/v3/changes?{query}", self.config.api_url))
    }

    pub(super) fn list_files(&self, page_token: Option<&str>) -> Request {
        let fields = encode(&format!("nextPageToken,files({FILE_FIELDS})"));
        let token = page_token.map(|token| format!("&pageToken={}", encode(token))).unwrap_or_default();
        let query = format!("{ALL_DRIVES}&fields={fields}{token}");
        Request::new(Method::GET, format!("{}/drive/v3/files?{query}", self.config.api_url))
    }
}

/// What begins an upload says of the file.
pub(super) fn new_file(id: &str, name: &str, mime_type: &str, folder_id: Option<&str>) -> Value {
    let mut metadata = json!({"id": id, "name": name, "mimeType": mime_type});
    if let Some(folder_id) = folder_id {
        metadata["parents"] = json!([folder_id]);
    }
    metadata
}

impl Answer {
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Failure::Away(format!("an answer cannot be read: {error}"), None))
    }

    /// Seconds of `Retry-After`; Google sends no dates there.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let value = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
        value.trim().parse().ok().map(Duration::from_secs)
    }

    fn oauth_error(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["error"].as_str().unwrap_or_default().to_owned()
    }

    /// The answer, if it went well; otherwise what Drive means by its status.
    pub(super) fn ok(self) -> Result<Self, Failure> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let error = &body["error"];
        let reason = error["errors"][0]["reason"].as_str().unwrap_or_default();
        // Newer parts of the API say it there only.
        let detail = error["details"][0]["reason"].as_str().unwrap_or_default();
        let message: String = error["message"].as_str().unwrap_or_default().chars().take(300).collect();
        let told = format!("{} {reason}{detail}: {message}", self.status);
        Err(match (self.status, reason) {
            (401, _) => Failure::Unauthorized,
            (
                403,
                "rateLimitExceeded" | "userRateLimitExceeded" | "dailyLimitExceeded" | "sharingRateLimitExceeded",
            )
            | (429, _) => Failure::Limited(self.retry_after()),
            (403, "storageQuotaExceeded") => Failure::StorageFull,
            (403, "insufficientPermissions" | "insufficientScopes" | "insufficientAuthenticationScopes") => {
                Failure::NoConsent(told)
            }
            (403, _) if detail == "ACCESS_TOKEN_SCOPE_INSUFFICIENT" => Failure::NoConsent(told),
            (403, "accessNotConfigured") => Failure::Misconfigured(told),
            (404 | 410, _) => Failure::NotFound(told),
            (409, _) => Failure::Conflict,
            (400..500, _) => Failure::Refused(told),
            _ => Failure::Away(told, self.retry_after()),
        })
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unauthorized => formatter.write_str("an access token is not taken"),
            Self::NoConsent(told) => write!(formatter, "there is no consent: {told}"),
            Self::Limited(_) => formatter.write_str("too much was asked for"),
            Self::StorageFull => formatter.write_str("the user's Drive is full"),
            Self::NotFound(told) => write!(formatter, "it is not there: {told}"),
            Self::Conflict => formatter.write_str("there is one already"),
            Self::Refused(told) => write!(formatter, "Google refuses: {told}"),
            Self::Away(told, _) => write!(formatter, "Google is away: {told}"),
            Self::Misconfigured(told) => write!(formatter, "Google does not take our credentials: {told}"),
        }
    }
}
