//! A program that runs on a schedule as a Lambda function, or once, by hand, outside of Lambda.

use std::{
    future::Future,
    time::{Duration, Instant, SystemTime},
};

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};

use crate::log;

/// What it is told.
pub struct Call {
    /// Arguments of the command line; none on Lambda.
    pub arguments: Vec<String>,
    /// The event; null by hand.
    pub event: Value,
    /// When to stop, to go on there in the next run; never by hand.
    pub until: Option<Instant>,
}

/// Runs it, and reports what it says that it did. It is told to end this long before the platform would kill it.
pub async fn main<Work: Future<Output = anyhow::Result<String>>>(
    spare: Duration,
    work: impl Fn(Call) -> Work,
) -> Result<(), lambda_runtime::Error> {
    log::init();
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        let work = &work;
        let on_event = async |event: LambdaEvent<Value>| {
            let left = event.context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
            let until = Some(Instant::now() + left.saturating_sub(spare));
            let outcome = work(Call { arguments: Vec::new(), event: event.payload, until }).await;
            match &outcome {
                Ok(report) => tracing::info!("{report}"),
                Err(error) => tracing::error!("{error:#}"),
            }
            Ok::<_, lambda_runtime::Error>(json!({"report": outcome?}))
        };
        return lambda_runtime::run(service_fn(on_event)).await;
    }
    let arguments = std::env::args().skip(1).collect();
    match work(Call { arguments, event: Value::Null, until: None }).await {
        Ok(report) => println!("{report}"),
        Err(error) => {
            eprintln!("{error:#}");
            std::process::exit(1);
        }
    }
    Ok(())
}
