//! Strings of a result, cleared of paths, file names and the ids of samples.

use std::collections::BTreeSet;

/// File extensions by which a word is taken for a file's name.
const FILES: [&str; 24] = [
    "avi",
    "bin",
    "bmp",
    "csv",
    "dcm",
    "dicom",
    "gz",
    "h5",
    "jpeg",
    "jpg",
    "json",
    "nii",
    "npy",
    "npz",
    "onnx",
    "parquet",
    "png",
    "pt",
    "pth",
    "safetensors",
    "tif",
    "tiff",
    "tsv",
    "zip",
];
/// Shorter ids are words of other meanings too (`1`, `PA`).
const SHORTEST_ID: usize = 4;
const PUNCTUATION: [char; 16] =
    ['`', '\'', '"', '(', ')', '[', ']', '{', '}', '<', '>', ',', ';', '!', '?', '\u{2026}'];

/// Takes paths, file names and the given ids out of strings.
pub(super) struct Words {
    ids: BTreeSet<String>,
}

impl Words {
    /// `ids`: the samples that the result names.
    pub(super) fn new<'a>(ids: impl Iterator<Item = &'a str>) -> Self {
        Self { ids: ids.filter(|id| id.chars().count() >= SHORTEST_ID).map(str::to_owned).collect() }
    }

    /// Whether a text is one of the ids.
    pub(super) fn is_id(&self, text: &str) -> bool {
        self.ids.contains(text)
    }

    /// A value of a parameter: one that begins like a path is a path to its end, blanks included; others as [`Words::clear`].
    pub(super) fn clear_value(&self, value: &str) -> String {
        let start = value.trim_start_matches(|c: char| c.is_whitespace() || PUNCTUATION.contains(&c));
        let rooted =
            start.starts_with(['/', '~', '\\']) || start.starts_with("./") || start.starts_with("../");
        let drive = start.chars().nth(1) == Some(':') && start.starts_with(|c: char| c.is_ascii_alphabetic());
        let file = start.rsplit_once('.').is_some_and(|(_, end)| {
            FILES.contains(&end.trim_end_matches(PUNCTUATION).to_lowercase().as_str())
        });
        if rooted || drive || file { "[path]".to_owned() } else { self.clear(value) }
    }

    /// The text with each path and file name replaced by `[path]` and each id by `[id]`. Line breaks stay.
    pub(super) fn clear(&self, text: &str) -> String {
        let text = self.ids.iter().fold(text.to_owned(), |text, id| without(&text, id));
        text.split_inclusive(char::is_whitespace).map(word).collect()
    }
}

/// The text without an id, where it stands as a word.
fn without(text: &str, id: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(id) {
        let (before, after) = (&rest[..at], &rest[at + id.len()..]);
        let joined = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let whole = !joined(before.chars().next_back()) && !joined(after.chars().next());
        out += before;
        out += if whole { "[id]" } else { id };
        rest = after;
    }
    out + rest
}

fn word(with_blank: &str) -> String {
    let marks = |c: char| c.is_whitespace() || PUNCTUATION.contains(&c);
    let core = with_blank.trim_start_matches(marks);
    let core = core.trim_end_matches(|c: char| marks(c) || c == ':' || c == '.');
    if is_path(core) { with_blank.replacen(core, "[path]", 1) } else { with_blank.to_owned() }
}

/// An absolute path, one from home or above, a path on another system, or whatever ends like a file.
fn is_path(word: &str) -> bool {
    let lower = word.to_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        return false;
    }
    let rooted =
        word.len() > 1 && (word.starts_with('/') || word.starts_with("~/") || word.starts_with("./"));
    let bytes = word.as_bytes();
    let drive =
        bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && b"\\/".contains(&bytes[2]);
    // What stands before an equals sign is a parameter's name: `path=/data`.
    let value = word.split_once('=').is_some_and(|(_, value)| is_path(value));
    let file = lower.rsplit_once('.').is_some_and(|(stem, end)| !stem.is_empty() && FILES.contains(&end));
    rooted
        || drive
        || value
        || file
        || word.contains('\\')
        || word.contains("../")
        || lower.starts_with("file:")
        || word.matches('/').count() > 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_files_and_ids_are_taken_out() {
        let words = Words::new(["P-0042", "PA"].into_iter());
        for (text, cleared) in [
            ("from /home/x/a b", "from [path] b"),
            ("read (`../masks/1.png`), twice", "read (`[path]`), twice"),
            ("C:\\scans\\x and D:/y.", "[path] and [path]."),
            ("labels.csv: 3 columns", "[path]: 3 columns"),
            ("path=/data/x here", "[path] here"),
            ("sample P-0042 of view PA", "sample [id] of view PA"),
            ("see (a.png).", "see ([path])."),
            ("P-00421 is another", "P-00421 is another"),
            ("one\ttwo\n\nthree", "one\ttwo\n\nthree"),
        ] {
            assert_eq!(words.clear(text), cleared);
        }
    }

    #[test]
    fn a_value_that_begins_or_ends_like_a_path_is_one() {
        let words = Words::new(["P-0042"].into_iter());
        for path in
            ["/data/Clinic M/John Doe/scans", "\"~/a b\"", "D:/x y/z", "split patients Doe.csv", "../a b"]
        {
            assert_eq!(words.clear_value(path), "[path]", "{path}");
        }
        assert_eq!(words.clear_value("patient!=P-0042"), "patient!=[id]");
        assert_eq!(words.clear_value("0.5"), "0.5");
        assert_eq!(words.clear_value("stretch, 3 images"), "stretch, 3 images");
    }

    #[test]
    fn other_words_stay() {
        let words = Words::new(std::iter::empty());
        for text in [
            "eyepatch/folder trains on/off; 1.5 / 2 = 0.75, and/or e.g. DenseNet-121.",
            "https://example.org/data/a/b.csv says CC BY 4.0",
            "NoROI/BB: hidden (black)",
        ] {
            assert_eq!(words.clear(text), text);
        }
    }
}
