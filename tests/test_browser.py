"""The pages in Chromium, from the file, as a reader opens them by double click."""

import re
import shutil

import pytest
from playwright.sync_api import sync_playwright

pytestmark = pytest.mark.chromium

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PHONE = {"width": 360, "height": 740}
MINUTES = "chateaubriant/reunions/chb-2015-09-24.html"


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET, headless=True)
        yield browser
        browser.close()


class Visit:
    """What one page did when it was opened."""

    def __init__(self, browser, site, path: str, **options):
        self.page = browser.new_page(locale="fr-FR", **options)
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda request: self.errors.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", self._dialog)
        self.page.on(
            "console", lambda said: self.errors.append(said.text) if said.type in ("error", "warning") else None
        )
        self.page.goto((site.root / path).as_uri())
        self.charts = self.page.locator(".graphique").count()
        if self.charts:
            self.page.wait_for_function(
                "document.querySelectorAll('[data-trace]').length == document.querySelectorAll('.graphique').length",
                timeout=20_000,
            )

    def _dialog(self, dialog) -> None:
        self.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    @property
    def beyond(self) -> list[str]:
        """Requests for anything but a file."""
        return [url for url in self.requests if not url.startswith(("file:", "data:", "blob:"))]


@pytest.fixture(scope="module")
def visits(browser, pages):
    """Every page, opened once on a telephone."""
    opened = {path: Visit(browser, pages, path, viewport=PHONE) for path in pages.paths}
    yield opened
    for visit in opened.values():
        visit.page.close()


def told(visits, what) -> dict[str, object]:
    """What some pages say that they should not."""
    return {path: found for path, visit in visits.items() if (found := what(visit))}


def test_the_thirty_pages_open(visits):
    assert len(visits) == 30


def test_no_page_asks_anything_of_a_network(visits):
    assert told(visits, lambda visit: visit.beyond) == {}


def test_no_page_says_an_error_or_a_warning(visits):
    assert told(visits, lambda visit: visit.errors) == {}


def test_every_chart_is_drawn(visits):
    def undrawn(visit):
        drawn = visit.page.locator(".graphique[data-trace] .main-svg").count()
        return visit.page.locator(".graphique:not([data-trace])").count() or (visit.charts and not drawn)

    assert told(visits, undrawn) == {}
    counts = {path: visit.charts for path, visit in visits.items()}
    assert counts["exemple/1_etat_des_lieux.html"] == 6
    assert counts["exemple/3_enjeux.html"] == 3
    assert counts["chateaubriant/3_enjeux.html"] == 1
    assert counts["index.html"] == counts[MINUTES] == 0


def test_every_chart_has_marks_within_its_frame(visits):
    marks = ".point, .js-line, .textpoint, .bartext, .scatterpts"
    blank = {
        (path, place.get_attribute("data-figure"))
        for path, visit in visits.items()
        for place in visit.page.locator(".graphique").all()
        if not place.locator(marks).count() or place.bounding_box()["height"] < 80
    }
    assert blank == set()


def test_no_page_is_wider_than_a_telephone(visits):
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert told(visits, lambda visit: visit.page.evaluate(wide)) == {}


def test_no_button_sends_a_chart_away(visits):
    def offers(visit):
        buttons = visit.page.locator("a.modebar-btn, button").all()
        titles = [button.get_attribute("data-title") or button.inner_text() for button in buttons]
        return [t for t in titles if re.search("share|cloud|plotly", t, re.I)] or (
            "Share chart" in visit.page.content().split("<script")[0]
        )

    assert told(visits, offers) == {}


def test_numbers_of_charts_are_written_in_french(visits):
    page = visits["exemple/3_enjeux.html"].page
    marks = "[...document.querySelectorAll('.graphique')].map(place => place._fullLayout.separators)"
    assert page.evaluate(marks) == [",\u202f"] * 3


def test_the_data_of_a_chart_open_under_it(visits):
    page = visits["exemple/1_etat_des_lieux.html"].page
    details = page.locator("figure details").first
    assert not details.locator("table").is_visible()
    details.locator("summary").click()
    assert details.locator("table").is_visible()


def test_the_first_page_leads_to_the_minutes_and_back(visits):
    page = visits["index.html"].page
    page.locator(f'a[href="{MINUTES}"]').click()
    assert "24 septembre 2015" in page.locator("h1").inner_text()
    page.locator("header a").first.click()
    assert page.url.endswith("/index.html")


def sheets(browser, site, path: str) -> int:
    """Number of A4 sheets on which a page prints."""
    visit = Visit(browser, site, path)
    pdf = visit.page.pdf(prefer_css_page_size=True, format="A4")
    visit.page.close()
    boxes = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert boxes
    assert all(abs(float(w) - 595) < 2 and abs(float(h) - 842) < 2 for w, h in boxes)
    return len(re.findall(rb"/Type ?/Page\b", pdf))


@pytest.mark.parametrize(
    "path", [MINUTES] + [f"exemple/reunions/ex-2016-{day}.html" for day in ("01-12", "03-15", "05-10")]
)
def test_minutes_print_on_at_most_two_sheets(browser, pages, path):
    assert 1 <= sheets(browser, pages, path) <= 2


@pytest.mark.parametrize("code", ["chateaubriant", "exemple"])
def test_the_essential_of_a_territory_prints_on_at_most_two_sheets(browser, pages, code):
    assert 1 <= sheets(browser, pages, f"{code}/index.html") <= 2


def test_the_minutes_are_whole_without_javascript(browser, pages):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((pages.root / MINUTES).as_uri())
    assert "13 sur 16" in " ".join(page.locator("main").inner_text().split())
    context.close()


def test_what_people_typed_never_runs(browser, hostile):
    for path in hostile.of("exemple"):
        visit = Visit(browser, hostile, path)
        assert visit.errors == [], path
        assert visit.beyond == [], path
        assert visit.page.locator("main img, svg image").count() == 0, path
        visit.page.close()
