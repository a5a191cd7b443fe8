//! GET /v1/artifacts/{id}/versions/{version}: a version with its files.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};
use shared::{
    Access, Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    context::read_all,
    inline_schema,
    model::versions::{
        CodeReference, Version, main_file, read_version, select_code_versions, select_files, select_version,
    },
};
use uuid::Uuid;

/// Reads a version.
pub struct ReadVersion;

/// The version.
#[derive(Deserialize, JsonSchema)]
pub struct VersionPath {
    /// The artifact.
    pub id: Uuid,
    /// The version's index, from 1.
    pub version: i32,
}

/// What more to read.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionQuery {
    /// Fields that are left out otherwise, separated by commas: `code_content`, `code_versions`, `code_references`.
    #[serde(default)]
    include: Include,
}

/// The fields that are asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Include {
    code_content: bool,
    code_versions: bool,
    code_references: bool,
}

impl<'de> Deserialize<'de> for Include {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut include = Self::default();
        for field in String::deserialize(deserializer)?.split(',') {
            match field {
                "code_content" => include.code_content = true,
                "code_versions" => include.code_versions = true,
                "code_references" => include.code_references = true,
                _ => return Err(de::Error::custom("must be some of code_content, code_versions, code_references")),
            }
        }
        Ok(include)
    }
}

inline_schema!(Include, {
    "type": "string",
    "pattern": "^(code_content|code_versions|code_references)(,(code_content|code_versions|code_references))*$",
    "examples": ["code_content,code_versions"]
});

impl Endpoint for ReadVersion {
    const ROUTE: Route = Route::get("/v1/artifacts/{id}/versions/{version}", "Read a version with its files")
        .access(Access::Optional)
        .storage(Storage::Read);
    type Path = VersionPath;
    type Query = VersionQuery;
    type Body = Nothing;
    type Reply = Json<Version>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let (VersionPath { id, version }, include) = (input.path, input.query.include);
        let (select, files) = (select_version(id, version), select_files(id, version));
        let (rows, files, code_versions) = if include.code_versions {
            let [rows, files, versions] = context.fly([select, files, select_code_versions(id, version)]).await?;
            (rows, files, Some(versions))
        } else {
            let [rows, files] = context.fly([select, files]).await?;
            (rows, files, None)
        };
        let mut version = read_version(&rows, &files, context.bucket()?)?;
        version.code_versions = code_versions.map(|rows| read_all(&rows)).transpose()?;
        if include.code_content {
            let files = version.files.as_deref().unwrap_or_default();
            let main = main_file(files, version.code_language.as_deref());
            version.code_content = Some(main.and_then(|file| file.content.clone()));
            version.fit();
        }
        if include.code_references {
            version.code_references =
                version.files.as_ref().map(|files| files.iter().map(CodeReference::from).collect());
        }
        Ok(Json(version))
    }
}
