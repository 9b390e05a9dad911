//! What the names of Chákṣu's images tell.

use crate::tree::stem;

/// A camera of the data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Camera {
    /// As its folders and tables should be called.
    pub(crate) name: &'static str,
    /// As they are called in places, in lower case.
    pub(crate) also: &'static [&'static str],
    /// The study replaced this in the names that the tables give ...
    from: &'static str,
    /// ... by this, to have the names of the image files.
    to: &'static str,
    /// The study saved its images as JPEG, which the extension decides.
    pub(crate) jpeg: bool,
}

/// The cameras in the study's order.
pub(crate) const CAMERAS: [Camera; 3] = [
    Camera { name: "Bosch", also: &["bosch"], from: "jpg", to: "JPG", jpeg: true },
    Camera { name: "Forus", also: &["forus"], from: "jpg", to: "png", jpeg: false },
    Camera { name: "Remidio", also: &["remidio", "remedio"], from: "tif", to: "JPG", jpeg: true },
];

impl Camera {
    /// Whether a folder, in lower case, is this camera's.
    pub(crate) fn is(self, folder: &str) -> bool {
        self.also.contains(&folder.trim())
    }

    /// The file name that the study made of a table's entry.
    pub(crate) fn published(self, entry: &str) -> String {
        entry.split('-').next().unwrap_or(entry).replace(self.from, self.to)
    }
}

/// The name of a table's entry: `Image107.jpg-Image107-1.jpg` is that of `Image107`.
pub(crate) fn entry_stem(entry: &str) -> &str {
    stem(entry.split('-').next().unwrap_or(entry).trim())
}

/// The study's patient: what stands before `_` where a name starts with a capital P, else the name without its last four
/// characters. It knows of no camera.
pub(crate) fn published_patient(file: &str) -> String {
    if file.starts_with('P') {
        return file.split('_').next().unwrap_or(file).to_owned();
    }
    let kept = file.chars().count().saturating_sub(4);
    file.chars().take(kept).collect()
}

/// The patient that a name tells: `P10_Image2` and `p10_image1` are of patient P10.
pub(crate) fn told_patient(stem: &str) -> Option<String> {
    let (patient, _) = stem.split_once('_')?;
    let digits = patient.strip_prefix(['P', 'p'])?;
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| format!("P{digits}"))
}
