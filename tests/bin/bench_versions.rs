//! The versions' benchmark: histories are published, and what they cost is compared with full text in each row and with
//! git's pack.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use harness::{
    Person, Value,
    database::{connect, create_migrated, superuser_url, url},
    json,
    projections::root,
    server::Server,
};
use shared::text::Sha256;
use tokio_postgres::Client;

const HELP: &str = "\
Publishes this project's own history, and that of a generated project, as versions, and compares what they cost.

  --versions N     versions of the generated project (500)
  --reads N        versions to read, at random (1000)
";

/// Bytes that a text in a request may have; larger ones would go to the bucket.
const FILE_LIMIT: usize = 1024 * 1024;

/// The files of a version, by path.
type Files = BTreeMap<String, String>;

/// What is published as one artifact: its versions, from the first.
type History = Vec<Files>;

#[tokio::main]
async fn main() -> Result<()> {
    let (mut versions, mut reads) = (500, 1000);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let number = arguments.next().and_then(|number| number.parse().ok());
        match (argument.as_str(), number) {
            ("--versions", Some(number)) => versions = number,
            ("--reads", Some(number)) => reads = number,
            _ => {
                print!("{HELP}");
                return Ok(());
            }
        }
    }
    let mut table = String::from(
        "| history | versions, files | full text in each row | as TOAST lz4 | TOAST pglz | `git gc`: pack, with index \
         | Atelier: texts, all tables and indexes | lz4 : texts, all | texts, all : git's pack | publish p50, p99 \
         | read a version p50, p99 | read a file p50, p99 |\n\
         | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n",
    );
    for (name, histories) in [("this project's", project()?), ("generated", vec![generate(versions)])] {
        writeln!(table, "{}", measure(name, &histories, reads).await?)?;
    }
    println!("{table}");
    Ok(())
}

/// Publishes histories into a database of their own, and gives a row of the table.
async fn measure(name: &str, histories: &[History], reads: usize) -> Result<String> {
    let (owner, functions) = create_migrated().await;
    let database = owner.rsplit('/').next().context("a database")?;
    let client = connect(&url(None, database)).await;
    let empty = all_bytes(&client).await?;
    let ada = Person::register_at(&Server::start(functions).url).await;
    let mut publishing = Vec::new();
    let mut artifacts = Vec::new();
    for history in histories {
        artifacts.push(publish(&ada, history, &mut publishing).await?);
    }
    client.batch_execute("vacuum analyze").await?;
    let texts = number(&client, "select coalesce(sum(octet_length(content)), 0)::bigint from blobs").await?;
    let all = all_bytes(&client).await? - empty;
    let [full, lz4, pglz] = full_text(&client, histories).await?;
    let [pack, index] = pack(histories)?;
    let (reading, reading_files) = read(&ada, histories, &artifacts, reads).await?;
    drop(client);
    let drop_database = format!("drop database {database} with (force)");
    connect(&superuser_url()).await.batch_execute(&drop_database).await?;

    let versions: usize = histories.iter().map(Vec::len).sum();
    let files: usize = histories.iter().filter_map(|history| history.last()).map(BTreeMap::len).sum();
    Ok(format!(
        "| {name} | {versions}, {files} | {} | {} | {} | {}, {} | {}, {} | {}, {} | {}, {} | {} | {} | {} |",
        kilobytes(full),
        kilobytes(lz4),
        kilobytes(pglz),
        kilobytes(pack),
        kilobytes(pack + index),
        kilobytes(texts),
        kilobytes(all),
        ratio(lz4, texts),
        ratio(lz4, all),
        ratio(texts, pack),
        ratio(all, pack),
        percentiles(publishing),
        percentiles(reading),
        percentiles(reading_files),
    ))
}

/// Publishes a history, and gives the artifact's id. A file that stays as it is is named by its hash.
async fn publish(ada: &Person, history: &History, times: &mut Vec<Duration>) -> Result<String> {
    let id = ada.post("/v1/artifacts", json!({"title": "History"})).await.expect(201).id();
    let mut before = &Files::new();
    for files in history {
        let body: Vec<Value> = files
            .iter()
            .map(|(path, text)| {
                if before.get(path) == Some(text) {
                    json!({"path": path, "sha256": Sha256::of(text.as_bytes())})
                } else {
                    json!({"path": path, "content": text})
                }
            })
            .collect();
        let started = Instant::now();
        let _ = ada.publish_files(&id, json!(body)).await;
        times.push(started.elapsed());
        before = files;
    }
    Ok(id)
}

/// Reads versions at random, whole and one file of each, and compares what comes with what was published.
async fn read(
    ada: &Person,
    histories: &[History],
    artifacts: &[String],
    reads: usize,
) -> Result<(Vec<Duration>, Vec<Duration>)> {
    let mut numbers = Numbers(fastrand::Rng::with_seed(7));
    let (mut versions, mut single) = (Vec::new(), Vec::new());
    for _ in 0..reads {
        let which = numbers.0.usize(..histories.len());
        let index = numbers.0.usize(..histories[which].len());
        let files = &histories[which][index];
        let path = format!("/v1/artifacts/{}/versions/{}", artifacts[which], index + 1);
        let started = Instant::now();
        let version = ada.get(&path).await.expect(200);
        versions.push(started.elapsed());
        let read = version.json["files"].as_array().context("files")?;
        ensure!(read.len() == files.len(), "{path} has other files");
        for file in read {
            let name = file["path"].as_str().unwrap_or_default();
            ensure!(file["content"].as_str() == files.get(name).map(String::as_str), "{path}: {name} is not the same");
        }
        let (name, text) = files.iter().nth(numbers.0.usize(..files.len())).context("a file")?;
        let path = format!("{path}/files/{name}");
        let started = Instant::now();
        let file = ada.get(&path).await.expect(200);
        single.push(started.elapsed());
        ensure!(file.json["content"].as_str() == Some(text), "{path} is not the same");
    }
    Ok((versions, single))
}

/// The documents' way: all text of each version in its row. Gives the text's bytes, those that TOAST would make of it with
/// lz4, which not every server is built with, and a real table's, with its default method.
async fn full_text(client: &Client, histories: &[History]) -> Result<[i64; 3]> {
    client.batch_execute("create table full_text (code_content text compression pglz)").await?;
    let (mut full, mut lz4) = (0, 0);
    for files in histories.iter().flatten() {
        let text = json!(files).to_string();
        full += i64::try_from(text.len())?;
        lz4 += i64::try_from(lz4_flex::block::compress(text.as_bytes()).len())?;
        client.execute("insert into full_text values ($1)", &[&text]).await?;
    }
    Ok([full, lz4, number(client, "select pg_total_relation_size('full_text')").await?])
}

/// Bytes of all that a version is made of, with indexes and TOAST.
async fn all_bytes(client: &Client) -> Result<i64> {
    let tables =
        "array['blobs', 'artifacts', 'artifact_versions', 'artifact_files', 'artifact_version_chats']::regclass[]";
    let query = format!("select sum(pg_total_relation_size(relation))::bigint from unnest({tables}) as relation");
    number(client, &query).await
}

async fn number(client: &Client, query: &str) -> Result<i64> {
    Ok(client.query_one(query, &[]).await?.get(0))
}

/// Commits the same versions with git, a branch for each history, and gives the bytes of its pack and the pack's index.
fn pack(histories: &[History]) -> Result<[i64; 2]> {
    let folder = std::env::temp_dir().join(format!("atelier-bench-{}", uuid::Uuid::now_v7()));
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(&folder).args(arguments);
        command
    };
    fs::create_dir_all(&folder)?;
    ensure!(git(&["init", "--quiet", "--bare"]).status().context("git is needed")?.success(), "git init failed");
    let mut import = git(&["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn()?;
    let mut stream = import.stdin.take().context("a pipe")?;
    for (branch, history) in histories.iter().enumerate() {
        for (index, files) in history.iter().enumerate() {
            let message = format!("Version {}", index + 1);
            write!(
                stream,
                "commit refs/heads/h{branch}\ncommitter Ada <ada@example.com> {} +0000\n",
                1_700_000_000 + index
            )?;
            writeln!(stream, "data {}\n{message}\ndeleteall", message.len())?;
            for (path, text) in files {
                write!(stream, "M 644 inline {path}\ndata {}\n{text}\n", text.len())?;
            }
        }
    }
    drop(stream);
    ensure!(import.wait()?.success(), "git fast-import failed");
    // What `git gc` does to loose objects. It would keep the poor deltas that fast-import makes.
    ensure!(git(&["repack", "-a", "-d", "-f", "--quiet"]).status()?.success(), "git repack failed");
    let sizes = ["pack", "idx"].map(|extension| bytes_of(&folder.join("objects/pack"), extension));
    fs::remove_dir_all(&folder)?;
    let [pack, index] = sizes;
    Ok([pack?, index?])
}

/// Bytes of a folder's files with an extension.
fn bytes_of(folder: &Path, extension: &str) -> Result<i64> {
    let mut bytes = 0;
    for file in fs::read_dir(folder)? {
        let file = file?;
        if file.path().extension().is_some_and(|found| found == extension) {
            bytes += i64::try_from(file.metadata()?.len())?;
        }
    }
    Ok(bytes)
}

/// The texts of this project at each of its commits, each folder at its root a history.
fn project() -> Result<Vec<History>> {
    let git = |arguments: &[&str]| -> Result<Vec<u8>> {
        let output = Command::new("git").arg("-C").arg(root()).args(arguments).output().context("git is needed")?;
        ensure!(output.status.success(), "git {} failed", arguments.join(" "));
        Ok(output.stdout)
    };
    let mut blobs: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut histories: BTreeMap<String, History> = BTreeMap::new();
    for commit in String::from_utf8(git(&["rev-list", "--reverse", "--first-parent", "HEAD"])?)?.lines() {
        let mut folders: BTreeMap<String, Files> = BTreeMap::new();
        for entry in String::from_utf8(git(&["ls-tree", "-r", "-z", commit])?)?.split_terminator('\0') {
            let (object, path) = entry.split_once('\t').context("an entry")?;
            let hash = object.split(' ').nth(2).context("a hash")?;
            if !blobs.contains_key(hash) {
                let text = String::from_utf8(git(&["cat-file", "blob", hash])?).ok();
                let text = text.filter(|text| text.len() <= FILE_LIMIT && !text.contains('\0'));
                blobs.insert(hash.to_owned(), text);
            }
            if let (Some(text), Some((folder, _))) = (&blobs[hash], path.split_once('/')) {
                folders.entry(folder.to_owned()).or_default().insert(path.to_owned(), text.clone());
            }
        }
        for (folder, files) in folders {
            let history = histories.entry(folder).or_default();
            if history.last() != Some(&files) {
                history.push(files);
            }
        }
    }
    Ok(histories.into_values().collect())
}

/// A generator of numbers that are the same in each run.
struct Numbers(fastrand::Rng);

impl Numbers {
    /// A word of a project's own vocabulary, few of them often, as words are.
    fn word(&mut self) -> String {
        let syllables =
            ["ar", "be", "cli", "do", "en", "fo", "gra", "hi", "in", "ko", "li", "mo", "ne", "or", "pa", "ra"];
        let limit = 1 + self.0.usize(..2000);
        let mut rank = self.0.usize(..limit);
        let mut word = String::new();
        loop {
            word.push_str(syllables[rank % syllables.len()]);
            rank /= syllables.len();
            if rank == 0 {
                return word;
            }
        }
    }

    fn line(&mut self) -> String {
        let indent = " ".repeat(4 * self.0.usize(..4));
        match self.0.usize(..5) {
            0 => "\n".to_owned(),
            1 => {
                format!("{indent}let {} = {}({}, {});\n", self.word(), self.word(), self.word(), self.0.usize(..10_000))
            }
            2 => format!("{indent}if {}.{} > {} {{\n", self.word(), self.word(), self.0.usize(..100)),
            3 => format!("{indent}{}.{}(\"{} {}\");\n", self.word(), self.word(), self.word(), self.word()),
            _ => {
                let words: Vec<String> = (0..=self.0.usize(..12)).map(|_| self.word()).collect();
                format!("{indent}// {}\n", words.join(" "))
            }
        }
    }

    fn lines(&mut self, least: usize, more: usize) -> Vec<String> {
        (0..least + self.0.usize(..more)).map(|_| self.line()).collect()
    }
}

/// A project that grows from 10 files to about 50: each version rewrites a few places in one to three of them.
fn generate(versions: usize) -> History {
    let mut numbers = Numbers(fastrand::Rng::with_seed(0x5EED));
    let mut files: BTreeMap<String, Vec<String>> =
        (0..10).map(|index| (format!("src/{index}.js"), numbers.lines(50, 200))).collect();
    let mut history = Vec::new();
    for version in 0..versions {
        for _ in 0..=numbers.0.usize(..3) {
            let lines = files.values_mut().nth(numbers.0.usize(..10)).expect("ten files at least");
            for _ in 0..=numbers.0.usize(..3) {
                let at = numbers.0.usize(..lines.len());
                let to = (at + numbers.0.usize(..12)).min(lines.len());
                let new = numbers.lines(1, 12);
                let _ = lines.splice(at..to, new);
            }
        }
        if version % 12 == 11 && files.len() < 50 {
            files.insert(format!("src/{}/{}.js", numbers.word(), files.len()), numbers.lines(50, 200));
        }
        history.push(files.iter().map(|(path, lines)| (path.clone(), lines.concat())).collect());
    }
    history
}

#[expect(clippy::cast_precision_loss)]
fn kilobytes(bytes: i64) -> String {
    format!("{:.0} kB", bytes as f64 / 1000.0)
}

#[expect(clippy::cast_precision_loss)]
fn ratio(one: i64, other: i64) -> String {
    format!("{:.1}", one as f64 / other as f64)
}

/// The median and the 99th percentile, in milliseconds.
fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1000.0;
    format!("{:.1}, {:.1} ms", at(50), at(99))
}
