//! The least that a function can be, in the profile of all others: what the benchmark compares them with.

use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(|_: Request| async { Ok::<_, Error>(Response::new(Body::Text("Hello, world".to_owned()))) })).await
}
