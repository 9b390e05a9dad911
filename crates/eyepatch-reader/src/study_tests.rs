use std::collections::BTreeSet;

use eyepatch_core::Pixels;
use eyepatch_report::html::source_hash;

use super::*;

/// Sixty patients under two maskings. The full-image model's scores of the other masking lie above 5; every fifth image lacks a
/// label of the second class.
fn table() -> String {
    let mut text = String::from("sample,patient,trained,masking,fill,dilation,fold,class,label,score\n");
    let models = [("Full", "Full", 0), ("Full", "NoROI", 0), ("NoROI", "NoROI", 0), ("Full", "Full", 1)];
    for (trained, masking, fold) in models {
        for i in 0..60 {
            let second = if i % 5 == 0 { String::new() } else { (i % 3 % 2).to_string() };
            let score = f64::from(i * 7 % 60) / 60.0 + if trained == masking { 0.0 } else { 5.0 };
            for (class, label) in [("pneumonia", (i % 2).to_string()), ("effusion", second)] {
                let start = format!("img-{i:04},pat-{i:04},{trained},{masking},black,0,{fold}");
                text.push_str(&format!("{start},{class},{label},{score}\n"));
            }
        }
    }
    text
}

fn scored() -> Scored {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    std::fs::write(&path, table()).unwrap();
    Scored::read(&path, 0, "Full").unwrap()
}

fn plan(seed: u64) -> StudyPlan {
    StudyPlan {
        title: "What do you see?".into(),
        instructions: "Look <closely>.\n\nTake your time.".into(),
        seed,
        audit: "hospital/secret_audit".into(),
        fold: 0,
        result: ContentHash::of(b"result"),
        scores: ContentHash::of(b"scores"),
        maskings: vec!["Full".into(), "NoROI".into()],
        classes: vec!["pneumonia".into(), "effusion".into()],
        design: Design::default(),
        threshold: None,
    }
}

fn study(seed: u64) -> (Study, Made) {
    made(plan(seed))
}

fn made(plan: StudyPlan) -> (Study, Made) {
    let study = Study::new(plan, scored()).unwrap();
    let image = |i: usize| {
        Image::new(8, 8, 1, Pixels::U16((0..64).map(|p| (p * 37 + i * 101) as u16).collect())).unwrap()
    };
    let images: Vec<Image> = (0..study.images().len()).map(image).collect();
    let made = study.make(&images).unwrap();
    (study, made)
}

#[test]
fn a_masking_is_scored_by_its_own_model() {
    let scored = scored();
    assert_eq!(scored.classes, ["pneumonia", "effusion"]);
    let of = &scored.maskings["NoROI"];
    assert_eq!((of.trained.as_str(), of.images.len()), ("NoROI", 60));
    assert!(of.images.values().all(|i| i.scores[0] < 1.0));
    assert_eq!(of.images["img-0005"].labels, [Some(true), None]);
    // Half of the images are positive, so half lie at or above the threshold.
    let threshold = prevalence_threshold(of, 0).unwrap();
    assert_eq!(of.images.values().filter(|i| i.scores[0] >= threshold).count(), 30);
}

/// Readers would work for nothing: their answers could never be scored.
#[test]
fn a_study_whose_key_could_not_be_read_is_refused() {
    let told = |plan: StudyPlan| Study::new(plan, scored()).err().unwrap().to_string();
    let twice = vec!["NoROI".to_owned(), "Full".into(), "NoROI".into()];
    assert_eq!(told(StudyPlan { maskings: twice, ..plan(1) }), "the masking `NoROI` is named twice");
    let twice = vec!["effusion".to_owned(); 2];
    assert_eq!(told(StudyPlan { classes: twice, ..plan(1) }), "the class `effusion` is named twice");
    for t in [f32::NAN, f32::INFINITY] {
        assert!(told(StudyPlan { threshold: Some(t), ..plan(1) }).contains("no finite number"));
    }
}

/// 0.7 has no exact form: as 64 bits it lies above the score of 32 bits that is printed the same.
#[test]
fn a_score_that_is_printed_as_the_threshold_reaches_it() {
    let sealed = made(StudyPlan { threshold: Some(0.7), ..plan(11) }).1.key.sealed;
    let threshold = sealed.maskings[0].thresholds[0].unwrap();
    assert!(f64::from(0.7_f32) >= threshold && threshold < 0.7);
}

#[test]
fn a_page_tells_nothing_of_what_it_shows() {
    let (study, made) = study(11);
    let images = study.images();
    assert_eq!(images.len(), 24);
    let mut words =
        vec!["Full".into(), "NoROI".into(), "secret_audit".into(), "hospital".into(), "scores.csv".into()];
    for case in &made.key.sealed.cases {
        words.extend([case.sample.clone(), case.patient.clone()]);
    }
    words.extend(["truth", "img-", "pat-", "masking", "patient", "seed"].map(str::to_owned));
    words.extend([
        made.key.sealed.seed.to_string() + ",",
        made.key.sealed.nonce.to_string(),
        made.key.sealed.result.to_string(),
    ]);
    // Pixels are no words.
    let text: String =
        made.page.split("\"png\":\"").map(|p| p.split_once('"').map_or(p, |(_, rest)| rest)).collect();
    assert!(text.len() + 1000 < made.page.len());
    for word in words {
        assert!(!text.contains(&word), "`{word}` is on the page");
    }
    assert!(text.contains("Look &lt;closely&gt;.") && text.contains(&made.key.commitment.to_string()));
    for case in &made.key.sealed.cases {
        assert_eq!(text.matches(&format!("\"{}\"", case.code)).count(), 1);
    }
}

/// A reader whose answers could not be scored would work for nothing.
#[test]
fn the_page_refuses_the_names_that_scoring_refuses() {
    let page = study(11).1.page;
    let names: Vec<String> = crate::score::NOT_READERS.iter().map(|n| format!("{n:?}")).collect();
    assert!(page.contains(&format!("const TAKEN = [{}];", names.join(", "))));
}

#[test]
fn the_policy_allows_this_style_and_script_only() {
    let page = study(11).1.page;
    let between = |a: &str, b: &str| page.split_once(a).unwrap().1.split_once(b).unwrap().0.to_owned();
    let policy = between("Content-Security-Policy\" content=\"", "\"").replace("&#39;", "'");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    for text in [between("<style>", "</style>"), between("<script>", "</script>")] {
        assert!(policy.contains(&source_hash(&text)));
    }
    for request in ["http://", "https://", " src=", "@import", "url("] {
        assert!(!page.contains(request), "{request}");
    }
}

#[test]
fn the_seed_decides_and_nothing_else() {
    let ((_, a), (_, again), (_, other)) = (study(11), study(11), study(12));
    assert_eq!((&a.page, &a.key), (&again.page, &again.key));
    assert_ne!(a.key.commitment, other.key.commitment);
    let codes = |m: &Made| m.key.sealed.cases.iter().map(|c| c.code.clone()).collect::<BTreeSet<_>>();
    assert!(codes(&a).is_disjoint(&codes(&other)) && codes(&a).len() == 24);
    assert_eq!(a.key.page, ContentHash::of(a.page.as_bytes()));
    assert_ne!(crate::random_seed(), crate::random_seed());
}

/// What the page's script is given, name by name.
#[test]
fn the_page_is_given_codes_pixels_and_questions_only() {
    let page = study(11).1.page;
    let data = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    let names = |v: &serde_json::Value| v.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&data), ["cases", "commitment", "levels", "questions"]);
    assert!(data["cases"].as_array().unwrap().iter().all(|c| names(c) == ["code", "png"]));
}

#[test]
fn a_table_of_scores_that_contradicts_itself_is_refused_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores.csv");
    let told = |text: &str, fold| {
        std::fs::write(&path, text).unwrap();
        Scored::read(&path, fold, "Full").unwrap_err().to_string()
    };
    let (whole, last) = (table(), table().lines().nth(1).unwrap().to_owned());
    assert!(told(&whole, 7).contains("fold 7 has no scores"));
    assert!(
        told(&format!("{whole}{last}\n"), 0)
            .ends_with("line 482: this image, model and class stand in the table twice")
    );
    let other = last.replace("pat-0000", "pat-0001");
    assert!(told(&format!("{whole}{other}\n"), 0).contains("another patient"));
    assert!(told(&whole.replacen(",0,0.", ",x,0.", 1), 0).contains("column label: `x`"));
    let short: String = whole.lines().filter(|l| *l != last).map(|l| format!("{l}\n")).collect();
    assert!(told(&short, 0).contains("an image lacks a class"));
}
