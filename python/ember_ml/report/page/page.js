// Begins what the page's data describes.

{
  const data = JSON.parse(document.getElementById("data").textContent);
  showChart(document.getElementById("curve"), data.chart);
  const films = document.getElementById("films");
  const host = make("div", {});
  if (data.films.length > 1) {
    const choice = make("select", {"aria-label": "whose episode"}, ...data.films.map((film, i) => make("option", {value: i}, film.name)));
    choice.onchange = () => { host.replaceChildren(); showFilm(host, data.films[choice.value].film); };
    films.append(make("p", {}, choice));
  }
  films.append(host);
  if (data.films.length) showFilm(host, data.films[0].film);
  for (const block of document.querySelectorAll("pre.command")) {
    const copy = make("button", {type: "button", class: "copy"}, "copy");
    copy.onclick = async () => {
      try { await navigator.clipboard.writeText(block.textContent); copy.textContent = "copied"; }
      catch { getSelection().selectAllChildren(block); }
    };
    block.after(copy);
  }
}
