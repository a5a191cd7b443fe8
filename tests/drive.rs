//! Google Drive: the queue, its worker, and what of it all survives whatever Google, the network and the platform do.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use harness::{
    Person, Reply, Value, database,
    drive::{Account, Fault, File, KEYS, MOMENTS, Moment, fake},
    json,
    runtime_api::{Event, Function, program, run_to_end},
    server::{Apart, Server},
    together,
};
use shared::{
    bucket::Bucket,
    config::DatabaseConfig,
    drive::{
        Drive,
        worker::{self, Report},
    },
    jobs::{self, ATTEMPTS, LEASE},
};
use tokio_postgres::Client;
use uuid::Uuid;

/// Three parts of an upload, and a bit.
const LARGE: usize = 3 * 256 * 1024 + 7;

/// An API with a database of its own, and the worker beside it.
struct World {
    server: Server,
    jobs: DatabaseConfig,
    behind: Client,
    bucket: Bucket,
    drive: Drive,
}

impl World {
    async fn new() -> Self {
        let Apart { server, jobs, behind, bucket } = Apart::start().await;
        Self { server, jobs, behind, bucket, drive: fake().client(KEYS) }
    }

    /// Somebody who has connected Drive, where nothing else is to be done.
    async fn person(&self) -> (Person, Account) {
        let (person, account) = (Person::register_at(&self.server.url).await, fake().account());
        let _ = person.connect_drive(&account).await;
        assert_eq!(self.work().await, done(1));
        let _ = account.requests();
        (person, account)
    }

    async fn work(&self) -> Report {
        self.work_with(&self.drive).await
    }

    async fn work_with(&self, drive: &Drive) -> Report {
        worker::run(&self.jobs, &self.bucket, drive, None).await.expect("it works")
    }

    /// Lets the time come for all that waits for it, but for syncs.
    async fn wait(&self) {
        self.behind
            .batch_execute("update jobs set run_at = now() where state = 'queued' and kind <> 'drive_sync'")
            .await
            .expect("time passes");
    }

    /// Works until an export has come to its end, and gives it.
    async fn finish(&self, person: &Person, id: &str) -> Value {
        for _ in 0..2 * ATTEMPTS {
            let file = person.get(&format!("/v1/drive/files/{id}")).await.expect(200).json;
            if file["state"] != "queued" && file["state"] != "uploading" {
                return file;
            }
            self.wait().await;
            let _ = self.work().await;
        }
        panic!("it never comes to an end")
    }

    async fn number(&self, query: &str) -> i64 {
        self.behind.query_one(query, &[]).await.expect("the query works").get(0)
    }

    /// Has a sync done now.
    async fn sync(&self, person: &Person) {
        let _ = person.post("/v1/drive/syncs", json!({})).await.expect(200);
        assert_eq!(self.work().await, done(1));
    }

    fn variables(&self) -> Vec<(String, String)> {
        let bucket = ["S3_BUCKET", "S3_REGION", "S3_ENDPOINT", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"]
            .map(|name| (name.to_owned(), std::env::var(name).unwrap_or_default()));
        let mut variables = fake().variables();
        variables.extend(bucket);
        variables.push(("JOBS_DATABASE_URL".to_owned(), self.jobs.url.clone()));
        variables
    }
}

fn done(done: u64) -> Report {
    Report { done, ..Report::default() }
}

fn retried(retried: u64) -> Report {
    Report { retried, ..Report::default() }
}

fn failed(failed: u64) -> Report {
    Report { failed, ..Report::default() }
}

fn borrowed(variables: &[(String, String)]) -> Vec<(&str, &str)> {
    variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Bytes like no others.
fn bytes(length: usize) -> Vec<u8> {
    let seed = Uuid::new_v4();
    (0..length).map(|index| seed.as_bytes()[index % 16] ^ u8::try_from(index / 16 % 251).expect("small")).collect()
}

/// An artifact of one file of these bytes, which lie in the bucket.
async fn artifact_of(person: &Person, bytes: &[u8]) -> String {
    let upload = person.upload("artifact_file", "image/x-icon", bytes).await;
    let files = json!([{"path": "icons/a.ico", "sha256": upload.json["blob"]["sha256"]}]);
    let body = json!({"title": "A clock", "visibility": "private", "version": {"files": files}});
    person.post("/v1/artifacts", body).await.expect(201).id()
}

async fn export(person: &Person, body: Value) -> String {
    person.post("/v1/drive/files", body).await.expect(201).id()
}

/// What Python finds in an archive: contents by name, in order.
fn unzip(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    const SCRIPT: &str = "
import io, json, sys, zipfile
archive = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))
assert archive.testzip() is None
print(json.dumps([[info.filename, archive.read(info).hex(), oct(info.external_attr >> 16)] for info in archive.infolist()]))";
    let mut python = Command::new("python3")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    python.stdin.take().expect("piped").write_all(archive).expect("it reads");
    let output = python.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let entries: Vec<(String, String, String)> = read_entries(&output.stdout);
    let file = |(name, content, mode): (String, String, String)| {
        assert_eq!(mode, "0o100644");
        let byte = |at: usize| u8::from_str_radix(&content[at..at + 2], 16).expect("hex");
        (name, (0..content.len()).step_by(2).map(byte).collect())
    };
    entries.into_iter().map(file).collect()
}

fn read_entries(text: &[u8]) -> Vec<(String, String, String)> {
    let json: Value = String::from_utf8_lossy(text).parse().expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    json.as_array().expect("a list").iter().map(|item| (text(&item[0]), text(&item[1]), text(&item[2]))).collect()
}

#[tokio::test]
async fn a_file_arrives_in_parts_with_its_bytes_its_name_and_its_type() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let content = bytes(LARGE);
    let artifact = artifact_of(&ada, &content).await;
    let id = export(&ada, json!({"artifact_id": artifact, "folder_id": "folder1"})).await;
    assert_eq!(world.work().await, done(1));
    assert_eq!(account.requests(), ["token", "draw", "begin", "part", "part", "part", "part"]);
    let (drive_id, file) = account.only_file();
    let parent = Some("folder1".to_owned());
    let expected =
        File { name: "a.ico".to_owned(), mime_type: "image/x-icon".to_owned(), parent, bytes: content, trashed: false };
    assert!(file == expected, "{} {} {:?}", file.name, file.mime_type, file.parent);
    let shown = ada.get(&format!("/v1/drive/files/{id}")).await.expect(200).json;
    assert_eq!((&shown["state"], &shown["drive_file_id"]), (&json!("synced"), &json!(drive_id)));
    assert_eq!((&shown["file_size"], &shown["uploaded"]), (&json!(LARGE), &json!(LARGE)));
    assert!(shown["synced_at"].is_string() && shown["error"].is_null());
    assert_eq!(world.number("select count(*) from jobs where kind = 'drive_export'").await, 0);
}

#[tokio::test]
async fn text_of_any_version_an_empty_file_and_a_sandboxs_file_arrive() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let text = |version: usize| (0..200).map(|line| format!("{}\n", line * version % 7)).collect::<String>();
    let artifact = ada.create_artifact("private", &text(1)).await.id();
    for version in 2..=5 {
        let _ = ada.publish(&artifact, &text(version)).await;
    }
    let empty = ada.create_artifact("private", "").await.id();
    let container = ada.create_container().await.id();
    let file = ada.put_file(&container, "src/clock.js", "draw();\n").await.id();
    for version in 1..=5 {
        let _ = export(&ada, json!({"artifact_id": artifact, "version": version, "name": format!("{version}")})).await;
    }
    let _ = export(&ada, json!({"artifact_id": empty, "name": "empty"})).await;
    let pinned = export(&ada, json!({"file_id": file})).await;
    let _ = ada.put_file(&container, "src/clock.js", "something else\n").await;
    assert_eq!(world.work().await, done(7));
    let files: BTreeMap<String, Vec<u8>> = account.files().into_values().map(|file| (file.name, file.bytes)).collect();
    let mut expected: BTreeMap<String, Vec<u8>> =
        (1..=5).map(|version| (version.to_string(), text(version).into_bytes())).collect();
    expected.insert("empty".to_owned(), Vec::new());
    expected.insert("clock.js".to_owned(), b"draw();\n".to_vec());
    assert_eq!(files, expected);
    let held = format!("select count(*) from drive_files where id = '{pinned}' and blob_id is not null");
    assert_eq!(world.number(&held).await, 0, "the bytes are let go");
}

#[tokio::test]
async fn several_files_arrive_as_an_archive_that_is_always_the_same() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let large = bytes(LARGE);
    let upload = ada.upload("artifact_file", "image/x-icon", &large).await;
    let files = json!([
        {"path": "src/\u{e9}t\u{e9} \u{65e5}.js", "content": "draw();\n"}, {"path": "empty.txt", "content": ""},
        {"path": "icons/a.ico", "sha256": upload.json["blob"]["sha256"]}
    ]);
    let new = json!({"title": "A clock", "version": {"files": files}});
    let artifact = ada.post("/v1/artifacts", new).await.expect(201).id();
    for _ in 0..2 {
        let _ = ada.export_artifact(&artifact).await;
    }
    assert_eq!(world.work().await, done(2));
    let archives: Vec<File> = account.files().into_values().collect();
    assert!(archives.len() == 2 && archives[0] == archives[1]);
    assert_eq!((archives[0].name.as_str(), archives[0].mime_type.as_str()), ("A clock.zip", "application/zip"));
    let expected: [(&str, &[u8]); 3] =
        [("empty.txt", b""), ("icons/a.ico", &large), ("src/\u{e9}t\u{e9} \u{65e5}.js", b"draw();\n")];
    let found = unzip(&archives[0].bytes);
    assert!(found.iter().map(|(name, content)| (name.as_str(), content.as_slice())).eq(expected));
}

/// Whatever goes wrong on the way: in the end there is one file, with the right bytes.
#[tokio::test]
async fn no_interruption_loses_or_doubles_a_file() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let content = bytes(LARGE);
    let artifact = artifact_of(&ada, &content).await;
    let lost = "drive_unavailable";
    for (kind, fault, code) in [
        ("token", Fault::error(503, "backendError"), lost),
        ("token", Fault::Lost, lost),
        ("token", Fault::Answer(401, &[], json!({"error": "invalid_client"})), "misconfigured"),
        ("token", Fault::Answer(401, &[], json!({"error": "unauthorized_client"})), "misconfigured"),
        ("token", Fault::Answer(200, &[], json!({"no": "token"})), lost),
        ("draw", Fault::error(500, "internalError"), lost),
        ("draw", Fault::AnswerLost, lost),
        ("draw", Fault::Answer(200, &[], json!({"ids": []})), lost),
        ("begin", Fault::Lost, lost),
        ("begin", Fault::AnswerLost, lost),
        ("begin", Fault::error(502, "badGateway"), lost),
        ("begin", Fault::Answer(200, &[("location", "https://evil.example/upload")], Value::Null), lost),
        ("begin", Fault::error(429, "rateLimitExceeded"), "rate_limited"),
        ("begin", Fault::error(403, "userRateLimitExceeded"), "rate_limited"),
        ("part", Fault::Lost, lost),
        ("part", Fault::AnswerLost, lost),
        ("part", Fault::Half, lost),
        ("part", Fault::error(503, "backendError"), lost),
        ("part", Fault::error(403, "rateLimitExceeded"), "rate_limited"),
        ("part", Fault::Forgotten, lost),
        ("part", Fault::error(410, "gone"), lost),
        ("part", Fault::error(400, "badRequest"), lost),
        ("part", Fault::Answer(308, &[("range", "bytes=0-99999999")], Value::Null), lost),
    ] {
        let what = format!("{kind} {fault:?}");
        account.fail(kind, fault);
        let id = export(&ada, json!({"artifact_id": artifact})).await;
        // An access token is at hand only within a run.
        assert_eq!(world.work().await, retried(1), "{what}");
        let waiting = ada.get(&format!("/v1/drive/files/{id}")).await.expect(200).json;
        assert_eq!(waiting["error"], code, "{what}");
        assert!(["queued", "uploading"].contains(&waiting["state"].as_str().expect("a state")), "{what}");
        assert_eq!(world.work().await, done(0), "{what}: it is not due yet");
        let file = world.finish(&ada, &id).await;
        assert_eq!((&file["state"], &file["error"]), (&json!("synced"), &Value::Null), "{what}");
        let (drive_id, found) = account.only_file();
        assert!(found.bytes == content && file["drive_file_id"] == json!(drive_id), "{what}");
        assert!(account.has_failed(), "{what}");
        let _ = ada.delete(&format!("/v1/drive/files/{id}")).await.expect(204);
        assert_eq!(world.work().await, done(1), "{what}");
        assert!(account.files().is_empty(), "{what}");
    }
}

#[tokio::test]
async fn an_upload_goes_on_where_drive_has_it() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let content = bytes(LARGE);
    let artifact = artifact_of(&ada, &content).await;
    // The second part breaks off.
    account.fail("part", Fault::Answer(308, &[("range", "bytes=0-262143")], Value::Null));
    account.fail("part", Fault::Lost);
    let id = export(&ada, json!({"artifact_id": artifact})).await;
    // The server says it has the first part, which it has not: what it says at last is what counts.
    let _ = world.work().await;
    let _ = account.requests();
    assert_eq!(world.finish(&ada, &id).await["state"], "synced");
    let requests = account.requests();
    assert_eq!(requests, ["token", "ask", "part", "part", "part", "part"], "no second upload is begun");
    assert!(account.only_file().1.bytes == content);
}

#[tokio::test]
async fn the_last_answer_may_be_lost_and_the_upload_be_forgotten() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    for forgotten in [None, Some(404), Some(410)] {
        account.fail("part", Fault::AnswerLost);
        if let Some(status) = forgotten {
            account.fail("ask", Fault::error(status, "notFound"));
        }
        let id = export(&ada, json!({"artifact_id": artifact})).await;
        assert_eq!(world.work().await, retried(1));
        assert_eq!(account.files().len(), 1, "it is there, and nobody knows");
        let _ = account.requests();
        assert_eq!(world.finish(&ada, &id).await["state"], "synced");
        let expected: &[&str] = if forgotten.is_some() { &["token", "ask", "get"] } else { &["token", "ask"] };
        assert_eq!(account.requests(), expected);
        let (drive_id, _) = account.only_file();
        account.remove(&drive_id);
    }
    // Not even the upload's URL is known any more: Drive refuses a second file of the same id.
    account.fail("part", Fault::AnswerLost);
    let id = export(&ada, json!({"artifact_id": artifact})).await;
    assert_eq!(world.work().await, retried(1));
    world.behind.batch_execute("update jobs set secret = null, key_id = null").await.expect("forgotten");
    let _ = account.requests();
    assert_eq!(world.finish(&ada, &id).await["state"], "synced");
    assert_eq!(account.requests(), ["token", "begin", "get"]);
    assert_eq!(account.only_file().1.bytes, b"draw();\n");
}

#[tokio::test]
async fn an_access_token_that_ends_in_the_middle_is_replaced() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    for kind in ["draw", "begin", "part"] {
        account.fail(kind, Fault::error(401, "authError"));
        let _ = export(&ada, json!({"artifact_id": artifact})).await;
        assert_eq!(world.work().await, done(1), "{kind}");
        let requests = account.requests();
        let again = requests.iter().position(|request| *request == kind).expect("it was called");
        assert_eq!(requests[again..again + 3], [kind, "token", kind]);
    }
    assert_eq!(account.files().len(), 3);
}

#[tokio::test]
async fn bytes_that_are_spoiled_on_the_way_are_sent_again() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let content = bytes(LARGE);
    let artifact = artifact_of(&ada, &content).await;
    account.fail("part", Fault::Spoiled);
    let id = export(&ada, json!({"artifact_id": artifact})).await;
    let report = world.work().await;
    assert_eq!((report.retried, report.done), (1, 1), "what is wrong is removed at once");
    assert!(account.files().is_empty());
    assert_eq!(ada.get(&format!("/v1/drive/files/{id}")).await.expect(200).json["error"], "corrupted");
    assert_eq!(world.finish(&ada, &id).await["state"], "synced");
    assert!(account.only_file().1.bytes == content);
}

/// What the user wrote over it, before we knew that it had arrived, stays.
#[tokio::test]
async fn what_the_user_changed_meanwhile_is_left_alone() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    account.fail("part", Fault::AnswerLost);
    let id = export(&ada, json!({"artifact_id": artifact})).await;
    assert_eq!(world.work().await, retried(1));
    let (drive_id, _) = account.only_file();
    account.edit(&drive_id, |file| file.bytes = b"mine".to_vec());
    let file = world.finish(&ada, &id).await;
    assert_eq!((&file["state"], &file["error"]), (&json!("failed"), &json!("changed_in_drive")));
    assert_eq!(account.only_file().1.bytes, b"mine");
}

#[tokio::test]
async fn what_can_never_work_is_given_up_at_once_and_says_why() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let gone = ada.create_artifact("private", "gone();\n").await.id();
    for (kind, fault, body, code) in [
        ("begin", Some(Fault::error(403, "storageQuotaExceeded")), json!({"artifact_id": artifact}), "storage_full"),
        ("part", Some(Fault::error(403, "storageQuotaExceeded")), json!({"artifact_id": artifact}), "storage_full"),
        ("begin", Some(Fault::error(403, "domainPolicy")), json!({"artifact_id": artifact}), "refused"),
        ("begin", Some(Fault::error(400, "invalid")), json!({"artifact_id": artifact}), "refused"),
        ("begin", None, json!({"artifact_id": artifact, "folder_id": "elsewhere"}), "folder_not_found"),
        ("begin", None, json!({"artifact_id": gone}), "source_gone"),
    ] {
        if let Some(fault) = fault {
            account.fail(kind, fault);
        }
        let id = export(&ada, body).await;
        if code == "source_gone" {
            let _ = ada.delete(&format!("/v1/artifacts/{gone}")).await.expect(204);
        }
        assert_eq!(world.work().await, failed(1), "{code}");
        let listed = ada.walk("/v1/drive/files?state=failed").await;
        assert_eq!((&listed[0]["id"], &listed[0]["error"]), (&json!(id), &json!(code)));
    }
    assert!(account.files().is_empty());
    let kept = "select count(*) from jobs where state = 'failed' and error <> '' and secret is null and lease is null";
    assert_eq!(world.number(kept).await, 6, "the operator sees them");
    world.behind.batch_execute("alter table jobs disable trigger user; update jobs set updated_at = now() - interval '31 days' where state = 'failed'").await.expect("aged");
    let _ = world.work().await;
    assert_eq!(world.number("select count(*) from jobs where state = 'failed'").await, 0);
}

#[tokio::test]
async fn what_its_owner_hides_is_not_exported_for_others() {
    let world = World::new().await;
    let ((ada, account), bob) = (world.person().await, Person::register_at(&world.server.url).await);
    let artifact = bob.create_artifact("public", "draw();\n").await.id();
    let _ = bob.publish(&artifact, "tick();\n").await;
    let old = export(&ada, json!({"artifact_id": artifact, "version": 1})).await;
    let current = export(&ada, json!({"artifact_id": artifact})).await;
    let _ =
        bob.patch(&format!("/v1/artifacts/{artifact}"), "*", json!({"versioning_enabled": false})).await.expect(200);
    assert_eq!(world.finish(&ada, &old).await["error"], "source_gone");
    assert_eq!(world.finish(&ada, &current).await["state"], "synced");
    let hidden = export(&ada, json!({"artifact_id": artifact})).await;
    let _ = bob.patch(&format!("/v1/artifacts/{artifact}"), "*", json!({"visibility": "private"})).await.expect(200);
    assert_eq!(world.finish(&ada, &hidden).await["error"], "source_gone");
    assert_eq!(account.only_file().1.bytes, b"tick();\n");
}

/// How long a failed job waits, by the database's clock alone: both times are of one statement.
async fn delay(world: &World) -> f64 {
    let select = "
        select extract(epoch from run_at - updated_at)::float8 from jobs
        where state = 'queued' and kind <> 'drive_sync' and lease is null";
    world.behind.query_one(select, &[]).await.expect("one job").get(0)
}

#[tokio::test]
async fn retries_back_off_and_end() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let id = export(&ada, json!({"artifact_id": artifact})).await;
    for attempt in 1..ATTEMPTS {
        account.fail("draw", Fault::error(503, "backendError"));
        assert_eq!(world.work().await, retried(1), "{attempt}");
        let longest = f64::min(30.0 * 2_f64.powi(attempt - 1), 3600.0);
        let delay = delay(&world).await;
        assert!((longest / 2.0 - 0.001..=longest + 0.001).contains(&delay), "{attempt}: {delay}");
        world.wait().await;
    }
    account.fail("draw", Fault::error(503, "backendError"));
    assert_eq!(world.work().await, failed(1));
    let file = ada.get(&format!("/v1/drive/files/{id}")).await.expect(200).json;
    assert_eq!((&file["state"], &file["error"]), (&json!("failed"), &json!("gave_up")));
}

#[tokio::test]
async fn google_says_how_long_to_wait() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    for (kind, status, reason) in [
        ("begin", 429, "rateLimitExceeded"),
        ("begin", 403, "userRateLimitExceeded"),
        ("part", 503, "backendError"),
        ("token", 429, "rateLimitExceeded"),
    ] {
        let (_, body) = harness::drive::error(status, reason);
        account.fail(kind, Fault::Answer(status, &[("retry-after", "7200")], body));
        let id = export(&ada, json!({"artifact_id": artifact})).await;
        assert_eq!(world.work().await, retried(1), "{kind} {status}");
        let delay = delay(&world).await;
        assert!((7199.9..=7230.1).contains(&delay), "{kind} {status}: {delay}");
        assert_eq!(world.finish(&ada, &id).await["state"], "synced");
    }
}

/// Getting further than ever is worth new attempts: a large upload over a bad line comes to its end.
#[tokio::test]
async fn an_upload_that_gets_on_is_never_given_up() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let content = bytes(20 * 256 * 1024);
    let artifact = artifact_of(&ada, &content).await;
    let id = export(&ada, json!({"artifact_id": artifact})).await;
    for _ in 0..20 {
        account.fail("part", Fault::AnswerLost);
        let _ = world.work().await;
        world.wait().await;
    }
    assert_eq!(world.finish(&ada, &id).await["state"], "synced");
    assert!(account.only_file().1.bytes == content);
}

#[tokio::test]
async fn without_consent_everything_waits_until_there_is_one() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let (bob, _) = world.person().await;
    let artifact = ada.create_artifact("public", "draw();\n").await.id();
    let exports = [ada.export_artifact(&artifact).await.id(), ada.export_artifact(&artifact).await.id()];
    let others = bob.export_artifact(&artifact).await.id();
    account.withdraw();
    let report = world.work().await;
    assert_eq!((report.waiting, report.done), (1, 1), "one of hers finds out, and his is done");
    let _ = world.finish(&bob, &others).await;
    let connection = ada.get("/v1/drive/connection").await.expect(200).json;
    assert_eq!((&connection["state"], &connection["next_sync_at"]), (&json!("needs_consent"), &Value::Null));
    for id in &exports {
        let file = ada.get(&format!("/v1/drive/files/{id}")).await.expect(200).json;
        assert_eq!((&file["state"], &file["error"]), (&json!("queued"), &json!("needs_consent")));
    }
    assert_eq!(world.work().await, done(0));
    account.consent_again();
    let _ = ada.connect_drive(&account).await;
    assert_eq!(world.work().await, done(3));
    assert_eq!(account.files().len(), 2);
    let shown = ada.get(&format!("/v1/drive/files/{}", exports[0])).await.expect(200).json;
    assert_eq!((&shown["state"], &shown["error"]), (&json!("synced"), &Value::Null));
    // A token that may not write files is as good as none.
    account.fail("draw", Fault::error(403, "insufficientPermissions"));
    let _ = ada.export_artifact(&artifact).await;
    let _ = world.work().await;
    assert_eq!(ada.get("/v1/drive/connection").await.expect(200).json["state"], "needs_consent");
}

#[tokio::test]
async fn two_workers_never_take_the_same_job() {
    let world = Arc::new(World::new().await);
    let made = "insert into jobs (user_id, kind, target) select uuid_v7(), 'drive_delete', number::text from generate_series(1, 200) as number";
    world.behind.batch_execute(made).await.expect("made");
    let claims = together((0..4).map(|_| {
        let world = Arc::clone(&world);
        async move {
            let client = database::connect(&world.jobs.url).await;
            let mut claimed = Vec::new();
            while let Some(job) = jobs::claim(&client, LEASE).await.expect("a claim") {
                claimed.push(job.id);
            }
            claimed
        }
    }));
    let claimed: Vec<Uuid> = claims.await.into_iter().flatten().collect();
    assert_eq!((claimed.len(), claimed.iter().collect::<BTreeSet<_>>().len()), (200, 200));
    world.behind.batch_execute("delete from jobs").await.expect("cleared");

    // Whole workers, over real exports.
    let (ada, account) = world.person().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    for _ in 0..20 {
        let _ = ada.export_artifact(&artifact).await;
    }
    let reports = together((0..4).map(|_| {
        let world = Arc::clone(&world);
        async move { world.work().await }
    }));
    assert_eq!(reports.await.iter().map(|report| report.done).sum::<u64>(), 20);
    assert_eq!(account.files().len(), 20);
    assert_eq!(account.requests().iter().filter(|request| **request == "begin").count(), 20);
}

#[tokio::test]
async fn a_lease_ends_and_whoever_had_it_can_do_no_more() {
    let world = World::new().await;
    let made = "insert into jobs (user_id, kind, target) values (uuid_v7(), 'drive_delete', 'a')";
    world.behind.batch_execute(made).await.expect("made");
    let client = database::connect(&world.jobs.url).await;
    let first = jobs::claim(&client, LEASE).await.expect("a claim").expect("a job");
    assert!(jobs::claim(&client, LEASE).await.expect("a claim").is_none(), "it is taken");
    assert!(first.renew(&client).await.expect("renewed"));
    world.wait().await;
    let second = jobs::claim(&client, LEASE).await.expect("a claim").expect("the lease is over");
    assert_eq!((first.id, second.attempts), (second.id, 2));
    assert!(!first.renew(&client).await.expect("asked"));
    first.finish(&client).await.expect("asked");
    first.retry(&client, Duration::ZERO, "rate_limited", "").await.expect("asked");
    first.fail(&client, "refused", "").await.expect("asked");
    first.release(&client).await.expect("asked");
    first.wait_for_consent(&client, "").await.expect("asked");
    assert!(second.renew(&client).await.expect("renewed"), "nothing of that did anything");
    second.release(&client).await.expect("released");
    let third = jobs::claim(&client, LEASE).await.expect("a claim").expect("it is left to the next");
    assert_eq!(third.attempts, 2, "to have no time is no failure");
    third.finish(&client).await.expect("finished");
    assert_eq!(world.number("select count(*) from jobs").await, 0);
}

#[tokio::test]
async fn a_job_that_kills_its_workers_is_given_up() {
    let world = World::new().await;
    let (ada, _) = world.person().await;
    let id = export(&ada, json!({"artifact_id": ada.create_artifact("private", "a").await.id()})).await;
    world
        .behind
        .execute("update jobs set attempts = $1 where kind = 'drive_export'", &[&ATTEMPTS])
        .await
        .expect("killed");
    assert_eq!(world.work().await, failed(1));
    assert_eq!(ada.get(&format!("/v1/drive/files/{id}")).await.expect(200).json["error"], "gave_up");
}

/// What the database refuses of one job is no reason to leave the others.
#[tokio::test]
async fn a_job_that_the_database_refuses_keeps_no_other_from_being_done() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let refuse = "alter table drive_files add constraint odd check (name <> 'odd' or drive_file_id is null)";
    world.behind.batch_execute(refuse).await.expect("a constraint");
    let odd = export(&ada, json!({"artifact_id": artifact, "name": "odd"})).await;
    let _ = ada.export_artifact(&artifact).await;
    let report = world.work().await;
    assert_eq!((report.done, report.retried), (1, 1));
    assert_eq!(ada.get(&format!("/v1/drive/files/{odd}")).await.expect(200).json["error"], "internal");
    assert_eq!(account.files().len(), 1);
}

#[tokio::test]
async fn a_run_ends_in_time_and_the_next_goes_on() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let _ = ada.export_artifact(&ada.create_artifact("private", "a").await.id()).await;
    let until = Some(Instant::now());
    let report = worker::run(&world.jobs, &world.bucket, &world.drive, until).await.expect("it works");
    assert_eq!(report, Report { is_cut_short: true, ..Report::default() });
    assert!(account.requests().is_empty());
    assert_eq!(world.work().await, done(1));
}

#[tokio::test]
async fn what_happens_in_drive_is_seen() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let connection = ada.get("/v1/drive/connection").await.expect(200).json;
    assert_eq!(connection["account_email"], account.email());
    assert!(connection["synced_at"].is_string());
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        ids.push(export(&ada, json!({"artifact_id": artifact, "name": name})).await);
    }
    assert_eq!(world.work().await, done(5));
    let drive_id =
        |name: &str| account.files().into_iter().find(|(_, file)| file.name == name).map(|(id, _)| id).expect("a file");
    let (a, b, c, d) = (drive_id("a"), drive_id("b"), drive_id("c"), drive_id("d"));
    account.edit(&a, |file| "a2".clone_into(&mut file.name));
    account.edit(&b, |file| file.trashed = true);
    account.edit(&c, |file| file.bytes = b"longer than before".to_vec());
    let removed = account.files()[&d].clone();
    account.remove(&d);
    let _ = account.requests();
    world.sync(&ada).await;
    assert!(
        account.requests().iter().all(|request| ["token", "changes"].contains(request)),
        "no other file is looked at"
    );
    let shown = async |index: usize| ada.get(&format!("/v1/drive/files/{}", ids[index])).await.expect(200).json;
    assert_eq!(shown(0).await["name"], "a2");
    assert_eq!((&shown(1).await["trashed"], &shown(1).await["state"]), (&json!(true), &json!("synced")));
    assert_eq!(shown(2).await["file_size"], 18);
    assert_eq!((&shown(3).await["state"], &shown(3).await["url"]), (&json!("removed"), &Value::Null));
    assert_eq!((&shown(4).await["name"], &shown(4).await["state"]), (&json!("e"), &json!("synced")));

    // It goes on from there: nothing is told twice, and what comes back is back.
    account.edit(&b, |file| file.trashed = false);
    account.restore(&d, removed);
    world.sync(&ada).await;
    assert_eq!((&shown(1).await["trashed"], &shown(3).await["state"]), (&json!(false), &json!("synced")));
}

#[tokio::test]
async fn where_drive_has_forgotten_the_place_everything_is_looked_at() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        ids.push(export(&ada, json!({"artifact_id": artifact, "name": name})).await);
    }
    assert_eq!(world.work().await, done(5));
    for refusal in [None, Some(400), Some(404)] {
        let (kept, gone) = {
            let files: Vec<_> = account.files().into_iter().collect();
            (files[0].clone(), files[1].clone())
        };
        account.edit(&kept.0, |file| file.name.push('!'));
        account.remove(&gone.0);
        match refusal {
            None => account.forget_pages(),
            Some(status) => account.fail("changes", Fault::error(status, "invalid")),
        }
        let _ = account.requests();
        world.sync(&ada).await;
        let requests = account.requests();
        assert!(requests.contains(&"start") && requests.contains(&"list"), "{requests:?}");
        let listed = ada.walk("/v1/drive/files").await;
        let of = |drive_id: &str| listed.iter().find(|file| file["drive_file_id"] == json!(drive_id)).expect("listed");
        assert_eq!(of(&kept.0)["name"], json!(format!("{}!", kept.1.name)));
        assert_eq!(of(&gone.0)["state"], "removed");
        assert_eq!(listed.iter().filter(|file| file["state"] == "synced").count(), account.files().len());
    }
}

#[tokio::test]
async fn a_sync_goes_on_after_a_failure_on_any_page() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    for _ in 0..5 {
        let _ = ada.export_artifact(&artifact).await;
    }
    assert_eq!(world.work().await, done(5));
    for (id, _) in account.files() {
        account.edit(&id, |file| file.name.push('!'));
    }
    account.fail("changes", Fault::AnswerLost);
    let _ = ada.post("/v1/drive/syncs", json!({})).await.expect(200);
    assert_eq!(world.work().await, retried(1));
    account.fail("changes", Fault::error(403, "rateLimitExceeded"));
    world.behind.batch_execute("update jobs set run_at = now()").await.expect("time passes");
    assert_eq!(world.work().await, retried(1));
    world.behind.batch_execute("update jobs set run_at = now(), attempts = 500").await.expect("time passes");
    account.fail("changes", Fault::Lost);
    assert_eq!(world.work().await, retried(1), "a sync is never given up");
    world.behind.batch_execute("update jobs set run_at = now()").await.expect("time passes");
    assert_eq!(world.work().await, done(1));
    assert!(ada.walk("/v1/drive/files").await.iter().all(|file| file["name"] == "clock.js!"));
    let next =
        "select count(*) from jobs where run_at > now() + interval '59 minutes' and attempts = 0 and lease is null";
    assert_eq!(world.number(next).await, 1);
}

#[tokio::test]
async fn a_sync_that_google_refuses_is_not_the_last() {
    let world = World::new().await;
    let (ada, account) = (Person::register_at(&world.server.url).await, fake().account());
    let _ = ada.connect_drive(&account).await;
    for (kind, status, reason) in [
        ("about", 403, "domainPolicy"),
        ("start", 403, "domainPolicy"),
        ("list", 400, "invalid"),
        ("list", 404, "notFound"),
    ] {
        account.fail(kind, Fault::error(status, reason));
        assert_eq!(world.work().await, retried(1), "{kind} {status}");
        world.behind.batch_execute("update jobs set run_at = now()").await.expect("time passes");
    }
    assert_eq!(world.work().await, done(1));
    assert!(ada.get("/v1/drive/connection").await.expect(200).json["synced_at"].is_string());
}

#[tokio::test]
async fn deletions_and_revocations_come_to_google() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let (kept, gone) = (ada.export_artifact(&artifact).await.id(), ada.export_artifact(&artifact).await.id());
    assert_eq!(world.work().await, done(2));
    account.fail("delete", Fault::AnswerLost);
    let _ = ada.delete(&format!("/v1/drive/files/{gone}")).await.expect(204);
    assert_eq!(world.work().await, retried(1));
    world.wait().await;
    assert_eq!(world.work().await, done(1), "that it is gone already is as good");
    let shown = ada.get(&format!("/v1/drive/files/{kept}")).await.expect(200).json;
    assert_eq!(shown["drive_file_id"], json!(account.only_file().0));

    // One that Google refuses stays to be seen.
    account.fail("delete", Fault::error(403, "insufficientFilePermissions"));
    let _ = ada.delete(&format!("/v1/drive/files/{kept}")).await.expect(204);
    assert_eq!(world.work().await, failed(1));
    let connection = ada.get("/v1/drive/connection").await.expect(200).json;
    assert_eq!(connection["failed_jobs"][0]["drive_file_id"], shown["drive_file_id"]);

    account.fail("revoke", Fault::AnswerLost);
    let _ = ada.delete("/v1/drive/connection").await.expect(204);
    assert_eq!(world.work().await, retried(1));
    world.wait().await;
    assert_eq!(world.work().await, done(1));
    assert!(account.is_withdrawn());
    assert_eq!(world.number("select count(*) from jobs where secret is not null").await, 0);
}

#[tokio::test]
async fn a_token_that_cannot_be_revoked_is_erased_all_the_same() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let _ = ada.delete("/v1/drive/connection").await.expect(204);
    for _ in 1..ATTEMPTS {
        account.fail("revoke", Fault::error(503, "backendError"));
        assert_eq!(world.work().await, retried(1));
        world.wait().await;
    }
    account.fail("revoke", Fault::error(503, "backendError"));
    assert_eq!(world.work().await, failed(1));
    let erased = "select count(*) from jobs where kind = 'drive_revoke' and state = 'failed' and secret is null and key_id is null";
    assert_eq!(world.number(erased).await, 1);
}

#[tokio::test]
async fn keys_are_rotated_without_anyone_noticing() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let old_key = KEYS.split(',').next_back().expect("two keys");
    let old = fake().client(old_key);
    let user_id = ada.id().parse().expect("an id");
    let sealed = old.seal_token(user_id, &account.refresh_token).expect("sealed");
    let restore = "update drive_connections set token = $1, key_id = $2";
    world.behind.execute(restore, &[&sealed.bytes, &sealed.key_id]).await.expect("sealed before the rotation");
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let _ = ada.export_artifact(&artifact).await;
    assert_eq!(world.work().await, done(1));
    assert_eq!(world.number("select count(*) from drive_connections where key_id = 'new'").await, 1);

    // A service that has lost the key waits for it.
    let id = ada.export_artifact(&artifact).await.id();
    assert_eq!(world.work_with(&old).await, retried(1));
    assert_eq!(ada.get(&format!("/v1/drive/files/{id}")).await.expect(200).json["error"], "internal");
    assert_eq!(world.finish(&ada, &id).await["state"], "synced");

    // One user's token is nothing to another.
    let (bob, _) = world.person().await;
    let swap = "
        update drive_connections set token = other.token
        from drive_connections other
        where drive_connections.user_id = $1::text::uuid and other.user_id = $2::text::uuid";
    world.behind.execute(swap, &[&bob.id(), &ada.id()]).await.expect("swapped");
    let _ = bob.export_artifact(&bob.create_artifact("private", "a").await.id()).await;
    assert_eq!(world.work().await, retried(1));
    assert_eq!(account.files().len(), 2);
}

#[tokio::test]
async fn the_worker_runs_by_hand_and_on_a_schedule() {
    let world = World::new().await;
    let (ada, account) = world.person().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    let all = world.variables();
    let _ = ada.export_artifact(&artifact).await;
    let output = run_to_end("jobs", &borrowed(&all)).await;
    let report = "Jobs: 1 done, 0 to be tried again, 0 wait for consent, 0 given up.";
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{report}\n"));
    // The platform gives it less time than it keeps to spare.
    let _ = ada.export_artifact(&artifact).await;
    let answer = Function::start("jobs", &borrowed(&all)).invoke(&Event::of(json!({}))).await;
    assert!(answer.is_ok && answer.json["report"].as_str().is_some_and(|report| report.contains("the next run")));
    assert_eq!(account.files().len(), 1);
    for name in ["JOBS_DATABASE_URL", "S3_BUCKET", "GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "DRIVE_TOKEN_KEYS"] {
        let missing: Vec<_> = all.iter().filter(|(known, _)| known != name).cloned().collect();
        let output = run_to_end("jobs", &borrowed(&missing)).await;
        assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains(name), "{name}");
    }
    for (name, value) in
        [("DRIVE_TOKEN_KEYS", "a:c2VjcmV0"), ("DRIVE_CHUNK", "100"), ("GOOGLE_API_URL", "http://drive.example.com")]
    {
        let mut wrong: Vec<_> = all.iter().filter(|(known, _)| known != name).cloned().collect();
        wrong.push((name.to_owned(), value.to_owned()));
        let output = run_to_end("jobs", &borrowed(&wrong)).await;
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && log.contains(name) && !log.contains("c2VjcmV0"), "{name}: {log}");
    }
}

/// Starts the worker as a process of its own.
fn start(variables: &[(String, String)]) -> std::process::Child {
    let mut command = Command::new(program("jobs"));
    command.env_clear().envs(variables.iter().cloned()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("it starts")
}

/// The worker, a process, is killed at each of its requests: before it does anything, in the middle, and when only the answer
/// is missing. Whatever the next one finds: there is one file in the end, with the right bytes.
async fn survive(world: &World, make: impl AsyncFn(&Person) -> (String, Vec<u8>)) {
    let variables = world.variables();
    let (ada, account) = world.person().await;
    let mut kills = 0;
    for moment in MOMENTS {
        for number in 1.. {
            let (id, expected) = make(&ada).await;
            account.hold(number, moment);
            let before = account.held_so_far();
            let mut process = start(&variables);
            let was_held = tokio::select! {
                _ = account.held(before) => true,
                () = ended(&mut process) => false,
            };
            process.kill().expect("it can be killed");
            process.wait().expect("it ends");
            account.hold_nothing();
            let file = world.finish(&ada, &id).await;
            assert_eq!(file["state"], "synced", "killed {moment:?} request {number}: {file}");
            let (drive_id, found) = account.only_file();
            let is_right = found.bytes == expected || unzip(&found.bytes).iter().any(|(_, bytes)| *bytes == expected);
            assert!(is_right && file["drive_file_id"] == json!(drive_id), "killed {moment:?} request {number}");
            let _ = ada.delete(&format!("/v1/drive/files/{id}")).await.expect(204);
            assert_eq!(world.work().await, done(1));
            assert!(account.files().is_empty());
            if !was_held {
                assert!(number > 3, "there were {number} requests only");
                break;
            }
            kills += 1;
        }
    }
    assert!(kills >= 12, "it was killed {kills} times only");
    assert_eq!(world.number("select count(*) from jobs where kind <> 'drive_sync'").await, 0);
}

/// Waits for a process.
async fn ended(process: &mut std::process::Child) {
    while process.try_wait().expect("its state").is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_file_survives_a_kill_of_the_worker_at_every_step() {
    let world = World::new().await;
    survive(&world, async |ada| {
        let content = bytes(LARGE);
        let artifact = artifact_of(ada, &content).await;
        (export(ada, json!({"artifact_id": artifact})).await, content)
    })
    .await;
}

#[tokio::test]
async fn an_archive_survives_a_kill_of_the_worker_at_every_step() {
    let world = World::new().await;
    survive(&world, async |ada| {
        let content = bytes(300 * 1024);
        let upload = ada.upload("artifact_file", "image/x-icon", &content).await;
        let files = json!([
            {"path": "a.js", "content": "draw();\n"}, {"path": "b.ico", "sha256": upload.json["blob"]["sha256"]}
        ]);
        let new = json!({"title": "A clock", "version": {"files": files}});
        let artifact = ada.post("/v1/artifacts", new).await.expect(201).id();
        (export(ada, json!({"artifact_id": artifact})).await, content)
    })
    .await;
}

/// Killed again and again on the way to one file, at each request in turn.
#[tokio::test]
async fn one_upload_survives_many_kills() {
    let world = World::new().await;
    let variables = world.variables();
    let (ada, account) = world.person().await;
    let content = bytes(LARGE);
    let artifact = artifact_of(&ada, &content).await;
    let id = export(&ada, json!({"artifact_id": artifact})).await;
    for round in 0..12 {
        // Each time a bit further: past the token, then past the question how far it is.
        account.hold(2 + round % 2, if round % 3 == 0 { Moment::Middle } else { Moment::After });
        let before = account.held_so_far();
        let mut process = start(&variables);
        tokio::select! {
            _ = account.held(before) => {}
            () = ended(&mut process) => {}
        }
        process.kill().expect("it can be killed");
        process.wait().expect("it ends");
        account.hold_nothing();
        world.wait().await;
    }
    assert_eq!(world.finish(&ada, &id).await["state"], "synced");
    assert!(account.only_file().1.bytes == content);
}

#[tokio::test]
async fn a_sync_survives_a_kill_of_the_worker_at_every_step() {
    let world = World::new().await;
    let variables = world.variables();
    let (ada, account) = world.person().await;
    let artifact = ada.create_artifact("private", "draw();\n").await.id();
    for _ in 0..3 {
        let _ = ada.export_artifact(&artifact).await;
    }
    assert_eq!(world.work().await, done(3));
    for is_first in [true, false] {
        for number in 1.. {
            for (id, _) in account.files() {
                account.edit(&id, |file| file.name = format!("{is_first} {number}"));
            }
            if is_first {
                account.forget_pages();
            }
            let due = "update jobs set run_at = now() where kind = 'drive_sync'";
            world.behind.batch_execute(due).await.expect("due");
            account.hold(number, Moment::After);
            let before = account.held_so_far();
            let mut process = start(&variables);
            let was_held = tokio::select! {
                _ = account.held(before) => true,
                () = ended(&mut process) => false,
            };
            process.kill().expect("it can be killed");
            process.wait().expect("it ends");
            account.hold_nothing();
            world.behind.batch_execute(due).await.expect("due");
            assert_eq!(world.work().await, done(1));
            let listed = ada.walk("/v1/drive/files").await;
            assert!(
                listed.iter().all(|file| file["name"] == format!("{is_first} {number}") && file["state"] == "synced")
            );
            if !was_held {
                assert!(number > 2);
                break;
            }
        }
    }
}

/// A worker that is slow, and not dead, does nothing to what another has taken up.
#[tokio::test]
async fn a_worker_that_comes_back_late_does_no_harm() {
    let world = World::new().await;
    let variables = world.variables();
    let (ada, account) = world.person().await;
    let content = bytes(LARGE);
    let artifact = artifact_of(&ada, &content).await;
    for number in 2..=7 {
        let id = export(&ada, json!({"artifact_id": artifact})).await;
        account.hold(number, Moment::After);
        let before = account.held_so_far();
        let mut process = start(&variables);
        let _ = account.held(before).await;
        account.hold_nothing();
        // Frozen by its platform, as it seems, while another does its work.
        assert_eq!(world.finish(&ada, &id).await["state"], "synced", "{number}");
        assert!(account.only_file().1.bytes == content, "{number}");
        account.let_go();
        ended(&mut process).await;
        assert!(account.only_file().1.bytes == content, "{number}");
        let shown = ada.get(&format!("/v1/drive/files/{id}")).await.expect(200).json;
        assert_eq!((&shown["state"], &shown["error"]), (&json!("synced"), &Value::Null), "{number}");
        let _ = ada.delete(&format!("/v1/drive/files/{id}")).await.expect(204);
        assert_eq!(world.work().await, done(1), "{number}");
    }
}

#[tokio::test]
async fn what_is_deleted_while_it_is_uploaded_does_not_stay_in_drive() {
    let world = World::new().await;
    let variables = world.variables();
    let (ada, account) = world.person().await;
    let artifact = artifact_of(&ada, &bytes(LARGE)).await;
    for number in 2..=7 {
        let id = export(&ada, json!({"artifact_id": artifact})).await;
        account.hold(number, Moment::After);
        let before = account.held_so_far();
        let mut process = start(&variables);
        let _ = account.held(before).await;
        account.hold_nothing();
        let deleted: Reply = ada.delete(&format!("/v1/drive/files/{id}")).await;
        let _ = deleted.expect(204);
        account.let_go();
        ended(&mut process).await;
        world.wait().await;
        let _ = world.work().await;
        assert!(account.files().is_empty(), "{number}: {:?}", account.files().keys());
        assert_eq!(world.number("select count(*) from jobs where kind <> 'drive_sync'").await, 0, "{number}");
    }
}
