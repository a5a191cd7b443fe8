//! README's sessions, pasted as they are printed.

use std::process::{Command, Stdio};

use harness::{database, server::Server};

/// What the sessions print, line by line; `…` stands for what is another each time.
const PRINTED: &str = include_str!("readme/printed.txt");

#[test]
fn its_sessions_can_be_pasted() {
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("SKIPPED: README's sessions need curl");
        return;
    }
    let readme = include_str!("../README.md");
    let blocks: Vec<&str> =
        readme.split("```bash\n").skip(1).map(|rest| rest.split_once("```").expect("an end").0).collect();
    assert_eq!(blocks.len(), 2);
    let server = Server::start(database::functions_url());
    let session = blocks.concat().replace("http://127.0.0.1:9000", &server.url);
    let output = Command::new("bash")
        .args(["-e", "-o", "pipefail", "-c", &session])
        .stdin(Stdio::null())
        .output()
        .expect("bash can be run");
    let printed = String::from_utf8(output.stdout).expect("text");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}\nafter\n{printed}");
    for (line, expected) in printed.lines().zip(PRINTED.lines()) {
        let matches = match expected.split_once('…') {
            Some((before, after)) => line.starts_with(before) && line.ends_with(after),
            None => line == expected,
        };
        assert!(matches, "{line:?} is not {expected:?} in\n{printed}");
    }
    assert_eq!(printed.lines().count(), PRINTED.lines().count(), "{printed}");
}
