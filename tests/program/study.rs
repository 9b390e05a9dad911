//! The table that leads from the study to code, tests and figures.

use std::path::Path;

/// Every path that `docs/STUDY.md` names exists.
#[test]
fn the_studys_table_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/STUDY.md")).unwrap();
    let quoted = text.split('`').skip(1).step_by(2);
    let paths: Vec<&str> = quoted.filter(|q| q.contains('/') && !q.contains(' ')).collect();
    assert!(paths.len() > 60, "{} paths", paths.len());
    let lost: Vec<&&str> = paths.iter().filter(|p| !root.join(p).exists()).collect();
    assert!(lost.is_empty(), "docs/STUDY.md names what is not there: {lost:?}");
}
