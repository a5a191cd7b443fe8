//! Warm requests, answered in this process by the functions' own code, beside the same SQL by plain `tokio-postgres`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use functions::artifacts::list::Filter;
use harness::{Value, database, json, proxy::Proxy};
use shared::{
    Entry,
    bucket::Bucket,
    config::BucketConfig,
    context::Services,
    database::{AUTHENTICATE, Database},
    extract::PathParameters,
    model::artifacts::select_artifact,
    text::Sha256,
};
use tokio_postgres::{Client, Statement, types::ToSql};
use uuid::Uuid;

use crate::{
    million::{Subject, TOKEN},
    report::{Aim, Report, median, micros, quantile},
};

/// Requests of a round: so many that its median is steady, so few that the contenders take turns often.
const READS: usize = 1_000;
const PAGES: usize = 100;

/// How long a round with many connections lasts.
const SPELL: Duration = Duration::from_secs(2);

const CONNECTIONS: usize = 16;

/// Measures reads, pages, uploads and signatures.
pub(crate) async fn measure(url: &str, subject: &Subject, rounds: usize, report: &mut Report) -> anyhow::Result<()> {
    println!("Warm requests, one connection:");
    let api = Api::new(url, 1)?;
    let read = Plain::new(url, select_artifact(Uuid::nil()).text()).await?;
    let page = Plain::new(url, list().text()).await?;

    let mut took = Samples::<3>::default();
    for _ in 0..rounds {
        took.round(0, READS, |n| api.read(subject.ids[n]), Api::send).await;
        took.round(1, READS, |n| subject.ids[n], async |id| read.flight(&[&id]).await).await;
        took.round(2, READS, |n| subject.ids[n], async |id| read.alone(&[&id]).await).await;
    }
    let [ours, flight, alone] = took.medians();
    report.compare("GET /v1/artifacts/{id}", ours, "µs", (FLIGHT, flight), Aim::Ratio(1.5));
    report.compare("GET /v1/artifacts/{id}", ours, "µs", (ALONE, alone), Aim::None);

    let mut took = Samples::<3>::default();
    for _ in 0..rounds {
        took.round(0, PAGES, |_| api.page(), Api::send).await;
        took.round(1, PAGES, |_| (), async |()| page.flight(&PAGE.parameters()).await).await;
        took.round(2, PAGES, |_| (), async |()| page.alone(&PAGE.parameters()).await).await;
    }
    let [ours, flight, alone] = took.medians();
    report.compare("GET /v1/artifacts?limit=50", ours, "µs", (FLIGHT, flight), Aim::Ratio(1.2));
    report.compare("GET /v1/artifacts?limit=50", ours, "µs", (ALONE, alone), Aim::None);

    uploads(&api, rounds, report).await;
    flights(url, subject, report).await?;
    crowd(url, subject, rounds, report)
}

const FLIGHT: &str = "the same flight, tokio-postgres";
const ALONE: &str = "the statement alone, tokio-postgres";

fn list() -> shared::Sql {
    let filter: Filter = serde_json::from_value(json!({"limit": 50})).expect("a filter");
    filter.select().expect("a page")
}

/// What is bound to the statement of the page of 50.
struct PageParameters {
    text: Option<String>,
    created_at: Option<jiff::Timestamp>,
    id: Option<Uuid>,
    limit: i64,
}

const PAGE: PageParameters = PageParameters { text: None, created_at: None, id: None, limit: 51 };

impl PageParameters {
    fn parameters(&self) -> [&(dyn ToSql + Sync); 8] {
        [&self.text, &self.text, &self.text, &self.text, &self.text, &self.created_at, &self.id, &self.limit]
    }
}

/// Declaring an upload, and the signatures in it.
async fn uploads(api: &Api, rounds: usize, report: &mut Report) {
    let bucket = api.services.bucket().expect("a bucket");
    let sha256 = Sha256::of(b"bench");
    let mut took = Samples::<3>::default();
    for _ in 0..rounds {
        took.round(0, READS / 4, |_| api.upload(), Api::send).await;
        let key = Bucket::key(Uuid::nil(), &sha256, true);
        let put = async |()| drop(bucket.put(&key, "image/png", 48_213, &sha256).expect("signs"));
        took.round(1, READS, |_| (), put).await;
        took.round(2, READS, |_| (), async |()| drop(bucket.read_url(&key).expect("signs"))).await;
    }
    let [upload, put, read_url] = took.medians();
    report.add("POST /v1/uploads, with its presigned PUT", upload, "µs", Aim::None);
    report.add("a presigned PUT alone", put, "µs", Aim::None);
    report.add("a signed URL to read with", read_url, "µs", Aim::None);
}

/// Counts the flights of a warm request.
async fn flights(url: &str, subject: &Subject, report: &mut Report) -> anyhow::Result<()> {
    let proxy = Proxy::start(url);
    let api = Api::new(&proxy.url(url), 1)?;
    let requests = || [api.read(subject.ids[0]), api.page(), api.upload()];
    for request in requests() {
        Api::send(request).await;
    }
    let mut most = 0;
    for request in requests() {
        let _ = proxy.take();
        Api::send(request).await;
        most = most.max(proxy.take());
    }
    report.add("flights of a warm read, page, upload: most", f64::from(u32::try_from(most)?), "", Aim::Most(1.0));
    Ok(())
}

/// Sixteen connections at once, on threads of their own.
fn crowd(url: &str, subject: &Subject, rounds: usize, report: &mut Report) -> anyhow::Result<()> {
    println!("Reads over {CONNECTIONS} connections:");
    let (url, ids) = (url.to_owned(), subject.ids.clone());
    let outcome = std::thread::spawn(move || -> anyhow::Result<[[f64; 3]; 2]> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(async move {
            let api = Arc::new(Api::new(&url, CONNECTIONS)?);
            let ours = vec![Reader::Api(api); CONNECTIONS];
            let mut plain = Vec::new();
            for _ in 0..CONNECTIONS {
                plain.push(Reader::Plain(Arc::new(Plain::new(&url, select_artifact(Uuid::nil()).text()).await?)));
            }
            let mut rounds_of = [Vec::new(), Vec::new()];
            // The first round makes the connections.
            for round in 0..=rounds.min(5) {
                for (index, readers) in [&ours, &plain].into_iter().enumerate() {
                    let spells = readers.iter().enumerate().map(|(n, reader)| spell(n, ids.clone(), reader.clone()));
                    let spell = Spell::of(harness::together(spells).await);
                    if round > 0 {
                        rounds_of[index].push(spell);
                    }
                }
            }
            Ok(rounds_of.map(|rounds| {
                [0, 1, 2].map(|index| median(rounds.iter().map(|spell: &Spell| spell.0[index]).collect()))
            }))
        })
    });
    let [ours, plain] = outcome.join().expect("the thread lives")?;
    for (index, what) in ["p50", "p99"].iter().enumerate() {
        let what = format!("GET /v1/artifacts/{{id}} over {CONNECTIONS} connections, {what}");
        report.compare(what, ours[index], "µs", (FLIGHT, plain[index]), Aim::None);
    }
    let what = format!("GET /v1/artifacts/{{id}} over {CONNECTIONS} connections");
    report.compare(what, ours[2], "requests/s", (FLIGHT, plain[2]), Aim::None);
    Ok(())
}

/// Who reads.
#[derive(Clone)]
enum Reader {
    Api(Arc<Api>),
    Plain(Arc<Plain>),
}

/// Reads one after the other until the time is over.
async fn spell(seed: usize, ids: Vec<Uuid>, reader: Reader) -> Vec<f64> {
    let start = Instant::now();
    let mut took = Vec::new();
    for id in ids.iter().cycle().skip(seed * 97) {
        let before = Instant::now();
        match &reader {
            Reader::Api(api) => Api::send(api.read(*id)).await,
            Reader::Plain(plain) => plain.flight(&[id]).await,
        }
        took.push(micros(before.elapsed()));
        if start.elapsed() > SPELL {
            break;
        }
    }
    took
}

/// Median, 99th percentile, requests a second.
struct Spell([f64; 3]);

impl Spell {
    #[allow(clippy::cast_precision_loss)]
    fn of(took: Vec<Vec<f64>>) -> Self {
        let mut all: Vec<f64> = took.into_iter().flatten().collect();
        let per_second = all.len() as f64 / SPELL.as_secs_f64();
        Self([quantile(&mut all, 0.5), quantile(&mut all, 0.99), per_second])
    }
}

/// Medians of the rounds of contenders that take turns.
struct Samples<const N: usize>([Vec<f64>; N]);

impl<const N: usize> Default for Samples<N> {
    fn default() -> Self {
        Self([const { Vec::new() }; N])
    }
}

impl<const N: usize> Samples<N> {
    /// A round: what is made beforehand does not count.
    async fn round<T>(
        &mut self,
        contender: usize,
        times: usize,
        mut make: impl FnMut(usize) -> T,
        mut send: impl AsyncFnMut(T),
    ) {
        // Statements prepared, caches filled.
        for n in 0..times / 10 {
            send(make(n)).await;
        }
        let mut took = Vec::with_capacity(times);
        for n in 0..times {
            let request = make(n);
            let before = Instant::now();
            send(request).await;
            took.push(micros(before.elapsed()));
        }
        self.0[contender].push(median(took));
    }

    fn medians(self) -> [f64; N] {
        self.0.map(median)
    }
}

/// The endpoints in this process.
struct Api {
    services: Arc<Services>,
    read: Entry,
    list: Entry,
    upload: Entry,
}

/// A request on its way to an endpoint.
struct Call {
    answer: fn(Arc<Services>, http::Request<Bytes>) -> shared::endpoint::Answer,
    services: Arc<Services>,
    request: http::Request<Bytes>,
}

impl Api {
    fn new(url: &str, connections: usize) -> anyhow::Result<Self> {
        let mut config = database::config(url.to_owned());
        config.pool_size = connections;
        let bucket = Box::leak(Box::new(Bucket::new(BucketConfig::from_env()?)?));
        let services = Arc::new(Services::with(Database::new(&config)?, bucket, None));
        let entry =
            |name: &str| functions::endpoints().into_iter().find(|entry| entry.name == name).expect("an endpoint");
        let [read, list, upload] = ["artifacts-read", "artifacts-list", "uploads-create"].map(entry);
        Ok(Self { services, read, list, upload })
    }

    fn request(&self, entry: &Entry, uri: &str, parameters: Vec<(String, String)>, body: Bytes) -> Call {
        let request = http::Request::builder()
            .method(entry.route.method)
            .uri(uri)
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json")
            .extension(PathParameters(parameters));
        Call {
            answer: entry.answer,
            services: Arc::clone(&self.services),
            request: request.body(body).expect("a request"),
        }
    }

    fn read(&self, id: Uuid) -> Call {
        let parameters = vec![("id".to_owned(), id.to_string())];
        self.request(&self.read, &format!("/v1/artifacts/{id}"), parameters, Bytes::new())
    }

    fn page(&self) -> Call {
        self.request(&self.list, "/v1/artifacts?limit=50", Vec::new(), Bytes::new())
    }

    fn upload(&self) -> Call {
        let new: Value = json!({
            "purpose": "screenshot", "filename": "clock.png", "content_type": "image/png", "size": 48_213,
            "sha256": Sha256::of(Uuid::new_v4().as_bytes()).to_string()
        });
        self.request(&self.upload, "/v1/uploads", Vec::new(), new.to_string().into())
    }

    async fn send(call: Call) {
        let response = (call.answer)(call.services, call.request).await;
        assert!(response.status().is_success(), "{:?}", response.body());
    }
}

/// The same by hand: prepared statements on one connection.
struct Plain {
    client: Client,
    authenticate: Statement,
    statement: Statement,
    token: Vec<u8>,
}

impl Plain {
    async fn new(url: &str, statement: &str) -> anyhow::Result<Self> {
        let client = database::connect(url).await;
        let authenticate = client.prepare(AUTHENTICATE).await?;
        let statement = client.prepare(statement).await?;
        Ok(Self { client, authenticate, statement, token: Sha256::of(TOKEN.as_bytes()).0.to_vec() })
    }

    async fn flight(&self, parameters: &[&(dyn ToSql + Sync)]) {
        let token: [&(dyn ToSql + Sync); 1] = [&self.token];
        let (begin, authenticated, rows, commit) = tokio::join!(
            self.client.batch_execute("begin"),
            self.client.query(&self.authenticate, &token),
            self.client.query(&self.statement, parameters),
            self.client.batch_execute("commit"),
        );
        begin.and(authenticated.map(drop)).and(commit).expect("all succeed");
        assert!(!rows.expect("rows").is_empty());
    }

    async fn alone(&self, parameters: &[&(dyn ToSql + Sync)]) {
        assert!(!self.client.query(&self.statement, parameters).await.expect("rows").is_empty());
    }
}

/// How long it takes by hand from nothing to a first row: connecting, preparing, one flight.
pub(crate) async fn from_nothing(url: &str, subject: &Subject) -> Duration {
    let before = Instant::now();
    let plain = Plain::new(url, select_artifact(Uuid::nil()).text()).await.expect("connects");
    plain.flight(&[&subject.ids[0]]).await;
    before.elapsed()
}
