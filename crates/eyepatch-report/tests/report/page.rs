//! What the page holds.

use base64::Engine as _;
use eyepatch_report::{Error, csv, figures, html, json, markdown, supplement};
use sha2::{Digest as _, Sha256};

use crate::sample::Sample;
use crate::{between, render, small};

/// The page of a small run, without what has its own tests (style, script, result, picture data).
/// `EYEPATCH_BLESS=1` writes it anew; look at the difference before you commit it.
#[test]
fn the_page_is_as_it_was() {
    let mut page = render(&small());
    let policy = between(&page, "Policy\" content=\"", "\"").to_owned();
    for (start, end) in [("<style>", "</style>"), ("id=\"result\">", "</script>"), ("<script>", "</script>")]
    {
        let inner = between(&page, start, end).to_owned();
        page = page.replace(&format!("{start}{inner}{end}"), &format!("{start}{end}"));
    }
    let mut short = String::new();
    for (i, part) in page.replace(&policy, "").split("base64,").enumerate() {
        short.push_str(if i == 0 { part } else { &part[part.find('"').unwrap_or(0)..] });
        short.push_str("base64,");
    }
    let short = short.strip_suffix("base64,").unwrap_or(&short);
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/page.html");
    if std::env::var_os("EYEPATCH_BLESS").is_some() {
        std::fs::write(&path, short).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    let at = golden.lines().zip(short.lines()).position(|(a, b)| a != b);
    assert!(golden == short, "line {at:?} differs; EYEPATCH_BLESS=1 writes the page anew");
}

#[test]
fn the_same_result_gives_the_same_page_and_holds_itself() {
    let sample = Sample::new();
    let page = render(&sample);
    assert_eq!(page, render(&Sample::new()));
    let embedded = between(&page, "id=\"result\">", "</script>");
    let back = json::result_from_slice("page".as_ref(), embedded.as_bytes()).unwrap();
    assert_eq!(back, sample.result);
}

#[test]
fn the_policy_names_the_true_hashes_and_nothing_else() {
    let page = render(&small());
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes()));
    let (style, script) = (between(&page, "<style>", "</style>"), between(&page, "<script>", "</script>"));
    let expected = format!(
        "default-src &#39;none&#39;; img-src data:; style-src &#39;sha256-{}&#39;; script-src &#39;sha256-{}&#39;; \
         base-uri &#39;none&#39;; form-action &#39;none&#39;",
        hash(style),
        hash(script)
    );
    assert_eq!(between(&page, "Policy\" content=\"", "\""), expected);
    assert_eq!(page.matches("<style").count(), 1);
    assert_eq!(page.matches("<script").count(), 2);
}

#[test]
fn every_anchor_leads_somewhere_and_every_id_is_unique() {
    let page = render(&Sample::new());
    let values = |name: &str| -> Vec<String> {
        page.split(&format!(" {name}=\"")).skip(1).map(|r| r[..r.find('"').unwrap()].to_owned()).collect()
    };
    let ids = values("id");
    let unique: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len());
    for target in values("href") {
        assert!(target.strip_prefix('#').is_some_and(|t| unique.contains(&t.to_owned())), "{target}");
    }
    for label in values("aria-labelledby").iter().flat_map(|ids| ids.split(' ')) {
        assert!(unique.contains(&label.to_owned()), "{label}");
    }
    assert!(values("src").iter().all(|s| s.starts_with("data:image/png;base64,")));
    assert_eq!(values("alt").len(), page.matches("<img").count());
}

#[test]
fn a_run_without_anything_still_renders() {
    let mut sample = small();
    let audit = &mut sample.result.audits[0];
    audit.answer.classes.clear();
    audit.answer.test = None;
    audit.matrices.clear();
    audit.curves.clear();
    audit.gallery.clear();
    audit.explanations.clear();
    audit.findings.clear();
    audit.maskings.clear();
    audit.model.training.clear();
    audit.model.card.preprocessing.clear();
    audit.splits.parts.clear();
    audit.provenance.cells.clear();
    audit.data.classes.clear();
    audit.data.columns.clear();
    audit.check = None;
    let page = html::render(&sample.result, None, &|p| sample.bytes(p)).unwrap();
    assert!(page.contains("Data") && !page.contains("Time taken") && !page.contains("AUC by training"));
    sample.result.audits.clear();
    assert!(html::render(&sample.result, None, &|p| sample.bytes(p)).unwrap().contains("No audit."));
}

#[test]
fn a_missing_picture_is_an_error_that_names_it() {
    let mut sample = small();
    sample.pictures.clear();
    let error = html::render(&sample.result, None, &|p| sample.bytes(p)).unwrap_err();
    assert!(matches!(&error, Error::Picture { file, .. } if file.starts_with("pictures/")), "{error}");
}

#[test]
fn tables_hold_every_number() {
    let sample = Sample::new();
    let audit = &sample.result.audits[1];
    let tables = csv::tables(audit).unwrap();
    let rows = |name: &str| {
        let text = &tables.iter().find(|t| t.0 == name).unwrap().1;
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        (header, reader.records().map(Result::unwrap).collect::<Vec<_>>())
    };
    let (header, cells) = rows("matrices.csv");
    assert_eq!((header.len(), cells.len()), (9, 25));
    let value: f64 = cells[1][3].parse().unwrap();
    assert_eq!(Some(value), audit.matrices[0].cells[0][1].map(|e| e.value));
    let (header, findings) = rows("findings.csv");
    assert_eq!(findings.len(), audit.findings.len());
    assert!(header.iter().any(|h| h == "at.trained"));
    let (_, points) = rows("curves.csv");
    assert_eq!(points.len(), audit.curves.iter().map(|c| c.points.len()).sum::<usize>());
    assert_eq!(&points[0][3], "-10");
    let (_, columns) = rows("check.csv");
    assert_eq!((columns.len(), &columns[0][1], &columns[0][12]), (4, "tag", "alarm"));
    assert_eq!(rows("splits.csv").1.len(), audit.splits.parts.len());
}

#[test]
fn markdown_tells_the_two_models_apart() {
    let text = markdown::summary(&Sample::new().result);
    assert!(
        text.contains(
            "| quickstart/honest | opacity | **Clear** | 0.898 [0.866, 0.930] | 0.525 [0.493, 0.557] |"
        ),
        "{text}"
    );
    assert!(
        text.contains("  - Data check: 1 alarm, 1 warning, 1 note.\n  - **Alarm**: tag&#58; tag"),
        "{text}"
    );
    assert!(text.contains("| quickstart/tagged | opacity | **Shortcut** | 0.963"), "{text}");
}

#[test]
fn variants_stand_side_by_side_with_every_choice_and_their_difference() {
    let page = render(&Sample::new());
    let section = between(&page, "<section id=\"c1\"", "</section>");
    assert!(section.contains("Published against strict"));
    for text in ["maskers.3.shape", "box-published", "<td>\u{2013}</td>", "NoROI-BB* / NoROI-BB"] {
        assert!(section.contains(text), "{text}");
    }
    // 0.498 on NoROI in the one and 0.963 in the other.
    let cell = |i: usize| Sample::new().result.comparisons[0].aucs[1].aucs[i].unwrap().value;
    let difference = format!("+{:.3}", cell(1) - cell(0));
    assert!(section.contains(&difference), "{difference}");
}

#[test]
fn every_figure_stands_alone_and_every_name_is_its_own() {
    let sample = Sample::new();
    for audit in &sample.result.audits {
        let files = figures::files(audit);
        assert_eq!(files, figures::files(audit));
        let names: std::collections::BTreeSet<_> = files.iter().map(|f| f.0.to_lowercase()).collect();
        assert_eq!(names.len(), files.len());
        for start in ["auc-opacity", "dilation-", "training-"] {
            assert!(files.iter().any(|f| f.0.starts_with(start)), "{start}");
        }
        for (name, svg) in &files {
            assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""), "{name}");
            assert!(!svg.contains("var(--") && svg.ends_with("</svg>\n"), "{name}");
        }
    }
    assert!(figures::files(&sample.result.audits[1]).iter().any(|f| f.0 == "contrasts-opacity.svg"));
    // What the page says beside a drawing of several series stands below the one that stands alone.
    for audit in &sample.result.audits {
        for (name, svg) in figures::files(audit).iter().filter(|f| f.0.starts_with("dilation-")) {
            let curve = &audit.curves[0];
            let named = format!(">{}</text>", curve.evaluated);
            assert!(svg.contains(&named), "{name} does not say which line is {}", curve.evaluated);
        }
    }
}

#[test]
fn the_supplement_holds_every_section_and_names_the_files_that_a_run_writes() {
    let sample = Sample::new();
    let text = supplement::markdown(&sample.result, &|id| id.replace('/', "-"));
    for heading in [
        "Summary",
        "Methods",
        "Splits",
        "Data check",
        "AUC by training and evaluation masking",
        "Contrasts",
        "Attribution maps",
        "Checklist",
        "Figures",
    ] {
        assert!(text.contains(&format!("\n### {heading}\n")), "{heading}");
    }
    let figures = figures::files(&sample.result.audits[1]);
    for (name, _) in &figures {
        assert!(text.contains(&format!("`figures/quickstart-tagged/{name}`")), "{name}");
    }
    let tables = csv::tables(&sample.result.audits[1]).unwrap();
    for named in text.split("`tables/quickstart-tagged/").skip(1) {
        let file = named.split('`').next().unwrap();
        assert!(tables.iter().any(|t| t.0 == file), "{file}");
    }
    let widths = |t: &str| t.lines().map(|l| l.chars().count()).collect::<std::collections::BTreeSet<_>>();
    let table: String = text
        .lines()
        .skip_while(|l| !l.starts_with('|'))
        .take_while(|l| l.starts_with('|'))
        .map(|l| format!("{l}\n"))
        .collect();
    assert_eq!(widths(&table).len(), 1, "{table}");
}

/// What to do next and what the checklist says follow the result: other data, other words.
#[test]
fn the_one_page_summary_and_the_checklist_follow_the_result() {
    let mut sample = Sample::new();
    let page = render(&sample);
    let of = |page: &str, id: &str| between(page, &format!("<section id=\"{id}\""), "</section>").to_owned();
    let flagged = of(&page, "a2-overview");
    assert!(flagged.contains("Look at the corner of the images"), "{flagged}");
    assert_eq!(flagged.matches("<figcaption><b>").count(), 3);
    assert!(of(&page, "a1-overview").contains("Audit again on the hospital"));
    let audit = &mut sample.result.audits[1];
    let verdict = audit.verdict.as_mut().unwrap();
    verdict.classes[0].causes.iter_mut().for_each(|c| c.named = false);
    audit.quick = true;
    audit.model.card.trained_here = false;
    audit.seed = 4711;
    audit.data.card.origin.clear();
    let page = render(&sample);
    let changed = of(&page, "a2-overview");
    assert!(changed.contains("No cause is named.") && changed.contains("Run the audit whole"), "{changed}");
    let checklist = of(&page, "a2-checklist");
    assert!(checklist.contains("Root seed 4711"), "{checklist}");
    let row = |topic: &str| between(&checklist, topic, "</tr>").to_owned();
    let model = of(&page, "a2-model");
    let card = |heading: &str| between(&model, &format!("<dt>{heading}</dt>"), "</dd>").to_owned();
    assert!(
        card("Training data").contains("the author must say") && card("Evaluation data").contains("a fold")
    );
    for topic in ["Where the data come from", "How it was trained", "Ethics"] {
        assert!(row(topic).contains("the author must say"), "{topic}");
    }
}
