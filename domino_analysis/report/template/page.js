// Draws each chart of the page from the description that stands beside it.
for (const place of document.querySelectorAll(".graphique[data-figure]")) {
  const described = document.getElementById("trace-" + place.dataset.figure);
  if (!described) continue;
  const chart = JSON.parse(described.textContent);
  Plotly.newPlot(place, chart.data, chart.layout, chart.config).then(() => {
    place.dataset.trace = "oui";
  });
}
for (const when of ["beforeprint", "afterprint"]) {
  window.addEventListener(when, () => {
    for (const place of document.querySelectorAll("[data-trace]")) Plotly.Plots.resize(place);
  });
}
