//! A sync: what became, in Drive, of the files that were exported.
//!
//! Drive's list of changes is read from where the last sync ended, and where a page of it ends is written down with what the
//! page told. The first time, and whenever Drive no longer knows that place, all files are looked at instead: the place to
//! go on from is asked for before, so that nothing that happens meanwhile is missed.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Failure, Metadata,
    export::plain,
    worker::{Account, Trouble, Worker},
};
use crate::jobs::{Job, LEASE};

/// How long after a sync the next one is due.
const INTERVAL_SECONDS: f64 = 3600.0;

/// A page of changes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changes {
    #[serde(default)]
    next_page_token: Option<String>,
    #[serde(default)]
    new_start_page_token: Option<String>,
    #[serde(default, rename = "changes")]
    items: Vec<Change>,
}

/// What happened to a file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    #[serde(default)]
    file_id: Option<String>,
    #[serde(default)]
    removed: bool,
    #[serde(default)]
    file: Option<Metadata>,
}

/// A page of files.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Files {
    #[serde(default)]
    next_page_token: Option<String>,
    #[serde(default, rename = "files")]
    items: Vec<Metadata>,
}

/// The place where changes begin from now on.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    start_page_token: String,
}

impl Worker<'_> {
    pub(super) async fn sync(&mut self, job: &Job, account: &Account) -> Result<(), Trouble> {
        let select = "select page_token, account_email from drive_connections where user_id = $1";
        let row = self.database.query_opt(select, &[&job.user_id]).await?.ok_or(Trouble::Lost)?;
        if row.get::<_, Option<String>>("account_email").is_none() {
            self.learn_account(job, account).await?;
        }
        let known: Option<String> = row.get("page_token");
        let mut has_looked = known.is_none();
        let mut page_token = match known {
            Some(token) => token,
            None => self.look_at_all(job, account).await?,
        };
        loop {
            self.hold(job).await?;
            let answer = self.call(account, &self.drive.list_changes(&page_token)).await?;
            let page: Changes = match answer.ok() {
                Ok(answer) => answer.json()?,
                // Drive does not know the place, or no longer.
                Err(Failure::NotFound(_) | Failure::Refused(_)) if !has_looked => {
                    has_looked = true;
                    page_token = self.look_at_all(job, account).await?;
                    continue;
                }
                Err(Failure::NotFound(told) | Failure::Refused(told)) => {
                    return Err(Trouble::Later("drive_unavailable", told, None));
                }
                Err(failure) => return Err(failure.into()),
            };
            let told: Vec<Value> = page.items.iter().filter_map(Change::told).collect();
            let next = page.next_page_token.as_ref().or(page.new_start_page_token.as_ref());
            let next = next.ok_or_else(|| Failure::Away("a page of changes has no end".to_owned(), None))?;
            self.apply(job, told, Some(next)).await?;
            if page.next_page_token.is_none() {
                return self.finish_sync(job).await;
            }
            page_token.clone_from(next);
        }
    }

    async fn learn_account(&mut self, job: &Job, account: &Account) -> Result<(), Trouble> {
        let about: Value = self.call(account, &self.drive.get_account()).await?.ok()?.json()?;
        let email = plain(about["user"]["emailAddress"].as_str().unwrap_or_default());
        let update = "
            update drive_connections set account_email = nullif($3, '')
            from jobs
            where jobs.id = $1 and jobs.lease = $2 and drive_connections.user_id = jobs.user_id";
        self.database.execute(update, &[&job.id, &job.lease, &email]).await?;
        Ok(())
    }

    /// Looks at all files, and gives the place from which changes are to be read.
    async fn look_at_all(&mut self, job: &Job, account: &Account) -> Result<String, Trouble> {
        let begun: jiff::Timestamp = self.database.query_one("select now()", &[]).await?.get(0);
        let start: Start = self.call(account, &self.drive.start_page_token()).await?.ok()?.json()?;
        let mut found: Vec<String> = Vec::new();
        let mut page_token: Option<String> = None;
        loop {
            let page: Files = self.call(account, &self.drive.list_files(page_token.as_deref())).await?.ok()?.json()?;
            let told: Vec<Value> = page.items.iter().map(told).collect();
            self.apply(job, told, None).await?;
            found.extend(page.items.into_iter().map(|file| plain(&file.id)));
            page_token = page.next_page_token;
            if page_token.is_none() {
                break;
            }
            self.hold(job).await?;
        }
        // What was exported while this looked may have been passed by.
        let rest = "
            with held as (select user_id from jobs where id = $1 and lease = $2 for update),
            gone as (
                update drive_files set state = 'removed', synced_at = now()
                from held
                where drive_files.user_id = held.user_id
                  and drive_files.state = 'synced'
                  and drive_files.drive_file_id <> all ($3)
                  and (drive_files.synced_at is null or drive_files.synced_at < $4)
            )
            update drive_connections set page_token = $5 from held where drive_connections.user_id = held.user_id";
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
            [&job.id, &job.lease, &found, &begun, &start.start_page_token];
        let updated = self.database.execute(rest, &parameters).await?;
        if updated == 1 { Ok(start.start_page_token) } else { Err(Trouble::Lost) }
    }

    /// Writes down what Drive told of files, and with it where to go on. What is being uploaded is its export's to tell.
    async fn apply(&self, job: &Job, told: Vec<Value>, page_token: Option<&String>) -> Result<(), Trouble> {
        let apply = "
            with held as (
                update jobs set run_at = now() + make_interval(secs => $3) where id = $1 and lease = $2 returning user_id
            ),
            changed as (
                update drive_files set
                    state = case when told.removed then 'removed' else 'synced' end,
                    error = null,
                    name = coalesce(nullif(told.name, ''), drive_files.name),
                    mime_type = coalesce(nullif(told.mime_type, ''), drive_files.mime_type),
                    file_size = coalesce(told.size, drive_files.file_size),
                    trashed = told.trashed,
                    blob_id = null,
                    synced_at = now()
                from held
                cross join jsonb_to_recordset($4) as told (
                    id text, removed boolean, name text, mime_type text, size bigint, trashed boolean
                )
                where drive_files.user_id = held.user_id
                  and drive_files.drive_file_id = told.id
                  and drive_files.state in ('synced', 'removed', 'failed')
            )
            update drive_connections set page_token = coalesce($5, page_token)
            from held
            where drive_connections.user_id = held.user_id";
        // Of what is told twice, the last is so.
        let mut latest: std::collections::HashMap<String, Value> = std::collections::HashMap::new();
        for one in told {
            latest.insert(one["id"].as_str().unwrap_or_default().to_owned(), one);
        }
        let told = Value::Array(latest.into_values().collect());
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
            [&job.id, &job.lease, &LEASE.as_secs_f64(), &told, &page_token];
        let updated = self.database.execute(apply, &parameters).await?;
        if updated == 1 { Ok(()) } else { Err(Trouble::Lost) }
    }

    /// Says that all is seen, and when to look again.
    async fn finish_sync(&self, job: &Job) -> Result<(), Trouble> {
        let finish = "
            with done as (
                update jobs set lease = null, attempts = 0, error = null, run_at = now() + make_interval(secs => $3)
                where id = $1 and lease = $2
                returning user_id
            )
            update drive_connections set synced_at = now() from done where drive_connections.user_id = done.user_id";
        let updated = self.database.execute(finish, &[&job.id, &job.lease, &INTERVAL_SECONDS]).await?;
        if updated == 1 { Ok(()) } else { Err(Trouble::Lost) }
    }
}

impl Change {
    /// What it tells of a file; nothing where it is of something else, such as a shared drive.
    fn told(&self) -> Option<Value> {
        let id = self.file_id.as_ref()?;
        match &self.file {
            Some(file) if !self.removed => Some(told(file)),
            _ => Some(json!({"id": plain(id), "removed": true, "trashed": false})),
        }
    }
}

fn told(file: &Metadata) -> Value {
    json!({
        "id": plain(&file.id), "removed": false, "name": plain(&file.name), "mime_type": plain(&file.mime_type),
        "size": file.bytes().filter(|size| *size >= 0), "trashed": file.trashed
    })
}
