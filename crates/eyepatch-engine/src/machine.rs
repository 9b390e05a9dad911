//! What the system says of this process.

/// Most memory that this process has held at once, in bytes; `None` where the system does not tell.
pub(crate) fn peak_memory() -> Option<u64> {
    // Linux: proc(5). No other system says it without a call into C.
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_os = "linux")]
    fn what_was_touched_was_held() {
        let before = super::peak_memory().unwrap();
        let touched = vec![1u8; 64 << 20];
        assert!(super::peak_memory().unwrap() >= touched.len() as u64 && before > 0);
    }
}
