//! What the tests stand on: a database of their own, the whole API in one process, and people who call it.

pub mod database;
pub mod drive;
pub mod http;
pub mod main_job;
pub mod people;
pub mod pictures;
pub mod plans;
pub mod projections;
pub mod proxy;
pub mod runtime_api;
pub mod schema;
pub mod server;
pub mod sql;
pub mod walk;

pub use http::Reply;
pub use people::Person;
pub use serde_json::{Value, json};

/// Runs futures at the same time, and gives what came of them, in their order.
///
/// # Panics
/// Where one of them does.
pub fn together<F>(futures: impl IntoIterator<Item = F>) -> impl Future<Output = Vec<F::Output>> + Send
where
    F: Future<Output: Send> + Send + 'static,
{
    let tasks: Vec<_> = futures.into_iter().map(tokio::spawn).collect();
    async {
        let mut outputs = Vec::with_capacity(tasks.len());
        for task in tasks {
            outputs.push(task.await.expect("it did not panic"));
        }
        outputs
    }
}
