//! The sweep: removes for good what nobody can reach any more, and takes generation runs for failed that are not heard of
//! any more. It may be killed at any point, and run again.
//!
//! Rows go first, and only then the objects that no row names. An object is removed under a lock of its user's that every
//! declaration of an upload shares, after one more look at the rows: whoever declares the same bytes before is seen, and
//! whoever declares them after finds the object gone, and sends it again. A sweep that is killed while the bucket is asked
//! leaves a mark, by which declarations are refused for two minutes: until then its request may still be on its way.

use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, bail};
use tokio::task::JoinHandle;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{
    bucket::{Bucket, BucketClient, Listed, PREFIXES},
    config::DatabaseConfig,
    migrate::connect,
    text::Sha256,
};

/// What is removed when.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether to only say what would be removed.
    pub dry_run: bool,
    /// Whether to only look for silent runs, which cannot wait as long as all else.
    pub runs_only: bool,
    /// How long a generation run may be silent.
    pub silence: Duration,
    /// How long artifacts stay in the trash.
    pub trash: Duration,
    /// How long an upload stays after it has expired, so that none is removed while it is being completed.
    pub uploads: Duration,
    /// How long a blob stays after it was first found without anything that refers to it.
    pub blobs: Duration,
    /// How long an object stays that no row names.
    pub objects: Duration,
    /// How long an unfinished multipart upload stays: longer than the upload it belongs to.
    pub multiparts: Duration,
    /// Below what keys objects are removed.
    pub prefixes: Vec<String>,
    /// Rows in a transaction.
    pub batch: i32,
    /// When to stop, to go on there in the next run.
    pub until: Option<Instant>,
}

impl Default for Settings {
    fn default() -> Self {
        const DAY: Duration = Duration::from_hours(24);
        Self {
            dry_run: false,
            runs_only: false,
            silence: Duration::from_mins(30),
            trash: 30 * DAY,
            uploads: Duration::from_hours(1),
            blobs: DAY,
            objects: DAY,
            multiparts: 8 * DAY,
            prefixes: PREFIXES.map(str::to_owned).into(),
            batch: 500,
            until: None,
        }
    }
}

/// What was removed, or would be.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Generation runs that stopped reporting: they are failed now.
    pub runs: i64,
    /// Artifacts from the trash.
    pub artifacts: i64,
    /// Uploads that have expired.
    pub uploads: i64,
    /// Sessions that have expired.
    pub sessions: i64,
    /// Replies kept for an `Idempotency-Key` for longer than 24 hours.
    pub idempotency_keys: i64,
    /// Blobs newly found without anything that refers to them; they stay for now.
    pub blobs_marked: i64,
    /// Blobs that nothing has referred to for long enough.
    pub blobs: i64,
    /// Objects of the bucket.
    pub objects: i64,
    /// Unfinished multipart uploads.
    pub multiparts: i64,
    /// Whether it had to stop before it had seen everything.
    pub is_cut_short: bool,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} silent runs, {} artifacts, {} uploads, {} sessions, {} idempotency keys, {} blobs ({} more are marked), {} objects, \
             {} multipart uploads{}",
            self.runs,
            self.artifacts,
            self.uploads,
            self.sessions,
            self.idempotency_keys,
            self.blobs,
            self.blobs_marked,
            self.objects,
            self.multiparts,
            if self.is_cut_short { "; the next run goes on where this one stopped" } else { "" },
        )
    }
}

/// Any number that no one else uses for an advisory lock.
const ONE_AT_A_TIME: i64 = 0x4174_656c_7377_6570;

/// Removes what is due, and says what that was.
pub async fn run(config: &DatabaseConfig, bucket: &Bucket, settings: &Settings) -> anyhow::Result<Report> {
    let (database, connection) = connect(config, "atelier sweep").await.context("the database is away")?;
    database.batch_execute("set lock_timeout = '10s'").await?;
    let mut sweep =
        Sweep { database, connection, bucket: bucket.client(), settings: settings.clone(), report: Report::default() };
    sweep.runs().await.context("generation runs")?;
    if settings.runs_only {
        return Ok(sweep.report);
    }
    let lock = "select pg_try_advisory_lock($1)";
    if !sweep.database.query_one(lock, &[&ONE_AT_A_TIME]).await?.get::<_, bool>(0) {
        bail!("another sweep is running");
    }
    sweep.artifacts().await.context("artifacts")?;
    sweep.uploads().await.context("uploads")?;
    sweep.report.sessions = sweep.expired("sessions", "expires_at < now()").await.context("sessions")?;
    sweep.report.idempotency_keys = sweep
        .expired("idempotency_keys", "created_at < now() - interval '24 hours'")
        .await
        .context("idempotency keys")?;
    sweep.blobs().await.context("blobs")?;
    for prefix in settings.prefixes.clone() {
        sweep.objects(&prefix).await.with_context(|| format!("objects below {prefix}"))?;
        sweep.multiparts(&prefix).await.with_context(|| format!("multipart uploads below {prefix}"))?;
    }
    Ok(sweep.report)
}

struct Sweep {
    database: Client,
    connection: JoinHandle<()>,
    bucket: BucketClient,
    settings: Settings,
    report: Report,
}

impl Sweep {
    fn must_stop(&mut self) -> bool {
        let must_stop = self.settings.until.is_some_and(|until| Instant::now() >= until);
        self.report.is_cut_short |= must_stop;
        must_stop
    }

    async fn runs(&mut self) -> anyhow::Result<()> {
        let silence = self.settings.silence.as_secs_f64();
        if self.settings.dry_run {
            let count = "select count(*) from generation_runs
                where status not in ('completed', 'failed') and reported_at < now() - make_interval(secs => $1)";
            self.report.runs = self.database.query_one(count, &[&silence]).await?.get(0);
            return Ok(());
        }
        while !self.must_stop() {
            let fail = "select fail_silent_runs(make_interval(secs => $1), $2)";
            let failed: i64 = self.database.query_one(fail, &[&silence, &self.settings.batch]).await?.get(0);
            self.report.runs += failed;
            if failed < i64::from(self.settings.batch) {
                break;
            }
        }
        Ok(())
    }

    async fn artifacts(&mut self) -> anyhow::Result<()> {
        let trash = self.settings.trash.as_secs_f64();
        if self.settings.dry_run {
            let count = "select count(*) from artifacts where deleted_at < now() - make_interval(secs => $1)";
            self.report.artifacts = self.database.query_one(count, &[&trash]).await?.get(0);
            return Ok(());
        }
        // Each takes along whatever belongs to it.
        let batch = self.settings.batch.min(100);
        while !self.must_stop() {
            let sweep = "select sweep_artifacts(make_interval(secs => $1), $2)";
            let removed: i64 = self.database.query_one(sweep, &[&trash, &batch]).await?.get(0);
            self.report.artifacts += removed;
            if removed < i64::from(batch) {
                break;
            }
        }
        Ok(())
    }

    /// The bucket gives up what has arrived of an upload before its row goes, so that it can be asked again.
    async fn uploads(&mut self) -> anyhow::Result<()> {
        let grace = self.settings.uploads.as_secs_f64();
        if self.settings.dry_run {
            let count = "select count(*) from uploads where expires_at < now() - make_interval(secs => $1)";
            self.report.uploads = self.database.query_one(count, &[&grace]).await?.get(0);
            return Ok(());
        }
        while !self.must_stop() {
            let select = "
                select id, user_id, sha256, multipart_id, state = 'pending' as is_pending
                from uploads
                where expires_at < now() - make_interval(secs => $1)
                order by expires_at
                limit $2";
            let rows = self.database.query(select, &[&grace, &i64::from(self.settings.batch)]).await?;
            let mut ids: Vec<Uuid> = Vec::with_capacity(rows.len());
            for row in &rows {
                ids.push(row.get("id"));
                let multipart_id: Option<&str> = row.get("multipart_id");
                if let Some(multipart_id) = multipart_id.filter(|_| row.get("is_pending")) {
                    let sha256: Sha256 = row.get("sha256");
                    let key = Bucket::key(row.get("user_id"), &sha256, false);
                    self.bucket.abort_multipart(&key, multipart_id).await.map_err(because)?;
                }
            }
            let delete = "delete from uploads where id = any ($1)";
            let removed = self.database.execute(delete, &[&ids]).await?;
            self.report.uploads += i64::try_from(removed)?;
            if ids.len() < usize::try_from(self.settings.batch)? {
                break;
            }
        }
        Ok(())
    }

    /// Rows that a condition alone condemns.
    async fn expired(&mut self, table: &str, condition: &str) -> anyhow::Result<i64> {
        if self.settings.dry_run {
            let count = format!("select count(*) from {table} where {condition}");
            return Ok(self.database.query_one(&count, &[]).await?.get(0));
        }
        let delete = format!(
            "delete from {table}
             where ctid = any (array(select ctid from {table} where {condition} limit $1)) and {condition}"
        );
        let mut removed = 0;
        while !self.must_stop() {
            let batch = self.database.execute(&delete, &[&i64::from(self.settings.batch)]).await?;
            removed += i64::try_from(batch)?;
            if batch == 0 {
                break;
            }
        }
        Ok(removed)
    }

    async fn blobs(&mut self) -> anyhow::Result<()> {
        let grace = self.settings.blobs.as_secs_f64();
        let place = self.place("blobs").await?;
        let mut after = Uuid::parse_str(&place).unwrap_or(Uuid::nil());
        while !self.must_stop() {
            let sweep = "select last_id, marked, removed from sweep_blobs(make_interval(secs => $1), $2, $3, $4)";
            let remove = !self.settings.dry_run;
            let row = self.database.query_one(sweep, &[&grace, &after, &self.settings.batch, &remove]).await?;
            self.report.blobs_marked += row.get::<_, i64>("marked");
            self.report.blobs += row.get::<_, i64>("removed");
            let last: Option<Uuid> = row.get("last_id");
            self.set_place("blobs", &last.map(|id| id.to_string()).unwrap_or_default()).await?;
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
        Ok(())
    }

    async fn objects(&mut self, prefix: &str) -> anyhow::Result<()> {
        let name = format!("objects below {prefix}");
        let mut after = self.place(&name).await?;
        while !self.must_stop() {
            let page = self.bucket.list(prefix, &after).await.map_err(because)?;
            let last = page.last().map(|object| object.key.clone()).unwrap_or_default();
            let youngest = SystemTime::now() - self.settings.objects;
            let is_old = |object: &Listed| object.last_modified <= youngest;
            let old: Vec<String> = page.into_iter().filter(is_old).map(|object| object.key).collect();
            // Most keys are somebody's: only the others cost a lock.
            let mut by_user: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for key in orphans(&self.database, &old).await? {
                let user = key.split('/').nth(1).unwrap_or_default().to_owned();
                by_user.entry(user).or_default().push(key);
            }
            for (user, keys) in by_user {
                self.objects_of(user.parse()?, keys).await?;
            }
            self.set_place(&name, &last).await?;
            if last.is_empty() {
                break;
            }
            after = last;
        }
        Ok(())
    }

    async fn objects_of(&mut self, user_id: Uuid, keys: Vec<String>) -> anyhow::Result<()> {
        if self.settings.dry_run {
            for key in &keys {
                tracing::info!(key, "would be removed");
            }
            self.report.objects += i64::try_from(keys.len())?;
            return Ok(());
        }
        self.database.execute("select pg_advisory_lock(uploads_lock($1))", &[&user_id]).await?;
        let keys = orphans(&self.database, &keys).await?;
        if !keys.is_empty() {
            let mark = "
                insert into sweep_removals (user_id) values ($1)
                on conflict (user_id) do update set begun_at = now()";
            self.database.execute(mark, &[&user_id]).await?;
            tokio::select! {
                deleted = self.bucket.delete_all(&keys) => deleted.map_err(because)?,
                // Without the connection there is no lock, and nothing must be removed any more.
                _ = &mut self.connection => bail!("the connection was lost"),
            }
            self.database.execute("delete from sweep_removals where user_id = $1", &[&user_id]).await?;
        }
        self.database.execute("select pg_advisory_unlock(uploads_lock($1))", &[&user_id]).await?;
        for key in &keys {
            tracing::info!(key, "removed");
        }
        self.report.objects += i64::try_from(keys.len())?;
        Ok(())
    }

    /// An upload can be resumed for seven days: what is older belongs to none, with a row or without.
    async fn multiparts(&mut self, prefix: &str) -> anyhow::Result<()> {
        let youngest = SystemTime::now() - self.settings.multiparts;
        for unfinished in self.bucket.unfinished(prefix).await.map_err(because)? {
            if unfinished.begun > youngest || self.must_stop() {
                continue;
            }
            if !self.settings.dry_run {
                self.bucket.abort_multipart(&unfinished.key, &unfinished.multipart_id).await.map_err(because)?;
            }
            self.report.multiparts += 1;
        }
        Ok(())
    }

    /// Where the last run stopped; a dry run sees everything.
    async fn place(&self, name: &str) -> anyhow::Result<String> {
        if self.settings.dry_run {
            return Ok(String::new());
        }
        let row = self.database.query_opt("select place from sweep_places where name = $1", &[&name]).await?;
        Ok(row.map(|row| row.get(0)).unwrap_or_default())
    }

    async fn set_place(&self, name: &str, place: &str) -> anyhow::Result<()> {
        if !self.settings.dry_run {
            let upsert = "
                insert into sweep_places (name, place) values ($1, $2)
                on conflict (name) do update set place = excluded.place, updated_at = now()";
            self.database.execute(upsert, &[&name, &place]).await?;
        }
        Ok(())
    }
}

/// Those of the keys that no row names.
async fn orphans(database: &Client, keys: &[String]) -> anyhow::Result<Vec<String>> {
    let rows = database.query("select orphaned_objects($1)", &[&keys]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// What the operator may know of a call to the bucket that failed.
fn because(problem: crate::Problem) -> anyhow::Error {
    match problem.cause() {
        Some(cause) => anyhow::anyhow!("{cause:#}"),
        None => problem.into(),
    }
}
