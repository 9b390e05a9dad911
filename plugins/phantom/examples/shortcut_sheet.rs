//! Draws each shortcut at four strengths, and each trap:
//! `cargo run -p plugin-phantom --release --example shortcut_sheet -- OUT.png [PIXELS]`.
//!
//! A row a shortcut: without it, then weakest to strongest, all on one film; then the same on a second film. Last come
//! the two signs beside opacities: healthy, then strength 0.5, 1, 1.5, 2.

#![expect(clippy::print_stdout, reason = "an example for the shell")]

use image::{Rgb, RgbImage};
use plugin_phantom::{
    Association, Background, Blur, Border, CameraGain, Jpeg, Phantom, Picture, Positioning, Sign, Tag, Tube,
    What, WideRoi,
};

const ALWAYS: Association = Association::independent(1.0);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let out = args.next().ok_or("usage: shortcut_sheet OUT.png [PIXELS]")?;
    let size: usize = args.next().map_or(Ok(64), |a| a.parse())?;
    let films = Phantom::chest().with_visits(1, 1).with_patients(2).with_size(size).with_prevalence(1.0);
    let rows = shortcuts();
    let signs = [Sign::Emphysema, Sign::LargeHeart, Sign::Calcification];
    let mut sheet = RgbImage::new((10 * size) as u32, ((rows.len() + signs.len()) * size) as u32);
    for (r, strengths) in rows.iter().enumerate() {
        for film in 0..2 {
            paste(&mut sheet, &films.image(film)?, 5 * film, r);
            for (k, what) in strengths.iter().enumerate() {
                let planted = films.clone().with_shortcut(what.clone(), ALWAYS);
                paste(&mut sheet, &planted.image(film)?, 5 * film + k + 1, r);
            }
        }
        println!("row {r}: {}", strengths[0].column());
    }
    for (r, sign) in signs.into_iter().enumerate() {
        for (film, k) in (0..2).flat_map(|film| (0..5).map(move |k| (film, k))) {
            let ill = films.clone().with_sign(sign).with_strength(0.5 * k as f32);
            paste(&mut sheet, &ill.image(film)?, 5 * film + k, rows.len() + r);
        }
        println!("row {}: {sign:?}", rows.len() + r);
    }
    sheet.save(&out)?;
    Ok(())
}

/// Four strengths of each.
fn shortcuts() -> [[What; 4]; 9] {
    let tag = |(height, level)| Tag { height, level, ..Tag::marker('L') }.into();
    let tube = |density| Tube { density, ..Tube::default() }.into();
    let border = |width| Border { width, level: 0 }.into();
    let gain = |factor| CameraGain { factor, ..CameraGain::default() }.into();
    let jpeg = |quality| Jpeg { quality, ..Jpeg::default() }.into();
    let blur = |sigma| Blur { sigma, ..Blur::default() }.into();
    let weave = |amplitude| Background { amplitude, ..Background::default() }.into();
    let place = |(tilt, zoom)| Positioning { tilt, zoom, ..Positioning::default() }.into();
    let wide = |by| WideRoi { by }.into();
    [
        [(0.06, 110), (0.07, 150), (0.09, 200), (0.11, 245)].map(tag),
        [0.8, 1.5, 2.5, 4.0].map(tube),
        [0.012, 0.02, 0.03, 0.05].map(border),
        [0.95, 0.90, 0.82, 0.72].map(gain),
        [70, 50, 30, 15].map(jpeg),
        [6.0, 8.0, 11.0, 16.0].map(blur),
        [1.5, 3.0, 5.0, 9.0].map(weave),
        [(2.0, 0.98), (3.5, 0.96), (5.0, 0.93), (8.0, 0.88)].map(place),
        [0.01, 0.02, 0.03, 0.05].map(wide),
    ]
}

fn paste(sheet: &mut RgbImage, picture: &Picture, column: usize, row: usize) {
    let n = picture.size;
    for (i, v) in picture.pixels.iter().enumerate() {
        let (x, y) = (column * n + i % n, row * n + i / n);
        sheet.put_pixel(x as u32, y as u32, Rgb([*v; 3]));
    }
}
