//! The hostile page in a real browser: nothing foreign runs, nothing is requested.
//!
//! Needs Chromium (the variable `CHROMIUM`, or a usual name on the path) and says so where there is none.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use eyepatch_report::json;

use crate::hostile::{self, HOST};
use crate::sample::Sample;
use crate::{between, render, small};

fn chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.iter().flat_map(|n| folders.iter().map(move |f| f.join(n))).find(|p| p.is_file())
}

/// A proxy that answers nothing and keeps what it was asked for.
struct Proxy {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        // Ends with the test's process.
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut buffer = [0; 4096];
                let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
                let n = stream.read(&mut buffer).unwrap_or(0);
                log.lock().unwrap().push(String::from_utf8_lossy(&buffer[..n]).into_owned());
                let _ = stream
                    .write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        Self { port, asked }
    }

    /// Requests that a page made: the browser's own errands name other hosts.
    fn of_pages(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().filter(|r| r.contains(HOST)).cloned().collect()
    }
}

/// The document after the page's scripts have run.
fn load(browser: &Path, page: &str, proxy: &Proxy) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("page.html");
    std::fs::write(&file, page).unwrap();
    let dump = std::fs::File::create(folder.path().join("dom")).unwrap();
    let mut child = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-sync",
        ])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--proxy-server=http://127.0.0.1:{}", proxy.port))
        .args(["--proxy-bypass-list=<-loopback>", "--virtual-time-budget=3000", "--dump-dom"])
        .arg(format!("file://{}", file.display()))
        .stdout(Stdio::from(dump))
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|e| panic!("{}: {e}", browser.display()));
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(90) {
            let _ = child.kill();
            panic!("the browser did not end within 90 s");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    std::fs::read_to_string(folder.path().join("dom")).unwrap()
}

fn is_owned(dom: &str) -> bool {
    let start = dom.find("<html").unwrap_or_else(|| panic!("no document came back: {dom:.200}"));
    dom[start..].split('>').next().is_some_and(|tag| tag.contains("data-owned"))
}

fn skipped() {
    // Straight to standard error: the test harness would swallow a print of a test that passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED: no Chromium found, no page was opened in a browser");
}

#[test]
fn a_browser_runs_nothing_foreign_and_requests_nothing() {
    let Some(browser) = chromium() else { return skipped() };
    let proxy = Proxy::start();
    let page = render(&hostile::sample());
    let dom = load(&browser, &page, &proxy);
    assert!(!is_owned(&dom), "a foreign script ran");
    assert_eq!(proxy.of_pages(), Vec::<String>::new(), "the page made a request");
    // The page's own script did run: it shows its buttons. So the policy's hash is the true one.
    assert!(dom.contains(r#"<button type="button" id="theme">"#), "the page's own script did not run");

    // The same attacks on a page without protection succeed, so this test can fail.
    let bare = format!(
        "<!doctype html><img src=http://{HOST}/img><script>document.documentElement.dataset.owned='1'</script>"
    );
    assert!(is_owned(&load(&browser, &bare, &proxy)));
    assert!(!proxy.of_pages().is_empty());
}

/// The download is `result.json` to the byte: JavaScript rounds integers above 2^53, and the page's escapes are undone,
/// but not what only looks like one of them.
#[test]
fn the_download_is_the_result_to_the_byte() {
    let Some(browser) = chromium() else { return skipped() };
    let mut sample = small();
    let audit = &mut sample.result.audits[0];
    audit.seed = u64::MAX - 1;
    audit.notes = vec![
        r"C:\u003c\\u003e \u0026".into(),
        "<a> & \u{2028}\u{2029} </script> <!-- \\\"".into(),
        "\u{1b}[31m \u{9b} \u{202e} ü 💊".into(),
    ];
    let page = render(&sample);
    let policy = between(&page, "<meta http-equiv=\"Content-Security-Policy\"", ">").to_owned();
    let unprotected = page.replace(&format!("<meta http-equiv=\"Content-Security-Policy\"{policy}>"), "");
    // Catches what would be saved and writes it, as hexadecimal UTF-8, where a dump of the document shows it.
    let catch = r##"<script>
        URL.createObjectURL = (blob) => {
            blob.arrayBuffer().then((b) => {
                const hex = Array.from(new Uint8Array(b), (v) => v.toString(16).padStart(2, "0")).join("");
                document.documentElement.dataset.saved = hex + ".";
            });
            return "#saved";
        };
        document.getElementById("download").click();
    </script></body>"##;
    let dom = load(&browser, &unprotected.replace("</body>", catch), &Proxy::start());
    let hex = between(&dom, "data-saved=\"", ".").as_bytes();
    let digit = |b: u8| (b as char).to_digit(16).unwrap() as u8;
    let saved: Vec<u8> = hex.chunks(2).map(|p| digit(p[0]) * 16 + digit(p[1])).collect();
    let saved = String::from_utf8(saved).unwrap();
    assert!(saved == json::result_to_string(&sample.result).unwrap(), "{saved}");
}

/// A page without its policy, with a script of the test's own: what buttons would save stands in the document, name and text.
fn saved(browser: &Path, page: &str, then: &str) -> String {
    let policy = between(page, "<meta http-equiv=\"Content-Security-Policy\"", ">").to_owned();
    let bare = page.replace(&format!("<meta http-equiv=\"Content-Security-Policy\"{policy}>"), "");
    let script = format!(
        r##"<script>
        const kept = document.createElement("pre");
        document.body.append(kept);
        let blob = null;
        URL.createObjectURL = (b) => {{ blob = b; return "#saved"; }};
        HTMLAnchorElement.prototype.click = function () {{
            const [name, what] = [this.download, blob];
            what.text().then((text) => {{ kept.append("<<" + name + "|" + what.type + "|" + text + ">>"); }});
        }};
        {then}
        </script></body>"##
    );
    load(browser, &bare.replace("</body>", &script), &Proxy::start())
}

/// Every table has a button that gives its cells, those that span others repeated; every figure one that gives a drawing which
/// needs no style sheet.
#[test]
fn tables_and_figures_can_be_taken_away() {
    let Some(browser) = chromium() else { return skipped() };
    let page = render(&small());
    let then = r##"
        const counts = [document.querySelectorAll("main table").length,
            document.querySelectorAll('.get button[aria-label^="Download as CSV"]').length,
            document.querySelectorAll("main figure svg[role=img]").length,
            document.querySelectorAll('.get button[aria-label^="Download as PNG"]').length];
        kept.append("counts " + counts.join(" ") + ".");
        document.querySelector("#a1-matrix .get button").click();
        document.querySelector("#a1-verdict .get button").click();
        document.querySelector('#a1-overview .get button[aria-label^="Download as SVG"]').click();
        document.querySelector('#a1-curves .get button[aria-label^="Download as SVG"]').click();"##;
    let dom = saved(&browser, &page, then);
    let counts: Vec<usize> =
        between(&dom, "<pre>counts ", ".").split(' ').map(|n| n.parse().unwrap()).collect();
    assert!(counts[0] > 5 && counts[2] > 3, "{counts:?}");
    assert_eq!((counts[0], counts[2]), (counts[1], counts[3]));

    let matrix = between(&dom, "&lt;&lt;a1-matrix-AUC-matrix-of-opacity.csv|text/csv|", "&gt;&gt;");
    let rows: Vec<&str> = matrix.lines().collect();
    assert!(rows[0].ends_with("Full,NoROI"), "{matrix}");
    let full = small().result.audits[0].matrices[0].cells[0][0].unwrap();
    assert!(rows[1].starts_with(&format!("Full,\"{:.3} [", full.value)), "{matrix}");
    assert_eq!(rows.len(), 3);

    // Every estimate of a contrast has a row of its own that names the contrast.
    let contrasts =
        between(&dom, "&lt;&lt;a1-verdict-Primary-contrasts-of-opacity.csv|text/csv|", "&gt;&gt;");
    let sample = small();
    let primary = &sample.result.audits[0].verdict.as_ref().unwrap().classes[0].primary;
    let hidden = contrasts.lines().filter(|l| l.trim_start_matches('"').starts_with(primary[0].id.as_str()));
    assert_eq!(hidden.count(), primary[0].measured.len(), "{contrasts}");

    let svg = between(&dom, ".svg|image/svg+xml|", "&gt;&gt;");
    assert!(svg.contains("xmlns=\"http://www.w3.org/2000/svg\"") && !svg.contains("class="), "{svg}");
    assert!(svg.contains("stroke=\"rgb(") && svg.contains("font-size=\""), "{svg}");
    // The page's legend goes with the drawing.
    let svg = between(&dom, "&lt;&lt;a1-curves-AUC-against-dilation", "&gt;&gt;");
    let (last, name) = (svg.rfind("&lt;text").unwrap(), small().result.audits[0].curves[0].evaluated.clone());
    assert!(svg[last - 2000..].contains(&name), "{}", &svg[last - 2000..]);
}

/// The policy lets a drawing become a picture and lets both be saved: without this the buttons would do nothing.
#[test]
fn the_policy_lets_a_picture_of_a_figure_be_made() {
    let Some(browser) = chromium() else { return skipped() };
    let page = render(&small());
    let script = between(&page, "<script>", "</script>").to_owned();
    // The test's script is part of the page's own, so that the policy can name it and stays as it is otherwise.
    let more = r##"
        HTMLAnchorElement.prototype.click = function () {
            const name = this.download;
            document.documentElement.dataset.saved = name;
        };
        addEventListener("load", () => {
            document.querySelector('#a1-overview .get button[aria-label^="Download as PNG"]').click();
        });"##;
    let changed = format!("{script}{more}");
    let hash = |text: &str| {
        use base64::Engine as _;
        use sha2::Digest as _;
        base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text.as_bytes()))
    };
    let page = page.replace(&hash(&script), &hash(&changed)).replace(&script, &changed);
    let dom = load(&browser, &page, &Proxy::start());
    assert!(between(&dom, "data-saved=\"", "\"").ends_with(".png"));
}

/// A check in the spirit of axe-core: names, headings, ids, landmarks, tables, contrast in both themes. It finds what is planted.
#[test]
fn no_serious_fault_of_accessibility_is_found() {
    let Some(browser) = chromium() else { return skipped() };
    let check = format!("<script>{}</script></body>", include_str!("accessibility.js"));
    let faults = |page: &str| {
        let policy = between(page, "<meta http-equiv=\"Content-Security-Policy\"", ">").to_owned();
        let bare = page.replace(&format!("<meta http-equiv=\"Content-Security-Policy\"{policy}>"), "");
        let dom = load(&browser, &bare.replace("</body>", &check), &Proxy::start());
        between(&dom, "<pre id=\"faults\">", "</pre>").to_owned()
    };
    let page = render(&Sample::new());
    let found = faults(&page);
    assert!(found.starts_with("0 faults"), "{found}");

    let planted = r##"<h6 id="main">x</h6><img src="data:,"><button></button><table><tr><th>y</th></tr></table>
        <p style="color:#999;background:#fff">pale</p><div aria-hidden="true"><a href="#main">z</a></div>
        <section aria-labelledby="s1"><b id="s1">Twin</b></section><section aria-labelledby="s1"></section></main>"##;
    let found = faults(&page.replace("</main>", planted).replace(" lang=\"en\"", ""));
    for rule in [
        "html-has-lang",
        "heading-order",
        "unique-id",
        "image-alt",
        "name:",
        "th-scope",
        "contrast",
        "hidden-focus",
        "landmark-unique",
    ] {
        assert!(found.contains(rule), "{rule} is not in: {found}");
    }
}

/// A point's image shows under the pointer, and the same sample is marked in every panel and under every masking.
#[test]
fn a_point_shows_its_image_and_its_like() {
    let Some(browser) = chromium() else { return skipped() };
    let page = render(&Sample::new());
    let policy = between(&page, "<meta http-equiv=\"Content-Security-Policy\"", ">").to_owned();
    let bare = page.replace(&format!("<meta http-equiv=\"Content-Security-Policy\"{policy}>"), "");
    let point = r##"<script>addEventListener("load", () => {
        const point = document.querySelector('.probe .pt[data-i="13"]');
        point.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
        const [tip, on] = [document.querySelector(".thumb"), document.querySelectorAll(".pt.on")];
        const picture = tip.querySelector("img");
        const same = Array.from(on).every((p) => p.dataset.i === "13");
        const told = [tip.textContent, on.length, same, picture.style.left, picture.style.top];
        point.closest(".probe").dispatchEvent(new PointerEvent("pointerleave"));
        told.push(document.querySelectorAll(".thumb, .pt.on").length);
        document.documentElement.dataset.told = told.join(" ");
    });</script></body>"##;
    let dom = load(&browser, &bare.replace("</body>", point), &Proxy::start());
    // Three panels, two maskings; the fourteenth picture stands second in the second row of twelve of 24 pixels, drawn at twice the size.
    assert_eq!(between(&dom, "data-told=\"", "\""), "film-013 6 true -48px -48px 0");
}
