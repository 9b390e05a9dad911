//! Drives a headless Chromium over a pipe, in the words of its DevTools protocol.
//!
//! Needs Chromium (the variable `CHROMIUM`, or a usual name on the path). Never waits longer than [`LIMIT`].

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A browser that takes longer for all that is asked of it hangs.
const LIMIT: Duration = Duration::from_secs(180);

pub(crate) fn chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.iter().flat_map(|n| folders.iter().map(move |f| f.join(n))).find(|p| p.is_file())
}

/// One browser with one page.
pub(crate) struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    session: Option<String>,
    number: u64,
    end: Instant,
    /// What the page complained about: exceptions, refused by its policy.
    pub(crate) complaints: Vec<String>,
    /// Its profile, and what it downloads.
    home: TempDir,
}

impl Browser {
    pub(crate) fn start(browser: &Path) -> Self {
        let home = tempfile::tempdir().unwrap();
        // The protocol's pipes are descriptors 3 and 4; a child is given 0 and 1 only.
        let mut child = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 1>/dev/null"#])
            .arg(browser)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--remote-debugging-pipe",
                "--disable-gpu",
                "--no-first-run",
            ])
            .args(["--disable-background-networking", "--disable-dev-shm-usage", "--window-size=1280,800"])
            .arg(format!("--user-data-dir={}", home.path().join("profile").display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}", browser.display()));
        let (to, out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, from) = channel();
        // Ends when the browser does.
        std::thread::spawn(move || {
            for message in BufReader::new(out).split(0).map_while(Result::ok) {
                let _ = serde_json::from_slice(&message).map(|value| sender.send(value));
            }
        });
        let end = Instant::now() + LIMIT;
        let mut new = Self { child, to, from, session: None, number: 0, end, complaints: Vec::new(), home };
        let folder = new.home.path().join("downloads");
        new.call("Browser.setDownloadBehavior", &json!({ "behavior": "allow", "downloadPath": folder }));
        let page = new.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let page = json!({ "targetId": page["targetId"], "flatten": true });
        let session = new.call("Target.attachToTarget", &page);
        new.session = Some(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            new.call(domain, &json!({}));
        }
        new
    }

    fn call(&mut self, method: &str, params: &Value) -> Value {
        let found = self.ask(method, params);
        found.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The answer, or the browser's error.
    fn ask(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        self.number += 1;
        let mut message = json!({ "id": self.number, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(message.to_string().as_bytes()).unwrap();
        self.to.write_all(&[0]).unwrap();
        self.to.flush().unwrap();
        loop {
            let left = self.end.saturating_duration_since(Instant::now());
            let found = self.from.recv_timeout(left);
            let found = found.unwrap_or_else(|e| panic!("the browser does not answer {method}: {e}"));
            if matches!(found["method"].as_str(), Some("Runtime.exceptionThrown" | "Log.entryAdded")) {
                self.complaints.push(found["params"].to_string());
            }
            if found["id"] == self.number {
                let error = &found["error"];
                return if error.is_null() { Ok(found["result"].clone()) } else { Err(error.clone()) };
            }
        }
    }

    /// Opens a file and waits until its script has run.
    pub(crate) fn open(&mut self, file: &Path) {
        self.call("Page.navigate", &json!({ "url": format!("file://{}", file.display()) }));
        self.wait("document.readyState === 'complete' && typeof nextOpen === 'function'");
    }

    pub(crate) fn reload(&mut self) {
        self.run("window.old = true");
        self.call("Page.reload", &json!({}));
        self.wait("!window.old && document.readyState === 'complete' && typeof nextOpen === 'function'");
    }

    /// The value of an expression; a promise is waited for.
    pub(crate) fn run(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let found = self.call("Runtime.evaluate", &asked);
        assert!(found["exceptionDetails"].is_null(), "{expression}: {found}");
        found["result"]["value"].clone()
    }

    pub(crate) fn text(&mut self, id: &str) -> String {
        let text = self.run(&format!("document.getElementById('{id}').textContent"));
        text.as_str().unwrap().to_owned()
    }

    /// Asks again until it holds. A page that is being replaced has no such words yet, or is gone before it answers.
    pub(crate) fn wait(&mut self, condition: &str) {
        loop {
            let asked = json!({ "expression": condition, "returnByValue": true });
            if self.ask("Runtime.evaluate", &asked).is_ok_and(|found| found["result"]["value"] == true) {
                return;
            }
            assert!(Instant::now() < self.end, "waited in vain for {condition}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Clicks the middle of an element with the mouse.
    pub(crate) fn click(&mut self, selector: &str) {
        let place = self.run(&format!(
            "(() => {{ const e = document.querySelector({}); e.scrollIntoView({{ block: 'center' }}); \
             const b = e.getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2]; }})()",
            json!(selector)
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let at = json!({
                "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1,
            });
            self.call("Input.dispatchMouseEvent", &at);
        }
    }

    /// Presses a key that writes `text`, or a named one that writes nothing.
    pub(crate) fn press(&mut self, key: &str) {
        let text = if key.chars().count() == 1 { key } else { "" };
        self.call("Input.dispatchKeyEvent", &json!({ "type": "keyDown", "key": key, "text": text }));
        self.call("Input.dispatchKeyEvent", &json!({ "type": "keyUp", "key": key }));
    }

    pub(crate) fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", &json!({ "text": text }));
    }

    /// A download once it is there; the browser renames it when it is whole.
    pub(crate) fn download(&self, name: &str) -> PathBuf {
        let file = self.home.path().join("downloads").join(name);
        while !file.metadata().is_ok_and(|m| m.len() > 0) {
            assert!(Instant::now() < self.end, "{name} was not downloaded");
            std::thread::sleep(Duration::from_millis(20));
        }
        file
    }

    /// Chooses light or dark.
    pub(crate) fn prefer(&mut self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", &features);
        // Colours may fade into each other.
        self.run("Promise.all(document.getAnimations().map((a) => a.finished))");
    }

    /// Ends the browser.
    pub(crate) fn close(mut self) {
        self.session = None;
        self.call("Browser.close", &json!({}));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // After `Browser.close` it ends by itself; else it is ended here.
        let end = Instant::now() + Duration::from_secs(5);
        while self.child.try_wait().is_ok_and(|status| status.is_none()) {
            if Instant::now() > end || std::thread::panicking() {
                let _ = self.child.kill();
                let _ = self.child.wait();
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
