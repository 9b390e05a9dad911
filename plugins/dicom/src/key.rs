//! Pseudonyms: HMAC-SHA-256 under a random key that stays in a file of the user's.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use eyepatch_core::{Error, Result};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

const BYTES: usize = 32;
/// 128 bits: among a million pseudonyms the odds of two being equal are below 1e-26.
const SHOWN: usize = 16;
/// Dates are moved back by at most ten years.
const MAX_SHIFT: u64 = 3650;

/// The key. It is never printed, not even for debugging.
pub(crate) struct Key([u8; BYTES]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// The key in a file, which is made where there is none: 64 hexadecimal digits, for its owner's eyes only.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        match std::fs::read(path) {
            Ok(bytes) => Self::read(path, &bytes),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Self::make(path),
            Err(e) => Err(Error::io(path, e)),
        }
    }

    fn read(path: &Path, bytes: &[u8]) -> Result<Self> {
        check_private(path)?;
        let text = std::str::from_utf8(bytes).unwrap_or_default().trim();
        let mut key = [0; BYTES];
        let whole = text.len() == 2 * BYTES && text.bytes().all(|b| b.is_ascii_hexdigit());
        for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks(2)).filter(|_| whole) {
            *byte =
                std::str::from_utf8(digits).ok().and_then(|d| u8::from_str_radix(d, 16).ok()).unwrap_or(0);
        }
        if whole { Ok(Self(key)) } else { Err(wrong(path, "it is no key of 64 hexadecimal digits")) }
    }

    fn make(path: &Path) -> Result<Self> {
        let mut key = [0; BYTES];
        getrandom::fill(&mut key).map_err(|e| Error::io(path, std::io::Error::other(e.to_string())))?;
        let text = hex(&key) + "\n";
        let io = |e| Error::io(path, e);
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Such a file is its owner's alone, and appears whole or not at all.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
        file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(io)?;
        match file.persist_noclobber(path) {
            Ok(_) => {
                tracing::warn!(
                    "made a key for pseudonyms in {}: keep it, and keep it to yourself; another key gives other ids",
                    path.display()
                );
                Ok(Self(key))
            }
            // Another run was quicker: its key is the key.
            Err(e) if e.error.kind() == std::io::ErrorKind::AlreadyExists => {
                Self::read(path, &std::fs::read(path).map_err(io)?)
            }
            Err(e) => Err(io(e.error)),
        }
    }

    /// The pseudonym of something of this kind. Parts are kept apart by their lengths.
    pub(crate) fn pseudonym(&self, kind: &str, parts: &[&[u8]]) -> String {
        hex(&self.mac(kind, parts)[..SHOWN])
    }

    /// By how many days a patient's dates are moved back, 1 to 3650.
    pub(crate) fn days(&self, patient: &str) -> u64 {
        let mac = self.mac("dates", &[patient.as_bytes()]);
        let number = mac.iter().take(8).fold(0_u64, |n, &b| n << 8 | u64::from(b));
        1 + number % MAX_SHIFT
    }

    fn mac(&self, kind: &str, parts: &[&[u8]]) -> [u8; 32] {
        // A key of any length is one: the error never comes.
        let Ok(mut mac) = <Hmac<Sha256> as hmac::Mac>::new_from_slice(&self.0) else { return [0; 32] };
        for part in [kind.as_bytes()].iter().chain(parts) {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn wrong(path: &Path, problem: &str) -> Error {
    Error::Table {
        path: path.to_owned(),
        row: None,
        column: None,
        problem: problem.to_owned(),
        remedy: "give another `key_file`; one that is not there is made".into(),
    }
}

#[cfg(unix)]
fn check_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).map_err(|e| Error::io(path, e))?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Error::Table {
        path: path.to_owned(),
        row: None,
        column: None,
        problem: "others than its owner may use the key in it, and with it find out whose pseudonym is whose"
            .into(),
        remedy: format!("`chmod 600 {}`", path.display()),
    })
}

#[cfg(not(unix))]
fn check_private(_path: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
