use eyepatch_core::Interval;

use super::*;
use crate::schema::{DataStatement, Estimate, Signal, Status};

fn measured(with: &str, value: f64, half: f64) -> Measured {
    let interval = Interval { lower: value - half, upper: value + half, level: 0.95 };
    Measured {
        with: with.into(),
        estimate: Estimate { value, interval: Some(interval) },
        p: 0.01,
        upper: value + 0.8 * half,
    }
}

fn contrast(id: &str, margin: f64, measured: Vec<Measured>, outcome: Outcome) -> Contrast {
    let what = String::new();
    Contrast { id: id.into(), what, margin, measured, p: None, p_adjusted: None, outcome, note: None }
}

fn class(primary: Vec<Contrast>, supporting: Vec<Contrast>) -> ClassVerdict {
    ClassVerdict {
        class: "opacity".into(),
        status: Status::Inconclusive,
        sentence: String::new(),
        data: DataStatement { signal: Signal::NotMeasured, sentence: String::new() },
        primary,
        supporting,
        subgroups: Vec::new(),
        causes: Vec::new(),
        minimal_detectable_gap: None,
    }
}

#[test]
fn every_fill_has_a_row_and_its_outcome_a_shape() {
    let fills = vec![measured("NoROI", 0.3, 0.04), measured("NoROI~noise", 0.28, 0.05)];
    let drawn = svg(&class(
        vec![contrast("hidden", 0.05, fills, Outcome::Evidence)],
        vec![contrast("part:border", 0.0, vec![measured("NoBorder", -0.01, 0.02)], Outcome::None)],
    ));
    let n = |what: &str| drawn.matches(what).count();
    assert_eq!((n("class=\"mark s2\""), n("class=\"mark s0\""), n("class=\"mark s3\"")), (2, 1, 0));
    // An interval and an upper bound each; the margin's line runs along the primary rows only.
    assert_eq!((n("class=\"whisker s2\""), n("class=\"whisker s0\""), n("class=\"threshold\"")), (4, 2, 2));
    assert_eq!(n("class=\"zero\""), 3);
    for text in ["hidden \u{b7} NoROI~noise", ">part:border<", "margin 0.05", ">Supporting<"] {
        assert!(drawn.contains(text), "{text}: {drawn}");
    }
    // The fill that decides is read out: the larger p, of equal ones the first.
    assert!(drawn.contains("hidden 0.300 [0.260, 0.340], evidence"), "{drawn}");
}

#[test]
fn what_is_not_estimable_or_not_finite_is_said_and_not_drawn() {
    let wild = Measured {
        with: "x".into(),
        estimate: Estimate { value: f64::NAN, interval: None },
        p: f64::NAN,
        upper: f64::INFINITY,
    };
    let primary = vec![
        contrast("hidden", 0.05, Vec::new(), Outcome::Undecided),
        contrast("attribute:\"><b>", f64::NAN, vec![wild], Outcome::Undecided),
    ];
    let drawn = svg(&class(primary, Vec::new()));
    assert!(drawn.contains("hidden: not estimable") && !drawn.contains("Supporting"), "{drawn}");
    assert!(!drawn.contains("mark ") && !drawn.contains("whisker") && !drawn.contains("<b>"), "{drawn}");
    assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
    assert!(svg(&class(Vec::new(), Vec::new())).contains("</svg>"));
}

#[test]
fn the_axis_has_whole_steps_around_everything_and_few_ticks() {
    let of = |values: &[f64]| {
        let all: Vec<Contrast> =
            values.iter().map(|v| contrast("c", 0.05, vec![measured("m", *v, 0.0)], Outcome::None)).collect();
        let ((low, high), step) = axis(all.iter());
        [low, high, step].map(|v| (v * 1000.0).round() / 1000.0)
    };
    assert_eq!(of(&[]), [0.0, 0.02, 0.02]);
    assert_eq!(of(&[0.3]), [0.0, 0.3, 0.05]);
    assert_eq!(of(&[-0.02, 0.45]), [-0.1, 0.5, 0.1]);
    assert_eq!(of(&[-7.0, 7.0]), [-1.0, 1.0, 0.5]);
}

#[test]
fn long_names_are_cut_by_characters() {
    assert_eq!(format::shortened("hidden", LABEL), "hidden");
    let long = "\u{e4}".repeat(80);
    assert_eq!(format::shortened(&long, LABEL).chars().count(), LABEL);
    assert!(format::shortened(&long, LABEL).ends_with('\u{2026}'));
}
