//! A real browser, on a page of another origin, uploads straight to the bucket.

use std::process::Command;

#[test]
fn a_page_of_another_origin_uploads_a_screenshot() {
    let root = harness::projections::root();
    let output = Command::new("node")
        .arg("tests/browser/run.mjs")
        .current_dir(root)
        .env("ATELIER_URL", harness::http::base_url())
        .output()
        .expect("node is installed");
    let said = String::from_utf8_lossy(&output.stdout);
    print!("{said}");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
