"""Writes noise_v1.json, the first values of stream version 1, from the numpy reference.

Never run it to make a test pass: other values are another stream, with a new version number and a new file.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
from ember_ml.noise.stream import derived_seed, reference_noise, uniforms

KEYS = [(0, 0, 0), (1, 2, 3), (42, 199, 9), (12345678901234567890, 4000000000, 2147483648)]
KEYS.append((2**64 - 1, 2**32 - 1, 2**32 - 1))


def bits(values):
    return [f"{int(v):08x}" for v in values.view(np.uint32)]


def main():
    vectors = []
    for seed, generation, direction in KEYS:
        million = reference_noise(seed, generation, direction, 1_000_000)
        vectors.append(
            {
                "seed": seed,
                "generation": generation,
                "direction": direction,
                "first_64": bits(million[:64]),
                "million_sha256": hashlib.sha256(million.astype("<f4").tobytes()).hexdigest(),
                "warmup_first_4": bits(reference_noise(seed, generation, direction, 4, purpose="warmup")),
                "uniforms_reset_episode_5": bits(uniforms("reset", seed, generation, direction, 5, 6)),
                "derived_seed_reset_episode_5": derived_seed("reset", seed, generation, direction, 5),
            }
        )
    path = Path(__file__).with_name("noise_v1.json")
    path.write_text(json.dumps({"stream_version": 1, "rounds": 13, "vectors": vectors}, indent=1) + "\n")


if __name__ == "__main__":
    main()
