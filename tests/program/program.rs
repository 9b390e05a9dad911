//! Runs the program and looks at what it left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program, deaf to the environment's own settings.
pub(crate) fn eyepatch() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eyepatch"));
    command.env_remove("EYEPATCH_LOG").env("NO_COLOR", "1");
    command
}

/// A finished command.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs to the end.
pub(crate) fn run(command: &mut Command) -> Ran {
    command.output().expect("the program starts").into()
}

/// Runs to the end and asks for success.
pub(crate) fn fine(command: &mut Command) -> Ran {
    let ran = run(command);
    assert_eq!(ran.code, 0, "{command:?}\n{}\n{}", ran.stdout, ran.stderr);
    ran
}

/// Runs to the end and asks for exit code 2 with all of `words` in the message, whatever its line breaks.
pub(crate) fn refused(command: &mut Command, words: &[&str]) -> Ran {
    let ran = run(command);
    assert_eq!(ran.code, 2, "{command:?}\n{}\n{}", ran.stdout, ran.stderr);
    let squeezed = |s: &str| s.chars().filter(|c| !c.is_whitespace() && *c != '│').collect::<String>();
    let told = squeezed(&ran.stderr);
    for word in words {
        assert!(told.contains(&squeezed(word)), "`{word}` is not in:\n{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

/// Every file below a folder with its bytes, except those that hold timings and the store.
pub(crate) fn results(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(next) = todo.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_owned();
            if path.is_dir() {
                if name != Path::new("store") {
                    todo.push(path);
                }
            } else if name != Path::new("timings.json") && name != Path::new("report.html") {
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// Every file of every whole cell with its time of change: a cell that was computed again shows.
pub(crate) fn cells(store: &Path) -> BTreeMap<PathBuf, std::time::SystemTime> {
    let mut files = BTreeMap::new();
    let Ok(cells) = std::fs::read_dir(store.join("cells")) else { return files };
    for cell in cells {
        for file in std::fs::read_dir(cell.unwrap().path()).unwrap() {
            let file = file.unwrap();
            files.insert(file.path(), file.metadata().unwrap().modified().unwrap());
        }
    }
    files
}

/// Asks two runs for the same results, and names the files that differ and the first line where they do.
pub(crate) fn assert_same_results(a: &Path, b: &Path) {
    let (a, b) = (results(a), results(b));
    let text = |files: &BTreeMap<PathBuf, Vec<u8>>, name: &PathBuf| {
        files.get(name).map_or("missing".to_owned(), |b| String::from_utf8_lossy(b).into_owned())
    };
    let names: std::collections::BTreeSet<&PathBuf> = a.keys().chain(b.keys()).collect();
    let differ = names.into_iter().filter(|n| a.get(*n) != b.get(*n)).map(|name| {
        let (one, other) = (text(&a, name), text(&b, name));
        let line = one.lines().zip(other.lines()).find(|(a, b)| a != b);
        format!("{}: {line:?}", name.display())
    });
    let differ: Vec<_> = differ.collect();
    assert!(differ.is_empty(), "these results differ:\n{}", differ.join("\n"));
}
