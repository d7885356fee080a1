// Draws each chart of the page from the description that stands beside it.
const NARROW = 520; // pixels
for (const place of document.querySelectorAll(".graphique[data-figure]")) {
  const described = document.getElementById("trace-" + place.dataset.figure);
  if (!described) continue;
  const chart = JSON.parse(described.textContent);
  if (place.clientWidth < NARROW) {
    chart.layout.font = { size: 11 };
    chart.data = chart.data.filter((trace) => trace.mode !== "text");
  }
  Plotly.newPlot(place, chart.data, chart.layout, chart.config).then(() => {
    place.dataset.trace = "oui";
  });
}
const PAPER = 660; // pixels between the margins of an A4 sheet
for (const [when, size] of [["beforeprint", { width: PAPER, autosize: false }], ["afterprint", { width: null, autosize: true }]]) {
  window.addEventListener(when, () => {
    for (const place of document.querySelectorAll("[data-trace]")) Plotly.relayout(place, size);
  });
}
