//! GET /v1/runs/{id}/records: what the stages of a run produced.

use shared::{
    Context, Endpoint, Input, Nothing, Page, Paging, Problem, Route, Sql, Storage,
    context::{read_all, read_one},
    model::{
        accounts::Id,
        records::{RECORD, Record},
        runs::VISIBLE,
    },
    page::after,
    sql,
};
use uuid::Uuid;

use crate::runs::read::RunPath;

/// Lists the records of a run, newest first.
pub struct ListRecords;

/// Bytes of content that a page holds at most.
const CONTENT_LIMIT: i64 = 4 * 1024 * 1024;

impl Endpoint for ListRecords {
    const ROUTE: Route =
        Route::get("/v1/runs/{id}/records", "List what the stages of a run produced").storage(Storage::Read);
    type Path = RunPath;
    type Query = Paging;
    type Body = Nothing;
    type Reply = Page<Record>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let run = sql(format!("select runs.id from generation_runs runs where runs.id = $1 and {VISIBLE}"))
            .bind(input.path.id);
        let [run, records] = context.fly([run, select(input.path.id, input.query)]).await?;
        read_one::<Id>(&run)?;
        let mut records: Vec<Record> = read_all(&records)?;
        let bucket = context.bucket()?;
        records.iter_mut().try_for_each(|record| record.sign(bucket))?;
        Ok(Page::new(records, input.query.limit))
    }
}

/// Once the content of a page adds up to more than one reply holds, the rest of it stays behind.
fn select(run_id: Uuid, Paging { limit, cursor }: Paging) -> Sql {
    sql(format!(
        "with records as (
             select *
             from artifact_records records
             where records.run_id = $1 and records.user_id = auth.uid() and {}
             order by records.created_at desc, records.id desc
             limit $4
         )
         select {RECORD},
             case when sum(octet_length(records.content::text)) over (order by records.created_at desc, records.id desc)
                 <= {CONTENT_LIMIT} then records.content end as content
         from records
         order by records.created_at desc, records.id desc",
        after(cursor, "records", 2)
    ))
    .bind(run_id)
    .bind(cursor.map(|cursor| cursor.created_at))
    .bind(cursor.map(|cursor| cursor.id))
    .bind(limit.and_one())
}
