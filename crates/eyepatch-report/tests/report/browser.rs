//! The hostile page in a real browser: nothing foreign runs, nothing is requested.
//!
//! Needs Chromium (the variable `CHROMIUM`, or a usual name on the path) and says so where there is none.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::hostile::{self, HOST};
use crate::render;

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

#[test]
fn a_browser_runs_nothing_foreign_and_requests_nothing() {
    let Some(browser) = chromium() else {
        // Straight to standard error: the test harness would swallow a print of a test that passes.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no Chromium found, the hostile page was not opened in a browser"
        );
        return;
    };
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
