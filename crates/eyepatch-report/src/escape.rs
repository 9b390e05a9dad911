//! Output encoding: one function for each context that foreign text can end up in.
//!
//! Ids, labels, column names, doc comments and file names are foreign: they come from tables and folders of
//! strangers. Text keeps its letters in every script; characters that act instead of being read (controls,
//! direction overrides, invisible spaces) are made visible everywhere.

/// Text between tags, or in a quoted attribute: the superset of both is cheap and safe in either.
///
/// Escapes `& < > " '` and the backtick; keeps tab and line feed.
#[must_use]
pub fn html_text(text: &str) -> String {
    markup(text, |c| matches!(c, '\t' | '\n'))
}

/// The value of a quoted attribute: as [`html_text`], with tab and line feed as character references, so that no
/// parser folds them.
#[must_use]
pub fn html_attribute(text: &str) -> String {
    html_text(text).replace('\t', "&#9;").replace('\n', "&#10;")
}

/// Text or a quoted attribute in XML, SVG included. Holds only characters that XML 1.0 allows.
#[must_use]
pub fn xml_text(text: &str) -> String {
    html_attribute(text)
}

/// A JSON document inside `<script type="application/json">`: no `<`, `>`, `&`, U+2028 or U+2029 survives, so
/// neither `</script` nor `<!--` can occur. The document's meaning is unchanged, because these characters can
/// only stand inside JSON strings.
#[must_use]
pub fn json_in_script(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

/// A JSON document on a terminal: the characters that act, which JSON allows inside strings as they are (U+007F, C1
/// controls, direction overrides), are written as `\u` and their number. The document's meaning is unchanged.
#[must_use]
pub fn json_on_terminal(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\u{7f}' || acts(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

/// A cell of a CSV table that a spreadsheet will open: text that would run as a formula gets a leading
/// apostrophe. Plain numbers, negative ones too, stay as they are. Quoting is the CSV writer's work.
///
/// The list of leading characters is OWASP's ("CSV Injection"), full-width forms included.
#[must_use]
pub fn csv_cell(text: &str) -> String {
    let text = shown(text, |c| matches!(c, '\t' | '\n' | '\r'));
    let leading = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    let risky = text.starts_with(['\t', '\r', '\n']) || text.trim_start().starts_with(leading);
    if risky && !is_plain_number(&text) { format!("'{text}") } else { text }
}

/// Text in a Markdown document (one line): no markup, no link, no mention.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in shown(text, |_| false).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            ':' => out.push_str("&#58;"),
            '.' | '-' | ',' | ' ' | '%' | '/' | '\'' | '"' | '?' | ';' => out.push(c),
            c if c.is_ascii_punctuation() => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Text on a terminal (one line): no escape sequence, no line break, no direction override survives.
#[must_use]
pub fn terminal(text: &str) -> String {
    shown(text, |_| false)
}

fn markup(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in shown(text, keep).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '`' => out.push_str("&#96;"),
            c => out.push(c),
        }
    }
    out
}

/// Replaces characters that act by characters that are read. `keep` spares some.
fn shown(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let n = u32::from(c);
        match c {
            c if keep(c) => out.push(c),
            // The "control pictures" block shows each C0 control in its order.
            '\u{0}'..='\u{1f}' => out.push(char::from_u32(0x2400 + n).unwrap_or('\u{fffd}')),
            '\u{7f}' => out.push('\u{2421}'),
            c if acts(c) => out.push_str(&format!("[U+{n:04X}]")),
            c => out.push(c),
        }
    }
    out
}

/// C1 controls, direction controls, invisible characters, non-characters. The joiners U+200C and U+200D stay:
/// several scripts need them.
fn acts(c: char) -> bool {
    let n = u32::from(c);
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{e007f}')
        || n & 0xfffe == 0xfffe
}

/// Whether `text` is a decimal number such as `-1`, `+0.5` or `-2.5e-7`, and nothing else.
fn is_plain_number(text: &str) -> bool {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((m, e)) => (m, Some(e.strip_prefix(['-', '+']).unwrap_or(e))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((w, f)) => (w, Some(f)),
        None => (mantissa, None),
    };
    digits(whole) && fraction.is_none_or(digits) && exponent.is_none_or(digits)
}

#[cfg(test)]
#[path = "escape_tests.rs"]
mod tests;
