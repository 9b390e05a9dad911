use eyepatch_core::{Error, Image, Pixels, Result};
use eyepatch_kernels::inpaint;

/// Continues what is shown of a composed image into what is hidden. `compose` puts a coalition together from an image and what hides
/// it; where nothing of a channel is shown, the channel stays as it is.
pub(super) fn continue_into(
    out: &mut Image,
    compose: impl Fn((&Image, &Image), &mut Image) -> Result<()>,
) -> Result<()> {
    let (height, width, channels) = (out.height(), out.width(), out.channels());
    let marks =
        |mark: u8| Image::new(width, height, channels, Pixels::U8(vec![mark; height * width * channels]));
    let (shown, hidden) = (marks(1)?, marks(0)?);
    let mut known = hidden.clone();
    compose((&shown, &hidden), &mut known)?;
    // Partition SHAP may show some channels of a pixel only.
    for channel in 0..channels {
        let place = |pixel: usize| pixel * channels + channel;
        let known: Vec<u8> =
            (0..height * width).map(|pixel| u8::from(known.value(place(pixel)) > 0.0)).collect();
        if known.iter().all(|&k| k == 0) || known.iter().all(|&k| k == 1) {
            continue;
        }
        let mut values: Vec<f32> = (0..height * width).map(|pixel| out.value(place(pixel))).collect();
        inpaint(&mut values, [height, width, 1], &known)
            .map_err(|e| Error::shape("inpainting", "a channel of the image", e.to_string()))?;
        for pixel in (0..height * width).filter(|&pixel| known[pixel] == 0) {
            out.set(place(pixel), values[pixel]);
        }
    }
    Ok(())
}
