"""Writes settings.js: the presets of three environments as cpp/browser/trainer.cpp takes them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ember_ml.es import presets
from ember_ml.es.recipe import Recipe
from ember_ml.es.strategies import optimizers
from ember_ml.policy.spec import ACTIVATIONS

ENVIRONMENTS = ("CartPole-v1", "MountainCar-v0", "Acrobot-v1")
SEED = 0


def settings(env: str) -> dict[str, Any]:
    """One training, with numbers and names only."""
    trainer = Recipe(env, None, None, "auto", None, {}, {}).trainer(SEED)
    spec, strategy, options = trainer.problem.policy, trainer.strategy, trainer.problem.options
    preset = presets.find("auto", env)[0].policy
    layers = []
    for layer in spec.layers:
        scale = 1.0 / math.sqrt(layer.inputs) * (preset.last_layer_scale if layer is spec.layers[-1] else 1.0)
        (activation,) = [operation.activation for operation in layer.after] or ["identity"]
        layers.append(
            [layer.inputs, layer.outputs, layer.weight_offset, layer.bias_offset]
            + [ACTIVATIONS.index(activation), scale]
        )
    name, optimizer = ("", {}) if strategy.optimizer is None else optimizers.native(strategy.optimizer)
    return {
        "env": env,
        "seed": SEED,
        "generations": trainer.generations,
        "episodes": options.episodes,
        "normalize": options.normalize,
        "clip_actions": options.clip_actions,
        "strategy": strategy.native_name,
        "optimizer": name,
        "strategy_options": strategy._options(),
        "optimizer_options": optimizer,
        "layers": layers,
        "threshold": trainer.env.reward_threshold,
        "command": f"ember-ml train {env} --seed {SEED}",
    }


def text() -> str:
    return f"const TRAININGS = {json.dumps([settings(env) for env in ENVIRONMENTS], indent=1)};\n"


if __name__ == "__main__":
    Path(__file__).with_name("settings.js").write_text(text())
