//! POST /v1/runs/{id}/records: keep what a stage of a run produced.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route, Sql, Storage,
    context::read_one,
    model::records::{Record, Stage, select_record},
    problem, sql,
    text::Json1M,
};
use uuid::Uuid;

use crate::runs::read::RunPath;

/// Keeps what a stage of a run produced. It is never changed.
pub struct CreateRecord;

/// A new record.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"stage": "reviewer_pass_1", "content": {"passed": true}}))]
pub struct NewRecord {
    /// The stage.
    stage: Stage,
    /// The stage's result. With a bundle it must be an object, and gets a `bundle_ref`: nobody else writes that field.
    #[serde(default)]
    content: Option<Json1M>,
    /// A completed upload of the caller's: what is too large for `content`.
    #[serde(default)]
    bundle: Option<Uuid>,
}

impl Endpoint for CreateRecord {
    const ROUTE: Route = Route::post("/v1/runs/{id}/records", "Keep what a stage of a run produced")
        .storage(Storage::Read)
        .problems(&[&problem::ARCHIVED, &problem::INVALID_REFERENCE]);
    type Path = RunPath;
    type Query = Nothing;
    type Body = NewRecord;
    type Reply = Created<Record>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (id, NewRecord { stage, content, bundle }) = (Uuid::now_v7(), input.body);
        let content = content.map_or_else(|| serde_json::json!({}), Json1M::into_value);
        if bundle.is_some() && !content.is_object() {
            return Err(Problem::invalid("/content", "must be an object, as it gets the bundle's bundle_ref"));
        }
        if content.get("bundle_ref").is_some() {
            return Err(Problem::invalid("/content/bundle_ref", "must be left to us: send the upload as bundle"));
        }
        // Whoever waits for news of the run hears of a record too.
        let report = sql("update generation_runs set reported_at = now() where id = $1 and user_id = auth.uid()")
            .bind(input.path.id);
        let insert = insert(id, input.path.id, stage, content, bundle);
        let [_, _, record] = context.fly([insert, report, select_record(id)]).await?;
        let mut record: Record = read_one(&record)?;
        record.sign(context.bucket()?)?;
        Ok(Created(record))
    }
}

fn insert(id: Uuid, run_id: Uuid, stage: Stage, content: Value, bundle: Option<Uuid>) -> Sql {
    sql("
        with inserted as (
            insert into artifact_records (id, run_id, user_id, stage, content, bundle_blob_id)
            select
                $1, runs.id, runs.user_id, $3,
                case when blobs.id is null then $4
                     else $4 || jsonb_build_object('bundle_ref', encode(blobs.sha256, 'hex')) end,
                blobs.id
            from generation_runs runs
            left join uploads on uploads.id = $5 and uploads.user_id = auth.uid() and uploads.state = 'ready'
            left join blobs on blobs.id = uploads.blob_id
            where runs.id = $2
              and runs.user_id = auth.uid()
              and project_is_open(runs.project_id)
              and ($5::uuid is null or blobs.id is not null or refuse('invalid_reference', '/bundle'))
            returning id
        )
        select id from inserted
        union all
        select $1 where case when not exists (select from inserted) then refuse('not_found') end
    ")
    .bind(id)
    .bind(run_id)
    .bind(stage.into_string())
    .bind(content)
    .bind(bundle)
}
