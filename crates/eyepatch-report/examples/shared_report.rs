//! Writes the shared form of a made-up run's report: `cargo run -p eyepatch-report --example shared_report -- report.html`.

#[allow(dead_code, reason = "the sample also serves the whole report, with pictures and timings")]
mod sample;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name the file to write")?;
    let mut sample = sample::Sample::new();
    // Few images without a label, so that something is held back.
    if let Some(class) = sample.result.audits.iter_mut().flat_map(|a| &mut a.data.classes).next() {
        class.missing = 3;
    }
    let shared = eyepatch_report::share::share(&sample.result);
    std::fs::write(path, eyepatch_report::html::render_shared(&shared)?)?;
    Ok(())
}
