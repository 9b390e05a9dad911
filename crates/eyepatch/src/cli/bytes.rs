//! Amounts of disk and memory, as people write them.

/// `20G`, `500 MB`, `1.5T`, `0`: powers of 1000, as disks are sold. Whole bytes without a letter.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no amount of bytes; write for instance 20G, 500M or 0");
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim().to_ascii_uppercase();
    let scale = match unit.strip_suffix('B').unwrap_or(&unit) {
        "" => 1.0,
        "K" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let bytes = number * scale;
    // Beyond 2^53 a float skips whole bytes, and no disk is that large.
    if bytes > 9e15 {
        return Err(format!("`{text}` is more than any disk holds"));
    }
    Ok(bytes as u64)
}

/// `812 MB`, `1.4 GB`.
pub(crate) fn human(bytes: u64) -> String {
    match bytes as f64 {
        b if b < 1e9 => format!("{:.0} MB", (b / 1e6).max(1.0)),
        b if b < 1e12 => format!("{:.1} GB", b / 1e9),
        b => format!("{:.1} TB", b / 1e12),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written() {
        for (text, bytes) in
            [("20G", 20e9), ("1.5t", 1.5e12), ("500 MB", 5e8), ("0", 0.0), ("17", 17.0), ("8kb", 8e3)]
        {
            assert_eq!(parse(text), Ok(bytes as u64), "{text}");
        }
        for text in ["", "G", "-1", "20X", "1.2.3G", "20GG", "9999999T", "١G", "1e3"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(
            [0, 812_400_000, 1_440_000_000, 2_000_000_000_000].map(human),
            ["1 MB", "812 MB", "1.4 GB", "2.0 TB"]
        );
    }
}
