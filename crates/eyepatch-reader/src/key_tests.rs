use super::*;
use crate::fixture;

#[test]
fn a_key_reads_back_and_a_broken_seal_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    let key = fixture::key(&["Full"]);
    let text = key.to_json().unwrap();
    std::fs::write(&path, &text).unwrap();
    assert_eq!(Key::read(&path).unwrap(), key);

    let told = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Key::read(&path).unwrap_err().to_string()
    };
    // One label turned, one score moved, one case taken for another's.
    for (from, to) in [("true", "false"), ("0.35", "0.36"), ("sample-3", "sample-4")] {
        let broken = told(&text.replacen(from, to, 1));
        assert!(broken.contains("the seal is broken"), "{from}: {broken}");
    }
    assert!(told("{}").contains("its schema is ``"));
    assert!(told(&text.replace("reader-key/1", "reader-key/2")).contains("this version reads"));
    // Sealed anew, a key must still be one.
    let mut twice = key.sealed.clone();
    twice.cases[1].code = twice.cases[0].code.clone();
    let twice = Key::new(twice, "page").unwrap().to_json().unwrap();
    assert!(told(&twice).contains("a code or masking stands in it twice"));
    let mut short = key.sealed;
    short.cases[1].scores.clear();
    assert!(told(&Key::new(short, "page").unwrap().to_json().unwrap()).contains("does not fit"));
}
