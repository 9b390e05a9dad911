//! A share as a bar, with a mark where its reference lies.

use super::{Scale, Svg};

/// A bar filled up to `share`, with a mark at `reference`, where there is one; both 0 to 1.
pub(crate) fn svg(share: f64, reference: f64) -> String {
    let x = Scale { data: (0.0, 1.0), pixels: (2.0, 198.0) };
    let mut svg = Svg::new(200.0, 16.0);
    svg.rect("track", (2.0, 4.0), (196.0, 8.0));
    svg.rect("filled", (2.0, 4.0), (x.at(share) - 2.0, 8.0));
    if reference.is_finite() {
        svg.line("reference", (x.at(reference), 0.0), (x.at(reference), 16.0));
    }
    svg.finish_decorative("share")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bar_is_as_long_as_the_share() {
        assert!(super::svg(0.5, 0.25).contains(r#"class="filled" x="2" y="4" width="98""#));
        assert!(!super::svg(f64::NAN, f64::NAN).contains("NaN"));
        assert!(!super::svg(0.5, f64::NAN).contains("reference"));
    }
}
