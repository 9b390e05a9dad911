use super::*;

#[test]
fn a_key_is_made_once_and_is_its_owners_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    let first = Key::open(&path).unwrap();
    assert_eq!(first.0, Key::open(&path).unwrap().0);
    assert_ne!(first.0, Key::open(&dir.path().join("other")).unwrap().0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = Key::open(&path).unwrap_err();
        assert!(error.to_string().contains("others than its owner"), "{error}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    std::fs::write(&path, "0123").unwrap();
    assert!(Key::open(&path).unwrap_err().to_string().contains("64 hexadecimal digits"));
    assert_eq!(format!("{first:?}"), "Key(..)");
}

/// Python says so:
/// `hmac.new(bytes(range(32)), b"\7\0\0\0\0\0\0\0patient\1\0\0\0\0\0\0\0x", "sha256").hexdigest()[:32]`.
#[test]
fn pseudonyms_are_hmac_sha256() {
    let key = Key(std::array::from_fn(|i| i as u8));
    assert_eq!(key.pseudonym("patient", &[b"x"]), "ee251671219960a8b8eda8b5bb9fedca");
}

#[test]
fn kinds_parts_and_keys_give_other_pseudonyms() {
    let (a, b) = (Key([1; BYTES]), Key([2; BYTES]));
    let one = a.pseudonym("patient", &[b"ab", b"c"]);
    assert_eq!(one, a.pseudonym("patient", &[b"ab", b"c"]));
    for other in [
        b.pseudonym("patient", &[b"ab", b"c"]),
        a.pseudonym("sample", &[b"ab", b"c"]),
        a.pseudonym("patient", &[b"a", b"bc"]),
        a.pseudonym("patient", &[b"abc"]),
    ] {
        assert_ne!(one, other);
    }
    assert_eq!(one.len(), 32);
}

#[test]
fn dates_move_by_one_to_3650_days_by_patient_and_key() {
    let (a, b) = (Key([1; BYTES]), Key([2; BYTES]));
    let days: Vec<u64> = (0..2000).map(|i| a.days(&i.to_string())).collect();
    assert!(days.iter().all(|d| (1..=3650).contains(d)));
    assert!(days.iter().any(|&d| d < 100) && days.iter().any(|&d| d > 3550));
    assert_eq!(a.days("x"), a.days("x"));
    assert_ne!(a.days("x"), b.days("x"));
}
