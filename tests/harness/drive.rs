//! A server that speaks Google's OAuth and version 3 of the Drive API, as far as Atelier uses them, and that fails, falls
//! silent and forgets on demand. Each account is a test's own.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    io,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use shared::{config::DriveConfig, drive::Drive, text::Sha256};
use tokio::sync::watch;
use uuid::Uuid;

/// The OAuth client that the server knows.
pub const CLIENT: (&str, &str) = ("atelier-test", "only-on-loopback");

/// What tests seal with: the newest first.
pub const KEYS: &str =
    "new:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=,old:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// The only scope that it grants.
const SCOPE: &str = "https://www.googleapis.com/auth/drive.file";

/// Bytes of a part of an upload, unless it is the last, must be a multiple of this.
const GRANULE: usize = 256 * 1024;

/// Items on a page, so that tests need not many.
const PAGE: usize = 2;

/// How long a test waits for a request.
const PATIENCE: Duration = Duration::from_mins(1);

/// The server.
pub struct FakeDrive {
    /// `http://127.0.0.1:<port>`.
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    url: String,
    world: Mutex<World>,
    /// How many requests are being held, by account.
    held: watch::Sender<HashMap<String, usize>>,
}

#[derive(Default)]
struct World {
    accounts: HashMap<String, State>,
    codes: HashMap<String, Code>,
    access_tokens: HashMap<String, String>,
    sessions: HashMap<String, Session>,
}

/// An account, by its refresh token.
struct State {
    email: String,
    scope: String,
    files: BTreeMap<String, File>,
    /// Identifiers that were drawn, and may be used.
    drawn: BTreeSet<String>,
    /// Identifiers of what changed, in order.
    changes: Vec<String>,
    /// Page tokens below this are not known any more.
    oldest_page: usize,
    is_withdrawn: bool,
    faults: VecDeque<(&'static str, Fault)>,
    hold: Option<(usize, Moment)>,
    /// How often what is held was let go.
    released: watch::Sender<usize>,
    log: Vec<&'static str>,
}

/// A file in Drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// What it is called.
    pub name: String,
    /// Media type.
    pub mime_type: String,
    /// Its folder, if it is not at the top.
    pub parent: Option<String>,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Whether it lies in the trash.
    pub trashed: bool,
}

struct Code {
    account: String,
    redirect_uri: String,
    challenge: Option<String>,
    gives_token: bool,
}

struct Session {
    account: String,
    id: String,
    file: File,
    size: usize,
    bytes: Vec<u8>,
}

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is answered with this status, these headers and this body, and does nothing.
    Answer(u16, &'static [(&'static str, &'static str)], Value),
    /// The connection ends before it does anything.
    Lost,
    /// It does what it should, and the connection ends before the answer.
    AnswerLost,
    /// Of a part of an upload half arrives.
    Half,
    /// Of a part of an upload the first byte is changed on the way.
    Spoiled,
    /// The upload is forgotten before.
    Forgotten,
}

/// Where in a request it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before it does anything.
    Before,
    /// In the middle of a part of an upload; elsewhere as before.
    Middle,
    /// When it has done what it should, and only the answer is missing.
    After,
}

/// Every moment.
pub const MOMENTS: [Moment; 3] = [Moment::Before, Moment::Middle, Moment::After];

/// Google's answer to what may not be: a status and the body with this reason.
#[must_use]
pub fn error(status: u16, reason: &str) -> (u16, Value) {
    let message = format!("It is {reason}");
    (status, json!({"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}}))
}

impl Fault {
    /// An error of the Drive API.
    #[must_use]
    pub fn error(status: u16, reason: &str) -> Self {
        let (status, body) = error(status, reason);
        Self::Answer(status, &[], body)
    }
}

/// The server of this program.
pub fn fake() -> &'static FakeDrive {
    static FAKE: OnceLock<FakeDrive> = OnceLock::new();
    FAKE.get_or_init(FakeDrive::start)
}

impl FakeDrive {
    /// Starts one.
    ///
    /// # Panics
    /// Where no port is free.
    #[must_use]
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("it can be");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared =
            Arc::new(Shared { url: url.clone(), world: Mutex::default(), held: watch::Sender::new(HashMap::new()) });
        let state = Arc::clone(&shared);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                while let Ok((stream, _)) = listener.accept().await {
                    let state = Arc::clone(&state);
                    let service = service_fn(move |request| serve(Arc::clone(&state), request));
                    tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
                }
            });
        });
        Self { url, shared }
    }

    /// A client of this server, with these keys. Its connections belong to the runtime that uses it first.
    ///
    /// # Panics
    /// Where the keys are none.
    #[must_use]
    pub fn client(&self, keys: &str) -> Drive {
        Drive::new(DriveConfig {
            client_id: CLIENT.0.to_owned(),
            client_secret: CLIENT.1.to_owned(),
            api_url: self.url.clone(),
            oauth_url: self.url.clone(),
            keys: keys.parse().expect("keys"),
            chunk: GRANULE,
        })
    }

    /// The variables of a program that uses this server.
    #[must_use]
    pub fn variables(&self) -> Vec<(String, String)> {
        [
            ("GOOGLE_CLIENT_ID", CLIENT.0),
            ("GOOGLE_CLIENT_SECRET", CLIENT.1),
            ("GOOGLE_API_URL", &self.url),
            ("GOOGLE_OAUTH_URL", &self.url),
            ("DRIVE_TOKEN_KEYS", KEYS),
            ("DRIVE_CHUNK", "256"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// A new account with an empty Drive.
    #[must_use]
    pub fn account(&self) -> Account {
        let refresh_token = format!("1//{}", Uuid::new_v4());
        let state = State {
            email: format!("{}@gmail.example", Uuid::new_v4().simple()),
            scope: SCOPE.to_owned(),
            files: BTreeMap::new(),
            drawn: BTreeSet::new(),
            changes: Vec::new(),
            oldest_page: 0,
            is_withdrawn: false,
            faults: VecDeque::new(),
            hold: None,
            released: watch::Sender::new(0),
            log: Vec::new(),
        };
        self.shared.world().accounts.insert(refresh_token.clone(), state);
        Account { refresh_token, shared: Arc::clone(&self.shared) }
    }
}

/// Somebody's account.
#[derive(Clone)]
pub struct Account {
    /// What Atelier is given to act for them.
    pub refresh_token: String,
    shared: Arc<Shared>,
}

impl Account {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(self.shared.world().accounts.get_mut(&self.refresh_token).expect("an account"))
    }

    /// The address.
    #[must_use]
    pub fn email(&self) -> String {
        self.change(|state| state.email.clone())
    }

    /// Consents: an authorization code for this redirect URI, and this challenge (S256) if there is one.
    #[must_use]
    pub fn code(&self, redirect_uri: &str, challenge: Option<&str>) -> String {
        self.consent(redirect_uri, challenge, true)
    }

    /// Consents once more, without a new refresh token: as without `prompt=consent`.
    #[must_use]
    pub fn code_without_token(&self, redirect_uri: &str) -> String {
        self.consent(redirect_uri, None, false)
    }

    fn consent(&self, redirect_uri: &str, challenge: Option<&str>, gives_token: bool) -> String {
        let code = format!("4/{}", Uuid::new_v4());
        let new = Code {
            account: self.refresh_token.clone(),
            redirect_uri: redirect_uri.to_owned(),
            challenge: challenge.map(str::to_owned),
            gives_token,
        };
        self.shared.world().codes.insert(code.clone(), new);
        code
    }

    /// Grants something else than files.
    pub fn narrow_scope(&self) {
        self.change(|state| "https://www.googleapis.com/auth/userinfo.email".clone_into(&mut state.scope));
    }

    /// Takes the consent back, in Google's own settings.
    pub fn withdraw(&self) {
        self.change(|state| state.is_withdrawn = true);
        self.expire_access();
    }

    /// Gives it again.
    pub fn consent_again(&self) {
        self.change(|state| state.is_withdrawn = false);
    }

    /// Whether the token was revoked, or the consent taken back.
    #[must_use]
    pub fn is_withdrawn(&self) -> bool {
        self.change(|state| state.is_withdrawn)
    }

    /// Ends all access tokens.
    pub fn expire_access(&self) {
        self.shared.world().access_tokens.retain(|_, account| *account != self.refresh_token);
    }

    /// All files, by their identifiers.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, File> {
        self.change(|state| state.files.clone())
    }

    /// The only file there is.
    ///
    /// # Panics
    /// Where there is none, or are more.
    #[must_use]
    #[track_caller]
    pub fn only_file(&self) -> (String, File) {
        let files = self.files();
        assert_eq!(files.len(), 1, "{:?}", files.keys());
        files.into_iter().next().expect("one")
    }

    /// Does something to a file, as the user would in Drive.
    ///
    /// # Panics
    /// Where it is not there.
    pub fn edit(&self, id: &str, edit: impl FnOnce(&mut File)) {
        self.change(|state| {
            edit(state.files.get_mut(id).expect("a file"));
            state.changes.push(id.to_owned());
        });
    }

    /// Removes a file for good, as the user would in Drive.
    pub fn remove(&self, id: &str) {
        self.change(|state| {
            state.files.remove(id);
            state.changes.push(id.to_owned());
        });
    }

    /// Puts back a file that was removed.
    pub fn restore(&self, id: &str, file: File) {
        self.change(|state| {
            state.files.insert(id.to_owned(), file);
            state.changes.push(id.to_owned());
        });
    }

    /// Forgets every place among the changes but the last.
    pub fn forget_pages(&self) {
        self.change(|state| state.oldest_page = state.changes.len());
    }

    /// Has the next request of this kind fail. Those of one kind fail in the order in which they were told to.
    pub fn fail(&self, request: &'static str, fault: Fault) {
        self.change(|state| state.faults.push_back((request, fault)));
    }

    /// Whether every fault has happened.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.change(|state| state.faults.is_empty())
    }

    /// The kinds of requests so far; forgets them.
    #[must_use]
    pub fn requests(&self) -> Vec<&'static str> {
        self.change(|state| std::mem::take(&mut state.log))
    }

    /// Holds the request of this number, counted from 1, and does not answer it until it is let go.
    pub fn hold(&self, number: usize, moment: Moment) {
        self.change(|state| {
            state.log.clear();
            state.hold = Some((number, moment));
        });
    }

    /// Holds nothing more.
    pub fn hold_nothing(&self) {
        self.change(|state| state.hold = None);
    }

    /// How many requests were held so far.
    #[must_use]
    pub fn held_so_far(&self) -> usize {
        self.shared.held.borrow().get(&self.refresh_token).copied().unwrap_or_default()
    }

    /// Answers what is being held.
    pub fn let_go(&self) {
        self.change(|state| state.released.send_modify(|released| *released += 1));
    }

    /// Waits until one more request than this is held, and gives their number.
    ///
    /// # Panics
    /// Where none comes.
    pub async fn held(&self, before: usize) -> usize {
        let mut held = self.shared.held.subscribe();
        let of = |held: &HashMap<String, usize>| held.get(&self.refresh_token).copied().unwrap_or_default();
        let wait = held.wait_for(|held| of(held) > before);
        of(&tokio::time::timeout(PATIENCE, wait).await.expect("a request comes").expect("the sender is ours"))
    }
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request, taken apart.
struct Call {
    kind: &'static str,
    account: Option<String>,
    path: String,
    query: HashMap<String, String>,
    form: HashMap<String, String>,
    headers: http::HeaderMap,
    body: Bytes,
}

type Answer = (u16, Vec<(&'static str, String)>, Value);

/// An error ends the connection without an answer.
async fn serve(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, io::Error> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let path = parts.uri.path().to_owned();
    let pairs = |text: &str| serde_pairs(text);
    let mut call = Call {
        kind: kind(parts.method.as_str(), &path, &parts.headers, parts.uri.query().unwrap_or_default()),
        account: None,
        query: pairs(parts.uri.query().unwrap_or_default()),
        form: if path == "/token" || path == "/revoke" {
            pairs(&String::from_utf8_lossy(&body))
        } else {
            HashMap::new()
        },
        path,
        headers: parts.headers,
        body,
    };
    let (fault, moment) = shared.world().enter(&mut call);
    let account = call.account.clone();
    let hold = async |moment: Option<Moment>| {
        if let (Some(_), Some(account)) = (moment, &account) {
            let released = shared.world().accounts.get(account).map(|state| state.released.subscribe());
            shared.held.send_modify(|held| *held.entry(account.clone()).or_default() += 1);
            if let Some(mut released) = released {
                let _ = released.changed().await;
            }
        }
    };
    let is_part = call.kind == "part";
    hold(moment.filter(|moment| *moment == Moment::Before || (*moment == Moment::Middle && !is_part))).await;
    match &fault {
        Some(Fault::Answer(status, headers, body)) => {
            let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            return Ok(respond((*status, headers, body.clone())));
        }
        Some(Fault::Lost) => return Err(io::Error::other("lost")),
        _ => {}
    }
    let is_half = matches!(fault, Some(Fault::Half)) || moment == Some(Moment::Middle);
    if is_half && is_part {
        call.halve();
    }
    if matches!(fault, Some(Fault::Spoiled)) {
        let mut spoiled = call.body.to_vec();
        spoiled[0] ^= 1;
        call.body = spoiled.into();
    }
    if matches!(fault, Some(Fault::Forgotten)) {
        shared.world().sessions.remove(call.query.get("upload_id").map_or("", String::as_str));
    }
    let answer = shared.world().answer(&call, &shared.url);
    hold(moment.filter(|moment| *moment == Moment::After || is_part && *moment == Moment::Middle)).await;
    match fault {
        Some(Fault::AnswerLost | Fault::Half) => Err(io::Error::other("the answer is lost")),
        _ => Ok(respond(answer)),
    }
}

fn respond((status, headers, body): Answer) -> Response<Full<Bytes>> {
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Full::new(body)).expect("a response")
}

/// Names and values of a query or a form.
fn serde_pairs(text: &str) -> HashMap<String, String> {
    reqwest::Url::parse(&format!("http://x/?{text}"))
        .map(|url| url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
        .unwrap_or_default()
}

/// What a request is, in a word.
fn kind(method: &str, path: &str, headers: &http::HeaderMap, query: &str) -> &'static str {
    let range = headers.get("content-range").and_then(|range| range.to_str().ok()).unwrap_or_default();
    match (method, path) {
        ("POST", "/token") => "token",
        ("POST", "/revoke") => "revoke",
        ("GET", "/drive/v3/about") => "about",
        ("GET", "/drive/v3/files/generateIds") => "draw",
        ("POST", "/upload/drive/v3/files") if query.contains("uploadType=resumable") => "begin",
        ("PUT", "/upload/drive/v3/files") if range.starts_with("bytes */") => "ask",
        ("PUT", "/upload/drive/v3/files") => "part",
        ("GET", "/drive/v3/changes/startPageToken") => "start",
        ("GET", "/drive/v3/changes") => "changes",
        ("GET", "/drive/v3/files") => "list",
        ("GET", _) if path.starts_with("/drive/v3/files/") => "get",
        ("DELETE", _) if path.starts_with("/drive/v3/files/") => "delete",
        _ => "unknown",
    }
}

fn fine(body: Value) -> Answer {
    (200, vec![("content-type", "application/json".to_owned())], body)
}

fn refused(status: u16, reason: &str) -> Answer {
    let (status, body) = error(status, reason);
    (status, Vec::new(), body)
}

fn oauth_error(error: &str) -> Answer {
    (400, Vec::new(), json!({"error": error, "error_description": "Bad Request"}))
}

impl Call {
    /// Half of a part, as its header would say.
    fn halve(&mut self) {
        let half = self.body.len() / 2;
        self.body = self.body.slice(..half);
        self.headers.insert("x-halved", "1".parse().expect("a header"));
    }

    fn id(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

impl World {
    /// Whose request it is, what goes wrong with it, and where it is held.
    fn enter(&mut self, call: &mut Call) -> (Option<Fault>, Option<Moment>) {
        let bearer = call.headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let code = call.form.get("code").and_then(|code| self.codes.get(code)).map(|code| code.account.clone());
        let session = call.query.get("upload_id").and_then(|id| self.sessions.get(id));
        call.account = call
            .form
            .get("refresh_token")
            .or_else(|| call.form.get("token"))
            .cloned()
            .or(code)
            .or_else(|| bearer.and_then(|token| self.access_tokens.get(token)).cloned())
            .or_else(|| session.map(|session| session.account.clone()));
        let Some(state) = call.account.as_ref().and_then(|account| self.accounts.get_mut(account)) else {
            call.account = None;
            return (None, None);
        };
        state.log.push(call.kind);
        let number = state.log.len();
        let moment = state.hold.filter(|(held, _)| *held == number).map(|(_, moment)| moment);
        let fault = state.faults.iter().position(|(kind, _)| *kind == call.kind);
        (fault.and_then(|position| state.faults.remove(position)).map(|(_, fault)| fault), moment)
    }

    fn answer(&mut self, call: &Call, url: &str) -> Answer {
        match call.kind {
            "token" => return self.token(call),
            "revoke" => {
                let token = call.form.get("token").cloned().unwrap_or_default();
                return match self.accounts.get_mut(&token) {
                    Some(state) if !state.is_withdrawn => {
                        state.is_withdrawn = true;
                        self.access_tokens.retain(|_, account| *account != token);
                        fine(json!({}))
                    }
                    _ => oauth_error("invalid_token"),
                };
            }
            _ => {}
        }
        let bearer = call.headers.get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let Some(account) = bearer.and_then(|token| self.access_tokens.get(token)).cloned() else {
            return refused(401, "authError");
        };
        if matches!(call.kind, "ask" | "part") {
            return self.upload(call, &account);
        }
        let state = self.accounts.get_mut(&account).expect("an account");
        match call.kind {
            "about" => fine(json!({"user": {"emailAddress": state.email}})),
            "draw" => {
                let id = format!("1{}", BASE64_URL_SAFE_NO_PAD.encode([*Uuid::new_v4().as_bytes(); 2].concat()));
                state.drawn.insert(id.clone());
                fine(json!({"ids": [id], "space": "drive", "kind": "drive#generatedIds"}))
            }
            "begin" => {
                let metadata: Value = serde_json::from_slice(&call.body).unwrap_or_default();
                let id = metadata["id"].as_str().unwrap_or_default().to_owned();
                if state.files.contains_key(&id) {
                    return refused(409, "fileIdInUse");
                }
                if !state.drawn.contains(&id) {
                    return refused(400, "invalid");
                }
                let parent = metadata["parents"][0].as_str().map(str::to_owned);
                if parent.as_deref().is_some_and(|parent| !parent.starts_with("folder")) {
                    return refused(404, "notFound");
                }
                let header =
                    |name: &str| call.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
                let file = File {
                    name: metadata["name"].as_str().unwrap_or_default().to_owned(),
                    mime_type: header("x-upload-content-type").to_owned(),
                    parent,
                    bytes: Vec::new(),
                    trashed: false,
                };
                let size = header("x-upload-content-length").parse().unwrap_or_default();
                let session = Uuid::new_v4().to_string();
                let place = format!("{url}/upload/drive/v3/files?uploadType=resumable&upload_id={session}");
                self.sessions.insert(session, Session { account, id, file, size, bytes: Vec::new() });
                (200, vec![("location", place)], Value::Null)
            }
            "get" => match state.files.get(call.id()) {
                Some(file) => fine(told(call.id(), file)),
                None => refused(404, "notFound"),
            },
            "delete" => {
                let id = call.id().to_owned();
                if state.files.remove(&id).is_none() {
                    return refused(404, "notFound");
                }
                state.changes.push(id);
                (204, Vec::new(), Value::Null)
            }
            "start" => fine(json!({"startPageToken": state.changes.len().to_string()})),
            "changes" => state.changes(call),
            "list" => {
                let from: usize = call.query.get("pageToken").and_then(|token| token.parse().ok()).unwrap_or_default();
                let files: Vec<Value> =
                    state.files.iter().skip(from).take(PAGE).map(|(id, file)| told(id, file)).collect();
                let next = (from + PAGE < state.files.len()).then(|| (from + PAGE).to_string());
                fine(json!({"files": files, "nextPageToken": next}))
            }
            _ => refused(404, "notFound"),
        }
    }

    fn token(&mut self, call: &Call) -> Answer {
        let field = |name: &str| call.form.get(name).map_or("", String::as_str);
        if (field("client_id"), field("client_secret")) != CLIENT {
            return (401, Vec::new(), json!({"error": "invalid_client"}));
        }
        let (account, refresh_token) = match field("grant_type") {
            "authorization_code" => {
                // A code is good once.
                let Some(code) = self.codes.remove(field("code")) else { return oauth_error("invalid_grant") };
                let verifier = Sha256::of(field("code_verifier").as_bytes()).0;
                let is_proved = code.challenge.is_none_or(|it| it == BASE64_URL_SAFE_NO_PAD.encode(verifier));
                if code.redirect_uri != field("redirect_uri") || !is_proved {
                    return oauth_error("invalid_grant");
                }
                let token = code.gives_token.then(|| code.account.clone());
                (code.account, token)
            }
            "refresh_token" => (field("refresh_token").to_owned(), None),
            _ => return oauth_error("unsupported_grant_type"),
        };
        let Some(state) = self.accounts.get(&account).filter(|state| !state.is_withdrawn) else {
            return oauth_error("invalid_grant");
        };
        let access_token = format!("ya29.{}", Uuid::new_v4());
        let mut body = json!({
            "access_token": access_token, "expires_in": 3599, "scope": state.scope, "token_type": "Bearer"
        });
        if let Some(token) = refresh_token {
            body["refresh_token"] = json!(token);
        }
        self.access_tokens.insert(access_token, account);
        fine(body)
    }

    /// A part of an upload, or the question how far it is.
    fn upload(&mut self, call: &Call, account: &str) -> Answer {
        let id = call.query.get("upload_id").cloned().unwrap_or_default();
        let Some(session) = self.sessions.get_mut(&id).filter(|session| session.account == account) else {
            return refused(404, "notFound");
        };
        let state = self.accounts.get_mut(account).expect("an account");
        let range = call.headers.get("content-range").and_then(|range| range.to_str().ok()).unwrap_or_default();
        let (range, size) = range.strip_prefix("bytes ").and_then(|range| range.split_once('/')).unwrap_or_default();
        if size.parse() != Ok(session.size) {
            return refused(400, "invalidRange");
        }
        if call.kind == "part" {
            let begins: Option<usize> = range.split_once('-').and_then(|(begins, _)| begins.parse().ok());
            let is_last = begins.map(|begins| begins + call.body.len()) == Some(session.size);
            let is_whole = is_last || call.headers.contains_key("x-halved") || call.body.len().is_multiple_of(GRANULE);
            if begins != Some(session.bytes.len()) || !is_whole {
                return refused(400, "invalidRange");
            }
            // Of a part that breaks off whole granules are kept.
            let kept = if is_last && !call.headers.contains_key("x-halved") {
                call.body.len()
            } else {
                call.body.len() / GRANULE * GRANULE
            };
            session.bytes.extend_from_slice(&call.body[..kept]);
        }
        if session.bytes.len() < session.size {
            let range = session.bytes.len().checked_sub(1).map(|last| ("range", format!("bytes=0-{last}")));
            return (308, range.into_iter().collect(), Value::Null);
        }
        if !state.files.contains_key(&session.id) {
            // Removed again since: the upload tells of what it made once.
            if !state.drawn.remove(&session.id) {
                return refused(404, "notFound");
            }
            state.files.insert(session.id.clone(), File { bytes: session.bytes.clone(), ..session.file.clone() });
            state.changes.push(session.id.clone());
        }
        fine(told(&session.id, &state.files[&session.id]))
    }
}

impl State {
    fn changes(&self, call: &Call) -> Answer {
        let from = call.query.get("pageToken").and_then(|token| token.parse::<usize>().ok());
        let Some(from) = from.filter(|from| *from >= self.oldest_page && *from <= self.changes.len()) else {
            return refused(410, "gone");
        };
        let changes: Vec<Value> = self.changes[from..]
            .iter()
            .take(PAGE)
            .map(|id| match self.files.get(id) {
                Some(file) => json!({"fileId": id, "removed": false, "file": told(id, file)}),
                None => json!({"fileId": id, "removed": true}),
            })
            .collect();
        let next = from + changes.len();
        let name = if next < self.changes.len() { "nextPageToken" } else { "newStartPageToken" };
        fine(json!({"changes": changes, name: next.to_string()}))
    }
}

fn told(id: &str, file: &File) -> Value {
    json!({
        "id": id, "name": file.name, "mimeType": file.mime_type, "size": file.bytes.len().to_string(),
        "trashed": file.trashed, "sha256Checksum": Sha256::of(&file.bytes).to_string()
    })
}
