// Trains on this page: between two pictures as many generations as fit into some milliseconds.
"use strict";

const FRAME_MS = 25;
const show = (id, text) => { document.getElementById(id).textContent = text; };

/** The core, whose WebAssembly lies compressed in ember.js. */
async function load() {
  const packed = Uint8Array.from(atob(EMBER_WASM_GZIP), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return EmberCore({wasmBinary: new Uint8Array(await new Response(stream).arrayBuffer())});
}

/** Hands a training of settings.js to the core (cpp/browser/trainer.cpp). */
function begin(core, training, seed) {
  const call = (name, ...values) => core.ccall(name, "number", values.map((v) => typeof v), values);
  call("ember_begin", training.env, training.strategy, training.optimizer, training.episodes, training.generations,
    Number(training.normalize), Number(training.clip_actions));
  for (const layer of training.layers) call("ember_layer", ...layer);
  [training.strategy_options, training.optimizer_options].forEach((options, ofOptimizer) => {
    for (const [name, value] of Object.entries(options)) {
      const text = typeof value === "string";
      call("ember_option", ofOptimizer, name, text ? 0 : Number(value), text ? value : "");
    }
  });
  if (!call("ember_start", seed)) throw new Error(core.UTF8ToString(core._ember_failure()));
}

/** The first 16 digits of the SHA-256 of the parameters, as `run.digest` has them. */
async function digest(core) {
  const first = core._ember_theta();
  const bytes = core.HEAPU8.slice(first, first + 4 * core._ember_parameters());
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(sum.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));

let turn = 0; // a new training ends the one before

async function train(core, training, seed) {
  const mine = ++turn, returns = [], scene = document.getElementById("scene");
  let computing = 0, starts = 0, waits = 0, episodeSteps = 0;
  begin(core, training, seed);
  show("command", training.command.replace(/--seed \d+/, `--seed ${seed}`));
  show("digest", "\u00a0");
  const watch = () => {
    core._ember_watch(starts++);
    episodeSteps = 0;
  };
  const picture = () => {
    const first = core._ember_state() / 8;
    SCENES[training.env](scene, core.HEAPF64.subarray(first, first + 4));
    show("episode", `An episode of the policy as it is now, step ${episodeSteps}.`);
  };
  watch();
  for (let done = 0; ;) {
    const began = performance.now();
    while (done < training.generations && performance.now() - began < FRAME_MS) {
      done = core._ember_run(1);
      if (done < 0) throw new Error(core.UTF8ToString(core._ember_failure()));
      returns.push(core._ember_policy_return(done - 1));
    }
    const over = done >= training.generations;
    computing += returns.length ? performance.now() - began : 0;
    if (!over || document.getElementById("state").textContent !== "done") {
      drawCurve(document.getElementById("curve"), returns, training.generations, training.threshold);
      show("generation", `${done} of ${training.generations}`);
      show("return", returns[returns.length - 1].toFixed(1));
      show("steps", Math.round(core._ember_steps()).toLocaleString("en"));
      show("time", `${(computing / 1000).toFixed(1)} s`);
    }
    if (over && document.getElementById("digest").textContent.trim() === "") {
      const found = await digest(core);
      if (mine !== turn) return;
      show("digest", found);
      show("state", "done");
    }
    if (waits > 0) waits -= 1; // the end of an episode stands for a moment
    else {
      const going = core._ember_watch_step();
      episodeSteps += 1;
      picture();
      if (going !== 1) { waits = 30; watch(); }
    }
    await nextFrame();
    if (mine !== turn) return;
  }
}

async function main() {
  const task = document.getElementById("task"), start = document.getElementById("start");
  const seed = document.getElementById("seed"), state = document.getElementById("state");
  for (const training of TRAININGS) task.add(new Option(training.env));
  const wrong = (error) => {
    state.className = "wrong";
    show("state", `This page could not train: ${error.message}`);
  };
  try {
    if (typeof EmberCore === "undefined") throw new Error("ember.js was not built (cpp/browser/build.sh)");
    const core = await load();
    const go = () => {
      state.className = "";
      show("state", "training");
      train(core, TRAININGS[task.selectedIndex], Number(seed.value)).catch(wrong);
    };
    document.getElementById("choice").addEventListener("submit", (event) => { event.preventDefault(); go(); });
    task.addEventListener("change", go);
    const asked = new URLSearchParams(location.search); // train.html?task=Acrobot-v1&seed=3
    const index = TRAININGS.findIndex((training) => training.env === asked.get("task"));
    if (index >= 0) task.selectedIndex = index;
    if (/^\d+$/.test(asked.get("seed") || "")) seed.value = asked.get("seed");
    start.disabled = false;
    go();
  } catch (error) {
    wrong(error);
  }
}

main();
