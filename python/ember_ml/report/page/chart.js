// Curves with hover, zoom and a logarithmic axis. `chart` is what curves.py describes.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const dark = matchMedia("(prefers-color-scheme: dark)");

function make(kind, attributes, ...children) {
  const drawn = ["svg", "g", "path", "line", "rect", "text", "circle", "clipPath", "defs"].includes(kind);
  const element = drawn ? document.createElementNS(SVG, kind) : document.createElement(kind);
  for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
  element.append(...children);  // texts become text nodes, never markup
  return element;
}

function number(value, digits = 4) {
  if (value === null || value === undefined) return "not finite";
  const size = Math.abs(value);
  for (const [unit, suffix] of [[1e9, " G"], [1e6, " M"], [1e4, " k"]]) {
    if (size >= unit) return String(Number((value / (unit === 1e4 ? 1e3 : unit)).toPrecision(digits))) + suffix;
  }
  return String(Number(value.toPrecision(digits))).replace("-", "\u2212");
}

function niceTicks(low, high, most) {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough) || 10 * power;
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) ticks.push(i * step);
  return ticks;
}

function logTicks(low, high) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const factor of high / low > 1e4 ? [1] : [1, 2, 5]) {
      const tick = factor * 10 ** power;
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks.length ? ticks : [low];
}

function showChart(host, chart) {
  const shown = {axis: Object.keys(chart.axes)[0], log: false, view: null, hidden: new Set()};
  const tip = make("div", {class: "tip", hidden: ""});
  const figure = make("div", {class: "figure"}, tip);
  const buttons = Object.entries(chart.axes).map(([axis, label]) => {
    const button = make("button", {type: "button"}, label);
    button.onclick = () => { shown.axis = axis; shown.view = null; draw(); };
    return [axis, button];
  });
  const log = make("button", {type: "button", "aria-pressed": "false"}, "log axis");
  log.onclick = () => { shown.log = !shown.log; shown.view = null; draw(); };
  const tools = [["+", "zoom in", 0.5], ["\u2212", "zoom out", 2], ["all", "show all", 0]].map(([text, title, factor]) => {
    const button = make("button", {type: "button", title, "aria-label": title}, text);
    button.onclick = () => { if (factor) zoom(factor, 0.5); else { shown.view = null; draw(); } };
    return button;
  });
  const bar = make("div", {class: "bar"}, make("span", {class: "group"}, ...buttons.map((b) => b[1])), log,
    make("span", {class: "group"}, ...tools));
  const legend = make("div", {class: "legend"});
  host.append(bar, figure, legend);

  const column = (index) => (index === undefined ? null : chart.columns[index]);
  // Generations count from 0, which has no logarithm.
  const shift = () => (shown.log && shown.axis === "generation" ? 1 : 0);
  const warp = (x) => (shown.log ? Math.log10(Math.max(x + shift(), 1e-9)) : x);
  const unwarp = (w) => (shown.log ? 10 ** w - shift() : w);
  const parts = (series) => {
    const at = series.data[shown.axis];
    return {x: column(at.x), y: column(at.y), low: column(at.low), high: column(at.high)};
  };
  const visible = () => chart.series.filter((_, i) => !shown.hidden.has(i));

  function whole() {
    let low = Infinity, high = -Infinity;
    for (const series of chart.series) {
      for (const x of parts(series).x) {
        if (x === null || (shown.log && x + shift() <= 0)) continue;
        low = Math.min(low, x); high = Math.max(high, x);
      }
    }
    if (!(low < Infinity)) [low, high] = [0, 1];
    let [from, to] = [warp(low), warp(high)];
    const room = to > from ? 0.012 * (to - from) : 0.5;
    return [from - room, to + room];
  }

  function returns(view) {
    if (!shown.view && chart.range) return chart.range;
    let low = Infinity, high = -Infinity;
    for (const series of visible()) {
      const p = parts(series);
      p.x.forEach((x, i) => {
        const w = warp(x);
        if (w < view[0] || w > view[1]) return;
        for (const value of [p.y[i], p.low && p.low[i], p.high && p.high[i]]) {
          if (value === null || value === undefined) continue;
          low = Math.min(low, value); high = Math.max(high, value);
        }
      });
    }
    if (!(low < Infinity)) return chart.range || [0, 1];
    const room = 0.06 * (high - low) || 0.1 * Math.max(1, Math.abs(high));
    return [low - room, high + room];
  }

  function zoom(factor, place) {
    const [low, high] = shown.view || whole(), all = whole();
    const width = Math.max((high - low) * factor, (all[1] - all[0]) / 5000);
    const middle = low + place * (high - low);
    const from = Math.max(all[0], middle - place * width);
    shown.view = [from, Math.min(all[1], from + width)];
    if (shown.view[0] <= all[0] && shown.view[1] >= all[1]) shown.view = null;
    draw();
  }

  function path(xs, ys, place) {
    let text = "", pen = false;
    xs.forEach((x, i) => {
      if (ys[i] === null || x === null) { pen = false; return; }
      const [px, py] = place(x, ys[i]);
      text += `${pen ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`;
      pen = true;
    });
    return text;
  }

  function area(p, place) {
    const runs = [];
    let run = [];
    p.x.forEach((x, i) => {
      if (p.low[i] === null || p.high[i] === null || x === null) { if (run.length) runs.push(run); run = []; } else run.push(i);
    });
    if (run.length) runs.push(run);
    const point = (i, side) => place(p.x[i], p[side][i]).map((v) => v.toFixed(1)).join(" ");
    return runs.map((r) => "M" + [...r.map((i) => point(i, "high")), ...r.slice().reverse().map((i) => point(i, "low"))].join("L") + "Z").join("");
  }

  let drawn = null;
  function draw() {
    const width = Math.max(280, figure.clientWidth), height = Math.round(Math.min(430, Math.max(260, width * 0.52)));
    const box = {left: 66, right: width - 12, top: 10, bottom: height - 42};
    const view = shown.view || whole(), [low, high] = returns(view);
    const X = (w) => box.left + (w - view[0]) / (view[1] - view[0] || 1) * (box.right - box.left);
    const Y = (y) => box.bottom - (y - low) / (high - low || 1) * (box.bottom - box.top);
    const place = (x, y) => [X(warp(x)), Y(y)];
    const tone = dark.matches ? 1 : 0;
    const clip = "clip" + Math.random().toString(36).slice(2);
    const svg = make("svg", {width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "learning curve"},
      make("defs", {}, make("clipPath", {id: clip}, make("rect", {x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top}))));
    for (const tick of niceTicks(low, high, height / 60)) {
      svg.append(make("line", {class: "grid", x1: box.left, x2: box.right, y1: Y(tick), y2: Y(tick)}),
        make("text", {class: "tick", x: box.left - 8, y: Y(tick) + 4, "text-anchor": "end"}, number(tick)));
    }
    const most = (box.right - box.left) / 80;
    const from = unwarp(view[0]) + shift(), to = unwarp(view[1]) + shift();
    let ticks = (shown.log ? logTicks(from, to) : niceTicks(view[0], view[1], most));
    if (shown.axis !== "time" && !shown.log) ticks = ticks.filter(Number.isInteger);
    while (ticks.length > 2 * most) ticks = ticks.filter((_, i) => i % 2 === 0);
    for (const tick of ticks) {
      const x = X(warp(tick - shift()));
      svg.append(make("line", {class: "grid", x1: x, x2: x, y1: box.top, y2: box.bottom}),
        make("text", {class: "tick", x, y: box.bottom + 18, "text-anchor": "middle"}, number(tick)));
    }
    const label = chart.axes[shown.axis] + (shift() ? ", counted from 1" : "");
    svg.append(make("text", {class: "label", x: (box.left + box.right) / 2, y: height - 6, "text-anchor": "middle"}, label),
      make("text", {class: "label", x: 14, y: (box.top + box.bottom) / 2, "text-anchor": "middle",
        transform: `rotate(-90 14 ${(box.top + box.bottom) / 2})`}, chart.label));
    const inside = make("g", {"clip-path": `url(#${clip})`}), names = [];
    for (const line of chart.lines) {
      if (line.y < low || line.y > high) continue;
      inside.append(make("line", {class: "mark", x1: box.left, x2: box.right, y1: Y(line.y), y2: Y(line.y)}));
      const above = Y(line.y) - box.top > 0.3 * (box.bottom - box.top);
      names.push(make("text", {class: "tick name", x: box.right - 6, y: Y(line.y) + (above ? -6 : 15), "text-anchor": "end"}, `${line.name} ${number(line.y)}`));
    }
    for (const series of visible()) {
      const p = parts(series), stroke = series.color[tone];
      if (p.low) inside.append(make("path", {d: area(p, place), fill: stroke, opacity: 0.2}));
      const whole = series.ends ? p.x.filter((x) => x <= series.ends[shown.axis]).length : p.x.length;
      const common = {fill: "none", stroke, "stroke-width": series.width || 1.5, "stroke-linejoin": "round", opacity: series.faint ? 0.3 : 1};
      inside.append(make("path", {d: path(p.x.slice(0, whole), p.y, place), ...common}));
      if (whole < p.x.length && whole > 0) {
        inside.append(make("path", {d: path(p.x.slice(whole - 1), p.y.slice(whole - 1), place), ...common, "stroke-dasharray": "2 3"}));
      }
      if (series.dots || p.x.length === 1) {
        p.x.forEach((x, i) => {
          if (p.y[i] === null) return;
          const [cx, cy] = place(x, p.y[i]);
          inside.append(make("circle", {cx, cy, r: 2.6, fill: stroke}));
        });
      }
    }
    const cross = make("line", {class: "cross", y1: box.top, y2: box.bottom, visibility: "hidden"});
    const chosen = make("rect", {class: "chosen", y: box.top, height: box.bottom - box.top, visibility: "hidden"});
    svg.append(inside, ...names, cross, chosen);
    if (drawn) drawn.remove();
    drawn = svg;
    figure.prepend(svg);
    listen(svg, box, view, cross, chosen);
    for (const [axis, button] of buttons) button.setAttribute("aria-pressed", axis === shown.axis);
    log.setAttribute("aria-pressed", shown.log);
    legend.replaceChildren(...chart.series.map((series, i) => {
      const swatch = make("span", {class: "swatch"});
      swatch.style.background = series.color[tone];
      swatch.style.opacity = series.faint ? 0.4 : 1;
      const item = make("button", {type: "button", "aria-pressed": !shown.hidden.has(i), title: "show or hide"}, swatch, series.name);
      item.onclick = () => { if (!shown.hidden.delete(i)) shown.hidden.add(i); draw(); };
      return item;
    }));
  }

  function listen(svg, box, view, cross, chosen) {
    let start = null;
    const share = (event) => {
      const x = event.clientX - svg.getBoundingClientRect().left;
      return Math.min(1, Math.max(0, (x - box.left) / (box.right - box.left)));
    };
    const at = (s) => box.left + s * (box.right - box.left);
    svg.onpointerdown = (event) => { start = share(event); if (event.pointerType === "mouse") svg.setPointerCapture(event.pointerId); };
    svg.onpointermove = (event) => {
      const s = share(event);
      hover(unwarp(view[0] + s * (view[1] - view[0])), at(s), cross, box);
      if (start !== null && Math.abs(s - start) > 0.01) {
        chosen.setAttribute("visibility", "visible");
        chosen.setAttribute("x", at(Math.min(s, start)));
        chosen.setAttribute("width", at(Math.max(s, start)) - at(Math.min(s, start)));
      }
    };
    svg.onpointerup = (event) => {
      const s = share(event), begun = start;
      start = null;
      if (begun === null || Math.abs(s - begun) <= 0.01) return;
      const span = view[1] - view[0];
      shown.view = [view[0] + Math.min(s, begun) * span, view[0] + Math.max(s, begun) * span];
      draw();
    };
    svg.onpointerleave = () => { tip.hidden = true; cross.setAttribute("visibility", "hidden"); };
    svg.onpointercancel = () => { start = null; chosen.setAttribute("visibility", "hidden"); };
    svg.ondblclick = () => { shown.view = null; draw(); };
    svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.shiftKey) return;  // a plain wheel scrolls the page
      event.preventDefault();
      zoom(event.deltaY + event.deltaX > 0 ? 1.25 : 0.8, share(event));
    }, {passive: false});
  }

  function nearest(xs, x) {
    let low = 0, high = xs.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (xs[middle] < x) low = middle; else high = middle;
    }
    return Math.abs(xs[low] - x) <= Math.abs(xs[high] - x) ? low : high;
  }

  function hover(x, pixel, cross, box) {
    const rows = visible().filter((series) => !series.faint).map((series) => {
      const p = parts(series), i = nearest(p.x, x);
      const range = p.low ? `  (${number(p.low[i])} to ${number(p.high[i])})` : "";
      return {series, x: p.x[i], text: number(p.y[i]) + range};
    });
    if (!rows.length) return;
    const there = rows[rows.length - 1].x;
    tip.replaceChildren(make("strong", {}, `${chart.axes[shown.axis]} ${number(there)}`), ...rows.map((row) => {
      const swatch = make("span", {class: "swatch"});
      swatch.style.background = row.series.color[dark.matches ? 1 : 0];
      return make("div", {}, swatch, `${row.series.name}: ${row.text}`);
    }));
    tip.hidden = false;
    cross.setAttribute("visibility", "visible");
    cross.setAttribute("x1", pixel);
    cross.setAttribute("x2", pixel);
    const room = figure.clientWidth - tip.offsetWidth - 4;
    tip.style.left = `${Math.max(4, Math.min(room, pixel < (box.left + box.right) / 2 ? pixel + 14 : pixel - tip.offsetWidth - 14))}px`;
  }

  new ResizeObserver(draw).observe(figure);
  dark.addEventListener("change", draw);
}
