//! Says how far the import is: a bar on a terminal, and one line for each thing that is done. All of it goes to standard error.

use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

/// What is being done.
pub(crate) struct Progress {
    what: String,
    bar: ProgressBar,
    started: Instant,
    done: u64,
}

impl Progress {
    /// Begins something of so many steps, of which some were done before.
    pub(crate) fn start(what: &str, steps: u64, done: i64) -> Self {
        let done = done.try_into().unwrap_or_default();
        let bar = ProgressBar::new(steps).with_message(what.to_owned());
        let template = "  {spinner} {msg:28} {bar:30} {human_pos} of {human_len}, {per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        bar.set_position(done);
        bar.reset_eta();
        Self { what: what.to_owned(), bar, started: Instant::now(), done }
    }

    /// Steps that are done.
    pub(crate) fn add(&self, steps: usize) {
        self.bar.inc(steps as u64);
    }

    /// Leaves one line.
    pub(crate) fn finish(&self, unit: &str) {
        let seconds = self.started.elapsed().as_secs_f64();
        let steps = self.bar.position() - self.done;
        self.bar.finish_and_clear();
        if unit.is_empty() {
            eprintln!("  ✓ {:32} {seconds:>8.1} s", self.what);
        } else {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "shown"
            )]
            let speed = HumanCount((steps as f64 / seconds.max(0.001)) as u64);
            eprintln!(
                "  ✓ {:32} {seconds:>8.1} s {:>12} {unit} {speed:>10} {unit}/s",
                self.what,
                HumanCount(steps).to_string()
            );
        }
    }
}
