use serde_json::json;

use super::*;

#[test]
fn differing_leaves_are_named_by_their_path() {
    let published = json!({
        "model": { "id": "a/net", "params": { "order": "published", "batch": 2 } },
        "maskers": [{ "id": "a/region", "params": { "shape": "full" } }, { "id": "a/region", "params": { "shape": "box*" } }],
        "design": { "folds": 5 },
    });
    let mut strict = published.clone();
    strict["model"]["params"]["order"] = json!("strict");
    strict["maskers"][1]["params"]["shape"] = json!("box");
    strict["design"]["size"] = json!([512, 512]);
    let found: Vec<(String, Vec<Option<String>>)> =
        differences(&[published.clone(), strict]).into_iter().map(|c| (c.what, c.values)).collect();
    let some = |s: &str| Some(s.to_owned());
    assert_eq!(
        found,
        [
            ("design.size".to_owned(), vec![None, some("[512,512]")]),
            ("maskers.2.shape".to_owned(), vec![some("box*"), some("box")]),
            ("model.order".to_owned(), vec![some("published"), some("strict")]),
        ]
    );
    assert!(differences(&[published.clone(), published]).is_empty());
}
