//! A reader study from a run to its scores: the commands, their refusals, and the page in a browser.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::browser::{Browser, chromium};
use crate::data::{Data, SMALL};
use crate::program::{eyepatch, fine, refused};

/// A run with a study of it.
struct Study {
    data: Data,
    run: PathBuf,
    out: PathBuf,
}

impl Study {
    /// Twenty cases: five maskings, two positions, one image of either label.
    fn new() -> Self {
        let data = Data::new(112);
        let (run, out) = (data.path().join("run"), data.path().join("study"));
        fine(&mut data.sweep(&run));
        let study = Self { data, run, out };
        let told = fine(&mut study.export(&study.out)).stdout;
        assert!(told.contains("20 cases of sweep") && told.contains("keep to yourself"), "{told}");
        study
    }

    fn export(&self, out: &Path) -> Command {
        let mut command = eyepatch();
        command.args(["reader", "export"]).arg(&self.run);
        // `sweep` is the word of the commands that run; here the run says what it was.
        let mut options = Command::new("options");
        self.data.options(&mut options);
        command.args(options.get_args().skip(1)).args(["--model-params", SMALL]);
        command.args(["--positions", "0.25,0.75", "--study-seed", "5"]).arg("--out").arg(out);
        command
    }

    fn page(&self) -> PathBuf {
        self.out.join("reader.html")
    }

    fn key_file(&self) -> PathBuf {
        self.out.join("key.json")
    }

    fn key(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.key_file()).unwrap()).unwrap()
    }

    fn score(&self, answers: &[PathBuf]) -> Command {
        let mut command = eyepatch();
        command.args(["reader", "score"]).arg(self.key_file()).args(answers);
        command
    }

    /// A file of answers in which each case is answered by `say`, from the sealed case.
    fn answers(&self, reader: &str, say: impl Fn(&Value) -> (bool, u8)) -> Value {
        let key = self.key();
        let case = |c: &Value| {
            let (yes, confidence) = say(c);
            let answer = if yes { "yes" } else { "no" };
            json!({ "case": c["code"], "answers": [
                { "question": "label", "answer": answer, "confidence": confidence },
            ] })
        };
        let cases: Vec<Value> = key["sealed"]["cases"].as_array().unwrap().iter().map(case).collect();
        json!({ "schema": "eyepatch-reader-answers/1", "study": key["commitment"], "reader": reader, "cases": cases })
    }

    fn write(&self, name: &str, value: &Value) -> PathBuf {
        let path = self.data.path().join(name);
        std::fs::write(&path, value.to_string()).unwrap();
        path
    }
}

#[test]
fn a_study_goes_from_a_run_to_scores() {
    let study = Study::new();
    what_readers_are_given(&study);
    what_answers_say(&study);
    what_is_refused(&study);
    in_a_browser(&study);
}

fn what_readers_are_given(study: &Study) {
    let (page, key) = (std::fs::read_to_string(study.page()).unwrap(), study.key());
    let sealed = &key["sealed"];
    let cases = sealed["cases"].as_array().unwrap();
    assert_eq!((cases.len(), sealed["classes"][0].as_str()), (20, Some("label")));
    let text: String =
        page.split("\"png\":\"").map(|p| p.split_once('"').map_or(p, |(_, rest)| rest)).collect();
    let mut words: Vec<&str> = vec!["NoROI", "OnlyROI", "labels.csv", "scores.csv", "result.json"];
    words.extend(cases.iter().flat_map(|c| ["sample", "masking"].map(|k| c[k].as_str().unwrap())));
    let path = study.data.path().display().to_string();
    words.push(&path);
    for word in words {
        assert!(!text.contains(word), "`{word}` is on the page");
    }
    let patients: std::collections::BTreeSet<_> = cases.iter().map(|c| c["patient"].as_str()).collect();
    assert_eq!(patients.len(), 20, "a patient is shown twice");
    // Each model answered about the masking that it was trained on.
    for masking in sealed["maskings"].as_array().unwrap() {
        assert_eq!(masking["trained"], masking["name"]);
    }
    // The same seed gives the same study; nothing is overwritten unasked.
    let again = study.data.path().join("again");
    fine(&mut study.export(&again));
    assert_eq!(std::fs::read(again.join("reader.html")).unwrap(), page.as_bytes());
    refused(&mut study.export(&again), &["exists already", "--force"]);
    fine(study.export(&again).arg("--force"));
}

fn what_answers_say(study: &Study) {
    let truth = |c: &Value| c["truth"][0].as_bool().unwrap();
    // One always right and sure; one always says yes, and is surer where it is true.
    let right = study.write("right.json", &study.answers("right", |c| (truth(c), 5)));
    let mut other = study.answers("yes", |c| (true, if truth(c) { 3 } else { 2 }));
    other["cases"].as_array_mut().unwrap().remove(0);
    let other = study.write("yes.json", &other);
    let out = study.data.path().join("scores");
    let json = fine(study.score(&[right, other]).arg("--out").arg(&out).arg("--json")).stdout;
    let scores: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(scores["readers"][0]["answered"], 20);
    assert_eq!(
        (&scores["readers"][1]["answered"], &scores["readers"][1]["missing"]),
        (&json!(19), &json!(1))
    );
    let readings = scores["readings"].as_array().unwrap();
    assert_eq!(readings.len(), 15);
    for r in readings.iter().filter(|r| r["reader"] == "right") {
        assert_eq!((&r["auc"]["value"], &r["sensitivity"]["value"]), (&json!(1.0), &json!(1.0)), "{r}");
        assert!(r["sensitivity"]["interval"]["lower"].as_f64().unwrap() < 0.2);
    }
    let of = |between: Value| {
        let all = scores["agreement"].as_array().unwrap();
        all.iter().find(|a| a["between"] == between && a["masking"].is_null()).unwrap()
    };
    // One category of one reader: no agreement beyond chance.
    let flat = &of(json!(["right", "yes"]))["kappa"];
    assert!(flat["value"].as_f64().unwrap().abs() < 1e-12 && flat["interval"].is_null(), "{flat}");
    assert_eq!(of(json!(["right", "model"]))["cases"], 20);
    for name in ["scores.json", "scores.md", "readings.csv", "agreement.csv"] {
        assert!(out.join(name).is_file(), "{name}");
    }
    let text = std::fs::read_to_string(out.join("scores.md")).unwrap();
    assert!(text.contains("| right | 20 | 0 | 0 |") && text.contains("all readers"), "{text}");
}

fn what_is_refused(study: &Study) {
    let good = study.answers("a", |_| (true, 3));
    let wrong = |change: &dyn Fn(&mut Value), words: &[&str]| {
        let mut bad = good.clone();
        change(&mut bad);
        refused(&mut study.score(&[study.write("bad.json", &bad)]), words);
    };
    wrong(&|v| v["study"] = json!("0".repeat(64)), &["bad.json", "belong to another study"]);
    wrong(&|v| v["cases"][0]["case"] = json!("NOBODY"), &["bad.json, case `NOBODY`", "no such case"]);
    wrong(&|v| v["cases"][1] = v["cases"][0].clone(), &["bad.json, case `", "answered twice"]);
    wrong(&|v| v["cases"][0]["answers"][0]["confidence"] = json!(9), &["9 is no confidence from 1 to 5"]);
    let two = [study.write("one.json", &good), study.write("two.json", &good)];
    refused(&mut study.score(&two), &["two.json", "reader `a` has answered in", "one.json"]);
    let text = std::fs::read_to_string(study.key_file()).unwrap();
    let broken = study.data.path().join("broken.json");
    std::fs::write(&broken, text.replacen("true", "false", 1)).unwrap();
    refused(eyepatch().args(["reader", "score"]).arg(&broken).arg(&two[0]), &["the seal is broken"]);

    let out = study.data.path().join("none");
    refused(study.export(&out).args(["--per-position", "40"]), &["there are", "show fewer images"]);
    refused(study.export(&out).args(["--masking", "Nothing"]), &["no masking `Nothing`", "NoROI"]);
    refused(study.export(&out).args(["--audit", "x"]), &["no audit `x`", "it has: sweep"]);
    refused(study.export(&out).args(["--fold", "2"]), &["fold 2 has no scores"]);
    // Other data than the run's: other folds come of it.
    refused(study.export(&out).args(["--where", "age>=31"]), &["are not those of the run"]);
    assert!(!out.join("key.json").exists());
}

fn in_a_browser(study: &Study) {
    let Some(chromium) = chromium() else {
        // Straight to standard error: the test harness would swallow a print of a test that passes.
        let _ =
            writeln!(std::io::stderr(), "SKIPPED: no Chromium found, the study was not read in a browser");
        return;
    };
    let mut browser = Browser::start(&chromium);
    browser.open(&study.page());
    pixels_are_the_files(&mut browser);
    everybody_can_use_it(&mut browser);
    browser.click("#name");
    browser.type_text("Dr. Ada");
    browser.click("#begin button");
    let codes: Vec<String> = serde_json::from_value(browser.run("study.cases.map((c) => c.code)")).unwrap();
    let sealed: Vec<String> = study.key()["sealed"]["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["code"].as_str().unwrap().into())
        .collect();
    assert_eq!(codes, sealed);
    for (i, code) in codes.iter().enumerate() {
        browser.wait(&format!("document.body.dataset.shown === '{code}'"));
        assert!(browser.text("where").contains(&format!("Case {} of 20", i + 1)));
        // Half of them with the mouse, half with keys.
        let (answer, sure) = if i % 3 == 0 { ("yes", 4) } else { ("no", 2) };
        if i % 2 == 0 {
            browser.click(&format!("#answer0-{answer}"));
            browser.click(&format!("#sure0-{sure}"));
        } else {
            browser.press(&answer[..1]);
            browser.press(&sure.to_string());
        }
        assert_eq!(browser.text("done"), format!("{} of 20 answered", i + 1));
        if i == 9 {
            everybody_can_use_it(&mut browser);
            browser.reload();
            assert!(browser.text("known").contains("Answers of Dr. Ada are kept here: 10 of 20"));
            browser.click("#begin button");
            browser.wait(&format!("document.body.dataset.shown === '{code}'"));
            assert!(browser.run(&format!("document.getElementById('answer0-{answer}').checked")) == true);
        }
        if i < 19 && i % 2 == 0 {
            browser.click("#next");
        } else if i < 19 {
            browser.press("ArrowRight");
        }
    }
    assert_eq!(browser.text("ended"), "All cases are answered");
    browser.click("#json");
    let saved = browser.download("answers-Dr-Ada.json");
    browser.click("#csv");
    let table = std::fs::read_to_string(browser.download("answers-Dr-Ada.csv")).unwrap();
    assert_eq!(table.lines().count(), 21);
    let expected = study.answers("Dr. Ada", |c| {
        let i = sealed.iter().position(|code| c["code"] == code.as_str()).unwrap();
        if i.is_multiple_of(3) { (true, 4) } else { (false, 2) }
    });
    let found: Value = serde_json::from_slice(&std::fs::read(&saved).unwrap()).unwrap();
    assert_eq!(found, expected);
    elsewhere(&mut browser, &found);
    nothing_is_lost(&mut browser, &found);
    assert_eq!(browser.complaints, Vec::<String>::new());
    let told = fine(&mut study.score(&[saved])).stdout;
    assert!(told.contains("| Dr. Ada | 20 | 0 | 0 |"), "{told}");
    browser.close();
}

/// The report's check of names, headings, ids and contrast, in both themes. The page is one form: it has no navigation and no footer.
fn everybody_can_use_it(browser: &mut Browser) {
    for scheme in ["light", "dark"] {
        browser.prefer(scheme);
        browser.run(include_str!("../../crates/eyepatch-report/tests/report/accessibility.js"));
        let said = browser.text("faults");
        browser.run("document.getElementById('faults').remove()");
        let meant = ["landmark: no nav", "landmark: no footer"];
        let faults: Vec<&str> =
            said.lines().skip(1).filter(|l| !l.is_empty() && !meant.contains(l)).collect();
        assert!(faults.is_empty(), "{scheme}: {faults:#?}");
    }
    let unnamed = browser.run(
        "[...document.querySelectorAll('input, canvas, progress')]
            .filter((e) => !e.labels?.length && !e.ariaLabel).map((e) => e.id)",
    );
    assert_eq!(unnamed, json!([]), "without a label");
}

/// The page's own decoder against the browser's, and sixteen bits against what was written.
fn pixels_are_the_files(browser: &mut Browser) {
    let same = browser.run(
        "(async () => {
            let differ = 0;
            for (const c of study.cases) {
                const ours = await decode(c.png);
                const theirs = await createImageBitmap(new Blob([bytesOf(c.png)], { type: 'image/png' }));
                const canvas = new OffscreenCanvas(theirs.width, theirs.height);
                canvas.getContext('2d').drawImage(theirs, 0, 0);
                const data = canvas.getContext('2d').getImageData(0, 0, theirs.width, theirs.height).data;
                if (ours.values.length !== 32 * 32 * ours.channels) differ++;
                ours.values.forEach((v, i) => { differ += v !== data[ours.channels === 1 ? 4 * i : i + Math.floor(i / 3)]; });
            }
            return differ;
        })()",
    );
    assert_eq!(same, 0, "pixels differ");
    let deep = |x: u32, y: u32| (x * 1543 + y * 977 + (x * y) % 251 * 37) as u16;
    let image = image::ImageBuffer::from_fn(23, 17, |x, y| image::Luma([deep(x, y)]));
    let mut file = std::io::Cursor::new(Vec::new());
    image::DynamicImage::ImageLuma16(image).write_to(&mut file, image::ImageFormat::Png).unwrap();
    let bytes = file.into_inner();
    let values =
        browser.run(&format!("decode(btoa(String.fromCharCode(...{bytes:?}))).then((p) => [...p.values])"));
    let expected: Vec<u16> = (0..17).flat_map(|y| (0..23).map(move |x| deep(x, y))).collect();
    assert_eq!(serde_json::from_value::<Vec<u16>>(values).unwrap(), expected);
}

/// Two tabs, a file that says otherwise, other capitals, a browser that keeps nothing, an image that is not there yet.
fn nothing_is_lost(browser: &mut Browser, saved: &Value) {
    let first = "state.answers[study.cases[0].code][0]";
    let at = |browser: &mut Browser, i: usize| {
        browser.run(&format!("go({i})"));
        browser.wait(&format!("document.body.dataset.shown === study.cases[{i}].code"));
    };
    // Another tab has kept an answer to case 0 meanwhile; this one only turns a page, then answers case 1.
    browser.run(
        "(() => {
            const all = kept();
            all.readers['Dr. Ada'].answers[study.cases[0].code][0] = { answer: 'no', confidence: 1 };
            localStorage.setItem(PLACE, JSON.stringify(all));
        })()",
    );
    at(browser, 1);
    browser.press("5");
    let two = "kept().readers['Dr. Ada'].answers[study.cases[0].code][0].confidence * 10
        + kept().readers['Dr. Ada'].answers[study.cases[1].code][0].confidence";
    assert_eq!(browser.run(two), 15);
    assert_eq!(browser.run(&format!("{first}.answer")), "no");

    // What another tab keeps shows here at once.
    browser.run(
        "(() => {
            const all = kept();
            all.readers['Dr. Ada'].answers[study.cases[5].code][0] = { answer: 'no', confidence: 3 };
            localStorage.setItem(PLACE, JSON.stringify(all));
            dispatchEvent(new StorageEvent('storage', { key: PLACE }));
        })()",
    );
    assert_eq!(browser.run("state.answers[study.cases[5].code][0].confidence"), 3);
    let halves = browser.run(
        "(() => {
            const [whole, half, none] = [{ answer: 'yes', confidence: 2 }, { answer: 'no', confidence: null }, { answer: null, confidence: null }];
            return [merged(whole, half, true), merged(half, whole, false), merged(none, half, false), merged(half, none, true)]
                .map((a) => a.confidence ?? a.answer);
        })()",
    );
    assert_eq!(halves, json!([2, 2, "no", "no"]));

    // A file that differs asks first; with no, what is here stays. A name in other capitals is the same reader.
    let mut other = saved.clone();
    other["reader"] = json!("dr.  ADA");
    browser.run("window.confirm = () => false");
    browser.run(&format!("load(new File([{}], 'saved.json'))", json!(other.to_string())));
    browser.wait("document.getElementById('known').textContent.includes('those kept here stay')");
    assert_eq!(browser.run(&format!("[reader, {first}.answer]")), json!(["Dr. Ada", "no"]));
    browser.run("window.confirm = () => true");
    browser.run(&format!("load(new File([{}], 'saved.json'))", json!(other.to_string())));
    browser.wait(&format!("{first}.answer === 'yes'"));

    // While the image of another case stands there, or none, nothing is taken.
    at(browser, 2);
    browser.run("delete document.body.dataset.shown; set(0, 'confidence', 1)");
    assert!(browser.text("said").contains("nothing was kept"));
    assert_ne!(browser.run("state.answers[study.cases[2].code][0].confidence"), 1);

    // A browser that keeps nothing: the page does, as long as it is open.
    browser.run(
        "localStorage.clear(); window.keeps = Storage.prototype.setItem;
         Storage.prototype.setItem = () => { throw new Error('full'); }",
    );
    at(browser, 3);
    assert!(browser.text("trouble").contains("save your answers as a file"));
    browser.press("1");
    let warns = "(() => {
        const e = new Event('beforeunload', { cancelable: true });
        dispatchEvent(e);
        return e.defaultPrevented;
    })()";
    assert_eq!(browser.run(warns), true);
    browser.click("#leave");
    assert!(browser.text("known").contains("20 of 20"), "{}", browser.text("known"));
    browser.click("#begin button");
    browser.wait("document.body.dataset.shown === study.cases[3].code");
    assert_eq!(browser.run("given()[0].confidence"), 1);
    // Once it keeps again, what another tab kept meanwhile stays, but for what was answered here.
    let again = browser.run(
        "(() => {
            const theirs = { at: 0, answers: blank() };
            theirs.answers[study.cases[3].code][0] = { answer: 'no', confidence: 5 };
            theirs.answers[study.cases[7].code][0] = { answer: 'no', confidence: 4 };
            Storage.prototype.setItem = keeps;
            localStorage.setItem(PLACE, JSON.stringify({ last: '', readers: { 'Dr. Ada': theirs } }));
            const done = keep('Dr. Ada', state, []);
            const of = (i) => kept().readers['Dr. Ada'].answers[study.cases[i].code][0].confidence;
            return [done, of(3), of(7), of(8) !== null, unsaved.size];
        })()",
    );
    assert_eq!(again, json!([true, 1, 4, true, 0]));
    browser.run("reader = ''");
    browser.click("#leave");
    browser.run("(() => { document.getElementById('name').value = 'Model'; })()");
    browser.click("#begin button");
    assert!(browser.text("known").contains("give another name"), "{}", browser.text("known"));

    // Names of files keep the letters of every script; deep images are first seen without what covers a part of them.
    assert_eq!(browser.run("(() => { reader = '李 明'; return named(); })()"), "李-明");
    let seen = browser.run(
        "[shownFirst([0, 0, 0, 30000, 31000, 34000], [0, 34000]), shownFirst(Array.from({ length: 300 }, (_, i) => i), [0, 299]),
            shownFirst([7, 7], [7, 7])]",
    );
    assert_eq!(seen, json!([[30000, 31000], [0, 299], [7, 7]]));
}

/// Another computer goes on with what the first one saved, and takes no other study's answers.
fn elsewhere(browser: &mut Browser, saved: &Value) {
    browser.run("localStorage.clear()");
    browser.reload();
    assert_eq!(browser.text("known"), "");
    let load = |value: &Value| format!("load(new File([{}], 'saved.json'))", json!(value.to_string()));
    let mut other = saved.clone();
    other["study"] = json!("0".repeat(64));
    browser.run(&load(&other));
    assert!(browser.text("trouble").contains("saved.json: These answers belong to another study."));
    browser.run(&load(saved));
    assert!(browser.text("known").contains("Answers of Dr. Ada are kept here: 20 of 20"));
    assert_eq!(browser.text("trouble"), "");
    browser.click("#begin button");
    browser.wait("!document.getElementById('study').hidden");
    assert_eq!(browser.text("done"), "20 of 20 answered");
}
