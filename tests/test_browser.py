"""The pages in Chromium, from the file, as a reader opens them by double click, and on paper."""

import base64
import csv
import io
import itertools
import re
import shutil
import unicodedata

import pypdf
import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from domino_analysis import paths

pytestmark = pytest.mark.chromium

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PHONE, TABLET, SCREEN = ({"width": width, "height": 800} for width in (320, 768, 1280))
MINUTES = "chateaubriant/reunions/chb-2015-09-24.html"
CHARTS = "exemple/3_enjeux.html"
ESSENTIAL = "exemple/index.html"
ALONE = "exemple/diagnostic.html"


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET, headless=True)
        yield browser
        browser.close()


def until(page, holds: str, given: object = None) -> None:
    """Wait for a condition; it is asked from outside, as no page lets a text become a program."""
    for _ in range(400):
        if page.evaluate(holds, given):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{page.url}: {holds}")


class Visit:
    """What one page did when it was opened."""

    def __init__(self, browser, root, path: str, **options):
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
        self.page.goto((root / path).as_uri())
        self.charts = self.page.locator(".graphique").count()
        if self.page.locator(".graphique ~ script").count():
            until(
                self.page,
                "document.querySelectorAll('[data-trace]').length == document.querySelectorAll('.graphique').length",
            )

    def _dialog(self, dialog) -> None:
        self.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.page.close()

    @property
    def beyond(self) -> list[str]:
        """Requests for anything but a file."""
        return [url for url in self.requests if not url.startswith(("file:", "data:", "blob:"))]


@pytest.fixture(scope="module")
def visits(browser, pages):
    """Every page, opened once on a small telephone."""
    opened = {path: Visit(browser, pages.root, path, viewport=PHONE) for path in pages.paths}
    yield opened
    for visit in opened.values():
        visit.page.close()


def told(visits, what) -> dict[str, object]:
    """What some pages say that they should not."""
    return {path: found for path, visit in visits.items() if (found := what(visit))}


# ── what a page asks for ────────────────────────────────────────────────────────────────────────


def test_every_page_opens(visits, pages):
    assert len(visits) == 36
    assert told(visits, lambda visit: visit.page.locator("h1").count() != 1) == {}


def test_no_page_asks_anything_of_a_network(visits):
    assert told(visits, lambda visit: visit.beyond) == {}


def test_no_page_says_an_error_or_a_warning(visits):
    assert told(visits, lambda visit: visit.errors) == {}


INTRUDER = """async () => {
  const refused = [];
  document.addEventListener("securitypolicyviolation", event => refused.push(event.effectiveDirective));
  const add = (name, marks) => document.body.appendChild(Object.assign(document.createElement(name), marks));
  add("img", {src: "https://intrus.invalid/image.png"});
  add("script", {textContent: "window.intrus = 1"});
  add("script", {src: "https://intrus.invalid/programme.js"});
  add("link", {rel: "stylesheet", href: "https://intrus.invalid/style.css"});
  add("iframe", {src: "https://intrus.invalid/"});
  const fetched = await fetch("https://intrus.invalid/").then(() => "fetched", () => "");
  for (let i = 0; i < 100 && refused.length < 6; i++) await new Promise(done => setTimeout(done, 30));
  return [fetched, window.intrus || 0, ...refused.sort()];
}"""
REFUSED = ["connect-src", "frame-src", "img-src", "script-src-elem", "script-src-elem", "style-src-elem"]


def test_a_page_refuses_whatever_would_be_added_to_it(browser, pages):
    for path in pages.paths:
        with Visit(browser, pages.root, path) as visit:
            assert visit.page.evaluate(INTRUDER) == ["", 0, *REFUSED], path
            sent = [url for url in visit.beyond if url not in visit.errors]
            assert sent == [], path


def test_what_people_typed_never_runs(browser, hostile):
    for path in hostile.of("exemple"):
        with Visit(browser, hostile.root, path) as visit:
            assert visit.errors == [], path
            assert visit.beyond == [], path
            assert visit.page.locator("main img, svg image, svg script, main iframe").count() == 0, path


def test_the_essential_holds_no_script_and_pages_are_light(pages, four):
    for site in (pages, four):
        for path in site.paths:
            size = (site.root / path).stat().st_size
            if re.fullmatch(r"[^/]+/index\.html", path):
                assert size <= 200_000, path
                assert "<script" not in site.text(path), path
            else:
                assert size <= (6_000_000 if path.endswith("/diagnostic.html") else 400_000), path


def test_the_diagnostic_opens_alone_in_an_empty_folder(browser, pages, tmp_path):
    for path in (path for path in pages.paths if path.endswith("/diagnostic.html")):
        alone = tmp_path / path.replace("/", "-")
        shutil.copy(pages.root / path, alone)
        with Visit(browser, tmp_path, alone.name, viewport=SCREEN) as visit:
            assert visit.requests == [alone.as_uri()], path
            assert visit.errors == [], path
            assert visit.page.locator(".graphique[data-trace] > .trace .main-svg").count() >= visit.charts > 0, path
            dead = """[...document.querySelectorAll('a[href]')].map(link => link.getAttribute('href')).filter(
              href => href[0] == '#' ? !document.getElementById(decodeURIComponent(href.slice(1))) : !/^(data|https?):/.test(href))"""
            assert visit.page.evaluate(dead) == [], path


# ── charts ──────────────────────────────────────────────────────────────────────────────────────


def test_every_chart_is_drawn(visits):
    def undrawn(visit):
        drawn = visit.page.locator(".graphique[data-trace] .main-svg, .essentiel .dessin svg").count()
        return visit.page.locator("body:not(.essentiel) .graphique:not([data-trace])").count() or visit.charts > drawn

    assert told(visits, undrawn) == {}
    counts = {path: visit.charts for path, visit in visits.items()}
    assert counts["exemple/1_etat_des_lieux.html"] == 6
    assert counts[CHARTS] == 3
    assert counts[ALONE] >= 9
    assert counts["chateaubriant/3_enjeux.html"] == 1
    assert counts["index.html"] == counts[MINUTES] == 0


def test_every_chart_has_marks_within_its_frame(visits):
    marks = ".point, .js-line, .textpoint, .bartext, .scatterpts, .dessin path, .dessin rect"
    blank = {
        (path, place.get_attribute("data-figure"))
        for path, visit in visits.items()
        for place in visit.page.locator(".graphique").all()
        if not place.locator(marks).count() or place.bounding_box()["height"] < 80
    }
    assert blank == set()


def test_no_button_sends_a_chart_away(visits):
    def offers(visit):
        return visit.page.locator("a.modebar-btn, button, form, [data-title*=loud], [data-title*=hare]").count()

    assert told(visits, offers) == {}


def test_numbers_of_charts_are_written_in_french(visits):
    page = visits[CHARTS].page
    marks = "[...document.querySelectorAll('.graphique > .trace')].map(drawn => drawn._fullLayout.separators)"
    assert page.evaluate(marks) == [",\u202f"] * 3


@pytest.mark.parametrize(
    ("size", "months"),
    [(SCREEN, ["décembre2016", "juillet2017", "février2018", "septembre2018"]), (PHONE, ["déc.2016", "sept.2018"])],
)
def test_months_are_words_and_do_not_touch(browser, pages, size, months):
    with Visit(browser, pages.root, "exemple/4_preconisations.html", viewport=size) as visit:
        until(visit.page, "document.querySelectorAll('#figure-echeancier .xtick text').length")
        ticks = visit.page.locator("#figure-echeancier .xtick text").all()
        assert [tick.text_content() for tick in ticks] == months
        boxes = [tick.bounding_box() for tick in ticks]
        assert all(left["x"] + left["width"] < right["x"] for left, right in itertools.pairwise(boxes))


def seen(page) -> list[tuple[bool, bool]]:
    """Of each chart of a page, whether its still drawing and its interactive one are seen."""
    places = page.locator(".graphique").all()
    return [(place.locator("> .dessin").is_visible(), place.locator("> .trace").is_visible()) for place in places]


SHIFTS = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(shift => sum += shift.value)).observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 300);
})"""


@pytest.mark.parametrize("width", [360, 600, 1280])
def test_nothing_moves_on_a_page_when_its_charts_are_drawn(browser, pages, visits, width):
    with_charts = [path for path, visit in visits.items() if visit.charts and width != 600 or path == CHARTS]
    assert len(with_charts) >= (1 if width == 600 else 14)
    for path in with_charts:
        with Visit(browser, pages.root, path, viewport={"width": width, "height": 900}) as visit:
            still = pages[path].body.get("class") == ["essentiel"]
            assert set(seen(visit.page)) == {(True, False) if still else (False, True)}, path
            assert visit.page.evaluate(SHIFTS) < 0.1, path


# ── who cannot see, who has no mouse ────────────────────────────────────────────────────────────

JUDGED = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.mark.parametrize("size", [PHONE, TABLET, SCREEN], ids=lambda size: str(size["width"]))
def test_axe_finds_nothing_to_say_of_any_page(visits, size):
    def violations(visit):
        visit.page.set_viewport_size(size)
        said = Axe().run(visit.page, options={"runOnly": JUDGED, "resultTypes": ["violations"], "preload": False})
        return [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in said.response["violations"]]

    assert told(visits, violations) == {}


OUTLINE = """() => {
  const levels = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map(heading => +heading.localName[1]);
  const one = ["h1", "header", "main", "footer"].filter(name => document.querySelectorAll(name).length != 1);
  const jumps = levels.filter((level, i) => i && level > levels[i - 1] + 1);
  const labels = [...document.querySelectorAll("nav")].map(nav => nav.ariaLabel || nav.getAttribute("aria-labelledby"));
  const names = [...document.querySelectorAll("[id]")].map(marked => marked.id);
  return [...one, ...jumps, ...labels.filter((label, i) => !label || labels.indexOf(label) != i),
    ...names.filter((name, i) => names.indexOf(name) != i), ...levels.slice(0, 1).filter(level => level != 1)];
}"""


def test_every_page_has_one_title_headings_in_order_and_landmarks_with_names(visits):
    assert told(visits, lambda visit: visit.page.evaluate(OUTLINE)) == {}


def test_the_first_key_leads_to_the_content(visits):
    for path, visit in visits.items():
        visit.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        visit.page.keyboard.press("Tab")
        box = visit.page.locator(".passer:focus").bounding_box()
        assert box["x"] >= 0, path
        assert box["y"] >= 0, path
        visit.page.keyboard.press("Enter")
        assert visit.page.evaluate("document.activeElement.id") == "contenu", path


REACHED = """() => {
  const able = [...document.querySelectorAll("a[href], summary, .defile, [tabindex='0']")].filter(one => one.checkVisibility());
  return [able.length, able.filter(one => {
    one.focus({preventScroll: true});
    const look = getComputedStyle(one);
    return one.tabIndex < 0 || document.activeElement != one || look.outlineStyle == "none" || parseFloat(look.outlineWidth) < 2;
  }).map(one => one.outerHTML.slice(0, 200)),
  [...document.querySelectorAll("main *")].filter(one => /auto|scroll/.test(getComputedStyle(one).overflowX) && one.checkVisibility()
    && one.scrollWidth > one.clientWidth + 1 && one.tabIndex < 0).map(one => one.outerHTML.slice(0, 200))];
}"""


def test_every_link_and_every_table_is_reached_by_keyboard_and_seen_when_it_is(visits):
    for path, visit in visits.items():
        visit.page.set_viewport_size(PHONE)
        visit.page.keyboard.press("Tab")
        number, unseen, stuck = visit.page.evaluate(REACHED)
        assert number > 8, path
        assert (unseen, stuck) == ([], []), path


HERE = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect(), inside = box.top < innerHeight && box.bottom > 0;
  const over = [...Array(5).keys()].map(i => document.elementFromPoint(
    Math.min(Math.max(box.left + box.width * (i + 1) / 6, 1), innerWidth - 1), (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2));
  return [one.localName, one.className, (one.innerText || "").trim().split("\\n")[0], inside && over.some(found => one.contains(found) || found?.contains(one))];
}"""


@pytest.mark.parametrize("path", ["index.html", ESSENTIAL, MINUTES, CHARTS])
def test_the_key_tab_goes_through_the_page_in_order_and_never_under_something(browser, pages, path):
    able = "[...document.querySelectorAll('a[href], summary, [tabindex=\"0\"]')].filter(one => one.checkVisibility()).length"
    steps = []
    with Visit(browser, pages.root, path, viewport=PHONE) as visit:
        for _ in range(visit.page.evaluate(able)):
            visit.page.keyboard.press("Tab")
            steps.append(visit.page.evaluate(HERE))
    assert steps[0][2] == "Aller au contenu"
    assert [step for step in steps if not step[3]] == []
    assert "body" not in {name for name, *_ in steps}


def test_the_keyboard_goes_through_a_figure(browser, pages):
    with Visit(browser, pages.root, "exemple/1_etat_des_lieux.html", viewport=SCREEN) as visit:
        page, key = visit.page, visit.page.keyboard
        figure = page.locator("figure:has(.graphique)").first
        summary = figure.locator("summary", has_text="Les données de ce graphique")
        for _ in range(80):
            key.press("Tab")
            if summary.evaluate("one => one == document.activeElement"):
                break
        assert not figure.locator("table").is_visible()
        key.press("Enter")
        assert figure.locator("table").is_visible()
        steps = []
        for _ in range(4):
            key.press("Tab")
            steps.append(page.evaluate(HERE)[:3])
        assert [(name, marks) for name, marks, _ in steps] == [("div", "defile"), ("a", ""), ("a", ""), ("summary", "")]
        assert steps[1][2].startswith("Télécharger ces données (CSV)")
        assert steps[2][2].startswith("Lien vers cette figure")
        assert steps[3][2] == "D'où vient ce chiffre\u202f?"
        key.press("Enter")
        assert figure.locator(".origine li").first.is_visible()


def test_a_number_of_a_sentence_leads_to_where_it_comes_from(visits):
    checked = 0
    for path, visit in visits.items():
        links = visit.page.locator("a.renvoi")
        lost = "[...document.querySelectorAll('a.renvoi')].filter(one => !document.querySelector(`[id='${one.hash.slice(1)}']`)).length"
        assert visit.page.evaluate(lost) == 0, path
        if links.count():
            links.first.focus()
            visit.page.keyboard.press("Enter")
            entry = visit.page.locator(":target")
            assert re.fullmatch(r"(etape-\d-)?origine-\d+", entry.get_attribute("id")), path
            until(visit.page, "document.querySelector(':target').getBoundingClientRect().top < innerHeight - 40")
            assert entry.bounding_box()["y"] >= 0, path
            assert re.search(r"Feuille|data/raw|Aucune ligne", entry.inner_text()), path
            checked += 1
    assert checked >= 25


def test_nothing_moves_by_itself_for_anyone(visits):
    moving = """[...document.querySelectorAll("*")].filter(one => {
      const look = getComputedStyle(one);
      return look.scrollBehavior == "smooth" || look.animationName != "none" || look.transitionDuration.split(", ").some(time => parseFloat(time) > 0);
    }).map(one => one.outerHTML.slice(0, 100))"""
    assert told(visits, lambda visit: visit.page.evaluate(moving)) == {}


# ── small screens, large letters ────────────────────────────────────────────────────────────────

NARROW = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
SPACED = """*:not(svg, svg *) { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
p { margin-bottom: 2em !important }"""
CUT = """() => {
  const found = [], lines = [];
  const apart = ".passer, .vers-sommaire, .sr, svg, script, style, thead, .graphique";
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const holder = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || holder.closest(apart) || !holder.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(walk.currentNode);
    const scroller = holder.closest(".defile, .sommaire");
    for (const box of range.getClientRects()) {
      if (!box.width) continue;
      if (!scroller && (box.right > innerWidth + 1 || box.left < -1)) found.push(["beyond", walk.currentNode.data.slice(0, 60)]);
      const slack = box.height * .3;
      lines.push([box.top + slack, box.bottom - slack, box.left + 1, box.right - 1, walk.currentNode]);
    }
  }
  lines.sort((a, b) => a[0] - b[0]);
  lines.forEach((a, i) => {
    for (let j = i + 1; j < lines.length && lines[j][0] < a[1]; j++) {
      const b = lines[j];
      if (b[4] != a[4] && b[2] < a[3] && b[3] > a[2]) found.push(["over", a[4].data.slice(0, 60), b[4].data.slice(0, 60)]);
    }
  });
  for (const one of document.querySelectorAll("body *:not(.sr, svg, svg *)")) {
    const look = getComputedStyle(one);
    if (!one.closest(apart) && /hidden|clip/.test(look.overflowX + look.overflowY) && one.checkVisibility()
      && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)) found.push(["hidden", one.outerHTML.slice(0, 100)]);
  }
  return found;
}"""


@pytest.mark.parametrize("width", [320, 640, 1280])
def test_no_page_is_wider_than_the_screen_and_nothing_is_cut_even_when_letters_are_spaced(visits, width):
    for path, visit in visits.items():  # 640 is a screen of 1280 at 200 %, and 320 the same at 400 %
        visit.page.bring_to_front()
        visit.page.set_viewport_size({"width": width, "height": 800})
        visit.page.evaluate("scrollTo(0, 0)")
        until(visit.page, NARROW)
        assert visit.page.evaluate(CUT) == [], path
        style = visit.page.add_style_tag(content=SPACED)
        until(visit.page, NARROW)
        assert visit.page.evaluate(CUT) == [], path
        style.evaluate("one => one.remove()")


def test_letters_twice_as_large_make_no_page_wider_than_the_screen(visits):
    for visit in visits.values():
        visit.page.bring_to_front()
        visit.page.set_viewport_size(TABLET)
        style = visit.page.add_style_tag(content="html { font-size: 200% !important }")
        until(visit.page, NARROW)
        style.evaluate("one => one.remove()")


# ── without JavaScript ──────────────────────────────────────────────────────────────────────────


def test_every_page_is_whole_without_javascript(browser, pages):
    context = browser.new_context(java_script_enabled=False, viewport=SCREEN)
    page = context.new_page()
    for path in pages.paths:
        page.goto((pages.root / path).as_uri())
        assert len(page.locator("main").inner_text().split()) > 60, path
        for place in page.locator(".graphique").all():
            drawn = place.locator("> .dessin > svg")
            assert drawn.is_visible(), path
            assert place.bounding_box()["height"] == drawn.bounding_box()["height"] > 80, path
        if page.locator("figure details:not([open]) > summary").count():
            details = page.locator("figure details:not([open])", has=page.locator("summary")).first.element_handle()
            inside = details.query_selector(":scope > :not(summary)")
            assert not inside.is_visible(), path
            details.query_selector("summary").focus()
            page.keyboard.press("Enter")
            assert inside.is_visible(), path
    page.goto((pages.root / MINUTES).as_uri())
    assert "13 sur 16" in " ".join(page.locator("main").inner_text().split())
    context.close()


# ── the way through the pages ───────────────────────────────────────────────────────────────────


def test_the_first_page_leads_to_the_minutes_and_back(browser, pages):
    with Visit(browser, pages.root, "index.html") as visit:
        visit.page.locator(f'a[href="{MINUTES}"]').first.click()
        assert "24 septembre 2015" in visit.page.locator("h1").inner_text()
        visit.page.locator("header a").first.click()
        assert visit.page.url.endswith("/index.html")


def test_the_contents_follow_what_one_reads(browser, pages):
    followed = 0
    for path in (CHARTS, "comparaison.html", "exemple/1_etat_des_lieux.html", ALONE):
        with Visit(browser, pages.root, path, viewport=SCREEN) as visit:
            entries = visit.page.locator(".sommaire a")
            for entry in entries.all()[:-3]:  # the last sections may be too short to reach the top
                target = entry.get_attribute("href").removeprefix("#")
                visit.page.evaluate("id => document.getElementById(id).scrollIntoView({behavior: 'instant'})", target)
                until(
                    visit.page,
                    "id => document.querySelector('.sommaire a[aria-current=location]')?.getAttribute('href') == '#' + id",
                    target,
                )
                assert visit.page.locator(".sommaire [aria-current]").count() == 1, path
                assert entry.is_visible(), path
                followed += 1
    assert followed > 15


def test_a_link_to_a_figure_lands_on_it(browser, pages):
    for size in (PHONE, SCREEN):
        with Visit(browser, pages.root, "exemple/1_etat_des_lieux.html", viewport=size) as visit:
            address = (
                visit.page.locator("#figure-themes").get_by_text("Lien vers cette figure").evaluate("one => one.href")
            )
        assert address.endswith("exemple/1_etat_des_lieux.html#figure-themes")
        page = browser.new_page(viewport=size)
        page.goto(address)
        until(page, "document.querySelectorAll('[data-trace]').length == 6")
        until(
            page, "(top => 0 <= top && top < 200)(document.querySelector('#figure-themes').getBoundingClientRect().top)"
        )
        page.close()


# ── the data of a figure, in a spreadsheet ──────────────────────────────────────────────────────

DATA = "data:text/csv;charset=utf-8;base64,"


def cells(content: bytes) -> list[list[str]]:
    """Cells of a downloaded file, as a spreadsheet in French reads them."""
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def runs(cell: str) -> bool:
    """Whether a spreadsheet would take a cell for a formula: a number is none, nor signs alone."""
    begins = cell.lstrip(" \u202f\xa0")[:1] in ("=", "+", "-", "@", "\t", "\r")
    return begins and not re.fullmatch(r"-?\d+(,\d+)?|[+-]+", cell)


def test_the_data_of_a_figure_are_a_file_that_a_spreadsheet_reads_and_never_runs(pages, four, hostile):
    for site in (pages, four, hostile):
        for path in site.paths:
            for link in site[path].select("a[download]"):
                assert link["href"].startswith(DATA), path
                rows = cells(base64.b64decode(link["href"].removeprefix(DATA)))
                assert len({len(row) for row in rows}) == 1, (path, link["download"])
                assert [cell for row in rows for cell in row if runs(cell)] == [], (path, link["download"])
                assert [cell for row in rows for cell in row if re.fullmatch(r"-?\d+\.\d+", cell)] == [], path


@pytest.mark.parametrize("path", [CHARTS, ALONE, ESSENTIAL])
def test_a_click_downloads_the_data_of_each_figure(browser, hostile, path):
    with Visit(browser, hostile.root, path, accept_downloads=True) as visit:
        links = visit.page.locator("a[download]").all()
        assert len(links) > 1
        for link in links[:6]:
            with visit.page.expect_download() as waited:
                link.click()
            assert re.fullmatch(r"[\w-]+\.csv", waited.value.suggested_filename)
            rows = cells(waited.value.path().read_bytes())
            assert len(rows) > 1
            assert [cell for row in rows for cell in row if runs(cell)] == []
        assert visit.errors == []


# ── on paper ────────────────────────────────────────────────────────────────────────────────────


def printed(page) -> pypdf.PdfReader:
    """What a page prints, on A4 sheets all of them."""
    read = pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, format="A4")))
    assert all(abs(float(s.mediabox.width) - 595) < 2 and abs(float(s.mediabox.height) - 842) < 2 for s in read.pages)
    return read


def addresses(sheet) -> set[str]:
    """Where the links of a sheet lead."""
    links = [note.get_object() for note in sheet.get("/Annots", ())]
    return {link["/A"]["/URI"] for link in links if "/URI" in link.get("/A", {})}


def words(sheet) -> str:
    """Text of a sheet, without a space, each letter on its own."""
    return "".join(unicodedata.normalize("NFKC", sheet.extract_text()).split())


def test_the_essential_of_each_territory_prints_on_two_sheets_and_the_slip_on_others(browser, pages, four):
    counts = {}
    for site in (pages, four):
        for path in (path for path in site.paths if re.fullmatch(r"[^/]+/index\.html", path)):
            with Visit(browser, site.root, path) as visit:
                closed = len(printed(visit.page).pages)
                visit.page.locator("#bulletin > summary").click()
                opened = printed(visit.page).pages
                counts[path] = closed, 1 <= len(opened) - closed <= 2
                assert "Cequiestfaux" in words(opened[closed]), path
                assert "Cequiestfaux" not in words(opened[closed - 1]), path
    assert counts == {path: (2, True) for path in counts}
    assert len(counts) == 9


MARKS = """() => {
  let number = 0;
  const mark = (place, text, first) => {
    const sign = document.createElement("a");
    sign.href = "https://marque.invalid/" + text;
    sign.setAttribute("download", "");
    sign.textContent = "x";
    sign.style.cssText = "position: absolute; left: 0; font: 4px monospace; " + (first ? "top: 0" : "bottom: 0");
    place.style.position = "relative";
    first ? place.prepend(sign) : place.append(sign);
  };
  const whole = [];
  for (const place of document.querySelectorAll("figure.figure, .dessin, tr, .fiche")) {
    if (!place.checkVisibility()) continue;
    const high = place.getBoundingClientRect().height;
    if (!high || high > 980) continue;
    const inside = place.localName == "tr" ? place.firstElementChild : place;
    mark(inside, `a${++number}`, true);
    mark(place.localName == "tr" ? place.lastElementChild : place, `b${number}`, false);
    whole.push(number);
  }
  return whole;
}"""


@pytest.fixture(scope="module")
def paper(browser, pages):
    """What each page prints, the numbers of what should be whole on a sheet, and the links that are seen there."""
    made = {}
    links = """[...document.querySelectorAll("main a[href]:not([href^='#'], [download])")]
      .filter(link => link.checkVisibility()).map(link => link.getAttribute("href"))"""
    for path in pages.paths:
        with Visit(browser, pages.root, path, viewport={"width": 695, "height": 1000}) as visit:
            visit.page.emulate_media(media="print")
            shown, numbers = visit.page.evaluate(links), visit.page.evaluate(MARKS)
            made[path] = printed(visit.page).pages, numbers, shown
    return made


def test_no_figure_no_row_and_no_card_is_cut_between_two_sheets(paper):
    looked = 0
    for path, (sheets, numbers, _) in paper.items():
        places = [addresses(sheet) for sheet in sheets]
        for number in numbers:
            start, end = (
                {i for i, found in enumerate(places) if f"https://marque.invalid/{side}{number}" in found}
                for side in "ab"
            )
            assert start == end, (path, number)
            looked += bool(start)
    assert looked > 400


def test_the_head_of_a_table_stands_again_on_each_sheet(browser, pages):
    with Visit(browser, pages.root, "comparaison.html") as visit:
        visit.page.evaluate("""() => {
          const table = [...document.querySelectorAll("main table")].sort((a, b) => b.rows.length - a.rows.length)[0];
          table.tHead.rows[0].cells[0].prepend("tete9z ");
          for (const row of [...table.tBodies[0].rows, ...table.tBodies[0].rows]) table.tBodies[0].append(row.cloneNode(true));
          [...table.tBodies[0].rows].forEach((row, i) => row.cells[0].prepend(`rang${i}z `));
        }""")
        sheets = [words(sheet) for sheet in printed(visit.page).pages]
        held = [sheet for sheet in sheets if re.search(r"rang\d+z", sheet)]
        assert len(held) >= 2
        assert all(sheet.count("tete9z") == 1 for sheet in held)
        assert sum(len(re.findall(r"rang\d+z", sheet)) for sheet in held) > 20


@pytest.mark.parametrize(
    "path", [MINUTES] + [f"exemple/reunions/ex-2016-{day}.html" for day in ("01-12", "03-15", "05-10")]
)
def test_minutes_print_on_at_most_two_sheets(browser, pages, path):
    with Visit(browser, pages.root, path) as visit:
        assert 1 <= len(printed(visit.page).pages) <= 2


def test_each_printed_sheet_says_the_date_of_the_data_and_the_key_of_the_page(pages, paper):
    dated = 0
    for path, (sheets, *_) in paper.items():
        said = pages[path].select_one("footer p").get_text()
        key = pages[path].select_one('meta[name="domino"]')["content"]
        date = re.search(r"plus récentes\s:\s(.*)\.$", said)
        for place, sheet in enumerate(sheets, 1):
            text = words(sheet)
            assert key in text, path
            assert f"{place}/{len(sheets)}" in text, path
            assert not date or "donnéesau" + "".join(date[1].split()) in text, path
        dated += bool(date)
    assert dated == 30  # no document of Redon is dated, and the method is of no data


def test_the_links_of_a_step_are_written_out_on_paper(paper):
    written = 0
    for path, (sheets, _, shown) in paper.items():
        if re.search(r"/\d_|^cahier|^comparaison", path):
            text = "".join(map(words, sheets))
            assert [href for href in shown if f"({href})" not in text] == [], path
            written += len(shown)
    assert written > 50


def test_charts_print_as_still_drawings(browser, pages):
    with Visit(browser, pages.root, CHARTS, viewport={"width": 695, "height": 1000}) as visit:
        visit.page.emulate_media(media="print")
        assert seen(visit.page) == [(True, False)] * 3
        for drawing in visit.page.locator(".dessin svg").all():
            box = drawing.bounding_box()
            assert box["width"] <= 695
            assert box["height"] <= 1000
        visit.page.emulate_media(media="screen")
        assert seen(visit.page) == [(False, True)] * 3


# ── in black and white ──────────────────────────────────────────────────────────────────────────


def lightness(colour: str) -> float:
    """Relative luminance of a colour, as WCAG computes it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((lightness(one), lightness(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_colours_of_the_parts_of_a_bar_differ_in_grey():
    look = yaml.safe_load((paths.CHECKOUT / "domino_analysis/catalogue/apparence.yaml").read_text(encoding="utf-8"))
    parts = look["couleurs"]["parts"]
    assert len(parts) == 5
    ordered = sorted(parts, key=lightness)
    assert [pair for pair in itertools.pairwise(ordered) if contrast(*pair) < 1.4] == []
    assert all(contrast(one, other) >= 1.4 for one, other in itertools.pairwise([*parts, parts[0]]))


PAINTED = """[...document.querySelectorAll(".dessin svg")].map(svg => [...new Set([...svg.querySelectorAll("path, rect, circle, polygon")].map(mark => {
  const fill = mark.getAttribute("fill") || "black", line = mark.getAttribute("stroke") || "none";
  const form = mark.localName + (mark.localName == "path" ? (mark.getAttribute("d").match(/[a-zA-Z]/g) || []).slice(0, 6).join("") : "");
  return [fill == "none" ? line : fill, form, fill == "none" ? "open" : "full", mark.getAttribute("stroke-dasharray") || "", mark.getAttribute("stroke-width") || ""].join("|");
}))])"""


def test_marks_of_two_colours_differ_by_something_else_in_grey(visits):
    compared = 0
    for path, visit in visits.items():
        for marks in visit.page.evaluate(PAINTED):
            for one, other in itertools.combinations([mark.split("|", 1) for mark in marks], 2):
                if one[0] != other[0] and all(re.fullmatch("#[0-9a-f]{6}", mark[0]) for mark in (one, other)):
                    compared += 1
                    assert one[1] != other[1] or contrast(one[0], other[0]) >= 1.2, (path, one, other)
    assert compared > 50
