//! What two endpoints share: the shape of an endpoint, the path of a request, PostgreSQL, the bucket, the model.
//!
//! A binary links only what its endpoint reaches, so nothing here may be started or held for all of them alike.

pub mod bucket;
pub mod config;
pub mod context;
pub mod database;
pub mod diff;
pub mod drive;
pub mod endpoint;
pub mod extract;
mod https;
pub mod idempotency;
pub mod identity;
pub mod image;
pub mod import;
pub mod jobs;
pub mod lambda;
pub mod log;
pub mod merge;
pub mod migrate;
pub mod model;
pub mod openapi;
pub mod page;
pub mod problem;
pub mod reply;
pub mod scheduled;
pub mod seal;
pub mod search;
pub mod sweep;
pub mod text;

pub use context::Context;
pub use database::{FromRow, Sql, sql};
pub use endpoint::{Access, Endpoint, Entry, RequestHeader, Route, Storage};
pub use extract::{Input, Nothing};
pub use page::{Page, Paging};
pub use problem::Problem;
pub use reply::{AsText, Created, CreatedOnce, Download, Found, Json, JsonOrText, NoContent, Resource};
