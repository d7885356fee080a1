// Draws each chart of the page from the description that stands beside it, over the still drawing that it replaces on a screen.
const NARROW = 520; // pixels
const SHORT = { month: "short", year: "numeric", timeZone: "UTC" };
for (const place of document.querySelectorAll(".graphique[data-figure]")) {
  const described = document.getElementById("trace-" + place.dataset.figure);
  if (!described) continue;
  const chart = JSON.parse(described.textContent);
  if (place.clientWidth < NARROW) narrow(chart);
  const drawn = place.appendChild(document.createElement("div"));
  drawn.className = "trace";
  drawn.style.height = chart.layout.height + "px";
  Plotly.newPlot(drawn, chart.data, chart.layout, chart.config).then(() => {
    place.dataset.trace = "oui";
  });
}
// Where there is no room for words beside marks, a legend names them.
function narrow({ data, layout }) {
  layout.font = { size: 11 };
  for (const trace of data) {
    if (trace.mode === "text") trace.visible = false;
    if (trace.name && trace.mode === "markers+text" && trace.showlegend === false) Object.assign(trace, { mode: "markers", showlegend: true });
  }
  for (const axis of Object.values(layout)) {
    if (axis.ticklabelstandoff) { axis.ticklabelstandoff = 0; layout.margin.r = 20; }
    if (axis.tickvals) {
      axis.tickvals.splice(1, axis.tickvals.length - 2);
      axis.ticktext = axis.tickvals.map((day) => new Date(day).toLocaleDateString("fr", SHORT).replace(" ", "<br>"));
    }
  }
  if (layout.polar) {
    layout.polar.angularaxis.tickfont = { size: 10 };
    Object.assign(layout, { height: 400, margin: { l: 82, r: 82, t: 36, b: 76 } });
  }
}
// The table of contents follows: the section that one reads is marked.
const entries = new Map([...document.querySelectorAll(".sommaire a")].map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
const headings = [...entries.keys()].map((id) => document.getElementById(id)).filter(Boolean);
function follow() {
  const isEnd = scrollY + innerHeight > document.documentElement.scrollHeight - 2;
  const asked = isEnd && headings.find((heading) => "#" + heading.id === decodeURIComponent(location.hash)); // too short to reach the top
  const read = asked || headings.filter((heading) => heading.getBoundingClientRect().top < 100).at(-1);
  for (const [id, link] of entries) link.toggleAttribute("aria-current", read !== undefined && id === read.id);
  if (read) entries.get(read.id).setAttribute("aria-current", "location");
}
if (headings.length) for (const when of ["scroll", "resize"]) addEventListener(when, () => requestAnimationFrame(follow), { passive: true });
