//! The main job, on what `cargo lambda watch` runs: a process per function, through its router.

#[tokio::test]
async fn the_main_job_runs_against_cargo_lambda_watch() {
    let url = std::env::var("ATELIER_URL").expect("ATELIER_URL is set: `cargo xtask test` starts cargo lambda watch");
    harness::main_job::run(&url).await;
}
