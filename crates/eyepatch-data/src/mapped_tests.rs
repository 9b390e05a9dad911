use std::fs;

use super::*;
use crate::npy::encode;

#[test]
fn entries_are_slices_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.npy");
    fs::write(&path, encode("<u2", &[3, 2], &[1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0])).unwrap();
    let mapped = Mapped::open(&path).unwrap();
    assert_eq!(mapped.header().shape, [3, 2]);
    assert_eq!(mapped.entry(1).unwrap(), [3, 0, 4, 0]);
    assert!(mapped.entry(3).unwrap_err().to_string().contains("below 3"));
}

#[test]
fn what_is_not_as_long_as_it_says_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.npy");
    for (bytes, problem) in [
        (encode("|u1", &[3, 2], &[0; 5]), "are needed"),
        (encode("|u1", &[3, 2], &[0; 7]), "are needed"),
        // 10 GB in a small file.
        (encode("|u1", &[40_000, 512, 512], &[0; 64]), "are needed"),
        (b"\x93NUMPY".to_vec(), "cut off"),
        (Vec::new(), "does not begin"),
    ] {
        fs::write(&path, bytes).unwrap();
        let error = Mapped::open(&path).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. }) && error.to_string().contains(problem), "{error}");
    }
    assert!(matches!(Mapped::open(&dir.path().join("b.npy")), Err(Error::Core(CoreError::Io { .. }))));
}

#[test]
fn a_file_that_is_written_is_not_mapped_and_the_reverse() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.npy");
    fs::write(&path, encode("|u1", &[1], &[7])).unwrap();
    let writer = fs::OpenOptions::new().write(true).open(&path).unwrap();
    writer.try_lock().unwrap();
    assert!(matches!(Mapped::open(&path), Err(Error::Busy { .. })));
    drop(writer);
    let (one, two) = (Mapped::open(&path).unwrap(), Mapped::open(&path).unwrap());
    let writer = fs::OpenOptions::new().write(true).open(&path).unwrap();
    assert!(writer.try_lock().is_err(), "readers hold a lock");
    drop((one, two));
    writer.try_lock().unwrap();
}
