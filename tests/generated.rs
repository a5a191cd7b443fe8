//! What is generated is committed, and up to date.

use std::fs;

use harness::projections::{MEND, leftovers, projections, root};

#[test]
fn projections_are_up_to_date() {
    let stale: Vec<String> = projections()
        .into_iter()
        .filter(|projection| {
            fs::read_to_string(root().join(&projection.path)).ok().as_ref() != Some(&projection.content)
        })
        .map(|projection| projection.path)
        .collect();
    assert!(stale.is_empty(), "stale: {stale:?}\nMend it with: {MEND}");
    assert!(leftovers().is_empty(), "no endpoint has these: {:?}\nMend it with: {MEND}", leftovers());
}
