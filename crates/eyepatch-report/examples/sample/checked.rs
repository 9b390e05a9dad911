//! What a check of made-up films might say.

use eyepatch_report::schema::{Check, CheckFinding, ColumnCheck, Severity};

use super::parts::estimate;

fn column(name: &str, source: &str, auc: f64, direction: &str, severity: Option<Severity>) -> ColumnCheck {
    let strength = auc.max(1.0 - auc);
    ColumnCheck {
        class: "opacity".into(),
        column: name.into(),
        source: source.into(),
        auc: estimate(auc, 0.04),
        lower: (strength - 0.07).max(0.5),
        p: if strength > 0.65 { 1e-7 } else { 0.4 },
        points_to: direction.into(),
        n_images: 720,
        n_patients: 541,
        severity,
    }
}

fn finding(severity: Severity, check: &str, sentence: &str, remedy: &str) -> CheckFinding {
    CheckFinding {
        severity,
        check: check.into(),
        sentence: sentence.into(),
        remedy: remedy.into(),
        class: None,
        column: None,
        auc: None,
        samples: Vec::new(),
        patients: Vec::new(),
    }
}

pub(crate) fn check(shortcut: bool) -> Check {
    let sign = "It may be the sign of the disease itself, since the region is legitimate.";
    let inside = "mean grey inside the ROI: brighter insides with opacity, AUC 0.731 [0.691, 0.771], adjusted bound 0.661 \
                  (720 images of 541 patients).";
    let mut findings = vec![
        CheckFinding {
            samples: vec!["p000012-0".into(), "p000498-1".into()],
            ..finding(
                Severity::Warning,
                "duplicates",
                "1 pair shows one image under two answers.",
                "Look which label is right; one of them is wrong.",
            )
        },
        CheckFinding {
            class: Some("opacity".into()),
            column: Some("mean grey inside the ROI".into()),
            auc: Some(estimate(0.731, 0.04)),
            ..finding(Severity::Note, "columns", inside, sign)
        },
    ];
    let mut columns = vec![
        column(
            "mean grey inside the ROI",
            "inside the ROI",
            0.731,
            "brighter insides with opacity",
            Some(Severity::Note),
        ),
        column("age", "table", 0.46, "lower `age` with opacity", None),
        column("view", "table", 0.51, "view `PA` with opacity", None),
    ];
    if shortcut {
        let alarm = CheckFinding {
            class: Some("opacity".into()),
            column: Some("tag".into()),
            auc: Some(estimate(0.05, 0.04)),
            ..finding(
                Severity::Alarm,
                "columns",
                "tag: tag `yes` with opacity, AUC 0.950 [0.910, 0.990], adjusted bound 0.880 (720 images of 541 patients).",
                "A model can learn this instead of the disease. Balance or match the classes by it.",
            )
        };
        findings.insert(0, alarm);
        columns.insert(0, column("tag", "table", 0.05, "tag `yes` with opacity", Some(Severity::Alarm)));
    }
    Check {
        rule: "An alarm where the lower 95 % bound of a column alone lies above 0.55.".into(),
        threshold: 0.55,
        n_images: 720,
        n_patients: 541,
        n_unreadable: 0,
        n_tests: columns.len(),
        findings,
        columns,
    }
}
