//! GET /: what this is.

use schemars::JsonSchema;
use serde::Serialize;
use shared::{Access, Context, Endpoint, Input, Json, Nothing, Problem, Resource, Route};

/// Says what this is.
pub struct ReadIndex;

/// What this is, and where to go from here.
#[derive(Serialize, JsonSchema)]
pub struct Index {
    /// Its name.
    name: &'static str,
    /// What it is.
    description: &'static str,
    /// The version of this program.
    version: &'static str,
    /// Where to go from here.
    links: Links,
}

/// Paths to begin with.
#[derive(Serialize, JsonSchema)]
pub struct Links {
    /// The API, described.
    openapi: &'static str,
    /// Whether it works.
    health: &'static str,
    /// The gallery.
    gallery: &'static str,
    /// POST here to register.
    register: &'static str,
    /// POST here to sign in.
    sign_in: &'static str,
}

impl Resource for Index {}

impl Endpoint for ReadIndex {
    const ROUTE: Route = Route::get("/", "See what this is").access(Access::Anyone).no_database();
    type Path = Nothing;
    type Query = Nothing;
    type Body = Nothing;
    type Reply = Json<Index>;

    async fn handle(_: Input<Self>, _: &mut Context) -> Result<Self::Reply, Problem> {
        Ok(Json(Index {
            name: "Atelier",
            description: "The storage backend of an AI-creation product: accounts, chats, versioned and forkable artifacts.",
            version: env!("CARGO_PKG_VERSION"),
            links: Links {
                openapi: "/v1/openapi.json",
                health: "/v1/health",
                gallery: "/v1/artifacts",
                register: "/v1/users",
                sign_in: "/v1/sessions",
            },
        }))
    }
}
