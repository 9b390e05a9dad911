"""JPEGs of the kinds that the Rust encoder does not write, by Pillow 13.0.0 (libjpeg-turbo 3.2.0). Writes jpeg/*.jpg."""

from pathlib import Path

from PIL import Image

WIDTH, HEIGHT = 37, 29
FOLDER = Path(__file__).parent / "jpeg"

grey = Image.new("L", (WIDTH, HEIGHT))
grey.putdata([
    (x * x + 3 * y * x + y**3 // 7) % 256 if (x // 5 + y // 3) % 3 else 40 for y in range(HEIGHT) for x in range(WIDTH)
])
colour = Image.merge("RGB", (
    grey, grey.transpose(Image.Transpose.FLIP_LEFT_RIGHT), grey.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
))


def save(image, name, **options):
    image.save(FOLDER / f"{name}.jpg", quality=80, **options)


save(grey, "grey_progressive", progressive=True)
save(grey, "grey_restarts", restart_marker_blocks=3)
save(colour, "colour_420", subsampling="4:2:0")
save(colour, "colour_422_optimised", subsampling="4:2:2", optimize=True)
save(colour, "colour_progressive_restarts", subsampling="4:2:0", progressive=True, restart_marker_rows=1)
save(colour, "rgb", keep_rgb=True)
save(colour.convert("CMYK"), "cmyk")
