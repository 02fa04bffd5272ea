// A chart in each place that the page has for one.

{
  const charts = JSON.parse(document.getElementById("data").textContent);
  document.querySelectorAll("div.chart").forEach((host, i) => showChart(host, charts[i]));
}
