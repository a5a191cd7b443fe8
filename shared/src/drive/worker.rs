//! The worker: does what is due, one job after the other, until nothing is or its time is over. It may be killed at any point.

use std::{collections::HashMap, fmt, time::Instant};

use anyhow::Context as _;
use tokio_postgres::Client;
use uuid::Uuid;

use super::{
    Drive, Failure,
    client::{Answer, Request},
};
use crate::{
    bucket::{Bucket, BucketClient},
    config::DatabaseConfig,
    jobs::{self, ATTEMPTS, Job, LEASE, back_off, jitter},
    migrate::connect,
    seal::Sealed,
};

/// What was done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Jobs that were done.
    pub done: u64,
    /// Jobs that will be tried again.
    pub retried: u64,
    /// Jobs that wait for their user's consent.
    pub waiting: u64,
    /// Jobs that were given up.
    pub failed: u64,
    /// Whether it had to stop before all that was due was done.
    pub is_cut_short: bool,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, retried, waiting, failed, is_cut_short } = self;
        let rest = if *is_cut_short { "; the next run goes on where this one stopped" } else { "" };
        write!(
            formatter,
            "{done} done, {retried} to be tried again, {waiting} wait for consent, {failed} given up{rest}"
        )
    }
}

/// Why a job is not done.
pub(super) enum Trouble {
    /// It may work later. The first two as in [`Job::retry`]; then what Google asked to wait for.
    Later(&'static str, String, Option<std::time::Duration>),
    /// It will never work.
    Never(&'static str, String),
    /// The user has to connect again.
    NoConsent(String),
    /// Another worker has it by now, or nobody wants it any more.
    Lost,
    /// There is no time left.
    OutOfTime,
    /// Nothing works: the database is away.
    Broken(anyhow::Error),
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        // What the bucket or a row cannot give now, it may give later; a database that is away shows at once.
        Self::Later("internal", format!("{error:#}"), None)
    }
}

impl From<tokio_postgres::Error> for Trouble {
    /// What PostgreSQL refuses of one job keeps no other from being done.
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(refusal) if !refusal.code().code().starts_with("57") => {
                Self::Later("internal", format!("{}: {}", refusal.code().code(), refusal.message()), None)
            }
            _ => Self::Broken(error.into()),
        }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        let told = failure.to_string();
        match failure {
            Failure::Unauthorized | Failure::Conflict => Self::Later("drive_unavailable", told, None),
            Failure::NoConsent(_) => Self::NoConsent(told),
            Failure::Limited(after) => Self::Later("rate_limited", told, after),
            Failure::StorageFull => Self::Never("storage_full", told),
            Failure::NotFound(_) => Self::Never("not_found", told),
            Failure::Refused(_) => Self::Never("refused", told),
            Failure::Away(_, after) => Self::Later("drive_unavailable", told, after),
            Failure::Misconfigured(_) => Self::Later("misconfigured", told, None),
        }
    }
}

/// A connection to somebody's Drive.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) user_id: Uuid,
    sealed: Sealed,
    refresh_token: String,
}

/// Does what is due, and says what that was. `until` is when to stop, to go on there in the next run.
pub async fn run(
    config: &DatabaseConfig,
    bucket: &Bucket,
    drive: &Drive,
    until: Option<Instant>,
) -> anyhow::Result<Report> {
    let (database, _connection) = connect(config, "atelier jobs").await.context("the database is away")?;
    jobs::forget(&database).await?;
    let mut worker = Worker { database, bucket: bucket.client(), drive, until, tokens: HashMap::new() };
    let mut report = Report::default();
    loop {
        if worker.must_stop() {
            report.is_cut_short = true;
            return Ok(report);
        }
        let Some(job) = jobs::claim(&worker.database, LEASE).await? else { return Ok(report) };
        let outcome = if job.attempts > ATTEMPTS && job.kind != "drive_sync" {
            Err(Trouble::Never("gave_up", "it was begun too often without getting on".to_owned()))
        } else {
            // Apart from the loop, of which it would make a type too deep for the compiler.
            Box::pin(worker.work(&job)).await
        };
        worker.settle(&job, outcome, &mut report).await?;
    }
}

pub(super) struct Worker<'a> {
    pub(super) database: Client,
    pub(super) bucket: BucketClient,
    pub(super) drive: &'a Drive,
    until: Option<Instant>,
    /// Access tokens, by the refresh token that they came of, as it is sealed.
    tokens: HashMap<Vec<u8>, String>,
}

impl Worker<'_> {
    pub(super) fn must_stop(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// Goes on holding a job, if there is time for it.
    pub(super) async fn hold(&self, job: &Job) -> Result<(), Trouble> {
        if self.must_stop() {
            return Err(Trouble::OutOfTime);
        }
        if job.renew(&self.database).await.map_err(Trouble::Broken)? { Ok(()) } else { Err(Trouble::Lost) }
    }

    async fn work(&mut self, job: &Job) -> Result<(), Trouble> {
        if job.kind == "drive_revoke" {
            return self.revoke(job).await;
        }
        let account = self.account(job.user_id).await?;
        let outcome = match job.kind.as_str() {
            "drive_export" => Box::pin(self.export(job, &account)).await,
            // Never given up: there is nobody who would ask for it again.
            "drive_sync" => Box::pin(self.sync(job, &account)).await.map_err(|trouble| match trouble {
                Trouble::Never(_, cause) => Trouble::Later("drive_unavailable", cause, None),
                trouble => trouble,
            }),
            _ => self.delete(job, &account).await,
        };
        if let Err(Trouble::NoConsent(_)) = &outcome {
            self.ask_for_consent(&account).await?;
        }
        outcome
    }

    /// Writes down what came of a job.
    async fn settle(&self, job: &Job, outcome: Result<(), Trouble>, report: &mut Report) -> anyhow::Result<()> {
        let (code, cause, after) = match outcome {
            Ok(()) => {
                report.done += 1;
                return Ok(());
            }
            // Whoever has it now says what comes of it.
            Err(Trouble::Lost) => return Ok(()),
            Err(Trouble::OutOfTime) => {
                report.is_cut_short = true;
                return job.release(&self.database).await;
            }
            Err(Trouble::Broken(error)) => return Err(error),
            Err(Trouble::Never(code, cause)) => {
                tracing::warn!(job = %job.id, kind = job.kind, code, cause, "a job is given up");
                report.failed += 1;
                return job.fail(&self.database, code, &cause).await;
            }
            Err(Trouble::NoConsent(cause)) => {
                report.waiting += 1;
                return job.wait_for_consent(&self.database, &cause).await;
            }
            Err(Trouble::Later(code, cause, after)) => (code, cause, after),
        };
        if job.attempts >= ATTEMPTS && job.kind != "drive_sync" {
            tracing::warn!(job = %job.id, kind = job.kind, code, cause, "a job is given up");
            report.failed += 1;
            return job.fail(&self.database, "gave_up", &cause).await;
        }
        tracing::info!(job = %job.id, kind = job.kind, code, cause, "a job will be tried again");
        report.retried += 1;
        job.retry(&self.database, back_off(job.attempts, after, jitter()?), code, &cause).await
    }

    /// The connection of a user. A token under an old key is sealed anew.
    async fn account(&self, user_id: Uuid) -> Result<Account, Trouble> {
        let select = "select token, key_id, state from drive_connections where user_id = $1";
        let Some(row) = self.database.query_opt(select, &[&user_id]).await? else {
            return Err(Trouble::Never("not_connected", "Drive is not connected".to_owned()));
        };
        if row.get::<_, &str>("state") == "needs_consent" {
            return Err(Trouble::NoConsent("it was taken back before".to_owned()));
        }
        let mut sealed = Sealed { key_id: row.get("key_id"), bytes: row.get("token") };
        let refresh_token =
            self.drive.open_token(user_id, &sealed).map_err(|error| Trouble::from(anyhow::Error::new(error)))?;
        if self.drive.config.keys.is_old(&sealed) {
            sealed = self.replace_token(user_id, &sealed, &refresh_token).await?;
        }
        Ok(Account { user_id, sealed, refresh_token })
    }

    /// Stores a token in place of another, unless the user has connected anew meanwhile.
    async fn replace_token(&self, user_id: Uuid, old: &Sealed, token: &str) -> Result<Sealed, Trouble> {
        let sealed = self.drive.seal_token(user_id, token).map_err(anyhow::Error::new)?;
        let update = "update drive_connections set token = $3, key_id = $4 where user_id = $1 and token = $2";
        self.database.execute(update, &[&user_id, &old.bytes, &sealed.bytes, &sealed.key_id]).await?;
        Ok(sealed)
    }

    /// An access token, the one at hand or a new one.
    async fn access_token(&mut self, account: &Account, is_new: bool) -> Result<String, Trouble> {
        if let Some(token) = self.tokens.get(&account.sealed.bytes).filter(|_| !is_new) {
            return Ok(token.clone());
        }
        let grant = self.drive.refresh(&account.refresh_token).await.map_err(|failure| match failure {
            // Such as for a token that another client was given: it is ours that is wrong.
            Failure::Refused(told) => Trouble::Later("misconfigured", told, None),
            failure => failure.into(),
        })?;
        let mut key = account.sealed.bytes.clone();
        if let Some(token) = grant.refresh_token.filter(|token| *token != account.refresh_token) {
            key = self.replace_token(account.user_id, &account.sealed, &token).await?.bytes;
        }
        self.tokens.insert(key, grant.access_token.clone());
        self.tokens.insert(account.sealed.bytes.clone(), grant.access_token.clone());
        Ok(grant.access_token)
    }

    /// Calls Drive as a user. An access token that is no longer taken is replaced once.
    pub(super) async fn call(&mut self, account: &Account, request: &Request) -> Result<Answer, Trouble> {
        let token = self.access_token(account, false).await?;
        let answer = self.drive.send(request, Some(&token)).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let token = self.access_token(account, true).await?;
        Ok(self.drive.send(request, Some(&token)).await?)
    }

    /// Has everything of the user's wait for consent, unless there is a new one already.
    async fn ask_for_consent(&mut self, account: &Account) -> Result<(), Trouble> {
        let transaction = self.database.transaction().await?;
        let lock = "select id from jobs where user_id = $1 and kind <> 'drive_revoke' order by id for update";
        transaction.query(lock, &[&account.user_id]).await?;
        let update = "update drive_connections set state = 'needs_consent' where user_id = $1 and token = $2";
        if transaction.execute(update, &[&account.user_id, &account.sealed.bytes]).await? == 1 {
            let wait = "
                update jobs set state = 'waiting', lease = null
                where user_id = $1 and state = 'queued' and kind <> 'drive_revoke'";
            transaction.execute(wait, &[&account.user_id]).await?;
            let tell = "
                update drive_files set error = 'needs_consent'
                where user_id = $1 and state in ('queued', 'uploading')";
            transaction.execute(tell, &[&account.user_id]).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn revoke(&self, job: &Job) -> Result<(), Trouble> {
        let sealed = job.secret.as_ref().ok_or_else(|| anyhow::anyhow!("there is no token to revoke"))?;
        let token = self.drive.open_token(job.user_id, sealed).map_err(anyhow::Error::new)?;
        self.drive.revoke(&token).await?;
        job.finish(&self.database).await.map_err(Trouble::Broken)
    }

    /// Removes a file from Drive. That it is not there, or not ours, is as good.
    async fn delete(&mut self, job: &Job, account: &Account) -> Result<(), Trouble> {
        let target = job.target.as_deref().unwrap_or_default();
        match self.call(account, &self.drive.delete_file(target)).await?.ok() {
            Ok(_) | Err(Failure::NotFound(_)) => job.finish(&self.database).await.map_err(Trouble::Broken),
            Err(failure) => Err(failure.into()),
        }
    }
}
