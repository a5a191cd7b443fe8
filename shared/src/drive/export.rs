//! An export: from a row of ours to one file in Drive, however often its worker is killed on the way.
//!
//! 1. An id is drawn from Drive, and written down. Whatever happens from here on, there is at most one file of that id.
//! 2. An upload is begun to that id, and its URL written down, sealed: whoever has it can write the file.
//! 3. The bytes are sent in parts. How far Drive has them is asked of Drive, never guessed.
//! 4. The file is compared with what was to be sent, and the row says so.
//!
//! Whichever of these a worker does again, because it was killed between the deed and the note of it, changes nothing.

use http::Method;
use ring::digest;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Failure, Metadata,
    client::{Answer, Request, new_file},
    content::{Content, PLACE, Place, Plan, Reader},
    worker::{Account, Trouble, Worker},
};
use crate::{
    jobs::{Job, LEASE},
    text::Sha256,
};

/// A row to be exported.
struct Export {
    id: Uuid,
    drive_file_id: Option<String>,
    name: String,
    mime_type: String,
    folder_id: Option<String>,
}

/// How an upload stands.
enum Progress {
    /// Drive has so many bytes, and waits for the next.
    At(u64),
    /// Drive has all of it.
    Done(Metadata),
    /// Drive knows nothing of the upload any more.
    Gone,
}

impl Worker<'_> {
    pub(super) async fn export(&mut self, job: &Job, account: &Account) -> Result<(), Trouble> {
        let export = self.find(job).await?;
        let content = self.content(job, &export).await?;
        let Some(id) = export.drive_file_id.clone() else {
            let id = self.draw_id(account).await?;
            self.write_id(job, &id).await?;
            return self.upload(job, account, &export, &id, &content).await;
        };
        // A URL that does not open any more is as good as none: the upload begins anew.
        let open = |sealed| self.drive.config.keys.open(&purpose(export.id), job.user_id, sealed).ok();
        match job.secret.as_ref().and_then(open) {
            Some(url) => self.resume(job, account, &export, &id, &content, url).await,
            None => self.upload(job, account, &export, &id, &content).await,
        }
    }

    /// Goes on with an upload that an earlier attempt began.
    async fn resume(
        &mut self,
        job: &Job,
        account: &Account,
        export: &Export,
        id: &str,
        content: &Content,
        url: String,
    ) -> Result<(), Trouble> {
        match self.ask(account, &url, content.size).await? {
            Progress::At(offset) => self.send(job, account, &url, content, offset).await,
            Progress::Done(found) => self.accept(job, &found, content, false).await,
            // The last part may have arrived though its answer did not, and the upload be forgotten since.
            Progress::Gone => match self.look(account, id).await? {
                Some(found) => self.accept(job, &found, content, false).await,
                None => self.upload(job, account, export, id, content).await,
            },
        }
    }

    /// Begins an upload and sends all of it, unless there is a file of this id already.
    async fn upload(
        &mut self,
        job: &Job,
        account: &Account,
        export: &Export,
        id: &str,
        content: &Content,
    ) -> Result<(), Trouble> {
        if let Some(url) = self.begin(job, account, export, id, content).await? {
            return self.send(job, account, &url, content, 0).await;
        }
        let found = self.look(account, id).await?.ok_or(Failure::Conflict)?;
        self.accept(job, &found, content, false).await
    }

    /// Sends part after part.
    async fn send(
        &mut self,
        job: &Job,
        account: &Account,
        url: &str,
        content: &Content,
        mut offset: u64,
    ) -> Result<(), Trouble> {
        loop {
            self.note(job, offset).await?;
            match self.send_part(job, account, url, content, offset).await? {
                Progress::At(next) => offset = next,
                Progress::Done(found) => return self.accept(job, &found, content, true).await,
                Progress::Gone => {
                    let cause = "an upload was forgotten while it was sent".to_owned();
                    return Err(Trouble::Later("drive_unavailable", cause, None));
                }
            }
        }
    }

    async fn find(&self, job: &Job) -> Result<Export, Trouble> {
        let select = "select id, drive_file_id, name, mime_type, folder_id from drive_files where id = $1";
        let row = self.database.query_opt(select, &[&job.export_id]).await?.ok_or(Trouble::Lost)?;
        Ok(Export {
            id: row.get("id"),
            drive_file_id: row.get("drive_file_id"),
            name: row.get("name"),
            mime_type: row.get::<_, Option<String>>("mime_type").unwrap_or_default(),
            folder_id: row.get("folder_id"),
        })
    }

    /// What is to be sent, as long as its owner shows it to the user.
    async fn content(&self, job: &Job, export: &Export) -> Result<Content, Trouble> {
        let gone = || Trouble::Never("source_gone", "what was to be exported is there no longer".to_owned());
        let pinned = format!(
            "select {PLACE} from drive_files join blobs on blobs.id = drive_files.blob_id where drive_files.id = $1"
        );
        if let Some(row) = self.database.query_opt(&pinned, &[&export.id]).await? {
            return Ok(Content::file(Place::from_row(&row)?));
        }
        let select = "
            select versions.artifact_id, versions.version_index, versions.created_at
            from drive_files
            join artifact_versions versions on versions.id = drive_files.version_id
            join artifacts on artifacts.id = versions.artifact_id
            where drive_files.id = $1
              and artifacts.deleted_at is null
              and (artifacts.owner_user_id = drive_files.user_id
                   or (artifacts.visibility = 'public'
                       and (artifacts.versioning_enabled or artifacts.current_version_id = versions.id)))";
        let version = self.database.query_opt(select, &[&export.id]).await?.ok_or_else(gone)?;
        let (artifact_id, version_index): (Uuid, i32) = (version.get("artifact_id"), version.get("version_index"));
        let select = format!(
            "select files.path, {PLACE}
             from artifact_files files
             join blobs on blobs.id = files.blob_id
             where files.artifact_id = $1
               and files.first_index <= $2
               and (files.last_index is null or files.last_index >= $2)
             order by files.path collate \"C\""
        );
        let rows = self.database.query(&select, &[&artifact_id, &version_index]).await?;
        let places = rows.iter().map(|row| Ok((row.try_get("path")?, Place::from_row(row)?)));
        let mut files: Vec<(String, Place)> = places.collect::<anyhow::Result<_>>()?;
        match files.len() {
            0 => Err(gone()),
            1 => Ok(Content::file(files.remove(0).1)),
            _ => self.archive(job, files, version.get("created_at")).await,
        }
    }

    /// An archive, whose files are read twice before it is sent, but only once however often it is begun.
    async fn archive(
        &self,
        job: &Job,
        files: Vec<(String, Place)>,
        modified: jiff::Timestamp,
    ) -> Result<Content, Trouble> {
        if let Some(plan) = job.plan.clone().and_then(|plan| serde_json::from_value(plan).ok()) {
            return Ok(Content::archive(files, modified, &plan)?);
        }
        let chunk = self.drive.config.chunk;
        let mut reader = Reader::new(&self.database, &self.bucket);
        let mut plan = Plan::default();
        for (_, place) in &files {
            let mut crc = crc32fast::Hasher::new();
            let mut offset = 0;
            while offset < place.size {
                self.hold(job).await?;
                let length = usize::try_from(place.size - offset).map_or(chunk, |rest| rest.min(chunk));
                crc.update(&reader.read(place, offset, length).await?);
                offset += length as u64;
            }
            plan.crcs.push(crc.finalize());
        }
        let mut content = Content::archive(files, modified, &plan)?;
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut offset = 0;
        while offset < content.size {
            self.hold(job).await?;
            let part = content.read(&mut reader, offset, chunk).await?;
            hash.update(&part);
            offset += part.len() as u64;
        }
        content.sha256 = Some(Sha256(hash.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")));
        plan.sha256 = content.sha256;
        let plan: Value = serde_json::to_value(&plan).map_err(anyhow::Error::new)?;
        let size = i64::try_from(content.size).map_err(anyhow::Error::new)?;
        let keep = "
            with held as (update jobs set plan = $3 where id = $1 and lease = $2 returning export_id)
            update drive_files set file_size = $4 from held where drive_files.id = held.export_id";
        if self.database.execute(keep, &[&job.id, &job.lease, &plan, &size]).await? == 0 {
            return Err(Trouble::Lost);
        }
        Ok(content)
    }

    async fn draw_id(&mut self, account: &Account) -> Result<String, Trouble> {
        let answer = self.call(account, &self.drive.generate_id()).await?.ok()?;
        let drawn: Value = answer.json()?;
        match drawn["ids"][0].as_str() {
            Some(id) if (1..=255).contains(&id.len()) && !id.contains('\0') => Ok(id.to_owned()),
            _ => Err(Failure::Away("Drive draws no id".to_owned(), None).into()),
        }
    }

    async fn write_id(&self, job: &Job, id: &str) -> Result<(), Trouble> {
        let write = "
            with held as (
                update jobs set run_at = now() + make_interval(secs => $3) where id = $1 and lease = $2 returning export_id
            )
            update drive_files set drive_file_id = $4, state = 'uploading', error = null
            from held
            where drive_files.id = held.export_id";
        let written = self.database.execute(write, &[&job.id, &job.lease, &LEASE.as_secs_f64(), &id]).await?;
        if written == 1 { Ok(()) } else { Err(Trouble::Lost) }
    }

    /// Begins an upload and writes down its URL; none where there is a file of this id already.
    async fn begin(
        &mut self,
        job: &Job,
        account: &Account,
        export: &Export,
        id: &str,
        content: &Content,
    ) -> Result<Option<String>, Trouble> {
        self.hold(job).await?;
        let metadata = new_file(id, &export.name, &export.mime_type, export.folder_id.as_deref());
        let request = self.drive.begin_upload(&metadata, &export.mime_type, content.size);
        let answer = match self.call(account, &request).await?.ok() {
            Ok(answer) => answer,
            Err(Failure::Conflict) => return Ok(None),
            Err(Failure::NotFound(told)) => return Err(Trouble::Never("folder_not_found", told)),
            Err(failure) => return Err(failure.into()),
        };
        let url = self.drive.session_url(&answer)?;
        let sealed = self.drive.config.keys.seal(&purpose(export.id), job.user_id, &url).map_err(anyhow::Error::new)?;
        let keep = "update jobs set secret = $3, key_id = $4 where id = $1 and lease = $2";
        let kept = self.database.execute(keep, &[&job.id, &job.lease, &sealed.bytes, &sealed.key_id]).await?;
        if kept == 1 { Ok(Some(url)) } else { Err(Trouble::Lost) }
    }

    /// Asks how far an upload is.
    async fn ask(&mut self, account: &Account, url: &str, size: u64) -> Result<Progress, Trouble> {
        let request = Request::new(Method::PUT, url.to_owned()).header("content-range", format!("bytes */{size}"));
        let answer = self.call(account, &request).await?;
        progress(answer, size)
    }

    /// Notes how far Drive has it. Getting further than ever is what earns a job new attempts.
    async fn note(&self, job: &Job, offset: u64) -> Result<(), Trouble> {
        if self.must_stop() {
            return Err(Trouble::OutOfTime);
        }
        let note = "
            with held as (
                update jobs set
                    run_at = now() + make_interval(secs => $3),
                    attempts = case when drive_files.uploaded < $4 then 0 else jobs.attempts end
                from drive_files
                where jobs.id = $1 and jobs.lease = $2 and drive_files.id = jobs.export_id
                returning jobs.export_id
            )
            update drive_files set uploaded = greatest(uploaded, $4), state = 'uploading', error = null
            from held
            where drive_files.id = held.export_id";
        let offset = i64::try_from(offset).map_err(anyhow::Error::new)?;
        let noted = self.database.execute(note, &[&job.id, &job.lease, &LEASE.as_secs_f64(), &offset]).await?;
        if noted == 1 { Ok(()) } else { Err(Trouble::Lost) }
    }

    async fn send_part(
        &mut self,
        job: &Job,
        account: &Account,
        url: &str,
        content: &Content,
        offset: u64,
    ) -> Result<Progress, Trouble> {
        let part = {
            let mut reader = Reader::new(&self.database, &self.bucket);
            content.read(&mut reader, offset, self.drive.config.chunk).await?
        };
        // Reading may have taken its time.
        self.hold(job).await?;
        let range = match part.len() as u64 {
            0 => format!("bytes */{}", content.size),
            length => format!("bytes {offset}-{}/{}", offset + length - 1, content.size),
        };
        let request = Request::new(Method::PUT, url.to_owned()).header("content-range", range).body(part);
        let answer = self.call(account, &request).await?;
        progress(answer, content.size)
    }

    /// A file of Drive, if it is there.
    async fn look(&mut self, account: &Account, id: &str) -> Result<Option<Metadata>, Trouble> {
        match self.call(account, &self.drive.get_file(id)).await?.ok() {
            Ok(answer) => Ok(Some(answer.json()?)),
            Err(Failure::NotFound(_)) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Compares what lies in Drive with what was to be sent. `is_answer` tells that Drive says it of the bytes that were just
    /// sent: then nobody can have changed them, and what is wrong is removed, to be sent once more.
    async fn accept(&mut self, job: &Job, found: &Metadata, content: &Content, is_answer: bool) -> Result<(), Trouble> {
        let sha256 = content.sha256.map(|sha256| sha256.to_string());
        let is_same = found.bytes().and_then(|size| u64::try_from(size).ok()) == Some(content.size)
            && found.sha256_checksum.as_ref().is_none_or(|checksum| Some(checksum) == sha256.as_ref());
        if !is_same && !is_answer {
            let cause = "what lies in Drive has other bytes than were to be sent".to_owned();
            return Err(Trouble::Never("changed_in_drive", cause));
        }
        if !is_same {
            return self.begin_again(job, &found.id).await;
        }
        let accept = "
            with done as (delete from jobs where id = $1 and lease = $2 returning export_id)
            update drive_files set
                state = 'synced',
                error = null,
                name = coalesce(nullif($3, ''), name),
                mime_type = coalesce(nullif($4, ''), mime_type),
                file_size = $5,
                uploaded = $5,
                trashed = $6,
                blob_id = null,
                synced_at = now()
            from done
            where drive_files.id = done.export_id";
        let size = i64::try_from(content.size).map_err(anyhow::Error::new)?;
        let (name, mime_type) = (plain(&found.name), plain(&found.mime_type));
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [&job.id, &job.lease, &name, &mime_type, &size, &found.trashed];
        let accepted = self.database.execute(accept, &parameters).await?;
        if accepted == 1 { Ok(()) } else { Err(Trouble::Lost) }
    }

    /// Has a file whose bytes were spoiled on the way removed, and sent under another id. The removal is a job of its own, and
    /// in the transaction that forgets the id.
    async fn begin_again(&mut self, job: &Job, id: &str) -> Result<(), Trouble> {
        let transaction = self.database.transaction().await?;
        let forget = "
            with held as (
                update jobs set secret = null, key_id = null where id = $1 and lease = $2 returning export_id
            )
            update drive_files set drive_file_id = null, state = 'queued' from held where drive_files.id = held.export_id";
        if transaction.execute(forget, &[&job.id, &job.lease]).await? == 0 {
            return Err(Trouble::Lost);
        }
        let remove = "insert into jobs (user_id, kind, target) values ($1, 'drive_delete', $2)";
        transaction.execute(remove, &[&job.user_id, &id]).await?;
        transaction.commit().await?;
        Err(Trouble::Later("corrupted", "Drive got other bytes than were sent".to_owned(), None))
    }
}

/// What the URL of an upload is sealed for.
fn purpose(export_id: Uuid) -> String {
    format!("drive upload {export_id}")
}

/// Text that PostgreSQL can hold.
pub(super) fn plain(text: &str) -> String {
    text.replace('\0', "")
}

/// What an answer to a part, or to the question for the state, means.
fn progress(answer: Answer, size: u64) -> Result<Progress, Trouble> {
    match answer.status {
        308 => {
            // "bytes=0-41": the last byte that it has; no range where it has none.
            let range = answer.headers.get("range").and_then(|value| value.to_str().ok());
            let last = range.and_then(|range| range.rsplit('-').next()?.trim().parse::<u64>().ok());
            match (range, last) {
                (None, _) => Ok(Progress::At(0)),
                (_, Some(last)) if last < size => Ok(Progress::At(last + 1)),
                _ => Err(Failure::Away("an upload's range cannot be read".to_owned(), None).into()),
            }
        }
        200 | 201 => Ok(Progress::Done(answer.json()?)),
        404 | 410 => Ok(Progress::Gone),
        _ => match answer.ok() {
            // The file came to be by another upload to the same id; or the upload is one that Drive cannot go on with.
            Err(Failure::Conflict | Failure::Refused(_)) => Ok(Progress::Gone),
            Err(failure) => Err(failure.into()),
            Ok(_) => Err(Failure::Away("an upload answers oddly".to_owned(), None).into()),
        },
    }
}
