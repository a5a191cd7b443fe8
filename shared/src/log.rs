//! One structured line for the operator: JSON on Lambda, where the log service indexes its fields.

/// Starts logging; `LOG_LEVEL` (error, warn, info, debug) is `info` where unset.
pub fn init() {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|level| level.parse().ok()).unwrap_or(tracing::Level::INFO);
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .init();
}
