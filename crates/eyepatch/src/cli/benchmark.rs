//! What a benchmark of verdicts came to, for the terminal.

use eyepatch_report::schema::{Benchmark, Rate};

/// How verdicts did, one line a reading.
pub(crate) fn text(b: &Benchmark) -> String {
    let rate = |r: &Rate| match r.share {
        Some(share) => {
            let interval =
                share.interval.map_or_else(String::new, |i| format!(" [{:.3}, {:.3}]", i.lower, i.upper));
            format!("{}/{} = {:.3}{interval}", r.count, r.of, share.value)
        }
        None => "none".into(),
    };
    let mut text = format!(
        "{}\n  {}\n  {} models\n",
        b.id,
        b.question.lines().next().unwrap_or_default(),
        b.cases.len()
    );
    for reading in &b.readings {
        let (sensitivity, specificity) = (rate(&reading.sensitivity), rate(&reading.specificity));
        text.push_str(&format!("  {}: sensitivity {sensitivity}, specificity {specificity}\n", reading.name));
    }
    text.push_str(&format!("  right cause: {}\n", rate(&b.cause_accuracy)));
    let [planted, clean] = [&b.inconclusive_planted, &b.inconclusive_clean].map(rate);
    text.push_str(&format!("  inconclusive: {planted} of planted, {clean} of clean models\n\n"));
    text
}
