//! The main job, on the API in this process.

#[tokio::test]
async fn from_sign_up_to_a_forked_artifact() {
    harness::main_job::run(harness::http::base_url()).await;
}
