//! The release binaries as processes under a Runtime API, beside the floor.

use std::{fmt::Write, time::Instant};

use harness::{
    Value, json,
    runtime_api::{Event, Function, RuntimeApi, program},
};
use shared::{Entry, Storage, openapi};

use crate::{
    million::{self, Subject, TOKEN},
    report::{Aim, Report, median, micros, millis, number},
    requests,
};

const MEGABYTE: f64 = 1e6;

/// Bytes of a warm process at most, in megabytes.
const MEMORY: f64 = 8.0;

/// Times the floor.
const START: f64 = 1.5;

/// Megabytes at most: those that call the bucket carry its client, others only sign URLs.
fn size_aim(entry: &Entry) -> f64 {
    match entry.route.storage {
        Storage::None => 3.0,
        _ if entry.name.starts_with("uploads-") => 9.0,
        _ => 6.0,
    }
}

#[allow(clippy::cast_precision_loss)]
fn size(name: &str) -> f64 {
    std::fs::metadata(program(name)).map_or(f64::NAN, |metadata| metadata.len() as f64) / MEGABYTE
}

/// What is measured of a binary.
#[derive(Default)]
struct Samples {
    first_poll: Vec<f64>,
    first_answer: Vec<f64>,
    memory: Vec<f64>,
}

impl Samples {
    /// Starts it with a request waiting, and asks a few more.
    #[allow(clippy::cast_precision_loss)]
    async fn take(&mut self, name: &str, variables: &[(&str, &str)], event: &Event) {
        let api = RuntimeApi::start();
        let answer = api.invoke(event);
        let function = Function::start_at(api, name, variables);
        let answer = answer.await.unwrap_or_else(|| panic!("{name} does not answer"));
        assert!(answer.is_ok, "{name}: {}", answer.json);
        assert!(answer.json["statusCode"].as_u64().is_some_and(|status| status < 500), "{name}: {}", answer.json);
        self.first_poll.push(millis(function.polled().await));
        self.first_answer.push(millis(function.age_at(answer.at)));
        for _ in 0..5 {
            function.invoke(event).await;
        }
        self.memory.push(function.memory() as f64 / MEGABYTE);
    }
}

/// Measures all of them: gives the table by binary, and adds what matters to the report.
pub(crate) async fn measure(
    url: &str,
    subject: &Subject,
    rounds: usize,
    report: &mut Report,
) -> anyhow::Result<String> {
    println!("Processes:");
    let endpoints = functions::endpoints();
    let document = openapi::document(&endpoints, "0");
    let names = ["S3_BUCKET", "S3_REGION", "S3_ENDPOINT", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"];
    let bucket = names.map(|name| (name, std::env::var(name).unwrap_or_default()));
    let mut variables = vec![("DATABASE_URL", url)];
    variables.extend(bucket.iter().map(|(name, value)| (*name, value.as_str())));

    let mut floor = Samples::default();
    let mut connecting = Vec::new();
    let mut all: Vec<(&Entry, Event, Samples)> =
        endpoints.iter().map(|entry| (entry, event(entry, &document, subject), Samples::default())).collect();
    let hello = Event::to_path("GET", "/", &[]);
    for round in 1..=rounds {
        println!("  round {round} of {rounds}");
        connecting.push(millis(requests::from_nothing(url, subject).await));
        for (index, (entry, event, samples)) in all.iter_mut().enumerate() {
            // Again and again, so that it has its share of whatever else the machine does.
            if index % 8 == 0 {
                floor.take("floor", &[], &hello).await;
            }
            // Each time someone else: one of them signs out.
            let event = event.clone().token(&million::token(round * endpoints.len() + index));
            samples.take(&entry.name, &variables, &event).await;
        }
    }
    let floor = Figures::of("floor", floor);
    let connecting = median(connecting);
    let figures =
        all.into_iter().map(|(entry, _, samples)| (entry, Figures::of(&entry.name, samples))).collect::<Vec<_>>();
    let table = table(&floor, connecting, &figures)?;
    summarize(&floor, connecting, &figures, report);
    through_the_runtime(&variables, subject, rounds, report).await;
    Ok(table)
}

/// Medians.
struct Figures {
    size: f64,
    first_poll: f64,
    first_answer: f64,
    memory: f64,
}

impl Figures {
    fn of(name: &str, samples: Samples) -> Self {
        Self {
            size: size(name),
            first_poll: median(samples.first_poll),
            first_answer: median(samples.first_answer),
            memory: median(samples.memory),
        }
    }
}

/// What a first answer is measured beside: connecting is no fault of the function.
fn first_answer_floor(entry: &Entry, floor: &Figures, connecting: f64) -> f64 {
    floor.first_answer + if entry.route.database { connecting } else { 0.0 }
}

fn table(floor: &Figures, connecting: f64, figures: &[(&Entry, Figures)]) -> Result<String, std::fmt::Error> {
    let mut table = String::new();
    writeln!(
        table,
        "| binary | size, MB | first poll, ms | × floor | first answer, ms | × floor (and database) | memory, MB | |"
    )?;
    writeln!(table, "| --- | --: | --: | --: | --: | --: | --: | --- |")?;
    writeln!(
        table,
        "| floor: hello world | {} | {} | | {} | (+ {} to connect, prepare and fly) | {} | |",
        number(floor.size),
        number(floor.first_poll),
        number(floor.first_answer),
        number(connecting),
        number(floor.memory)
    )?;
    for (entry, figures) in figures {
        let poll = figures.first_poll / floor.first_poll;
        let answer = figures.first_answer / first_answer_floor(entry, floor, connecting);
        let missed: Vec<&str> = [
            ("size", figures.size > size_aim(entry)),
            ("poll", poll > START),
            ("answer", answer > START),
            ("memory", figures.memory > MEMORY),
        ]
        .into_iter()
        .filter_map(|(name, is_missed)| is_missed.then_some(name))
        .collect();
        let verdict = if missed.is_empty() { String::new() } else { format!("MISSED: {}", missed.join(", ")) };
        writeln!(
            table,
            "| {} | {} | {} | {poll:.2} | {} | {answer:.2} | {} | {verdict} |",
            entry.name,
            number(figures.size),
            number(figures.first_poll),
            number(figures.first_answer),
            number(figures.memory)
        )?;
    }
    let migrate = size("migrate");
    let verdict = if migrate > 3.0 { "MISSED: size" } else { "" };
    writeln!(table, "| migrate | {} | | | | | | {verdict} |", number(migrate))?;
    Ok(table)
}

fn summarize(floor: &Figures, connecting: f64, figures: &[(&Entry, Figures)], report: &mut Report) {
    let middle = |pick: &dyn Fn(&Figures) -> f64| median(figures.iter().map(|(_, figures)| pick(figures)).collect());
    let worst = |among: &dyn Fn(&Entry) -> bool, pick: &dyn Fn(&Figures) -> f64| {
        let of = figures.iter().filter(|(entry, _)| among(entry)).map(|(entry, figures)| (entry, pick(figures)));
        of.max_by(|(_, left), (_, right)| left.total_cmp(right)).map(|(entry, number)| (entry.name.clone(), number))
    };
    let floor_poll = ("hello world", floor.first_poll);
    report.compare(
        "exec to first poll, median binary",
        middle(&|of| of.first_poll),
        "ms",
        floor_poll,
        Aim::Ratio(START),
    );
    if let Some((name, poll)) = worst(&|_| true, &|of| of.first_poll) {
        report.compare(format!("exec to first poll, slowest ({name})"), poll, "ms", floor_poll, Aim::Ratio(START));
    }
    let with_database = ("hello world + connect, prepare, fly", floor.first_answer + connecting);
    for name in ["artifacts-read", "artifacts-list", "uploads-create"] {
        if let Some((_, figures)) = figures.iter().find(|(entry, _)| entry.name == name) {
            let what = format!("exec to first answer, {name}");
            report.compare(what, figures.first_answer, "ms", with_database, Aim::Ratio(START));
        }
    }
    if let Some((name, answer)) = worst(&|entry| !entry.route.database, &|of| of.first_answer) {
        let beside = ("hello world", floor.first_answer);
        report.compare(format!("exec to first answer, {name}"), answer, "ms", beside, Aim::Ratio(START));
    }
    let floor_memory = ("hello world", floor.memory);
    report.compare("memory, median binary", middle(&|of| of.memory), "MB", floor_memory, Aim::Most(MEMORY));
    if let Some((name, memory)) = worst(&|_| true, &|of| of.memory) {
        report.compare(format!("memory, largest ({name})"), memory, "MB", floor_memory, Aim::Most(MEMORY));
    }
    for (what, aim) in [("without storage", 3.0), ("that only sign URLs", 6.0), ("that call the bucket", 9.0)] {
        #[allow(clippy::float_cmp)]
        if let Some((name, size)) = worst(&|entry| size_aim(entry) == aim, &|of| of.size) {
            let what = format!("size of those {what}, largest ({name})");
            report.compare(what, size, "MB", ("hello world", floor.size), Aim::Most(aim));
        }
    }
}

/// The whole way of a warm request: event, answer, and the runtime's polling between them.
async fn through_the_runtime(variables: &[(&str, &str)], subject: &Subject, rounds: usize, report: &mut Report) {
    let read = functions::endpoints().into_iter().find(|entry| entry.name == "artifacts-read").expect("an endpoint");
    let event = Event::to_id(&read, &subject.ids[0].to_string()).token(TOKEN);
    let hello = Event::to_path("GET", "/", &[]);
    let contenders = [(Function::start("artifacts-read", variables), &event), (Function::start("floor", &[]), &hello)];
    let mut took = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (index, (function, event)) in contenders.iter().enumerate() {
            let mut round = Vec::new();
            for _ in 0..300 {
                let before = Instant::now();
                let answer = function.invoke(event).await;
                round.push(micros(answer.at - before));
            }
            took[index].push(median(round));
        }
    }
    let [ours, floor] = took.map(median);
    let what = "GET /v1/artifacts/{id} through the process, less what hello world takes";
    report.add(what, ours - floor, "µs", Aim::None);
    report.compare("GET /v1/artifacts/{id} through the process", ours, "µs", ("hello world", floor), Aim::None);
}

/// A request that reaches the database: a GET of what exists, anything else of what does not.
fn event(entry: &Entry, document: &Value, subject: &Subject) -> Event {
    let event = if entry.route.method == "GET" && entry.route.path.starts_with("/v1/artifacts/{id}") {
        Event::to_id(entry, &subject.ids[0].to_string())
    } else {
        Event::to_anything(entry)
    };
    let operation = &document["paths"][entry.route.path.replace("+}", "}")][entry.route.method.to_lowercase()];
    let schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        .as_str()
        .and_then(|reference| document.pointer(reference.trim_start_matches('#')));
    match schema {
        Some(schema) => event.body(schema["examples"].get(0).unwrap_or(&json!({}))),
        None => event,
    }
}
