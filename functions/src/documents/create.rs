//! POST /v1/projects/{id}/documents: give a project something to read.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route, Sql, Storage,
    context::read_one,
    model::documents::{Document, select_document},
    problem, sql,
    text::Text,
};
use uuid::Uuid;

use crate::projects::read::ProjectPath;

/// Adds a document to a project.
pub struct CreateDocument;

/// A new document.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"upload": "0193a0c4-8e7b-7c1d-9b1e-2f6d1c9a4b10", "filename": "brief.pdf"}))]
pub struct NewDocument {
    /// A completed upload of the caller's, of the purpose `document`.
    upload: Uuid,
    /// What to call it; left out, as the uploaded file.
    #[serde(default)]
    filename: Option<Text<1, 255>>,
}

impl Endpoint for CreateDocument {
    const ROUTE: Route = Route::post("/v1/projects/{id}/documents", "Give a project a document to read")
        .storage(Storage::Read)
        .problems(&[&problem::ARCHIVED, &problem::INVALID_REFERENCE]);
    type Path = ProjectPath;
    type Query = Nothing;
    type Body = NewDocument;
    type Reply = Created<Document>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let id = Uuid::now_v7();
        let [_, document] = context.fly([insert(id, input.path.id, input.body), select_document(id)]).await?;
        let mut document: Document = read_one(&document)?;
        document.sign(context.bucket()?)?;
        Ok(Created(document))
    }
}

fn insert(id: Uuid, project_id: Uuid, new: NewDocument) -> Sql {
    sql("
        insert into documents (id, user_id, project_id, filename, content_type, blob_id)
        select $1, projects.owner_id, projects.id, coalesce($4, uploads.filename), uploads.content_type, uploads.blob_id
        from projects
        left join uploads
            on uploads.id = $3
            and uploads.user_id = auth.uid()
            and uploads.purpose = 'document'
            and uploads.state = 'ready'
        where projects.id = $2
          and projects.owner_id = auth.uid()
          and project_is_open(projects.id)
          and (uploads.id is not null or refuse('invalid_reference', '/upload'))
    ")
    .bind(id)
    .bind(project_id)
    .bind(new.upload)
    .bind(new.filename.map(Text::into_string))
}
