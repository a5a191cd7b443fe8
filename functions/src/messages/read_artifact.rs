//! GET /v1/messages/{id}/artifact: what a message made.

use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route, Storage,
    model::message_artifacts::{MessageArtifact, MessageArtifactRow, REPLY_TEXT, select_message_artifact},
    problem,
    reply::size_in_json,
};

use super::read::MessagePath;

/// Reads what a message made.
pub struct ReadMessageArtifact;

impl Endpoint for ReadMessageArtifact {
    const ROUTE: Route = Route::get("/v1/messages/{id}/artifact", "Read what a message made")
        .storage(Storage::Read)
        .memory(256)
        .problems(&[&problem::TOO_LARGE]);
    type Path = MessagePath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<MessageArtifact>;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let row: MessageArtifactRow = context.one(select_message_artifact(input.path.id)).await?;
        let artifact = row.into_artifact(context.bucket()?)?;
        // What an import brought may be of any size.
        if size_in_json(artifact.payload.to_string().as_bytes()) > REPLY_TEXT {
            return Err(Problem::new(&problem::TOO_LARGE, "What this message made is larger than a reply can be."));
        }
        Ok(Json(artifact))
    }
}
