// One episode, played. `film` is what film.py describes.

function showFilm(host, film) {
  if (film.missing) { host.append(make("p", {class: "note"}, film.missing)); return; }
  const last = film.at.length - 1;
  const pictures = film.frame_steps || [];
  const canvas = film.size ? make("canvas", {role: "img", "aria-label": "animation of the episode"}) : null;
  const play = make("button", {type: "button"}, "play");
  const slider = make("input", {type: "range", min: 0, max: last, value: 0, "aria-label": "step"});
  const said = make("span", {class: "said"});
  const rows = make("div", {class: last > 150 ? "rows dense" : "rows"});
  const stage = make("div", {class: "stage"});
  if (canvas) stage.append(canvas);
  stage.append(make("div", {class: "bar player"}, play, slider, said));
  host.append(make("div", {class: "film"}, stage, rows));

  const sharp = Math.min(3, window.devicePixelRatio || 1);
  const loaded = (film.pictures || []).map((source) => { const image = new Image(); image.src = source; return image; });
  if (canvas) {
    canvas.width = film.size[0] * sharp;
    canvas.height = film.size[1] * sharp;
    canvas.style.aspectRatio = `${film.size[0]} / ${film.size[1]}`;
  }

  function stroke(pen, [kind, color, width, p]) {
    pen.beginPath();
    pen.fillStyle = pen.strokeStyle = color;
    pen.lineWidth = Math.max(width, 0.5);
    pen.lineCap = pen.lineJoin = "round";
    if (kind === "ring") {
      pen.arc(p[0], p[1], p[2], 0, 2 * Math.PI);
      if (width) pen.stroke(); else pen.fill();
      return;
    }
    for (let i = 0; i < p.length; i += 2) pen.lineTo(p[i], p[i + 1]);
    if (kind === "fill") pen.fill(); else pen.stroke();
  }

  function picture(step) {
    if (!canvas || !pictures.length) return;
    let frame = 0;
    while (frame + 1 < pictures.length && pictures[frame + 1] <= step) frame++;
    const pen = canvas.getContext("2d");
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    pen.fillStyle = "white";
    pen.fillRect(0, 0, ...film.size);
    if (film.pictures) {
      if (loaded[frame].complete) pen.drawImage(loaded[frame], 0, 0, ...film.size);
      else loaded[frame].onload = () => picture(step);
    } else for (const index of film.frames[frame]) stroke(pen, film.strokes[index]);
  }

  const traces = film.rows.map((row) => {
    const width = 300, height = 34;
    const values = row.values.filter((value) => value !== null);
    let low = Math.min(...values), high = Math.max(...values);
    if (!(high > low)) { low -= 1; high += 1; }
    const place = (i) => [2 + (width - 4) * (last ? i / last : 0), height - 3 - (height - 6) * (row.values[i] - low) / (high - low)];
    let text = "", pen = false;
    row.values.forEach((value, i) => {
      if (value === null) { pen = false; return; }
      text += (pen ? "L" : "M") + place(i).map((v) => v.toFixed(1)).join(" ");
      pen = true;
    });
    const cursor = make("line", {class: "cross", y1: 0, y2: height});
    const svg = make("svg", {viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none"},
      make("path", {class: "trace", d: text, "vector-effect": "non-scaling-stroke"}), cursor);
    svg.onpointerdown = (event) => {
      const box = svg.getBoundingClientRect();
      seek(Math.round(last * (event.clientX - box.left) / box.width));
    };
    const value = make("span", {class: "value"});
    rows.append(make("div", {class: "row"}, make("span", {class: "title"}, row.name), svg, value));
    return (i) => {
      const x = 2 + (width - 4) * (last ? i / last : 0);
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      const choice = row.name === "action" && film.choices[row.values[i]];
      value.textContent = choice || number(row.values[i], 3);
    };
  });

  let now = 0, running = false, begun = 0, before = 0;
  function show() {
    slider.value = now;
    picture(film.at[now]);
    for (const trace of traces) trace(now);
    const end = now === last ? `, ${film.end}` : "";
    said.textContent = `step ${film.at[now]} of ${film.steps}${end}`;
  }
  function seek(i) { run(false); now = Math.min(last, Math.max(0, i)); show(); }
  function run(on) {
    running = on;
    play.textContent = on ? "pause" : "play";
    if (!on) return;
    if (now === last) now = 0;
    before = now;
    begun = performance.now();
    requestAnimationFrame(tick);
  }
  function tick(time) {
    if (!running) return;
    // Fifty steps a second, but no episode longer than twelve seconds.
    const seconds = Math.min(12, Math.max(1.5, film.steps / 50));
    now = Math.min(last, before + Math.floor(Math.max(0, time - begun) / 1000 / seconds * last));
    show();
    if (now < last) requestAnimationFrame(tick); else run(false);
  }
  play.onclick = () => run(!running);
  slider.oninput = () => seek(Number(slider.value));
  show();
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) {
    new IntersectionObserver((seen, watch) => {
      if (seen[0].isIntersecting) { watch.disconnect(); run(true); }
    }).observe(stage);
  }
}
