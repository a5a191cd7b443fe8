//! `cargo xtask import` as a process.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use harness::database::connect;
use tokio_postgres::Client;

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit code.
    pub(crate) code: Option<i32>,
    /// The report.
    pub(crate) report: String,
    /// What else it said.
    pub(crate) said: String,
}

impl Outcome {
    /// The outcome, which must have this exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.said, self.report);
        self
    }
}

fn program() -> PathBuf {
    let own = std::env::current_exe().expect("a path");
    // Tests lie in target/<profile>/deps, programs in target/<profile>.
    let program = own.ancestors().nth(2).expect("a folder").join("import");
    assert!(program.exists(), "{} is missing: cargo build --features xtask/import --bin import", program.display());
    program
}

fn command(target: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(["--target", target]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Starts an import.
pub(crate) fn start(target: &str, arguments: &[&str]) -> Child {
    command(target, arguments).spawn().expect("it starts")
}

/// Runs an import to its end.
pub(crate) async fn run(target: &str, arguments: &[&str]) -> Outcome {
    let mut command = command(target, arguments);
    let output = tokio::task::spawn_blocking(move || command.output().expect("it runs")).await.expect("no panic");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Outcome { code: output.status.code(), report: text(output.stdout), said: text(output.stderr) }
}

/// What the book of imports says of a table: read, taken, known, refused.
pub(crate) async fn noted(target: &str) -> Vec<(String, [i64; 4])> {
    let rows = importer(target)
        .await
        .query(
            "select relation, rows_read, rows_taken, rows_known, rows_refused from lens.import_relations order by 1",
            &[],
        )
        .await
        .expect("the book");
    rows.iter().map(|row| (row.get(0), [1, 2, 3, 4].map(|column| row.get(column)))).collect()
}

/// A connection as the importer.
pub(crate) async fn importer(target: &str) -> Client {
    let client = connect(target).await;
    client.batch_execute("set role atelier_importer; set timezone = 'UTC'").await.expect("the owner may");
    client
}
