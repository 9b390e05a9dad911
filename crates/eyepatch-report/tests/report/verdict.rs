//! What a verdict looks like on the page, in tables and in continuous integration, and what of it is shared.

use eyepatch_report::junit::{self, Gate};
use eyepatch_report::schema::{AnswerKind, AuditResult, Outcome, RunResult, Status};
use eyepatch_report::share::share;
use eyepatch_report::{csv, html, markdown, supplement};

use crate::sample::Sample;
use crate::{between, render};

#[test]
fn the_banner_keeps_model_and_data_apart_and_names_the_cause() {
    let page = render(&Sample::new());
    let answer = between(&page, "<section id=\"a2-answer\"", "</section>");
    let overview = between(&page, "<section id=\"a2-overview\"", "</section>");
    let banner = between(overview, "<div class=\"banner flagged\">", "</div>");
    assert!(
        banner.contains("<strong>Shortcut, probably corner.</strong> opacity: the model takes"),
        "{banner}"
    );
    assert!(!banner.contains("The data hold signal"));
    let said = between(answer, "<div class=\"said\">", "</div>");
    assert!(said.contains("The data hold signal outside of the region: a model trained on NoROI"), "{said}");
    assert!(answer.contains("<dd>Primary contrasts: the full-image model"));
    // A screening keeps its words, and has no such section.
    let screened = between(&page, "<section id=\"a1-overview\"", "</article>");
    assert!(screened.contains("<strong>Clear.</strong>") && !screened.contains("About the data"));
    assert!(!page.contains("a1-verdict") && page.contains("<a href=\"#a2-verdict\">Evidence</a>"));
    assert!(page.contains("2 audits: 1 shortcut, 1 clear."));
}

#[test]
fn every_contrast_and_cause_is_on_the_page_and_the_hidden_region_leads_to_its_picture() {
    let sample = Sample::new();
    let page = render(&sample);
    let section = between(&page, "<section id=\"a2-verdict\"", "</section>");
    let class = &sample.result.audits[1].verdict.as_ref().unwrap().classes[0];
    let all = || class.primary.iter().chain(&class.supporting).chain(&class.subgroups);
    for c in all() {
        assert!(section.contains(&format!("<code>{}</code>", c.id)), "{}", c.id);
    }
    assert_eq!(section.matches("data-label=\"Estimate\"").count(), all().flat_map(|c| &c.measured).count());
    let drawn = class.primary.iter().chain(&class.supporting).flat_map(|c| &c.measured).count();
    assert_eq!(section.matches("class=\"mark ").count(), drawn, "groups are not drawn");
    assert_eq!(section.matches("<td colspan=\"3\">not estimable</td>").count(), 3);
    assert!(section.contains("The hidden region, by group") && section.contains("61 patients with and 83"));
    let causes: Vec<_> =
        class.causes.iter().map(|c| section.find(&format!("<p><b>{}</b>", c.name))).collect();
    assert!(causes.iter().all(Option::is_some) && causes[0] < causes[1], "{causes:?}");
    assert!(section.contains("<b>corner</b><span class=\"tag\">named by the verdict</span>"));
    // Of three fills the one with the largest p decides; only the first has a picture.
    let primary = between(section, "Primary contrasts", "</table>");
    assert_eq!(primary.matches("NoROI~noise <span title=\"the rule looks at this\">").count(), 1);
    assert!(section.contains("<a href=\"#a2-shown-2\" title=\"See a picture of it\">NoROI</a>"));
    assert!(between(&page, "id=\"a2-shown-2\"", "</figure>").contains("NoROI</figcaption>"));
}

#[test]
fn a_table_has_a_row_an_estimate_and_markdown_the_primary_contrasts() {
    let sample = Sample::new();
    let of = |i: usize| csv::contrasts(&sample.result.audits[i]).unwrap();
    assert_eq!(of(0).lines().count(), 1);
    let text = of(1);
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3 + 1 + 1 + 11 + 3);
    let first: Vec<_> = rows[0].iter().collect();
    assert_eq!((&first[..3], first[4], first[5]), (&["opacity", "primary", "hidden"][..], "NoROI", "0.463"));
    assert_eq!((first[10], first[14]), ("0.05", "evidence"));
    let open: Vec<_> = rows[4].iter().collect();
    assert_eq!((open[2], open[5], open[12], open[14]), ("attribute:view", "", "", "undecided"));
    let text = markdown::summary(&sample.result);
    for line in [
        "  - About the data, opacity: The data hold signal",
        "### Evidence: quickstart/tagged",
        "| opacity | hidden | NoROI | 0.463 [0.431, 0.495] | 0.490 | &lt; 0.001 | Evidence |",
        "- opacity: **corner** 0.316",
    ] {
        assert!(text.replace('\u{a0}', " ").contains(line), "{line}: {text}");
    }
}

fn set(result: &mut RunResult, status: Status) {
    result.audits.remove(0);
    let audit = &mut result.audits[0];
    audit.answer.status = status;
    audit.answer.classes[0].status = status;
    audit.check = None;
}

#[test]
fn a_shortcut_fails_and_what_is_undecided_is_skipped_unless_the_gate_is_strict() {
    let outcomes = |status, gate| {
        let mut result = Sample::new().result;
        set(&mut result, status);
        let xml = junit::document(&result, gate);
        let n = |tag: &str| xml.matches(tag).count();
        assert_eq!(n("<testcase "), 1);
        (n("<failure "), n("<skipped "), gate.stops(&result.audits[0]))
    };
    assert_eq!(outcomes(Status::Flagged, Gate::Shortcut), (1, 0, true));
    assert_eq!(outcomes(Status::Inconclusive, Gate::Shortcut), (0, 1, false));
    assert_eq!(outcomes(Status::Clear, Gate::Shortcut), (0, 0, false));
    assert_eq!(outcomes(Status::Flagged, Gate::Strict), (1, 0, true));
    assert_eq!(outcomes(Status::Inconclusive, Gate::Strict), (1, 0, true));
    assert_eq!(outcomes(Status::Clear, Gate::Strict), (0, 0, false));
}

#[test]
fn the_check_of_the_data_is_a_case_of_its_own() {
    let mut sample = Sample::new();
    let xml = junit::document(&sample.result, Gate::Shortcut);
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"eyepatch\" tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\">\n"), "{xml}");
    assert!(xml.contains(
        "<testsuite name=\"quickstart/honest\" tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"0\">"
    ));
    assert!(xml.contains("<testcase classname=\"quickstart/tagged\" name=\"data check\">\n      <skipped message=\"Alarm: tag: tag &#96;yes&#96; with opacity"), "{xml}");
    assert!(
        xml.contains("<failure type=\"Shortcut\" message=\"opacity: the model takes a shortcut"),
        "{xml}"
    );
    // An alarm closes a strict gate, even where the model shows nothing.
    sample.result.audits[1].answer.classes[0].status = Status::Clear;
    assert!(!Gate::Shortcut.stops(&sample.result.audits[1]) && Gate::Strict.stops(&sample.result.audits[1]));
    assert!(junit::document(&sample.result, Gate::Strict).contains("<failure type=\"Alarm\""));
    // An audit without classes answers for itself.
    sample.result.audits[1].answer.classes.clear();
    assert!(junit::document(&sample.result, Gate::Shortcut).contains("name=\"answer\">"));
}

#[test]
fn foreign_text_stays_text_in_xml() {
    let mut sample = Sample::new();
    let audit = &mut sample.result.audits[1];
    audit.id = "a\" onload=\"x/<b>".into();
    audit.answer.classes[0].class = "nul\0 \u{1b}[31m ]]> &amp; \u{fffe}\u{b}".into();
    audit.answer.classes[0].sentence = "</failure><script>\r\n]]>".into();
    let xml = junit::document(&sample.result, Gate::Shortcut);
    let allowed = |c: char| matches!(c, '\n' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert_eq!(xml.chars().find(|c| !allowed(*c)), None);
    assert!(
        !xml.contains("<b>")
            && !xml.contains("<script")
            && !xml.contains("]]>")
            && !xml.contains("\" onload")
    );
    assert_eq!((xml.matches("<failure ").count(), xml.matches("</failure>").count()), (1, 1));
}

#[test]
fn what_is_shared_of_a_verdict_is_its_numbers_and_none_of_its_sentences() {
    let sample = Sample::new();
    let shared = share(&sample.result);
    let (own, told) = (&sample.result.audits[1], &shared.audits[1]);
    let (own, class) =
        (&own.verdict.as_ref().unwrap().classes[0], &told.verdict.as_ref().unwrap().classes[0]);
    assert_eq!(class.sentence, "opacity: shortcut, probably corner.");
    assert_eq!(class.data.sentence, "The data hold signal outside of the region.");
    for (a, b) in own.primary.iter().chain(&own.supporting).zip(class.primary.iter().chain(&class.supporting))
    {
        assert_eq!(
            (&a.id, &a.measured, a.p_adjusted, a.outcome),
            (&b.id, &b.measured, b.p_adjusted, b.outcome)
        );
        assert_eq!(b.note, None);
    }
    let losses = |c: &eyepatch_report::schema::ClassVerdict| {
        c.causes.iter().map(|c| (c.name.clone(), c.loss, c.named)).collect::<Vec<_>>()
    };
    assert_eq!(losses(own), losses(class));
    assert!(class.causes.iter().all(|c| c.speaks_for.is_empty() && c.speaks_against.is_empty()));
    assert_eq!(told.answer.kind, AnswerKind::Verdict);
    assert!(told.answer.sentence.starts_with("opacity: shortcut; AUC 0.963"), "{}", told.answer.sentence);
    assert!(told.answer.caveats[0].starts_with("The verdict speaks of these trained models"));
    let page = html::render_shared(&shared).unwrap();
    assert!(page.contains("Evidence for the verdict") && !page.contains("3 patients lie in train"));
    assert!(!page.contains("12 of 720 images"));
}

#[test]
fn a_class_that_rests_on_few_has_no_shared_verdict() {
    let mut sample = Sample::new();
    sample.result.audits[1].data.classes[0].patients_positive = 3;
    let shared = share(&sample.result);
    let audit = &shared.audits[1];
    assert!(audit.verdict.as_ref().unwrap().classes.is_empty());
    assert!(audit.answer.sentence.contains("fewer than 5"), "{}", audit.answer.sentence);
    let page = html::render_shared(&shared).unwrap();
    assert!(!page.contains("Evidence for the verdict") && !page.contains("probably corner"));
}

/// What the page tells one to do next of an audit without a verdict that was changed so.
fn next(change: impl FnOnce(&mut AuditResult)) -> String {
    let mut result = Sample::new().result;
    let audit = &mut result.audits[1];
    audit.answer.status = Status::Inconclusive;
    audit.answer.classes[0].status = Status::Inconclusive;
    let class = &mut audit.verdict.as_mut().unwrap().classes[0];
    class.primary.retain(|p| !p.measured.is_empty());
    for p in &mut class.primary {
        p.outcome = Outcome::Undecided;
        for m in &mut p.measured {
            let interval = m.estimate.interval.as_mut().unwrap();
            (interval.lower, interval.upper) = (p.margin - 0.02, p.margin + 0.2);
        }
    }
    change(audit);
    let text = supplement::markdown(&result, &|id| id.replace('/', "-"));
    between(text.split("## quickstart/").last().unwrap(), "What to do next:", "###").to_owned()
}

#[test]
fn patients_are_asked_for_only_where_they_are_what_is_missing() {
    fn primary(a: &mut AuditResult) -> &mut eyepatch_report::schema::Contrast {
        &mut a.verdict.as_mut().unwrap().classes[0].primary[0]
    }
    let patients = next(|a| a.answer.classes[0].minimal_detectable_gap = Some(0.15));
    assert!(patients.contains("more patients of the same mix"), "{patients}");
    let region = next(|a| a.data.legitimate.clear());
    assert!(region.contains("Declare the class's legitimate region"), "{region}");
    let task = next(|a| {
        a.answer.classes[0].full.as_mut().unwrap().interval.as_mut().unwrap().lower = 0.45;
    });
    assert!(task.contains("not shown to have learnt the task"), "{task}");
    let missing = next(|a| primary(a).measured.clear());
    assert!(missing.contains("Make every primary contrast estimable"), "{missing}");
    let fills = next(|a| {
        let p = primary(a);
        let mut other = p.measured[0].clone();
        other.estimate.interval.as_mut().unwrap().lower = p.margin + 0.01;
        p.measured.push(other);
    });
    assert!(fills.contains("The fills disagree"), "{fills}");
}

/// Groups of too few patients are listed with a note, and were not looked at.
#[test]
fn only_groups_that_were_estimated_are_claimed() {
    let sample = Sample::new();
    let groups = &sample.result.audits[1].verdict.as_ref().unwrap().classes[0].subgroups;
    let (known, few): (Vec<_>, Vec<_>) = groups.iter().partition(|g| !g.measured.is_empty());
    assert!(!known.is_empty() && !few.is_empty());
    let page = render(&sample);
    let card = between(between(&page, "id=\"a2-model\"", "</section>"), "<dt>Factors</dt>", "</dd>");
    let name = |id: &str| id.trim_start_matches("group:").to_owned();
    assert!(card.contains(&name(&known[0].id)) && !card.contains(&name(&few[0].id)), "{card}");
    let list = between(&page, "id=\"a2-checklist\"", "</section>");
    let said = format!("The hidden contrast in {} group", known.len());
    assert!(
        list.contains(&said) && list.contains(&format!("too few patients in {} more", few.len())),
        "{list}"
    );
}
