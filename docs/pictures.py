"""Take again the pictures of the documents, from the pages in ``reports/``: ``make pictures``."""

import io
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent
REPORTS = HERE.parent / "reports"
HEAVIEST = 250_000  # bytes
DRAWN = "document.querySelectorAll('[data-trace]').length >= document.querySelectorAll('body:not(.essentiel) .graphique').length"
PAPER = "body { padding: 42px 49px } .verso, .essentiel .bulletin { display: none }"


def opened(page: Page, path: str, width: int, height: int) -> Page:
    """A page of the reports, when its charts are drawn."""
    page.set_viewport_size({"width": width, "height": height})
    page.goto((REPORTS / path).as_uri())
    while not page.evaluate(DRAWN):
        page.wait_for_timeout(50)
    return page


def accueil(page: Page) -> bytes:
    """The first page."""
    return opened(page, "index.html", 1280, 1250).screenshot()


def essentiel(page: Page) -> bytes:
    """The essential of a territory, as its first sheet prints."""
    opened(page, "chateaubriant/index.html", 794, 1123).emulate_media(media="print")
    page.add_style_tag(content=PAPER)
    return page.screenshot()


def telephone(page: Page) -> bytes:
    """A step, on a telephone."""
    opened(page, "exemple/3_enjeux.html", 390, 844).locator("#figure-ecarts").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('#figure-ecarts').scrollIntoView()")
    return page.screenshot()


def origine(page: Page) -> bytes:
    """A figure, with where its numbers come from."""
    figure = opened(page, "exemple/3_enjeux.html", 1100, 900).locator("figure:has(.graphique)").first
    figure.locator(".origine > summary").click()
    page.mouse.move(0, 0)
    return figure.screenshot()


def comparaison(page: Page) -> bytes:
    """The territories side by side."""
    return opened(page, "comparaison.html", 1100, 900).screenshot()


def page(page: Page) -> bytes:
    """The minutes of a meeting."""
    return opened(page, "chateaubriant/reunions/chb-2015-09-24.html", 1100, 1300).screenshot()


def lighter(png: bytes) -> bytes:
    """The same picture in fewer colours, where Pillow is there to choose them."""
    try:
        from PIL import Image
    except ImportError:
        return png
    kept = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(64).save(kept, "PNG", optimize=True)
    return kept.getvalue()


def main() -> None:
    """Take them all."""
    if not (REPORTS / "index.html").exists():
        sys.exit("There is no page yet: make reports")
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for taken in (accueil, essentiel, telephone, origine, comparaison, page):
            held = browser.new_page(locale="fr-FR", reduced_motion="reduce")
            png = lighter(taken(held))
            held.close()
            assert len(png) < HEAVIEST, f"{taken.__name__}: {len(png)} bytes"
            (HERE / f"{taken.__name__}.png").write_bytes(png)
            print(f"docs/{taken.__name__}.png {len(png)}")
        browser.close()


if __name__ == "__main__":
    main()
