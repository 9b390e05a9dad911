use proptest::prelude::*;

use super::*;

#[derive(Debug)]
struct Case {
    text: String,
    value: Option<Vec<Option<String>>>,
    joined: bool,
}

fn cases() -> Vec<Case> {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("../golden/python_lists.json")).unwrap();
    let list = |v: &serde_json::Value| {
        v.as_array().map(|items| items.iter().map(|i| i.as_str().map(Into::into)).collect())
    };
    let case = |v: &serde_json::Value| Case {
        text: v["text"].as_str().unwrap().to_owned(),
        value: list(&v["value"]),
        joined: v["joined"] == true,
    };
    golden.as_array().unwrap().iter().map(case).collect()
}

#[test]
fn python_agrees() {
    let cases = cases();
    let mut read = 0;
    for case in &cases {
        let ours = python_list(&case.text).ok();
        // What Python joins and characters by name are refused.
        if case.joined || case.text.contains("\\N") {
            assert_eq!(ours, None, "{case:?}");
        } else {
            assert_eq!(ours, case.value, "{case:?}");
            read += usize::from(ours.is_some());
        }
    }
    assert!(cases.len() > 400 && read > 100, "{read} of {} are lists", cases.len());
}

#[test]
fn missing_items_have_two_names() {
    assert_eq!(python_list("[nan, None , 'nan']").unwrap(), [None, None, Some("nan".to_owned())]);
    for word in ["nans", "none", "NaN", "nan_", "nanñ", "True"] {
        assert_eq!(python_list(&format!("['a', {word}]")).unwrap_err().position, 7, "{word}");
    }
}

#[test]
fn errors_tell_the_place_in_characters() {
    for (text, position, problem) in [
        ("", 1, "starts with `[`"),
        ("['é' 'b']", 6, "a `,` or `]`"),
        ("['a', 1]", 7, "string in quotes"),
        ("['a", 4, "not closed"),
        ("['a\\", 5, "not closed"),
        ("['a\nb']", 4, "next line"),
        ("['a'] x", 7, "follows the closing"),
        ("['\\xg1']", 5, "2 hexadecimal digits"),
        ("['\\ud800']", 9, "no character's"),
        ("['\\N{BULLET}']", 4, "by name"),
        ("__import__('os')", 1, "starts with `[`"),
    ] {
        let error = python_list(text).unwrap_err();
        assert_eq!(error.position, position, "{text}: {error}");
        assert!(error.to_string().contains(problem), "{text}: {error}");
    }
}

/// As Python's `repr` writes a list, with either quote.
fn written(items: &[Option<String>], quote: char) -> String {
    let item = |item: &Option<String>| match item {
        None => "nan".to_owned(),
        Some(text) => {
            let escaped: String = text
                .chars()
                .flat_map(|c| match c {
                    '\n' => vec!['\\', 'n'],
                    '\r' => vec!['\\', 'r'],
                    c if c == quote || c == '\\' => vec!['\\', c],
                    c => vec![c],
                })
                .collect();
            format!("{quote}{escaped}{quote}")
        }
    };
    format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(", "))
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        items in prop::collection::vec(prop::option::weighted(0.9, any::<String>()), 0..6),
        single in any::<bool>(),
    ) {
        let text = written(&items, if single { '\'' } else { '"' });
        prop_assert_eq!(python_list(&text).unwrap(), items, "{}", text);
    }

    #[test]
    fn anything_is_read_or_refused_in_place(text in "[\\[\\]'\", \\\\a-fnxuU0-9é\n]{0,24}") {
        if let Err(error) = python_list(&text) {
            prop_assert!((1..=text.chars().count() + 1).contains(&error.position), "{}: {}", text, error);
        }
    }
}
