//! The shared library, loaded once a process.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, VARIABLE};

/// What came of the first attempt. It is the last one: after a failed attempt ort takes its library for loaded, and a
/// second one would call into nothing.
static OUTCOME: Mutex<Option<Result<PathBuf, Error>>> = Mutex::new(None);

/// Loads the library if this process has none yet: `asked`, or the variable's, or the one that the system finds.
pub(crate) fn load(asked: Option<&Path>) -> Result<(), Error> {
    let wanted = wanted(asked, std::env::var_os(VARIABLE).as_deref());
    let mut outcome = OUTCOME.lock().unwrap_or_else(PoisonError::into_inner);
    match outcome.as_ref() {
        Some(Err(e)) => return Err(e.clone()),
        Some(Ok(loaded)) if asked.is_none() || *loaded == wanted => return Ok(()),
        Some(Ok(loaded)) => return Err(Error::OtherLibrary { loaded: loaded.clone(), asked: wanted }),
        None => {}
    }
    // A path that is wrong is told before the attempt, so that it can be mended.
    if is_path(&wanted) && !wanted.is_file() {
        return Err(Error::Library { path: wanted, problem: "there is no such file".into() });
    }
    let result = match ort::init_from(&wanted) {
        Ok(environment) => {
            environment.with_name("eyepatch").with_telemetry(false).commit();
            Ok(wanted)
        }
        Err(e) => Err(Error::Library { path: wanted, problem: e.to_string() }),
    };
    outcome.insert(result).as_ref().map(|_| ()).map_err(Clone::clone)
}

/// Which library is wanted. Paths become absolute, because ort looks for others beside the program first.
fn wanted(asked: Option<&Path>, variable: Option<&OsStr>) -> PathBuf {
    let named = asked.map(Path::as_os_str).or(variable).filter(|name| !name.is_empty());
    let Some(named) = named else { return usual_name() };
    let path = Path::new(named);
    if is_path(path) || path.is_file() {
        std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
    } else {
        path.to_owned()
    }
}

/// The name under which systems keep it.
fn usual_name() -> PathBuf {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    format!("{DLL_PREFIX}onnxruntime{DLL_SUFFIX}").into()
}

/// Whether it names a place and not only a library that the system finds.
fn is_path(path: &Path) -> bool {
    path.components().count() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameter_comes_before_the_variable_and_both_before_the_system() {
        let (here, there) = (Path::new("/here/ort.so"), OsStr::new("/there/ort.so"));
        assert_eq!(wanted(Some(here), Some(there)), here);
        assert_eq!(wanted(None, Some(there)), Path::new(there));
        assert_eq!(wanted(None, Some(OsStr::new(""))), usual_name());
        assert_eq!(wanted(None, None), usual_name());
        assert!(wanted(Some(Path::new("lib/ort.so")), None).is_absolute());
        assert_eq!(wanted(Some(Path::new("libonnxruntime.so.1")), None), Path::new("libonnxruntime.so.1"));
    }

    /// One test, because the outcome is the process's.
    #[test]
    fn a_wrong_path_can_be_mended_but_a_failed_attempt_is_the_last() {
        let missing = Path::new("/no/such/libonnxruntime.so");
        for _ in 0..2 {
            let error = load(Some(missing)).unwrap_err();
            assert!(error.to_string().contains("/no/such/libonnxruntime.so"), "{error}");
            let core = eyepatch_core::Error::from(error);
            assert!(core.remedy().unwrap().contains(VARIABLE));
        }
        let text = tempfile::NamedTempFile::new().unwrap();
        let name = text.path().display().to_string();
        for path in [text.path(), text.path(), missing] {
            let error = load(Some(path)).unwrap_err();
            assert!(matches!(&error, Error::Library { path, .. } if *path == text.path()), "{error}");
            assert!(error.to_string().contains(&name), "{error}");
        }
    }
}
