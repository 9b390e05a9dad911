//! What a verdict on made-up films might say.

use eyepatch_report::schema::{
    Cause, ClassVerdict, Contrast, DataStatement, Estimate, Measured, Outcome, Signal, Status, Verdict,
};

use super::parts::estimate;

const MARGIN: f64 = 0.05;

/// Of the model that reads a tag in the corner.
pub(crate) fn verdict() -> Verdict {
    Verdict {
        rule: "Primary contrasts: the full-image model's AUC with the class's legitimate region hidden, less 0.5, and the AUC \
               it loses when the association of site, view with the label is broken. A shortcut is in evidence where one of \
               them exceeds 0.05 (one-sided p, the largest over at least 3 hiding fills, Holm-adjusted over all of them, below \
               0.05); none is where the one-sided 95 % upper bound of each lies below 0.05 for every fill; otherwise, or with \
               fewer than 20 patients on a side, it is inconclusive."
            .into(),
        margin: MARGIN,
        alpha: 0.05,
        n_tests: 3,
        classes: vec![class()],
    }
}

fn class() -> ClassVerdict {
    let (primary, supporting) = (primary(), supporting());
    let shown = numbers(&primary[0].measured[1].estimate);
    ClassVerdict {
        class: "opacity".into(),
        status: Status::Flagged,
        sentence: format!(
            "opacity: the model takes a shortcut; probably corner (AUC of the full-image model with the legitimate region \
             hidden, less 0.5: {shown})."
        ),
        data: DataStatement {
            signal: Signal::Outside,
            sentence: "The data hold signal outside of the region: a model trained on NoROI reaches AUC 0.951 [0.919, 0.983]; \
                       the shape of the mask alone reaches 0.523."
                .into(),
        },
        causes: causes(&supporting),
        primary,
        supporting,
        subgroups: subgroups(),
        minimal_detectable_gap: Some(0.112),
    }
}

fn measured(with: &str, value: f64, half: f64, p: f64) -> Measured {
    Measured { with: with.into(), estimate: estimate(value, half), p, upper: value + 0.84 * half }
}

fn contrast(id: &str, what: &str, margin: f64, p_adjusted: f64, measured: Vec<Measured>) -> Contrast {
    let p = measured.iter().map(|m| m.p).reduce(f64::max);
    let outcome = match p {
        Some(_) if p_adjusted < 0.05 => Outcome::Evidence,
        Some(_) if measured.iter().all(|m| m.upper < margin) => Outcome::None,
        _ => Outcome::Undecided,
    };
    Contrast {
        id: id.into(),
        what: what.into(),
        margin,
        p,
        p_adjusted: p.map(|_| p_adjusted),
        outcome,
        note: p.is_none().then(|| {
            "fewer than two values of `view` have 5 patients with and 5 without the class, so its association cannot be broken \
             by weights"
                .into()
        }),
        measured,
    }
}

fn broken(name: &str) -> String {
    format!("AUC that the full-image model loses when the association of {name} with the label is broken")
}

fn primary() -> Vec<Contrast> {
    let hidden = "AUC of the full-image model with the legitimate region hidden, less 0.5";
    let fills = vec![
        measured("NoROI", 0.463, 0.032, 1e-9),
        measured("NoROI~noise", 0.412, 0.041, 3e-8),
        measured("NoROI~inpaint", 0.448, 0.035, 1e-9),
    ];
    vec![
        contrast("hidden", hidden, MARGIN, 9e-8, fills),
        Contrast {
            note: Some("12 of 720 images have no value, or one that too few of the other side have".into()),
            ..contrast(
                "attribute:site",
                &broken("`site`"),
                MARGIN,
                1.0,
                vec![measured("site", 0.012, 0.021, 0.999)],
            )
        },
        contrast("attribute:view", &broken("`view`"), MARGIN, 1.0, Vec::new()),
    ]
}

fn supporting() -> Vec<Contrast> {
    let part = |name: &str, p_adjusted: f64, fills: Vec<Measured>| {
        let what = format!("AUC that the full-image model loses when the {name} is hidden");
        contrast(&format!("part:{name}"), &what, 0.0, p_adjusted, fills)
    };
    let number = |name: &str, value: f64, p: f64| {
        contrast(&format!("number:{name}"), &broken(name), 0.0, 1.0, vec![measured(name, value, 0.014, p)])
    };
    vec![
        contrast("attribute:site", &broken("`site`"), 0.0, 1.0, vec![measured("site", 0.012, 0.021, 0.13)]),
        contrast("attribute:view", &broken("`view`"), 0.0, 1.0, Vec::new()),
        part(
            "background",
            0.41,
            vec![
                measured("NoBackground", 0.021, 0.024, 0.04),
                measured("NoBackground~noise", 0.015, 0.028, 0.14),
            ],
        ),
        part(
            "border",
            1.0,
            vec![measured("NoBorder", -0.004, 0.011, 0.77), measured("NoBorder~noise", 0.002, 0.013, 0.38)],
        ),
        part(
            "corner",
            4e-7,
            vec![measured("NoCorners", 0.351, 0.048, 1e-9), measured("NoCorners~noise", 0.316, 0.055, 6e-8)],
        ),
        number("grey level outside of the region", 0.009, 0.11),
        number("sharpness outside of the region", -0.003, 0.66),
        contrast(
            "outline",
            "AUC that the outline of the hidden region adds: hidden as segmented, less hidden under a cover",
            0.0,
            1.0,
            vec![measured("NoROI", 0.004, 0.012, 0.25)],
        ),
    ]
}

fn subgroups() -> Vec<Contrast> {
    let of = |sex: &str, note: &str, fills: Vec<Measured>| {
        let what = format!(
            "AUC of the full-image model with the legitimate region hidden, less 0.5, where sex is {sex}"
        );
        let found = contrast(&format!("group:sex={sex}"), &what, 0.05, 0.004, fills);
        Contrast { note: Some(note.into()), ..found }
    };
    let fills = vec![measured("NoROI", 0.214, 0.07, 0.001), measured("NoROI~noise", 0.197, 0.08, 0.002)];
    vec![
        of("F", "61 patients with and 83 without the class.", fills),
        of("M", "12 patients with and 40 without the class; fewer than 20 decide nothing", Vec::new()),
    ]
}

fn causes(supporting: &[Contrast]) -> Vec<Cause> {
    let least =
        |c: &Contrast| c.measured.iter().map(|m| m.estimate).min_by(|a, b| a.value.total_cmp(&b.value));
    let name = |c: &Contrast| c.id.split_once(':').map_or("mask shape", |(_, name)| name).to_owned();
    let one = |c: &Contrast| {
        let loss = least(c);
        let said = match loss {
            Some(loss) => format!("{}: {}", c.what, numbers(&loss)),
            None => c.note.clone().unwrap_or_default(),
        };
        let named = c.outcome == Outcome::Evidence;
        let (speaks_for, speaks_against) = if named { (vec![said], vec![]) } else { (vec![], vec![said]) };
        Cause { name: name(c), loss, named, speaks_for, speaks_against }
    };
    let mut causes: Vec<Cause> = supporting.iter().map(one).collect();
    causes.push(Cause {
        name: "leak".into(),
        loss: None,
        named: false,
        speaks_for: vec!["3 patients lie in train and test of fold 1.".into()],
        speaks_against: Vec::new(),
    });
    let worth = |c: &Cause| c.loss.map_or(f64::NEG_INFINITY, |l| l.value);
    causes.sort_by(|a, b| b.named.cmp(&a.named).then(worth(b).total_cmp(&worth(a))));
    causes
}

fn numbers(e: &Estimate) -> String {
    let [lower, upper] = e.interval.map_or([e.value; 2], |i| [i.lower, i.upper]);
    format!("{:.3} [{lower:.3}, {upper:.3}]", e.value)
}
