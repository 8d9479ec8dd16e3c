"""The brand of the pages: BRAND_NAME, BRAND_LOGO_FILE, BRAND_COLOR."""

import re


async def test_brand_is_that_of_the_settings(environment, open_browser, tmp_path):
    logo = tmp_path / "logo.svg"
    logo.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    environment |= {"BRAND_NAME": "Example Store", "BRAND_LOGO_FILE": str(logo), "BRAND_COLOR": "#7f00ff"}
    browser = await open_browser()
    html = await (await browser.get("/")).get_data(as_text=True)
    assert "<span>Example Store</span>" in html
    [image] = re.findall(r'<img src="([^"]+)"', html)
    assert await (await browser.get(image)).get_data(as_text=True) == logo.read_text()
    [sheet] = re.findall(r'href="(/assets/brand.css[^"]*)"', html)
    assert "--accent: #7f00ff" in await (await browser.get(sheet)).get_data(as_text=True)
