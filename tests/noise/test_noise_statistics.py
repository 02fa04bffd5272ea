"""The noise: its distribution over all words, its moments, its independence, its first values for ever."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
from ember_ml import _core
from ember_ml.noise.stream import (
    derived_seed,
    noise,
    reference_pair,
    reference_quadrant,
    reference_radius,
    reference_threefry,
    uniforms,
)

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "noise_v1.json").read_text())


def bits(values):
    return [f"{int(v):08x}" for v in values.view(np.uint32)]


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda v: str(v["seed"]))
def test_the_stream_is_frozen(vector):
    assert (VECTORS["stream_version"], VECTORS["rounds"]) == (_core.noise_stream_version, _core.noise_rounds)
    key = (vector["seed"], vector["generation"], vector["direction"])
    assert bits(noise(*key, 64)) == vector["first_64"]
    for level in _core.simd_levels():
        million = _core.noise(*key, 1_000_000, level=level)
        assert hashlib.sha256(million.astype("<f4").tobytes()).hexdigest() == vector["million_sha256"]
    assert bits(noise(*key, 4, purpose="warmup")) == vector["warmup_first_4"]
    assert bits(uniforms("reset", *key, 5, 6)) == vector["uniforms_reset_episode_5"]
    assert derived_seed("reset", *key, 5) == vector["derived_seed_reset_episode_5"]


@pytest.fixture(scope="module")
def all_words():
    """All 65536 radii and all 16384 cosines of a quadrant: every word is one of each and two signs."""
    radii = reference_radius(np.arange(65536, dtype=np.uint32))
    cosines, sines = reference_quadrant(np.arange(16384, dtype=np.uint32))
    return radii, cosines, sines


def test_words_factor_into_radius_and_angle(all_words):
    radii, cosines, sines = all_words
    words = np.random.default_rng(0).integers(0, 2**32, 100_000, dtype=np.uint64).astype(np.uint32)
    first, second = reference_pair(words)
    assert np.array_equal(np.abs(first), radii[words >> 16] * cosines[words & 0x3FFF])
    assert np.array_equal(np.abs(second), radii[words >> 16] * sines[words & 0x3FFF])
    assert np.array_equal(first < 0, words & 0x8000 != 0)
    assert np.array_equal(second < 0, words & 0x4000 != 0)
    # Symmetric about zero by the sign bits; cosines and sines are the same numbers, so share a distribution.
    assert cosines.min() > 0
    assert np.array_equal(cosines, sines[::-1])


def test_distribution_function_over_all_words(all_words):
    radii, cosines, _ = all_words
    ordered = np.sort(cosines)
    xs = np.concatenate([np.geomspace(1e-6, 0.01, 100), np.linspace(0.011, 4.9, 500)])
    for x in xs:
        above = np.searchsorted(ordered, np.float32(x) / radii, side="right")
        tail = float(np.mean(1 - above / 16384)) / 2
        normal = math.erfc(x / math.sqrt(2)) / 2
        assert abs(tail - normal) < 7e-6
        if x <= 4.0:
            assert abs(tail / normal - 1) < 0.005
    assert 4.85 < float(radii.max()) * float(cosines.max()) < 4.86


def test_moments_over_all_words(all_words):
    r, c = (part.astype(np.float64) for part in all_words[:2])
    s = all_words[2].astype(np.float64)
    assert abs(np.mean(r**2) * np.mean(c**2) - 1) < 2e-8
    assert abs(np.mean(r**4) * np.mean(c**4) - 3) < 3e-4
    assert abs(np.mean(r**6) * np.mean(c**6) - 15) < 1e-2
    # The squares of the two halves of a pair: E[x^2 y^2] = 1.
    assert abs(np.mean(r**4) * np.mean(c**2 * s**2) - 1) < 1e-4


def z_scores(x, y):
    """Correlation of paired rows in units of its standard deviation under independence."""
    return np.sum(x.astype(np.float64) * y, axis=-1) / math.sqrt(x.shape[-1])


def assert_standard_normal(z):
    z = np.ravel(z)
    assert np.abs(z).max() < 5.2
    assert abs(np.mean(z**2) - 1) < 5 * math.sqrt(2 / z.size)
    assert abs(np.mean(z)) < 5 / math.sqrt(z.size)


SIZE = 32768


def vectors(keys):
    return np.stack([noise(*key, SIZE) for key in keys])


@pytest.mark.parametrize(
    "keys",
    [
        [(1, 0, d) for d in range(64)],
        [(1, g, 0) for g in range(64)],
        [(s, 0, 0) for s in range(64)],
        [(1 << s, 0, 0) for s in range(64)],
        [(0, 1 << g, 0) for g in range(32)] + [(0, 0, 1 << d) for d in range(32)],
        [(0, g, d) for g in range(8) for d in range(8)],
    ],
    ids=["directions", "generations", "seeds", "seed bits", "counter bits", "generation by direction"],
)
def test_streams_are_uncorrelated(keys):
    x = vectors(keys)
    upper = np.triu_indices(len(keys), 1)
    for f in (x, (x.astype(np.float64) ** 2 - 1) / math.sqrt(2), np.sign(x)):
        assert_standard_normal((f @ f.T.astype(np.float64) / math.sqrt(SIZE))[upper])


def test_lags_and_halves_of_pairs_are_uncorrelated():
    x = vectors([(5, g, d) for g in range(4) for d in range(16)])
    for f in (x, ((x.astype(np.float64) ** 2 - 1) / math.sqrt(2))):
        for lag in (1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 32, 64, 128, 512, 4096):
            assert_standard_normal(z_scores(f[:, :-lag], f[:, lag:]))
        halves = f.reshape(len(x), -1, 4, 2, 8)
        cosines, sines = (halves[:, :, :, h].reshape(len(x), -1) for h in (0, 1))
        assert_standard_normal(z_scores(cosines, sines))


def test_mean_and_variance_of_samples():
    x = vectors([(9, g, d) for g in range(8) for d in range(32)]).astype(np.float64)
    assert_standard_normal(x.sum(axis=1) / math.sqrt(SIZE))
    assert_standard_normal((x**2 - 1).sum(axis=1) / math.sqrt(2 * SIZE))


def flip_scores(rounds, samples=4096):
    """How far from half the samples each output bit flips with each bit of key and counter, as z scores."""
    rng = np.random.default_rng(3)
    counter = [rng.integers(0, 2**32, samples, dtype=np.uint64).astype(np.uint32) for _ in range(4)]
    key = [11, 22, 33, 44]
    base = reference_threefry(key, counter, rounds)
    scores = []
    for word in range(8):
        for bit in range(32):
            k, c = list(key), list(counter)
            if word < 4:
                k[word] ^= 1 << bit
            else:
                c[word - 4] = c[word - 4] ^ np.uint32(1 << bit)
            for a, b in zip(base, reference_threefry(k, c, rounds)):
                flips = np.unpackbits((a ^ b).view(np.uint8).reshape(samples, 4), axis=1).sum(axis=0)
                scores.append((flips - samples / 2) / math.sqrt(samples / 4))
    return np.concatenate(scores)


def test_every_input_bit_reaches_every_output_bit():
    assert_standard_normal(flip_scores(13))
    assert np.abs(flip_scores(6, 512)).max() > 10  # the test can see a generator with too few rounds
