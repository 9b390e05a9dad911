//! The elements that become columns: a list of what is allowed, and nothing else.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use dicom_core::Tag;
use dicom_dictionary_std::tags;
use eyepatch_core::Meta;

use crate::elements::Elements;
use crate::key::Key;
use crate::params::Dates;

/// Ages above this are told as this, because so few people reach them (45 CFR 164.514 b 2 C).
const OLDEST: f64 = 90.0;

/// Modalities whose pictures often have names and dates in their pixels.
const OFTEN_BURNED_IN: [&str; 8] = ["ES", "GM", "OT", "RF", "SC", "US", "XA", "XC"];

/// What a file says of text in its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BurnedIn {
    /// There is none, or nobody expects it.
    No,
    /// There is.
    Yes,
    /// It does not say, and its kind often has some.
    Unsaid,
}

/// Whether text may be burned in.
pub(crate) fn burned_in(e: &Elements<'_>) -> BurnedIn {
    let modality = e.code(tags::MODALITY).unwrap_or_default();
    let secondary =
        e.code(tags::SOP_CLASS_UID).is_some_and(|uid| uid.starts_with("1.2.840.10008.5.1.4.1.1.7"));
    match e.code(tags::BURNED_IN_ANNOTATION) {
        Some("YES") => BurnedIn::Yes,
        Some("NO") => BurnedIn::No,
        _ if secondary || OFTEN_BURNED_IN.contains(&modality) => BurnedIn::Unsaid,
        _ => BurnedIn::No,
    }
}

/// A file's columns. `patient` is its patient's pseudonym, by which dates are moved.
pub(crate) fn columns(e: &Elements<'_>, dates: Dates, key: &Key, patient: &str) -> BTreeMap<String, Meta> {
    let code = |tag| e.code(tag).filter(|c| is_code(c)).map(|c| Meta::Text(c.to_owned()));
    let number = |tag| e.number(tag).map(Meta::Number);
    let whole = |tag| e.u16(tag).map(|n| Meta::Number(n.into()));
    let text = |tag| e.text(tag).map(Meta::Text);
    let spacing = |i: usize| {
        let of = |tag| e.numbers(tag).get(i).copied();
        of(tags::PIXEL_SPACING).or_else(|| of(tags::IMAGER_PIXEL_SPACING)).map(Meta::Number)
    };
    let mut all = vec![
        ("age", age(e.code(tags::PATIENT_AGE)).map(Meta::Number)),
        ("bits_stored", whole(tags::BITS_STORED)),
        ("body_part", code(tags::BODY_PART_EXAMINED)),
        ("burned_in_annotation", code(tags::BURNED_IN_ANNOTATION)),
        ("columns", whole(tags::COLUMNS)),
        ("compression", Some(Meta::Text(e.syntax.name.to_owned()))),
        ("lossy", code(tags::LOSSY_IMAGE_COMPRESSION)),
        ("manufacturer", text(tags::MANUFACTURER)),
        ("modality", code(tags::MODALITY)),
        ("model", text(tags::MANUFACTURER_MODEL_NAME)),
        ("photometric", code(tags::PHOTOMETRIC_INTERPRETATION)),
        ("rows", whole(tags::ROWS)),
        ("sex", sex(e.code(tags::PATIENT_SEX))),
        ("spacing_columns", spacing(1)),
        ("spacing_rows", spacing(0)),
        ("view", code(tags::VIEW_POSITION)),
        ("window_center", number(tags::WINDOW_CENTER)),
        ("window_width", number(tags::WINDOW_WIDTH)),
    ];
    if dates == Dates::Shift {
        all.push(("study_date", shifted(e.code(tags::STUDY_DATE), key, patient).map(Meta::Text)));
    }
    all.into_iter().map(|(name, value)| (name.to_owned(), value.unwrap_or(Meta::Missing))).collect()
}

/// A code string as the standard has it: 16 characters at most, capitals, digits, blanks and underscores. What is longer
/// or in lower case was typed by somebody.
fn is_code(text: &str) -> bool {
    text.len() <= 16
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b' ' || b == b'_')
}

fn sex(code: Option<&str>) -> Option<Meta> {
    code.filter(|c| matches!(*c, "F" | "M" | "O")).map(|c| Meta::Text(c.to_owned()))
}

/// Years of an age string such as `045Y`, `018M`, `006W`, `010D`.
fn age(text: Option<&str>) -> Option<f64> {
    let text = text?;
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number = f64::from(number.parse::<u16>().ok()?);
    let years = match unit {
        "Y" => number,
        "M" => number / 12.0,
        "W" => number / 52.1775,
        "D" => number / 365.2425,
        _ => return None,
    };
    Some(years.min(OLDEST))
}

/// A date moved back by its patient's number of days, as `YYYY-MM-DD`.
fn shifted(date: Option<&str>, key: &Key, patient: &str) -> Option<String> {
    let date = NaiveDate::parse_from_str(date?, "%Y%m%d").ok()?;
    let date = date.checked_sub_days(chrono::Days::new(key.days(patient)))?;
    Some(date.format("%Y-%m-%d").to_string())
}

/// What a table may be joined by.
pub(crate) fn identity(e: &Elements<'_>, tag: Tag) -> Option<String> {
    let text = String::from_utf8_lossy(e.bytes(tag)?).trim_matches([' ', '\0']).to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_years_and_the_oldest_are_90() {
        let years = |text| age(Some(text));
        assert_eq!(years("045Y"), Some(45.0));
        assert_eq!(years("018M"), Some(1.5));
        assert!((years("052W").unwrap() - 0.9966).abs() < 1e-3);
        assert!((years("010D").unwrap() - 0.0274).abs() < 1e-3);
        assert_eq!((years("097Y"), years("999Y")), (Some(90.0), Some(90.0)));
        for bad in ["", "Y", "45", "abcY", "-04Y", "045é", "045X", "99999999Y"] {
            assert_eq!(years(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_codes_are_codes() {
        assert!(is_code("CHEST") && is_code("LL 1_2"));
        assert!(!is_code("Miller, Anna") && !is_code("A VERY LONG CODE OF SOMEBODY") && !is_code("x"));
    }

    #[test]
    fn dates_keep_their_distance_within_a_patient() {
        let dir = tempfile::tempdir().unwrap();
        let key = Key::open(&dir.path().join("key")).unwrap();
        let date =
            |text| NaiveDate::parse_from_str(&shifted(Some(text), &key, "p").unwrap(), "%Y-%m-%d").unwrap();
        assert_eq!((date("20200301") - date("20200228")).num_days(), 2);
        assert_ne!(date("20200301"), NaiveDate::from_ymd_opt(2020, 3, 1).unwrap());
        assert_eq!(shifted(Some("20201301"), &key, "p"), None);
        assert_eq!(shifted(Some("00010101"), &key, "p").as_deref().map(str::is_empty), Some(false));
    }
}
