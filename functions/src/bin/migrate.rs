//! Applies the migrations: as a CloudFormation custom resource on every deploy, or once, by hand, outside of Lambda.
//!
//! `OWNER_DATABASE_URL` is who owns the schema, `DATABASE_URL` who the functions log in as, `JOBS_DATABASE_URL` (where it is
//! set) what runs on a schedule: these logins are made here.

use anyhow::Context as _;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::{Value, json};
use shared::{config::DatabaseConfig, log, migrate};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        if let Err(error) = apply().await.map(|report| println!("{report}")) {
            eprintln!("{error:#}");
            std::process::exit(1);
        }
        return Ok(());
    }
    log::init();
    lambda_runtime::run(service_fn(on_event)).await
}

/// Migrates, and says what it did.
async fn apply() -> anyhow::Result<String> {
    let owner = DatabaseConfig::owner_from_env()?;
    let functions = DatabaseConfig::from_env()?;
    let jobs = std::env::var_os("JOBS_DATABASE_URL").map(|_| DatabaseConfig::jobs_from_env()).transpose()?;
    let applied = migrate::run(&owner, &migrate::runner()).await.context("the migrations were not applied")?;
    let login = migrate::grant_login(&owner, &functions).await.context("the functions' login was not made")?;
    let mut logins = format!("The functions log in as {login}.");
    if let Some(jobs) = jobs {
        let login = migrate::grant_jobs_login(&owner, &jobs).await.context("the jobs' login was not made")?;
        logins = format!("{logins} The jobs log in as {login}.");
    }
    Ok(match applied.as_slice() {
        [] => format!("The schema is up to date. {logins}"),
        applied => format!("Applied {}. {logins}", applied.join(", ")),
    })
}

async fn on_event(event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
    let event = event.payload;
    let is_delete = event["RequestType"] == "Delete";
    let outcome = if is_delete { Ok("Nothing to do: the data stays.".to_owned()) } else { apply().await };
    match &outcome {
        Ok(report) => tracing::info!("{report}"),
        Err(error) => tracing::error!("{error:#}"),
    }
    let Some(response_url) = event["ResponseURL"].as_str().map(str::to_owned) else {
        return Ok(json!({"report": outcome?}));
    };
    let response = custom_resource_response(&event, outcome.map_err(|error| format!("{error:#}")));
    tokio::task::spawn_blocking(move || {
        // The URL is signed for a PUT without a content type.
        ureq::put(&response_url).header("content-type", "").send(response.to_string())
    })
    .await??;
    Ok(Value::Null)
}

/// What CloudFormation waits for: see "Custom resource response objects" in its guide.
fn custom_resource_response(event: &Value, outcome: Result<String, String>) -> Value {
    let (status, reason) = match outcome {
        Ok(report) => ("SUCCESS", report),
        Err(error) => ("FAILED", error),
    };
    json!({
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": "atelier-migrations",
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {}
    })
}
