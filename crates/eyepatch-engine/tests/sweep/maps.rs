//! Maps of many images are made, checked and held against chance.

use eyepatch_core::{
    Attribution, Budget, Ctx, Explainer, ExplainerCard, Fitted, Keep, Params, Result, Subject, plugin,
};
use eyepatch_engine::{MapRule, MaskingSweep, Options};
use eyepatch_report::schema::{CheckState, Maps, Null};
use serde::{Deserialize, Serialize};

use super::plugins::{Brightness, Cover, Fault};
use super::{run, run_with, sweep};

/// Each block of 2 x 2 pixels turned black.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Blocks;

impl Params for Blocks {}

/// Blocks.
#[plugin("toy/blocks")]
impl Explainer for Blocks {
    fn card(&self) -> ExplainerCard {
        ExplainerCard { name: "blocks".into(), description: String::new(), additive: false }
    }

    fn explain(
        &self,
        fitted: &dyn Fitted,
        subject: Subject<'_>,
        budget: Budget,
        ctx: &Ctx,
    ) -> Result<Attribution> {
        let image = &subject.sample.image;
        let (height, width) = (image.height() / 2, image.width() / 2);
        let mut images = vec![image.clone()];
        for block in 0..height * width {
            let mut one = image.clone();
            for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                let (y, x) = (block / width * 2 + dy, block % width * 2 + dx);
                one.set(y * image.width() + x, 0.0);
            }
            images.push(one);
        }
        let scores = fitted.predict(&subject.preprocess.batch(&images)?, ctx)?;
        let output = |i: usize| scores.row(i)[subject.class];
        Ok(Attribution {
            height,
            width,
            values: (1..images.len()).map(|i| output(0) - output(i)).collect(),
            class: subject.class,
            space: scores.space,
            base_value: 0.0,
            output_value: f64::from(output(0)),
            additivity_error: None,
            evaluations: budget.evaluations,
        })
    }
}

/// The model gives its classes in another order than the table's; each example is explained for all of the table's.
#[test]
fn an_example_is_explained_for_every_class() {
    let dir = tempfile::tempdir().unwrap();
    let maskers = [Cover::full(), Cover::roi(Keep::Outside)];
    let make = || sweep(Brightness::delivered(), &maskers).explain(Blocks);
    let (result, _) = run(make().evaluations(1000), dir.path()).unwrap();
    let explained = &result.audits[0].explanations;
    let of: Vec<(&str, &str)> = explained.iter().map(|e| (e.sample.as_str(), e.class.as_str())).collect();
    assert_eq!(explained.len(), 4);
    assert!(of[0].0 == of[1].0 && of[2].0 == of[3].0 && of[0].0 != of[2].0, "{of:?}");
    assert!(explained.chunks(2).all(|two| two[0].class == "bright" && two[1].class == "dark"));
    assert!(explained.iter().all(|e| e.evaluations == 1000));
    // Another number of evaluations is another explanation; none that is too small is begun.
    let (usual, _) = run(make(), dir.path()).unwrap();
    assert!(usual.audits[0].explanations.iter().all(|e| e.evaluations == 400));
    let few = run(make().evaluations(2), dir.path()).err().unwrap();
    assert!(few.contains("2 evaluations of the model"), "{few}");
    // `dark` is what `bright` is not.
    assert!(explained.chunks(2).all(|two| two[0].output_value > 0.0 && two[1].output_value < 0.0));
}

fn judged(rule: MapRule) -> MaskingSweep {
    let maskers = [Cover::full(), Cover::roi(Keep::Outside)];
    sweep(Brightness::default(), &maskers).explain(Blocks).agreeing_with([Blocks]).judge_maps(rule)
}

fn maps(threads: usize) -> Vec<Maps> {
    let dir = tempfile::tempdir().unwrap();
    let options = Options { threads, ..Options::default() };
    let sweep = judged(MapRule { checked: 6, donors: 4, ..MapRule::default().images(40) });
    let (result, files) = run_with(sweep, dir.path(), &options).unwrap();
    let maps = result.audits[0].maps.clone();
    for picture in maps.iter().filter_map(|m| m.mean.as_ref()) {
        assert!(files.contains_key(&picture.file), "{}", picture.file);
    }
    maps
}

/// The toy model answers with the mean brightness, of which the disc has most and the rest, the same in all images, tells nothing.
#[test]
fn maps_say_where_a_model_looks_and_why_they_do_not_count() {
    let maps = maps(1);
    let [bright, dark] = &maps[..] else { panic!("{} sections", maps.len()) };
    assert_eq!((bright.class.as_str(), dark.class.as_str()), ("bright", "dark"));
    assert_eq!((bright.n_images, bright.n_checked), (40, 6));
    let inside = &bright.places[0];
    assert_eq!(inside.place, "inside the region");
    assert!(inside.absolute.unwrap().value > inside.area + 0.1, "{inside:?}");
    let by_place: f64 = bright.places[..5].iter().map(|p| p.absolute.unwrap().value).sum();
    assert!((by_place - 1.0).abs() < 1e-9, "places cover the map: {by_place}");
    // Ill and healthy images differ in nothing outside of the disc but in where it lies.
    assert_eq!(bright.beyond[0].null, Null::OtherLabel);
    assert!(bright.beyond[0].share.unwrap() <= 0.1, "{:?}", bright.beyond[0]);
    // This model cannot be drawn anew, and without that no map counts.
    let state = |name: &str| bright.checks.iter().find(|c| c.check == name).unwrap();
    let weights = state("randomised_weights");
    assert_eq!((weights.state, weights.required), (CheckState::NotRun, true));
    assert!(weights.what.contains("the model cannot be drawn anew"), "{}", weights.what);
    assert!(!bright.counts && bright.sentence.contains("no evidence"), "{}", bright.sentence);
    assert_eq!(state("reseeding").state, CheckState::Passed);
    // The other explainer is the same method, and there is no other method.
    assert_eq!(state("baselines").state, CheckState::Passed);
    assert_eq!(state("explainers").state, CheckState::NotRun);
    // Whatever labels it is trained on, it is the same.
    assert_eq!(state("randomised_labels").state, CheckState::Failed);
}

#[test]
fn maps_are_the_same_at_any_number_of_threads() {
    assert_eq!(maps(1), maps(2));
}

#[test]
fn a_delivered_model_has_no_twin_of_permuted_labels() {
    let dir = tempfile::tempdir().unwrap();
    let maskers = [Cover::full(), Cover::roi(Keep::Outside)];
    let rule = MapRule { checked: 4, donors: 4, ..MapRule::default().images(40) };
    let sweep = sweep(Brightness::delivered(), &maskers).explain(Blocks).judge_maps(rule);
    let (result, _) = run(sweep, dir.path()).unwrap();
    let labels = result.audits[0].maps[0].checks.iter().find(|c| c.check == "randomised_labels").unwrap();
    assert_eq!(labels.state, CheckState::NotRun);
    assert!(labels.what.contains("no model was trained on permuted labels"), "{}", labels.what);
}

#[test]
fn what_cannot_be_judged_is_refused_before_anything_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |sweep: MaskingSweep| run(sweep, dir.path()).unwrap_err();
    assert!(refused(judged(MapRule::default().images(39))).contains("39 images"));
    assert!(refused(judged(MapRule { donors: 2, ..MapRule::default() })).contains("2 donors"));
    let maskers = [Cover::full(), Cover::roi(Keep::Outside)];
    let plain = || sweep(Brightness { fault: Fault::None, ..Brightness::default() }, &maskers);
    assert!(refused(plain().judge_maps(MapRule::default())).contains("no explainer"));
    assert!(refused(plain().agreeing_with([Blocks])).contains("no maps to be judged"));
}
