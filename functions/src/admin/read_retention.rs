//! GET /v1/admin/retention: how long what is kept, for superusers.

use shared::{
    Context, Endpoint, Input, Json, Nothing, Problem, Route,
    model::retention::{Retention, select_retention, set_interval_style},
};

/// Reads how long what is kept. For everyone but superusers there is no such thing.
pub struct ReadRetention;

impl Endpoint for ReadRetention {
    const ROUTE: Route = Route::get("/v1/admin/retention", "Read how long what is kept; for superusers");
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Retention>;

    async fn handle(_: Input<Self>, context: &mut Context) -> Result<Self::Reply, Problem> {
        let [_, policies] = context.fly([set_interval_style(), select_retention()]).await?;
        Ok(Json(Retention::read(&policies)?))
    }
}
