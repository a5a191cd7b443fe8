//! POST /v1/artifacts: save what came out of a tool or a chat.

use schemars::JsonSchema;
use serde::Deserialize;
use shared::{
    Context, Created, Endpoint, Input, Nothing, Problem, Route, Sql, Storage,
    context::read_one,
    model::{
        artifacts::{Artifact, SourceSession, Visibility, select_artifact},
        projects::project_exists,
        versions::{Manifest, NewVersion, count_lines},
    },
    problem, sql,
    text::{Object, Text},
};
use uuid::Uuid;

/// Saves an artifact.
pub struct CreateArtifact;

/// A new artifact.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({
    "title": "A clock", "visibility": "public", "type": "code",
    "version": {"files": [{"path": "clock.js", "language": "javascript", "content": "draw();\n"}]}
}))]
pub struct NewArtifact {
    /// What it is called.
    title: Text<1, 200>,
    /// What it is, in a few words.
    #[serde(default)]
    description: Option<Text<1, 5000>>,
    /// Who may see it.
    #[serde(default = "private")]
    visibility: Visibility,
    /// What kind of thing it is: code, image, model, and so on; code where left out.
    #[serde(default)]
    r#type: Option<Text<1, 100>>,
    /// The tool that made it.
    #[serde(default)]
    tool_name: Option<Text<1, 100>>,
    /// Whatever the client keeps with it.
    #[serde(default)]
    metadata: Object,
    /// The chat of the caller's that it came out of.
    #[serde(default)]
    chat_id: Option<Uuid>,
    /// The project of the caller's that it belongs to.
    #[serde(default)]
    project_id: Option<Uuid>,
    /// The generation session it came out of.
    #[serde(default)]
    source_session: Option<SourceSession>,
    /// Whether others see earlier versions.
    #[serde(default = "yes")]
    versioning_enabled: bool,
    /// Whether others see the chat behind a version.
    #[serde(default)]
    chat_history_public: bool,
    /// Its first version.
    #[serde(default)]
    version: Option<NewVersion>,
}

fn private() -> Visibility {
    Visibility::Private
}

fn yes() -> bool {
    true
}

impl Endpoint for CreateArtifact {
    const ROUTE: Route = Route::post("/v1/artifacts", "Save an artifact, with its first version or without")
        .storage(Storage::Read)
        .problems(&[&problem::INVALID_REFERENCE]);
    type Path = Nothing;
    type Query = Nothing;
    type Body = NewArtifact;
    type Reply = Created<Artifact>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let mut new = input.body;
        let id = Uuid::now_v7();
        let version = new.version.take();
        let rows = match version {
            None => {
                let [_, rows] = context.fly([insert(id, None, new), select_artifact(id)]).await?;
                rows
            }
            Some(version) => {
                let version_id = Uuid::now_v7();
                let mut manifest = Manifest::new(&version.files)?;
                manifest.compress(&version.files, &[])?;
                let additions =
                    version.files.0.iter().filter_map(|file| file.content.as_deref()).map(count_lines).sum();
                let [insert_version, insert_chat] = version.insert(id, version_id, additions, 0);
                let [.., rows] = context
                    .fly([
                        insert(id, Some(version_id), new),
                        manifest.insert_blobs(id),
                        manifest.open_files(id, "/version"),
                        manifest.insert_words(id),
                        insert_version,
                        insert_chat,
                        select_artifact(id),
                    ])
                    .await?;
                rows
            }
        };
        let mut artifact: Artifact = read_one(&rows)?;
        artifact.sign(context.bucket()?)?;
        Ok(Created(artifact))
    }
}

fn insert(id: Uuid, version_id: Option<Uuid>, new: NewArtifact) -> Sql {
    let (source_session_id, credits) =
        new.source_session.map(|session| (session.id.into_string(), session.credits_estimate)).unzip();
    sql(format!(
        "insert into artifacts (
             id, owner_user_id, title, description, visibility, type, tool_name, metadata, chat_id, project_id,
             source_session_id, source_session_credits_estimate, versioning_enabled, chat_history_public,
             current_version_id, versions_count
         )
         select
             $1, auth.uid(), $2, $3, $4, coalesce($5, 'code'), $6, $7, $8, $9, $10, $11::float8::numeric, $12, $13,
             $14, case when $14::uuid is null then 0 else 1 end
         where {}",
        project_exists("$9")
    ))
    .bind(id)
    .bind(new.title.into_string())
    .bind(new.description.map(Text::into_string))
    .bind(new.visibility.as_str())
    .bind(new.r#type.map(Text::into_string))
    .bind(new.tool_name.map(Text::into_string))
    .bind(new.metadata.into_value())
    .bind(new.chat_id)
    .bind(new.project_id)
    .bind(source_session_id)
    .bind(credits.flatten().map(|credits| credits.0))
    .bind(new.versioning_enabled)
    .bind(new.chat_history_public)
    .bind(version_id)
}
