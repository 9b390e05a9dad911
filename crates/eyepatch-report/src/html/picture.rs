//! Pictures of a result, checked and inlined.

use std::path::{Component, Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use eyepatch_core::ContentHash;
use minijinja::Value;
use serde::Serialize;

use crate::schema::Picture;
use crate::{Error, Result, json};

/// The largest picture that is inlined, in bytes.
const LIMIT: u64 = 16 << 20;
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A reader of the pictures beside a result: `folder` is where `result.json` lies.
///
/// The reader refuses names other than `pictures/NAME.png`, so that a result from a stranger cannot draw files of
/// this machine into a page.
pub fn pictures_in(folder: &Path) -> impl Fn(&Picture) -> Result<Vec<u8>> + use<> {
    let folder: PathBuf = folder.into();
    move |picture| {
        let path = Path::new(&picture.file);
        let parts: Vec<_> = path.components().collect();
        let plain = !picture.file.contains('\\')
            && path.extension().is_some_and(|e| e == "png")
            && matches!(parts.as_slice(), [Component::Normal(first), Component::Normal(_)] if *first == "pictures");
        if !plain {
            return Err(Error::picture(&picture.file, "its name is not pictures/NAME.png"));
        }
        json::read(&folder.join(path), LIMIT)
    }
}

/// A picture as a template shows it.
#[derive(Serialize)]
pub(super) struct Shown {
    src: Value,
    width: usize,
    height: usize,
    alt: String,
    note: String,
}

impl Shown {
    pub(super) fn new(picture: &Picture, bytes: &dyn Fn(&Picture) -> Result<Vec<u8>>) -> Result<Self> {
        let bytes = bytes(picture)?;
        if !bytes.starts_with(SIGNATURE) {
            return Err(Error::picture(&picture.file, "it is no PNG"));
        }
        let found = ContentHash::of(&bytes);
        if found != picture.hash {
            return Err(Error::picture(
                &picture.file,
                format!("its hash is {}, but the result names {}", found.short(), picture.hash.short()),
            ));
        }
        let src = Value::from_safe_string(format!("data:image/png;base64,{}", BASE64.encode(&bytes)));
        let note = picture.note.clone().unwrap_or_default();
        Ok(Self { src, width: picture.width, height: picture.height, alt: picture.alt.clone(), note })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(file: &str) -> Picture {
        Picture {
            file: file.into(),
            width: 1,
            height: 1,
            alt: String::new(),
            note: None,
            hash: ContentHash::of(b""),
        }
    }

    #[test]
    fn only_plain_names_under_pictures_are_read() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("pictures")).unwrap();
        std::fs::write(folder.path().join("pictures/a.png"), b"x").unwrap();
        std::fs::write(folder.path().join("b.png"), b"secret").unwrap();
        let read = pictures_in(folder.path());
        assert_eq!(read(&named("pictures/a.png")).unwrap(), b"x");
        for file in [
            "b.png",
            "pictures/../b.png",
            "/etc/passwd",
            "pictures/a.txt",
            "pictures\\a.png",
            "other/a.png",
            "",
        ] {
            assert!(matches!(read(&named(file)), Err(Error::Picture { .. })), "{file}");
        }
        assert!(matches!(read(&named("pictures/none.png")), Err(Error::Io { .. })));
    }

    #[test]
    fn other_bytes_than_the_result_names_are_refused() {
        let png = [SIGNATURE, b"rest"].concat();
        let mut picture = named("pictures/a.png");
        let shown = |p: &Picture, b: &[u8]| Shown::new(p, &|_| Ok(b.to_vec())).map(|s| s.src.to_string());
        assert!(matches!(shown(&picture, &png), Err(Error::Picture { .. })));
        picture.hash = ContentHash::of(&png);
        assert!(shown(&picture, &png).unwrap().starts_with("data:image/png;base64,iVBOR"));
        picture.hash = ContentHash::of(b"<svg>");
        assert!(matches!(shown(&picture, b"<svg>"), Err(Error::Picture { .. })));
    }
}
