//! Lists as Python prints them, such as `['pneumonia', ' pleural effusion']`. Nothing is evaluated.

use std::fmt;
use std::iter::Peekable;
use std::str::CharIndices;

/// Why a text is no list that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListError {
    /// The character at fault, from 1; one behind the last where the text ends too early.
    pub position: usize,
    /// What is wrong, as half a sentence.
    pub problem: String,
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (character {})", self.problem, self.position)
    }
}

impl std::error::Error for ListError {}

/// Reads a list of strings in Python's notation: single or double quotes, Python's escapes but for `\N{...}`. The words
/// `nan` and `None` stand for a missing item. White space may stand between items, a comma behind the last.
///
/// Two strings without a comma between them are an error, where Python would join them.
///
/// ```
/// use eyepatch_data::python_list;
///
/// let labels = python_list(r#"['pneumonia', " it's", nan]"#).unwrap();
/// assert_eq!(labels, [Some("pneumonia".to_owned()), Some(" it's".to_owned()), None]);
/// ```
///
/// # Errors
/// Where it is anything else, with the place.
pub fn python_list(text: &str) -> Result<Vec<Option<String>>, ListError> {
    let mut reader = Reader { text, chars: text.char_indices().peekable() };
    reader.blanks();
    reader.expect('[', "a list starts with `[`")?;
    let mut items = Vec::new();
    loop {
        reader.blanks();
        if reader.accept(']') {
            break;
        }
        items.push(reader.item()?);
        reader.blanks();
        if !reader.accept(',') {
            reader.expect(']', "a `,` or `]` follows an item")?;
            break;
        }
    }
    reader.blanks();
    match reader.chars.peek() {
        None => Ok(items),
        Some(_) => Err(reader.error("text follows the closing `]`")),
    }
}

struct Reader<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
}

impl Reader<'_> {
    fn error(&mut self, problem: impl Into<String>) -> ListError {
        let byte = self.chars.peek().map_or(self.text.len(), |(at, _)| *at);
        ListError { position: self.text[..byte].chars().count() + 1, problem: problem.into() }
    }

    /// White space, and a backslash at the end of a line.
    fn blanks(&mut self) {
        while let Some(&(at, c)) = self.chars.peek() {
            let ends_line = c == '\\' && self.text[at + 1..].starts_with(['\n', '\r']);
            if !ends_line && !matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c') {
                return;
            }
            self.chars.next();
        }
    }

    fn accept(&mut self, wanted: char) -> bool {
        self.chars.next_if(|(_, c)| *c == wanted).is_some()
    }

    fn expect(&mut self, wanted: char, rule: &str) -> Result<(), ListError> {
        if self.accept(wanted) { Ok(()) } else { Err(self.error(rule)) }
    }

    fn item(&mut self) -> Result<Option<String>, ListError> {
        match self.chars.peek() {
            Some((_, quote @ ('\'' | '"'))) => {
                let quote = *quote;
                self.string(quote).map(Some)
            }
            Some((at, c)) if c.is_alphabetic() => {
                let rest = &self.text[*at..];
                let word = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(rest);
                if word != "nan" && word != "None" {
                    return Err(self.error("an item is a string in quotes, `nan` or `None`"));
                }
                word.chars().for_each(|_| _ = self.chars.next());
                Ok(None)
            }
            _ => Err(self.error("an item is a string in quotes, `nan` or `None`")),
        }
    }

    fn string(&mut self, quote: char) -> Result<String, ListError> {
        self.chars.next();
        let mut out = String::new();
        loop {
            match self.chars.peek().map(|(_, c)| *c) {
                None => return Err(self.error("a string is not closed")),
                Some('\n' | '\r') => return Err(self.error("a string goes on in the next line")),
                Some(c) if c == quote => {
                    self.chars.next();
                    return Ok(out);
                }
                Some('\\') => {
                    self.chars.next();
                    self.escape(&mut out)?;
                }
                Some(c) => {
                    self.chars.next();
                    out.push(c);
                }
            }
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self, out: &mut String) -> Result<(), ListError> {
        let Some(c) = self.chars.peek().map(|(_, c)| *c) else {
            return Err(self.error("a string is not closed"));
        };
        let simple = match c {
            '\\' | '\'' | '"' => Some(c),
            'n' => Some('\n'),
            't' => Some('\t'),
            'r' => Some('\r'),
            'a' => Some('\x07'),
            'b' => Some('\x08'),
            'f' => Some('\x0c'),
            'v' => Some('\x0b'),
            _ => None,
        };
        if let Some(simple) = simple {
            self.chars.next();
            out.push(simple);
            return Ok(());
        }
        match c {
            'N' => return Err(self.error("characters by name (`\\N{...}`) are not read")),
            'x' => out.push(self.code(2)?),
            'u' => out.push(self.code(4)?),
            'U' => out.push(self.code(8)?),
            '0'..='7' => out.push(self.octal()?),
            // A line that is continued.
            '\r' => {
                self.chars.next();
                self.accept('\n');
            }
            '\n' => _ = self.chars.next(),
            // Python keeps a backslash that means nothing.
            other => {
                self.chars.next();
                out.extend(['\\', other]);
            }
        }
        Ok(())
    }

    fn code(&mut self, digits: usize) -> Result<char, ListError> {
        self.chars.next();
        let mut value = 0;
        for _ in 0..digits {
            let digit = self.chars.peek().and_then(|(_, c)| c.to_digit(16));
            let Some(digit) = digit else {
                return Err(self.error(format!("{digits} hexadecimal digits must follow")));
            };
            value = value * 16 + digit;
            self.chars.next();
        }
        char::from_u32(value).ok_or_else(|| self.error("this number is no character's"))
    }

    fn octal(&mut self) -> Result<char, ListError> {
        let mut value = 0;
        for _ in 0..3 {
            let Some(digit) = self.chars.peek().and_then(|(_, c)| c.to_digit(8)) else { break };
            value = value * 8 + digit;
            self.chars.next();
        }
        char::from_u32(value).ok_or_else(|| self.error("this number is no character's"))
    }
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
