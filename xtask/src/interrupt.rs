//! Ctrl-C. The first one asks xtask to stop in good order, a second one ends it at once; the guards of the servers then
//! do the rest.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

static REQUESTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// The exit code of a program that was interrupted.
pub(crate) const EXIT_CODE: u8 = 130;

/// Begins to listen.
pub(crate) fn listen() -> Result<()> {
    let requested = REQUESTED.get_or_init(Arc::default);
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, EXIT_CODE.into(), Arc::clone(requested))
            .and_then(|_| flag::register(signal, Arc::clone(requested)))
            .context("could not listen for Ctrl-C")?;
    }
    Ok(())
}

/// Whether to stop.
pub(crate) fn requested() -> bool {
    REQUESTED.get().is_some_and(|requested| requested.load(Ordering::Relaxed))
}

/// Asks again and again until there is an answer, the time is over, or Ctrl-C.
pub(crate) fn poll<T>(limit: Duration, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(Some(answer));
        }
        if requested() {
            bail!("interrupted");
        }
        if started.elapsed() > limit {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(25));
    }
}
