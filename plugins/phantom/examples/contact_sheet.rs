//! Draws a contact sheet of phantoms: `cargo run -p plugin-phantom --release --example contact_sheet -- OUT.png [PIXELS]`.
//!
//! Rows of chests: healthy, diseased, the same with outlined structures, each shortcut; then the same for eyes.

#![expect(clippy::print_stdout, reason = "an example for the shell")]

use std::time::Instant;

use image::{Rgb, RgbImage};
use plugin_phantom::{Association, Border, CameraGain, Phantom, Picture, Route, Tag, Tube};

const COLUMNS: usize = 6;
const ALWAYS: Association = Association::independent(1.0);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let out = args.next().ok_or("usage: contact_sheet OUT.png [PIXELS]")?;
    let size: usize = args.next().map_or(Ok(128), |a| a.parse())?;
    let chest = |strength| {
        Phantom::chest().with_visits(1, 1).with_patients(COLUMNS).with_size(size).with_strength(strength)
    };
    let ill = chest(1.0).with_prevalence(1.0);
    let well = chest(0.0);
    let eye = Phantom::fundus().with_visits(1, 1).with_patients(COLUMNS).with_size(size);
    let drain = Tube { route: Route::Drain, ..Tube::default() };
    let rows: Vec<(Phantom, bool)> = vec![
        (well.clone(), false),
        (ill.clone(), false),
        (ill.clone(), true),
        (well.clone().with_shortcut(Tag::default(), ALWAYS), false),
        (well.clone().with_shortcut(Tag::marker('L'), ALWAYS).with_shortcut(Tube::default(), ALWAYS), false),
        (well.clone().with_shortcut(drain, ALWAYS).with_shortcut(Border::default(), ALWAYS), false),
        (well.clone().with_shortcut(CameraGain::default(), ALWAYS), false),
        (eye.clone().with_strength(0.0), false),
        (eye.clone().with_prevalence(1.0), false),
        (
            eye.clone()
                .with_prevalence(1.0)
                .with_shortcut(Border::default(), ALWAYS)
                .with_shortcut(Tag::default(), ALWAYS),
            true,
        ),
    ];
    let mut sheet = RgbImage::new((COLUMNS * size) as u32, (rows.len() * size) as u32);
    let started = Instant::now();
    for (r, (phantom, outlined)) in rows.iter().enumerate() {
        for c in 0..COLUMNS {
            let picture = phantom.image(c)?;
            paste(&mut sheet, &picture, c * size, r * size, *outlined);
        }
    }
    let each = started.elapsed().as_secs_f64() * 1e3 / (rows.len() * COLUMNS) as f64;
    sheet.save(&out)?;
    println!("{out}: {} images of {size} px, {each:.1} ms each", rows.len() * COLUMNS);
    Ok(())
}

fn paste(sheet: &mut RgbImage, picture: &Picture, x0: usize, y0: usize, outlined: bool) {
    const INK: [[u8; 3]; 3] = [[255, 120, 60], [60, 220, 255], [250, 230, 60]];
    let n = picture.size;
    for y in 0..n {
        for x in 0..n {
            let i = y * n + x;
            let value = |c: usize| picture.pixels[i * picture.channels + c.min(picture.channels - 1)];
            let mut colour = [value(0), value(1), value(2)];
            for (structure, ink) in picture.structures.iter().zip(INK) {
                let bits = &structure.bits;
                let rim = x + 1 < n && y + 1 < n && (bits[i] != bits[i + 1] || bits[i] != bits[i + n]);
                if outlined && rim {
                    colour = ink;
                }
            }
            sheet.put_pixel((x0 + x) as u32, (y0 + y) as u32, Rgb(colour));
        }
    }
}
