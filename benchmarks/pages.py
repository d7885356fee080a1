"""How heavy each page of ``reports/`` is, and how soon a reader sees it, in Chromium, from the file.

``python benchmarks/pages.py`` measures every page (five times each, a few minutes) and writes
``benchmarks/pages.json``; ``--reports DIR`` measures another folder. Times are medians.
"""

import argparse
import json
import os
import shutil
import statistics
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

CHECKOUT = Path(__file__).resolve().parent.parent
KEPT = Path(__file__).with_suffix(".json")
SIZE = {"width": 360, "height": 740}
TARGETS = {
    "poids": "≤ 400 ko (l'essentiel ≤ 200, en un fichier ≤ 6 000)",
    "texte": "≤ 0,5 s",
    "graphiques": "≤ 2,5 s",
    "saut": "< 0,1",
}
WATCH = """
window.seen = {drawn: 0, shift: 0};
new MutationObserver(() => window.seen.drawn = performance.now()).observe(document, {subtree: true, attributeFilter: ["data-trace"]});
new PerformanceObserver(list => list.getEntries().forEach(one => window.seen.shift += one.value)).observe({type: "layout-shift", buffered: true});
"""
DRAWN = "document.querySelectorAll('[data-trace]').length >= document.querySelectorAll('body:not(.essentiel) .graphique').length"
FIRST = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def once(browser: Browser, path: Path) -> tuple[float, float, float]:
    """Seconds to the first text and to all the charts, and layout shift, of one opening."""
    page = browser.new_page(viewport=SIZE, locale="fr-FR")
    page.add_init_script(WATCH)
    page.goto(path.as_uri())
    while not (page.evaluate(DRAWN) and page.evaluate(FIRST)):
        page.wait_for_timeout(20)
    page.wait_for_timeout(200)
    first, (drawn, shift) = page.evaluate(FIRST), page.evaluate("[window.seen.drawn, window.seen.shift]")
    page.close()
    return first / 1000, max(first, drawn) / 1000, shift


def most(path: str) -> int:
    """Bytes that a page may weigh."""
    if path.endswith("/diagnostic.html"):
        return 6_000_000
    return 200_000 if path.endswith("/index.html") else 400_000


def main() -> None:
    """Measure, print the table, keep it."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--reports", type=Path, default=CHECKOUT / "reports")
    asked.add_argument("--repeat", type=int, default=5)
    said = asked.parse_args()
    rows = {}
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        once(browser, said.reports / "index.html")
        for path in sorted(said.reports.rglob("*.html")):
            name = path.relative_to(said.reports).as_posix()
            runs = [once(browser, path) for _ in range(said.repeat)]
            first, drawn, shift = map(statistics.median, zip(*runs, strict=True))
            rows[name] = {
                "octets": path.stat().st_size,
                "texte": round(first, 3),
                "graphiques": round(drawn, 3),
                "saut": round(shift, 4),
            }
        browser.close()
    within = {
        name: row["octets"] <= most(name) and row["texte"] <= 0.5 and row["graphiques"] <= 2.5 and row["saut"] < 0.1
        for name, row in rows.items()
    }
    kept = {"coeurs": os.cpu_count(), "charge": round(os.getloadavg()[0], 1), "attendu": TARGETS, "pages": rows}
    KEPT.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print("| page | poids (ko) | premier texte (s) | graphiques (s) | saut | tenu |\n|---|---|---|---|---|---|")
    print("| *attendu* | {poids} | {texte} | {graphiques} | {saut} | |".format(**TARGETS))
    for name, row in rows.items():
        told = f"{row['octets'] / 1000:.0f} | {row['texte']:.2f} | {row['graphiques']:.2f} | {row['saut']:.3f}".replace(
            ".", ","
        )
        print(f"| {name} | {told} | {'oui' if within[name] else 'non'} |")


if __name__ == "__main__":
    main()
