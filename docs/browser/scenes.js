// Pictures of the environments, drawn from their states with the constants of cpp/envs. World units are metres, y up.
"use strict";

/** A canvas in device pixels, cleared, with a pen in its own units: (0, 0) is the centre, y up, `scale` pixels a unit. */
function sheet(canvas, scale, centreX, centreY) {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  const at = (x, y) => [width / 2 + (x - centreX) * scale, height / 2 - (y - centreY) * scale];
  return {
    pen, width, height,
    line(points, color, pixels, dash = []) {
      pen.beginPath();
      for (const [x, y] of points) pen.lineTo(...at(x, y));
      Object.assign(pen, {strokeStyle: color, lineWidth: pixels, lineCap: dash.length ? "butt" : "round", lineJoin: "round"});
      pen.setLineDash(dash);
      pen.stroke();
      pen.setLineDash([]);
    },
    disc(x, y, pixels, color) {
      pen.beginPath();
      pen.arc(...at(x, y), pixels, 0, 2 * Math.PI);
      pen.fillStyle = color;
      pen.fill();
    },
    box(x, y, w, h, color) {
      const [left, top] = at(x - w / 2, y + h / 2);
      pen.fillStyle = color;
      pen.fillRect(left, top, w * scale, h * scale);
    },
  };
}

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const SCENES = {
  "CartPole-v1"(canvas, [x, , theta]) {
    const scale = canvas.clientWidth / 5.6, s = sheet(canvas, scale, 0, 0.5);
    s.line([[-3, 0], [3, 0]], color("--muted"), 1.5);
    for (const end of [-2.4, 2.4]) s.line([[end, -0.12], [end, 0.12]], color("--mark"), 2);
    s.box(x, 0, 0.55, 0.3, color("--body"));
    s.line([[x, 0.15], [x + Math.sin(theta), 0.15 + Math.cos(theta)]], color("--policy"), 8);
    s.disc(x, 0.15, 4, color("--ground"));
  },
  "MountainCar-v0"(canvas, [position]) {
    const height = (x) => 0.45 * Math.sin(3 * x) + 0.55;
    const scale = canvas.clientWidth / 1.9, s = sheet(canvas, scale, -0.3, 0.5);
    const hill = Array.from({length: 91}, (_, i) => -1.2 + i * 0.02);
    s.line(hill.map((x) => [x, height(x)]), color("--muted"), 2);
    s.line([[0.5, height(0.5)], [0.5, height(0.5) + 0.14]], color("--body"), 2);
    s.line([[0.5, height(0.5) + 0.14], [0.57, height(0.5) + 0.115], [0.5, height(0.5) + 0.09]], color("--mark"), 3);
    s.disc(position, height(position) + 0.035, 0.035 * scale, color("--policy"));
  },
  "Acrobot-v1"(canvas, [first, second]) {
    const scale = canvas.clientHeight / 5, s = sheet(canvas, scale, 0, 0);
    const elbow = [Math.sin(first), -Math.cos(first)];
    const tip = [elbow[0] + Math.sin(first + second), elbow[1] - Math.cos(first + second)];
    s.line([[-4, 1], [4, 1]], color("--mark"), 1.5, [5, 5]);
    s.line([[0, 0], elbow], color("--body"), 8);
    s.line([elbow, tip], color("--policy"), 8);
    for (const joint of [[0, 0], elbow]) s.disc(...joint, 5, color("--ground"));
  },
};

/** Round numbers that cover low to high in about five steps. */
function ticks(low, high) {
  const rough = (high - low) / 5 || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= rough);
  const found = [];
  for (let t = Math.ceil(low / step) * step; t <= high + step * 1e-9; t += step) found.push(Number(t.toPrecision(12)));
  return found;
}

/** The learning curve: returns by generation of a plan, and the return that counts as solved. */
function drawCurve(canvas, returns, plan, solved) {
  const s = sheet(canvas, 1, 0, 0), {pen, width, height} = s;
  const left = 52, right = 14, top = 14, bottom = 42;
  let low = Math.min(solved, ...returns), high = Math.max(solved, ...returns);
  const margin = 0.06 * (high - low || 1);
  [low, high] = [low - margin, high + margin];
  const x = (g) => left + (g / Math.max(1, plan - 1)) * (width - left - right);
  const y = (r) => top + ((high - r) / (high - low)) * (height - top - bottom);
  Object.assign(pen, {font: "12px system-ui, sans-serif", fillStyle: color("--muted"), lineWidth: 1});
  const stroke = (points, tint, pixels, dash = []) => {
    pen.beginPath();
    for (const point of points) pen.lineTo(...point);
    Object.assign(pen, {strokeStyle: tint, lineWidth: pixels, lineJoin: "round"});
    pen.setLineDash(dash);
    pen.stroke();
    pen.setLineDash([]);
  };
  Object.assign(pen, {textAlign: "right", textBaseline: "middle"});
  for (const t of ticks(low, high)) {
    stroke([[left, y(t)], [width - right, y(t)]], color("--line"), 1);
    pen.fillText(String(t), left - 7, y(t));
  }
  Object.assign(pen, {textAlign: "center", textBaseline: "top"});
  for (const t of ticks(0, plan - 1)) pen.fillText(String(t), x(t), height - bottom + 6);
  pen.fillText("generation", left + (width - left - right) / 2, height - 18);
  stroke([[left, y(solved)], [width - right, y(solved)]], color("--solved"), 1.5, [6, 4]);
  stroke(returns.map((r, g) => [x(g), y(r)]), color("--policy"), 2);
  if (returns.length) {
    pen.beginPath();
    pen.arc(x(returns.length - 1), y(returns[returns.length - 1]), 3.5, 0, 2 * Math.PI);
    pen.fillStyle = color("--policy");
    pen.fill();
  }
}
