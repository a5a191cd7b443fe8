//! A Lambda Runtime API, to run functions as the processes that they are on Lambda.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Path as PathOf, State},
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post},
};
use bytes::Bytes;
use serde_json::{Value, json};
use shared::{Entry, text::Sha256};
use tokio::sync::{oneshot, watch};

use crate::{http::Reply, walk};

/// How long a function may take for anything before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A Runtime API for one process.
pub struct RuntimeApi {
    address: String,
    shared: Arc<Shared>,
    // Dropped with it, which ends the server.
    _running: oneshot::Sender<()>,
}

struct Shared {
    queue: tokio::sync::mpsc::UnboundedSender<(String, String)>,
    // Pollers wait in line for the lock, then for an event; one that goes away takes no event along.
    events: tokio::sync::Mutex<tokio::sync::mpsc::UnboundedReceiver<(String, String)>>,
    polls: watch::Sender<Polls>,
    answers: Mutex<HashMap<String, oneshot::Sender<Answer>>>,
}

#[derive(Clone, Copy, Default)]
struct Polls {
    first: Option<Instant>,
    count: usize,
}

/// What a process answered.
pub struct Answer {
    /// When it arrived.
    pub at: Instant,
    /// Whether it is an answer: otherwise the runtime reported an error.
    pub is_ok: bool,
    /// What it is.
    pub json: Value,
}

impl RuntimeApi {
    /// Starts one.
    ///
    /// # Panics
    /// Where no port is free.
    #[must_use]
    pub fn start() -> Self {
        let (queue, events) = tokio::sync::mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            queue,
            events: tokio::sync::Mutex::new(events),
            polls: watch::Sender::new(Polls::default()),
            answers: Mutex::default(),
        });
        let state = Arc::clone(&shared);
        let (running, ended) = oneshot::channel::<()>();
        let (ready, address) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                ready.send(listener.local_addr().expect("an address").to_string()).expect("someone waits");
                let router = Router::new()
                    .route("/2018-06-01/runtime/invocation/next", get(next))
                    .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
                    .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
                    .with_state(state);
                let serve = async { axum::serve(listener, router).await.expect("serves") };
                tokio::select! {
                    () = serve => {}
                    _ = ended => {}
                }
            });
        });
        Self { address: address.recv().expect("the Runtime API starts"), shared, _running: running }
    }

    /// Gives an event to the process that asks next, and the answer when it is awaited; none where it takes too long.
    pub fn invoke(&self, event: &Event) -> impl Future<Output = Option<Answer>> + use<> {
        let id = uuid::Uuid::new_v4().to_string();
        let (answered, answer) = oneshot::channel();
        self.shared.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), answered);
        self.shared.queue.send((id, event.0.to_string())).expect("the queue is open");
        async move { tokio::time::timeout(PATIENCE, answer).await.ok()?.ok() }
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let now = Instant::now();
    shared.polls.send_modify(|polls| {
        polls.first.get_or_insert(now);
        polls.count += 1;
    });
    let (id, event) = shared.events.lock().await.recv().await.expect("the queue is never closed");
    let deadline = std::time::SystemTime::now() + PATIENCE;
    let deadline = deadline.duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis();
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:under-test".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, event)
}

async fn response(State(shared): State<Arc<Shared>>, PathOf(id): PathOf<String>, body: Bytes) -> StatusCode {
    shared.answer(&id, true, &body)
}

async fn error(State(shared): State<Arc<Shared>>, PathOf(id): PathOf<String>, body: Bytes) -> StatusCode {
    shared.answer(&id, false, &body)
}

impl Shared {
    fn answer(&self, id: &str, is_ok: bool, body: &[u8]) -> StatusCode {
        let at = Instant::now();
        if let Some(waiting) = self.answers.lock().unwrap_or_else(PoisonError::into_inner).remove(id) {
            let _ = waiting.send(Answer { at, is_ok, json: serde_json::from_slice(body).unwrap_or_default() });
        }
        StatusCode::ACCEPTED
    }
}

/// A function, running as a process of its own.
pub struct Function {
    name: String,
    process: Mutex<Child>,
    api: RuntimeApi,
    started: Instant,
}

impl Function {
    /// Starts a binary with these variables and no others.
    ///
    /// # Panics
    /// Where the binary is not built.
    #[must_use]
    pub fn start(name: &str, variables: &[(&str, &str)]) -> Self {
        Self::start_at(RuntimeApi::start(), name, variables)
    }

    /// Starts a binary at a Runtime API of its own, which may have events for it already.
    ///
    /// # Panics
    /// Where the binary is not built.
    #[must_use]
    pub fn start_at(api: RuntimeApi, name: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = command(&program(name), variables);
        command.env("AWS_LAMBDA_RUNTIME_API", &api.address).stdout(Stdio::null()).stderr(Stdio::piped());
        let started = Instant::now();
        let process = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        Self { name: name.to_owned(), process: Mutex::new(process), api, started }
    }

    /// Waits until it has asked for work, and gives the time from its start to that moment.
    ///
    /// # Panics
    /// Where it does not.
    pub async fn polled(&self) -> Duration {
        let polls = self.wait_for(1).await;
        polls.first.expect("it polled") - self.started
    }

    /// Waits until it has asked for work this often.
    ///
    /// # Panics
    /// Where it does not.
    pub async fn polled_times(&self, count: usize) {
        self.wait_for(count).await;
    }

    async fn wait_for(&self, count: usize) -> Polls {
        let mut polls = self.api.shared.polls.subscribe();
        let Ok(polls) = tokio::time::timeout(PATIENCE, polls.wait_for(|polls| polls.count >= count)).await else {
            panic!("{} did not ask for work {count} times. It says:\n{}", self.name, self.log())
        };
        *polls.expect("the sender is ours")
    }

    /// Gives it an event at once, and the answer when it is awaited.
    ///
    /// # Panics
    /// Where none comes.
    pub fn invoke(&self, event: &Event) -> impl Future<Output = Answer> {
        let answer = self.api.invoke(event);
        async move {
            match answer.await {
                Some(answer) => answer,
                None => panic!("{} did not answer. It says:\n{}", self.name, self.log()),
            }
        }
    }

    /// Gives it a request at once, and the response when it is awaited.
    ///
    /// # Panics
    /// Where none comes, or it is none.
    pub fn call(&self, event: &Event) -> impl Future<Output = Reply> {
        let description = format!("{} {}", self.name, event.0["rawPath"]);
        let answer = self.invoke(event);
        async move {
            let answer = answer.await;
            assert!(answer.is_ok, "{description} failed: {}", answer.json);
            Reply::from_gateway(description, &answer.json)
        }
    }

    /// The time from its start to a moment.
    #[must_use]
    pub fn age_at(&self, moment: Instant) -> Duration {
        moment - self.started
    }

    /// Sends it a signal by its name, such as STOP.
    ///
    /// # Panics
    /// Where that cannot be done.
    pub fn signal(&self, signal: &str) {
        let id = self.id().to_string();
        let status = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", signal, &id]).status();
        assert!(status.expect("a shell").success(), "{signal} was not sent");
    }

    /// Bytes of memory it has in use.
    ///
    /// # Panics
    /// Where the system does not tell.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("the process runs");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory is told");
        resident.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    fn id(&self) -> u32 {
        self.process.lock().unwrap_or_else(PoisonError::into_inner).id()
    }

    /// Ends it, and gives what it logged.
    fn log(&self) -> String {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = process.kill();
        let mut log = String::new();
        if let Some(mut stderr) = process.stderr.take() {
            let _ = std::io::Read::read_to_string(&mut stderr, &mut log);
        }
        log
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let process = self.process.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = process.kill();
        let _ = process.wait();
    }
}

/// Where cargo put a binary of the functions: beside the tests themselves, in the same profile.
///
/// # Panics
/// Where it is not built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a path");
    let folder = own.parent().expect("a folder");
    // Tests lie in target/<profile>/deps, programs in target/<profile>.
    let folder = if folder.ends_with("deps") { folder.parent().expect("a folder") } else { folder };
    let program = folder.join(name);
    let release = if cfg!(debug_assertions) { "" } else { " --release" };
    assert!(program.exists(), "{} is not there: cargo build{release} -p functions --bins", program.display());
    program
}

/// Runs a binary to its end, with these variables and no others.
///
/// # Panics
/// Where it is not built, or does not end.
pub async fn run_to_end(name: &str, variables: &[(&str, &str)]) -> Output {
    run_with(name, &[], variables).await
}

/// [`run_to_end`] with arguments.
///
/// # Panics
/// Where it is not built, or does not end.
pub async fn run_with(name: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = command(&program(name), variables);
    let child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let id = child.id();
    let end = tokio::task::spawn_blocking(move || child.wait_with_output());
    let Ok(output) = tokio::time::timeout(PATIENCE, end).await else {
        let _ = Command::new("sh").args(["-c", "kill -s KILL \"$0\"", &id.to_string()]).status();
        panic!("{name} goes on, and should have ended")
    };
    output.expect("the thread lives").expect("it ends")
}

fn command(program: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null());
    command.envs([
        ("AWS_LAMBDA_FUNCTION_NAME", "under-test"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ]);
    command.envs(variables.iter().copied());
    command
}

/// An event: a request as API Gateway's HTTP API hands it over, payload format 2.0, or whatever else invokes a function.
#[derive(Clone)]
pub struct Event(Value);

impl Event {
    /// Any JSON.
    #[must_use]
    pub fn of(json: Value) -> Self {
        Self(json)
    }

    /// A request to an endpoint: its route is named, and its path's parameters are decoded, as API Gateway does.
    #[must_use]
    pub fn to(entry: &Entry, parameters: &[(&str, &str)]) -> Self {
        let mut path = entry.route.path.to_owned();
        for (name, value) in parameters {
            path = path.replace(&format!("{{{name}}}"), value).replace(&format!("{{{name}+}}"), value);
        }
        // A parameter may hold a question mark, which has been decoded and begins no query.
        let mut event = Self::to_path(entry.route.method, "", parameters);
        event.0["rawPath"] = json!(path);
        event.0["requestContext"]["http"]["path"] = json!(path);
        let route_key = format!("{} {}", entry.route.method, entry.route.path);
        event.0["routeKey"] = json!(route_key);
        event.0["requestContext"]["routeKey"] = json!(route_key);
        event
    }

    /// A request to an endpoint with something that could exist, but does not, in each place of its path.
    #[must_use]
    pub fn to_anything(entry: &Entry) -> Self {
        Self::to_id(entry, &uuid::Uuid::now_v7().to_string())
    }

    /// A request to an endpoint with this id in its path, and something that could exist in each other place.
    #[must_use]
    pub fn to_id(entry: &Entry, id: &str) -> Self {
        let sha256 = Sha256::of(id.as_bytes()).to_string();
        let parameters = [
            ("id", id),
            ("version", "1"),
            ("checkpoint", id),
            ("path", "a.txt"),
            ("sha256", &sha256),
            ("handle", "nobody"),
            ("token", "nobody-has-this"),
        ];
        let named: Vec<_> =
            parameters.into_iter().filter(|(name, _)| entry.route.path.contains(&format!("{{{name}"))).collect();
        let mut event = Self::to(entry, &named).header("if-match", "*");
        event.0["rawQueryString"] = json!(walk::required_query(entry));
        let headers = entry.route.headers.iter().filter(|header| header.required);
        headers.fold(event, |event, header| event.header(&header.name.to_lowercase(), header.example))
    }

    /// A request on the route `$default`, whose parameters are as they stand in the URL: `cargo lambda watch` does that.
    #[must_use]
    pub fn to_path(method: &str, path: &str, parameters: &[(&str, &str)]) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parameters: HashMap<_, _> = parameters.iter().copied().collect();
        Self(json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {"host": "abc.execute-api.us-east-1.amazonaws.com", "user-agent": "tests"},
            "pathParameters": parameters,
            "requestContext": {
                "accountId": "123456789012", "apiId": "abc", "stage": "$default", "routeKey": "$default",
                "domainName": "abc.execute-api.us-east-1.amazonaws.com", "domainPrefix": "abc",
                "requestId": "JKJaXmPLvHcESHA=", "time": "10/Mar/2026:05:16:23 +0000", "timeEpoch": 1_773_119_783_000_i64,
                "http": {
                    "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9", "userAgent": "tests"
                }
            },
            "isBase64Encoded": false
        }))
    }

    /// With a header, under its lower-case name.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0["headers"][name] = json!(value);
        self
    }

    /// With a session's token.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With a JSON body.
    #[must_use]
    pub fn body(mut self, body: &Value) -> Self {
        self.0["body"] = json!(body.to_string());
        self.header("content-type", "application/json")
    }
}
