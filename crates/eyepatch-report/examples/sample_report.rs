//! Writes the report of a made-up run: `cargo run -p eyepatch-report --example sample_report -- report.html`.

mod sample;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name the file to write")?;
    let sample = sample::Sample::new();
    let page = eyepatch_report::html::render(&sample.result, Some(&sample.timings), &|p| sample.bytes(p))?;
    std::fs::write(path, page)?;
    Ok(())
}
