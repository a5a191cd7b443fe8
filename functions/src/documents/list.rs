//! GET /v1/projects/{id}/documents: what a project reads.

use shared::{
    Context, Endpoint, Input, Nothing, Page, Paging, Problem, Route, Storage,
    context::{read_all, read_one},
    model::{
        accounts::Id,
        documents::{DOCUMENT, Document},
        projects::select_project_id,
    },
    page::after,
    sql,
};

use crate::projects::read::ProjectPath;

/// Lists the documents of a project, newest first.
pub struct ListDocuments;

impl Endpoint for ListDocuments {
    const ROUTE: Route =
        Route::get("/v1/projects/{id}/documents", "List the documents of a project").storage(Storage::Read);
    type Path = ProjectPath;
    type Query = Paging;
    type Body = Nothing;
    type Reply = Page<Document>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let Paging { limit, cursor } = input.query;
        let select = sql(format!(
            "select {DOCUMENT}
             where documents.project_id = $1 and documents.user_id = auth.uid() and {}
             order by documents.created_at desc, documents.id desc
             limit $4",
            after(cursor, "documents", 2)
        ))
        .bind(input.path.id)
        .bind(cursor.map(|cursor| cursor.created_at))
        .bind(cursor.map(|cursor| cursor.id))
        .bind(limit.and_one());
        let [project, documents] = context.fly([select_project_id(input.path.id), select]).await?;
        read_one::<Id>(&project)?;
        let mut documents: Vec<Document> = read_all(&documents)?;
        let bucket = context.bucket()?;
        documents.iter_mut().try_for_each(|document| document.sign(bucket))?;
        Ok(Page::new(documents, limit))
    }
}
