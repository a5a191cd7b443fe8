//! Says what is being done, and how long it took. All of it goes to standard error.

use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

/// Does one quiet step under a spinner, then leaves one line: a mark, the step, the seconds.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    let spinner = ProgressBar::new_spinner().with_message(what.to_owned());
    if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg} … {elapsed}") {
        spinner.set_style(style);
    }
    spinner.enable_steady_tick(Duration::from_millis(100));
    let result = work();
    spinner.finish_and_clear();
    finish(what, started, result.is_ok());
    result
}

/// Does one step whose own output is shown between its title and its last line.
pub(crate) fn loud_step<T>(what: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    eprintln!("  → {what}");
    let result = work();
    finish(what, started, result.is_ok());
    result
}

fn finish(what: &str, started: Instant, good: bool) {
    let mark = if good { '✓' } else { '✗' };
    eprintln!("  {mark} {what}  {}", seconds(started.elapsed()));
}

/// A duration for people.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
