//! What the tests stand on: a database of their own, the whole API in one process, and people who call it.

pub mod database;
pub mod http;
pub mod main_job;
pub mod people;
pub mod pictures;
pub mod projections;
pub mod proxy;
pub mod server;

pub use http::Reply;
pub use people::Person;
pub use serde_json::{Value, json};
