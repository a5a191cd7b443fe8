//! The queue: work that takes longer than a request, in the table `jobs`.
//!
//! A worker claims one job at a time, for as long as its lease; `skip locked` keeps two from waiting for, or taking, the same.
//! Whatever a worker writes about a job it writes only while the lease is its own: one that was thought dead, and was not,
//! finds that another has its job, and stops.

use std::time::Duration;

use serde_json::Value;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{
    database::{FromRow, Row, RowError},
    seal::Sealed,
};

/// How long a worker may be silent before another takes its job: longer than any call that it makes.
pub const LEASE: Duration = Duration::from_mins(3);

/// How often a job is tried without getting on.
pub const ATTEMPTS: i32 = 12;

/// What the first retry waits for at most; each next one waits up to twice as long.
const FIRST_DELAY: Duration = Duration::from_secs(30);

/// What any retry waits for at most, unless the other side asks for more.
const LONGEST_DELAY: Duration = Duration::from_hours(1);

/// What the other side may ask for at most.
const LONGEST_REQUEST: Duration = Duration::from_hours(24);

/// A claimed job.
#[derive(Debug)]
pub struct Job {
    /// Identifier.
    pub id: Uuid,
    /// Whose work it is.
    pub user_id: Uuid,
    /// What is to be done.
    pub kind: String,
    /// What a `drive_export` uploads.
    pub export_id: Option<Uuid>,
    /// What a `drive_delete` removes.
    pub target: Option<String>,
    /// What only the worker may know.
    pub secret: Option<Sealed>,
    /// What an earlier attempt found out.
    pub plan: Option<Value>,
    /// How often it was claimed since it last got on, this time included.
    pub attempts: i32,
    /// Tells this claim from any other.
    pub lease: Uuid,
}

impl FromRow for Job {
    fn from_row(row: &Row) -> Result<Self, RowError> {
        let (secret, key_id): (Option<Vec<u8>>, Option<String>) = (row.try_get("secret")?, row.try_get("key_id")?);
        Ok(Self {
            id: row.try_get("id")?,
            user_id: row.try_get("user_id")?,
            kind: row.try_get("kind")?,
            export_id: row.try_get("export_id")?,
            target: row.try_get("target")?,
            secret: secret.zip(key_id).map(|(bytes, key_id)| Sealed { key_id, bytes }),
            plan: row.try_get("plan")?,
            attempts: row.try_get("attempts")?,
            lease: row.try_get("lease")?,
        })
    }
}

/// Takes the job that has been due for longest, if one is. What another worker is just taking is passed over.
pub async fn claim(database: &Client, lease: Duration) -> anyhow::Result<Option<Job>> {
    let claim = "
        update jobs set lease = $1, run_at = now() + make_interval(secs => $2), attempts = attempts + 1
        where id = (
            select id
            from jobs
            where state = 'queued' and run_at <= now()
            order by run_at, id
            limit 1
            for update skip locked
        )
        returning id, user_id, kind, export_id, target, secret, key_id, plan, attempts, lease";
    let row = database.query_opt(claim, &[&Uuid::new_v4(), &lease.as_secs_f64()]).await?;
    Ok(row.as_ref().map(Job::from_row).transpose()?)
}

impl Job {
    /// Goes on holding it; false where another has it by now, or it is gone.
    pub async fn renew(&self, database: &Client) -> anyhow::Result<bool> {
        let renew = "update jobs set run_at = now() + make_interval(secs => $3) where id = $1 and lease = $2";
        Ok(database.execute(renew, &[&self.id, &self.lease, &LEASE.as_secs_f64()]).await? == 1)
    }

    /// Ends it well.
    pub async fn finish(&self, database: &Client) -> anyhow::Result<()> {
        database.execute("delete from jobs where id = $1 and lease = $2", &[&self.id, &self.lease]).await?;
        Ok(())
    }

    /// Leaves it to the next worker as it is: this one has no time for it.
    pub async fn release(&self, database: &Client) -> anyhow::Result<()> {
        let release = "
            update jobs set lease = null, run_at = now(), attempts = greatest(attempts - 1, 0)
            where id = $1 and lease = $2";
        database.execute(release, &[&self.id, &self.lease]).await?;
        Ok(())
    }

    /// Has it done again, no sooner than after a delay. `code` says why to the user, `cause` to the operator.
    pub async fn retry(&self, database: &Client, delay: Duration, code: &str, cause: &str) -> anyhow::Result<()> {
        let retry = "
            with retried as (
                update jobs set lease = null, run_at = now() + make_interval(secs => $3), error = $5
                where id = $1 and lease = $2
                returning export_id
            )
            update drive_files set error = $4 from retried where drive_files.id = retried.export_id";
        database.execute(retry, &[&self.id, &self.lease, &delay.as_secs_f64(), &code, &cause]).await?;
        Ok(())
    }

    /// Leaves it until its user has connected anew, or to the next worker where that has happened meanwhile: the connection's
    /// row is locked before its state is believed.
    pub async fn wait_for_consent(&self, database: &Client, cause: &str) -> anyhow::Result<()> {
        let wait = "
            with held as materialized (select id, user_id from jobs where id = $1 and lease = $2 for update),
            connection as materialized (
                select drive_connections.state
                from held
                join drive_connections on drive_connections.user_id = held.user_id
                for share of drive_connections
            ),
            waiting as (
                update jobs set
                    state = case when (select state from connection) = 'needs_consent' then 'waiting' else 'queued' end,
                    lease = null,
                    run_at = now(),
                    error = $3
                from held
                where jobs.id = held.id
                returning jobs.export_id
            )
            update drive_files set error = 'needs_consent' from waiting where drive_files.id = waiting.export_id";
        database.execute(wait, &[&self.id, &self.lease, &cause]).await?;
        Ok(())
    }

    /// Gives it up, and keeps it to be seen, without what is secret of it.
    pub async fn fail(&self, database: &Client, code: &str, cause: &str) -> anyhow::Result<()> {
        let fail = "
            with failed as (
                update jobs set state = 'failed', lease = null, secret = null, key_id = null, error = $4
                where id = $1 and lease = $2
                returning export_id
            )
            update drive_files set state = 'failed', error = $3 from failed where drive_files.id = failed.export_id";
        database.execute(fail, &[&self.id, &self.lease, &code, &cause]).await?;
        Ok(())
    }
}

/// Forgets what failed so long ago that nobody looks at it any more.
pub async fn forget(database: &Client) -> anyhow::Result<u64> {
    let forget = "delete from jobs where state = 'failed' and updated_at < now() - interval '30 days'";
    Ok(database.execute(forget, &[]).await?)
}

/// How long to wait before the next attempt: twice as long each time, and at random between half of that and all of it, so
/// that those that failed together do not come back together. `asked` is what the other side asked for.
#[must_use]
pub fn back_off(attempts: i32, asked: Option<Duration>, jitter: u8) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or_default().min(16);
    let longest = (FIRST_DELAY * 2_u32.pow(doublings)).min(LONGEST_DELAY);
    let delay = longest / 2 + longest / 2 * u32::from(jitter) / 255;
    // Never before the time asked for, and not all at that very moment.
    let asked =
        asked.map_or(Duration::ZERO, |asked| asked.min(LONGEST_REQUEST) + FIRST_DELAY * u32::from(jitter) / 255);
    delay.max(asked)
}

/// A random number for [`back_off`].
pub fn jitter() -> anyhow::Result<u8> {
    let mut jitter = [0];
    getrandom::fill(&mut jitter).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    Ok(jitter[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_wait_twice_as_long_each_time_up_to_an_hour() {
        let seconds = |attempts, jitter| back_off(attempts, None, jitter).as_secs();
        let longest: Vec<u64> = (1..=9).map(|attempts| seconds(attempts, 255)).collect();
        assert_eq!(longest, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        let shortest: Vec<u64> = (1..=9).map(|attempts| seconds(attempts, 0)).collect();
        assert_eq!(shortest, [15, 30, 60, 120, 240, 480, 960, 1800, 1800]);
        assert_eq!((seconds(i32::MAX, 255), seconds(0, 255), seconds(-1, 0)), (3600, 30, 15));
        let spread: std::collections::BTreeSet<u64> = (0..=255).map(|jitter| seconds(8, jitter)).collect();
        assert!(spread.len() > 200 && spread.iter().all(|delay| (1800..=3600).contains(delay)));
    }

    #[test]
    fn what_the_other_side_asks_for_is_waited_for() {
        let asked = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(back_off(1, asked(600), 0), Duration::from_mins(10));
        assert_eq!(back_off(1, asked(600), 255), Duration::from_secs(630));
        assert_eq!(back_off(8, asked(600), 255), Duration::from_hours(1), "it has failed for longer than that");
        assert_eq!(back_off(1, asked(u64::MAX), 0), Duration::from_hours(24));
    }
}
