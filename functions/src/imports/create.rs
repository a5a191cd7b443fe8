//! POST /v1/artifacts/{id}/imports: note that an artifact was taken over into a project.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::{
    Context, CreatedOnce, Endpoint, Input, Nothing, Problem, Resource, Route,
    context::read_one,
    from_row,
    model::{artifacts::VISIBLE, projects::project_exists},
    problem, sql,
};
use uuid::Uuid;

use crate::artifacts::read::ArtifactPath;

/// Notes that the caller took an artifact over. Each user counts once, however often they do.
pub struct CreateImport;

/// What an artifact is taken over into.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({"project_id": null}))]
pub struct NewImport {
    /// The project of the caller's; where left out, the one of an earlier time stays.
    #[serde(default)]
    project_id: Option<Uuid>,
}

/// That the caller has taken an artifact over.
#[derive(Serialize, JsonSchema)]
pub struct Import {
    /// The artifact.
    artifact_id: Uuid,
    /// The project that it last went into; null without one.
    project_id: Option<Uuid>,
    /// How many have taken it over.
    imports_count: i32,
    /// When the caller first did.
    created_at: Timestamp,
}

from_row!(Import { artifact_id, project_id, imports_count, created_at });

impl Resource for Import {}

struct Stored {
    is_new: bool,
}

from_row!(Stored { is_new });

impl Endpoint for CreateImport {
    const ROUTE: Route =
        Route::post("/v1/artifacts/{id}/imports", "Note that an artifact was taken over into a project")
            .problems(&[&problem::INVALID_REFERENCE]);
    type Path = ArtifactPath;
    type Query = Nothing;
    type Body = NewImport;
    type Reply = CreatedOnce<Import>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        // A row that is new has no earlier transaction's mark.
        let upsert = sql(format!(
            "insert into artifact_imports (artifact_id, user_id, project_id)
             select artifacts.id, auth.uid(), $2
             from artifacts
             where artifacts.id = $1
               and {VISIBLE}
               and {}
             on conflict (artifact_id, user_id) do update set
                 project_id = coalesce(excluded.project_id, artifact_imports.project_id)
             returning xmax = 0 as is_new",
            project_exists("$2")
        ))
        .bind(input.path.id)
        .bind(input.body.project_id);
        let select = sql("
            select
                artifact_imports.artifact_id, artifact_imports.project_id, artifact_imports.created_at,
                (
                    select coalesce(sum(artifact_counts.imports), 0)::integer
                    from artifact_counts
                    where artifact_counts.artifact_id = $1
                ) as imports_count
            from artifact_imports
            where artifact_imports.artifact_id = $1 and artifact_imports.user_id = auth.uid()
        ")
        .bind(input.path.id);
        let [stored, import] = context.fly([upsert, select]).await?;
        let is_new = read_one::<Stored>(&stored)?.is_new;
        Ok(CreatedOnce { resource: read_one(&import)?, is_new })
    }
}
