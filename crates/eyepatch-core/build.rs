//! Exists only because `links` asks for a build script: two versions of this crate in one program would
//! make two silent registries, and `links` turns that into a build error.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
