//! DELETE /v1/containers/{id}: forget a sandbox.

use shared::{
    Context, Endpoint, Input, NoContent, Nothing, Problem, Route,
    model::{accounts::Id, containers::ContainerStatus},
};

use super::{read::ContainerPath, transition::move_to};

/// Deletes a sandbox: it is hidden at once with its files, but for the list that asks for deleted ones.
pub struct DeleteContainer;

impl Endpoint for DeleteContainer {
    const ROUTE: Route = Route::delete("/v1/containers/{id}", "Delete a sandbox with its files");
    type Path = ContainerPath;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = NoContent;

    async fn handle(input: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        context.one::<Id>(move_to(input.path.id, ContainerStatus::Deleted)).await?;
        Ok(NoContent)
    }
}
