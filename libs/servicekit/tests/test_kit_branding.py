"""The brand of the pages: name, logo and accent colour (WCAG 2.2 §1.4.3)."""

import re
from pathlib import Path
from typing import Any

import pytest
from quart import Quart, render_template

from servicekit.settings import SettingsError, read
from servicekit.web.branding import LOGO_LIMIT, BrandSettings, Color, _contrast, _rgb
from servicekit.web.pages import install

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
SVG = b'<?xml version="1.0"?>\n<!-- a logo -->\n<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'


def app_of(**environment: str) -> Quart:
    app = Quart(__name__)
    install(app, "OpenID Provider", brand=read(BrandSettings, environment).brand)

    @app.get("/page")
    async def page() -> str:
        return await render_template("trefoil/base.html")

    return app


async def page_of(app: Quart) -> str:
    html: str = await (await app.test_client().get("/page")).get_data(as_text=True)
    return html


async def test_pages_without_settings_are_those_of_trefoil() -> None:
    app = app_of()
    html = await page_of(app)
    assert re.search(r'<a href="/">\s*<img src="/assets/trefoil.svg" alt="" height="28">\s*<span>Trefoil</span>', html)
    assert html.count("OpenID Provider") == 1
    assert "brand" not in re.sub('class="brand"', "", html)
    for path in ("/assets/brand.css", "/assets/brand-logo"):
        assert (await app.test_client().get(path)).status_code == 404


async def test_name_replaces_that_of_trefoil() -> None:
    html = await page_of(app_of(BRAND_NAME="Example & Co"))
    assert "<title>Example &amp; Co</title>" in html
    assert "<span>Example &amp; Co</span>" in html
    assert "OpenID Provider" not in html


async def test_home_link_keeps_the_language() -> None:
    html = await (await app_of().test_client().get("/page?ui_locales=de%20en")).get_data(as_text=True)
    assert '<a href="/?ui_locales=de%20en">' in html


@pytest.mark.parametrize(("content", "media_type"), [(PNG, "image/png"), (SVG, "image/svg+xml")], ids=["png", "svg"])
async def test_logo_is_served_and_runs_no_script(tmp_path: Path, content: bytes, media_type: str) -> None:
    path = tmp_path / "logo"
    path.write_bytes(content)
    app = app_of(BRAND_LOGO_FILE=str(path))
    [source] = re.findall(r'<img src="([^"]+)"', await page_of(app))
    response = await app.test_client().get(source)
    assert (response.status_code, response.content_type) == (200, media_type)
    assert await response.get_data(as_text=False) == content
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "public, max-age=3600"


@pytest.mark.parametrize("color", ["#0b7a5b", "#ffdd00", "#000000", "#ffffff", "#777777", "#7F00FF", "#00ff00"])
async def test_every_colour_is_readable(color: str) -> None:
    """Text on buttons and links on every ground of the pages have a contrast of 4.5 or more, light and dark."""
    app = app_of(BRAND_COLOR=color)
    [sheet] = re.findall(r'href="(/assets/brand.css[^"]*)"', await page_of(app))
    response = await app.test_client().get(sheet)
    assert response.content_type == "text/css; charset=utf-8"
    css = await response.get_data(as_text=True)
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", part)) for part in css.split("@media"))
    assert light["accent"] == dark["accent"] == color.lower()
    for rules, grounds in ((light, ("#f4f6f5", "#ffffff", "#f0f3f2")), (dark, ("#0e1412", "#161e1b", "#1c2622"))):
        pairs = [(rules["on-accent"], rules["accent"]), (rules["on-accent"], rules["accent-strong"])]
        pairs += [(rules[link], ground) for link in ("link", "link-strong") for ground in grounds]
        for text, ground in pairs:
            assert _contrast(_rgb(text), _rgb(ground)) >= 4.5, (text, ground)


def test_grounds_are_those_of_the_stylesheet() -> None:
    css = (Path(__file__).parents[1] / "src/servicekit/web/static/trefoil.css").read_text()
    assert re.findall(r"--(?:ground|surface|sunken): (#[0-9a-f]{6})", css) == [
        "#f4f6f5", "#ffffff", "#f0f3f2", "#0e1412", "#161e1b", "#1c2622",
    ]  # fmt: skip


@pytest.mark.parametrize("color", ["green", "#fff", "#12345", "#1234567", "0b7a5b", "#0b7a5g", "#0b7a5b;}", " #0b7a5b"])
def test_other_notations_of_colours_are_rejected(color: str) -> None:
    with pytest.raises(ValueError, match="must be a colour like"):
        Color.parse(color)


@pytest.mark.parametrize("name", [" ", "x" * 61, "a\nb", "a\u202eb"], ids=["empty", "long", "line break", "override"])
def test_unusable_name_is_rejected(name: str) -> None:
    with pytest.raises(SettingsError, match="BRAND_NAME: must be 1 to 60 printable characters"):
        read(BrandSettings, {"BRAND_NAME": name})


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (PNG + b"\0" * LOGO_LIMIT, "must be at most 262144 bytes"),
        (b"<html><svg></svg></html>", "must be an SVG or PNG image"),
        (b"GIF89a", "must be an SVG or PNG image"),
        (b"", "must be an SVG or PNG image"),
        (None, "no such file"),
    ],
    ids=["large", "html", "gif", "empty", "missing"],
)
def test_unusable_logo_is_rejected(tmp_path: Path, content: Any, fault: str) -> None:
    path = tmp_path / "logo.svg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=f"BRAND_LOGO_FILE: {fault}"):
        read(BrandSettings, {"BRAND_LOGO_FILE": str(path)})
