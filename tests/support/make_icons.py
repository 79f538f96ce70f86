"""Draw the icons of the device: a house with a play mark.

Run as: python tests/support/make_icons.py
"""

from pathlib import Path

from PIL import Image, ImageDraw

ICONS = Path(__file__).parents[2] / "upnpserver" / "upnp" / "icons"
SIZES = (48, 120)
DETAIL = 8  # drawn so many times larger, then scaled down for smooth edges
NIGHT, DUSK, WALL, PLAY = (24, 38, 66), (58, 92, 148), (250, 246, 236), (230, 96, 52)


def drawn(size: int) -> Image.Image:
    """Return one icon; coordinates are thousandths of its side."""
    side = size * DETAIL
    image = Image.new("RGB", (side, side))
    draw = ImageDraw.Draw(image)

    def at(*points: tuple[int, int]) -> list[tuple[float, float]]:
        return [(x * side / 1000, y * side / 1000) for x, y in points]

    for row in range(side):
        share = row / side
        colour = tuple(
            round(a + (b - a) * share) for a, b in zip(NIGHT, DUSK, strict=True)
        )
        draw.line(((0, row), (side, row)), fill=colour)
    draw.rectangle(at((660, 190), (750, 400)), fill=WALL)
    draw.polygon(at((500, 120), (920, 500), (80, 500)), fill=WALL)
    draw.rounded_rectangle(at((180, 440), (820, 870)), side * 0.05, fill=WALL)
    draw.polygon(at((400, 430), (400, 790), (690, 610)), fill=PLAY)
    return image.resize((size, size), Image.Resampling.LANCZOS)


def main() -> None:
    ICONS.mkdir(exist_ok=True)
    for size in SIZES:
        icon = drawn(size)
        icon.save(ICONS / f"{size}.png", optimize=True)
        icon.save(ICONS / f"{size}.jpg", quality=92, subsampling=1)


if __name__ == "__main__":
    main()
