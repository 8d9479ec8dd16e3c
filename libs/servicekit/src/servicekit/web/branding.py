"""The brand of the pages: product name, logo and accent colour, as settings of the services with pages."""

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from servicekit.settings import existing_file, setting

NAME_LIMIT = 60
LOGO_LIMIT = 256 * 1024

_PNG = b"\x89PNG\r\n\x1a\n"
_SVG = re.compile(rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<svg[\s>]", re.DOTALL)
_LIGHT_GROUND = (0xF0, 0xF3, 0xF2)  # the grounds of trefoil.css with the least contrast to links
_DARK_GROUND = (0x1C, 0x26, 0x22)
_TEXT_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3
_STEP = 0.02

_Rgb = tuple[int, int, int]
_BLACK: _Rgb = (0, 0, 0)
_WHITE: _Rgb = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Logo:
    """An image, and the media type that it is served with."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Color:
    """An sRGB colour, written #rrggbb."""

    text: str

    @classmethod
    def parse(cls, value: str) -> "Color":
        """Raises ValueError."""
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
            raise ValueError(f"must be a colour like #0b7a5b, not {value!r}")
        return cls(value.lower())

    @property
    def stylesheet(self) -> str:
        """The rules that replace the accent of `trefoil.css`; text on and in the accent colour stays readable."""
        fill = _rgb(self.text)
        on_fill = max(_WHITE, _BLACK, key=lambda text: _contrast(text, fill))
        hover = _mixed(fill, _BLACK if on_fill == _WHITE else _WHITE, 0.16)
        link, link_dark = _readable(fill, _LIGHT_GROUND, _BLACK), _readable(fill, _DARK_GROUND, _WHITE)
        fills = f"--accent: {_hex(fill)}; --accent-strong: {_hex(hover)}; --on-accent: {_hex(on_fill)};"
        return (
            f":root {{ {fills} --link: {_hex(link)}; --link-strong: {_hex(_mixed(link, _BLACK, 0.2))}; }}\n"
            "@media (prefers-color-scheme: dark) {\n"
            f"  :root {{ {fills} --link: {_hex(link_dark)}; --link-strong: {_hex(_mixed(link_dark, _WHITE, 0.2))}; }}\n"
            "}\n"
        )


@dataclass(frozen=True, slots=True)
class Brand:
    """What the header of every page shows; without a logo and a colour, those of Trefoil."""

    name: str = "Trefoil"
    logo: Logo | None = None
    color: Color | None = None

    @property
    def is_default(self) -> bool:
        """Whether the pages name Trefoil, and beside it what the service is."""
        return self.name == Brand().name

    @property
    def version(self) -> str:
        """Changes with logo and colour: a parameter of their URLs, so that no cache keeps an old one."""
        content = (self.logo.content if self.logo else b"") + (self.color.text.encode() if self.color else b"")
        return sha256(content).hexdigest()[:8]


def product_name(value: str) -> str:
    """Raises ValueError."""
    name = value.strip()
    if not name.isprintable() or not 1 <= len(name) <= NAME_LIMIT:
        raise ValueError(f"must be 1 to {NAME_LIMIT} printable characters")
    return name


def logo_file(value: str) -> Logo:
    """Read a logo; raises ValueError."""
    path: Path = existing_file(value)
    try:
        with path.open("rb") as file:
            content = file.read(LOGO_LIMIT + 1)
    except OSError as fault:
        raise ValueError(f"cannot read {value}: {fault.strerror}") from None
    if len(content) > LOGO_LIMIT:
        raise ValueError(f"must be at most {LOGO_LIMIT} bytes: {value}")
    if content.startswith(_PNG):
        return Logo(content, "image/png")
    if _SVG.match(content):
        return Logo(content, "image/svg+xml")
    raise ValueError(f"must be an SVG or PNG image: {value}")


@dataclass(frozen=True, kw_only=True)
class BrandSettings:
    """The settings of a service whose pages have a brand."""

    brand_name: str = setting(product_name, "the product name in the header and title of each page", default="Trefoil")
    brand_logo_file: Logo | None = setting(
        logo_file, "the logo in the header of each page: an SVG or PNG file of at most 256 KiB", default=None
    )
    brand_color: Color | None = setting(
        Color.parse, "the colour of buttons and links, as #rrggbb; the text on it is black or white", default=None
    )

    @property
    def brand(self) -> Brand:
        return Brand(self.brand_name, self.brand_logo_file, self.brand_color)


# --- Contrast (WCAG 2.2, "contrast ratio" and "relative luminance") --------------------------------------------------


def _rgb(text: str) -> _Rgb:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _hex(color: _Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def _mixed(color: _Rgb, other: _Rgb, share: float) -> _Rgb:
    red, green, blue = (round(one + (two - one) * share) for one, two in zip(color, other, strict=True))
    return red, green, blue


def _luminance(color: _Rgb) -> float:
    linear = [
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in (value / 255 for value in color)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: _Rgb, other: _Rgb) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _readable(color: _Rgb, ground: _Rgb, towards: _Rgb) -> _Rgb:
    """The colour, mixed with black or white until it is readable as text on the ground."""
    share = 0.0
    while _contrast(_mixed(color, towards, share), ground) < _TEXT_CONTRAST:
        share += _STEP
    return _mixed(color, towards, share)
