//! Writes small DICOM files to start a fuzzer with: `cargo run --example seeds -- FOLDER`.
#![allow(dead_code, reason = "the builder of the tests does more than is needed here")]
#![allow(clippy::unwrap_used, reason = "an example may panic")]

#[path = "../tests/laws/build.rs"]
mod build;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::path::PathBuf::from(std::env::args().nth(1).ok_or("name the folder")?);
    std::fs::create_dir_all(&folder)?;
    for (name, bytes) in build::seeds() {
        std::fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}
