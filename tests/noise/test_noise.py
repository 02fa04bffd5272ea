"""Contract "one noise": known answers, one definition everywhere, its distribution, its keys."""

import importlib

import numpy as np
import pytest
from conftest import skip_without
from ember_ml import _core
from ember_ml.noise.stream import derived_seed, noise, reference_noise, reference_threefry, uniforms
from ember_ml.rollout import Population, perturb

LEVELS = _core.simd_levels()
ONES = [0xFFFFFFFF] * 4
PI = [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344]
MORE_PI = [0xA4093822, 0x299F31D0, 0x082EFA98, 0xEC4E6C89]

# Random123's kat_vectors: rounds, counter, key, words.
KNOWN_ANSWERS = [
    (13, [0] * 4, [0] * 4, [0x531C7E4F, 0x39491EE5, 0x2C855A92, 0x3D6ABF9A]),
    (13, ONES, ONES, [0xC4189358, 0x1C9CC83A, 0xD5881C67, 0x6A0A89E0]),
    (13, PI, MORE_PI, [0x4AA71D8F, 0x734738C2, 0x431FC6A8, 0xAE6DEBF1]),
    (20, [0] * 4, [0] * 4, [0x9C6CA96A, 0xE17EAE66, 0xFC10ECD4, 0x5256A7D8]),
    (20, ONES, ONES, [0x2A881696, 0x57012287, 0xF6C7446E, 0xA16A6732]),
    (20, PI, MORE_PI, [0x59CD1DBB, 0xB8879579, 0x86B5D00C, 0xAC8B6D84]),
    (72, [0] * 4, [0] * 4, [0x93171DA6, 0x9220326D, 0xB392B7B1, 0xFF58A002]),
    (72, ONES, ONES, [0x60743F3D, 0x9961E684, 0xAAB21C34, 0x8C65FB7D]),
    (72, PI, MORE_PI, [0x09930ADF, 0x7F27BD55, 0x9ED68CE1, 0x97F803F6]),
]


def same_bits(a, b):
    return np.array_equal(np.asarray(a).view(np.uint32), np.asarray(b).view(np.uint32))


@pytest.mark.parametrize(("rounds", "counter", "key", "words"), KNOWN_ANSWERS)
def test_threefry_gives_random123s_known_answers(rounds, counter, key, words):
    assert _core.testing.threefry(key, counter, rounds) == words
    arrays = [np.array([c], np.uint32) for c in counter]
    assert [int(w[0]) for w in reference_threefry(key, arrays, rounds)] == words


@pytest.mark.parametrize(
    "key", [(0, 0, 0), (12345678901234567890, 7, 4000000000), (2**64 - 1, 2**32 - 1, 2**32 - 1)]
)
@pytest.mark.parametrize("level", LEVELS)
def test_native_noise_is_the_reference_bit_for_bit(level, key):
    size = 1_000_003
    assert same_bits(_core.noise(*key, size, level=level), reference_noise(*key, size))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("first", "size"), [(0, 1), (0, 63), (63, 2), (1, 62), (65, 1000), (128, 64), (7, 0), (640, 65)]
)
def test_a_part_does_not_depend_on_how_much_is_asked(level, first, size):
    whole = reference_noise(3, 1, 4, 2000)
    assert same_bits(_core.noise(3, 1, 4, size, first, 0, level), whole[first : first + size])
    assert same_bits(noise(3, 1, 4, first + size)[first:], whole[first : first + size])
    assert same_bits(reference_noise(3, 1, 4, size, first=first), whole[first : first + size])


def device_noise(name):
    """The module that defines the noise for torch or mlx, and a conversion to numpy."""
    skip_without(name if name == "torch" else "mlx.core", name)
    return importlib.import_module(f"ember_ml.noise.on_{name}"), lambda x: np.array(x.tolist(), np.float32)


@pytest.mark.parametrize("name", ["torch", "mlx"])
def test_torch_and_mlx_give_the_same_million_bits(name):
    module, to_numpy = device_noise(name)
    seed, generation, directions, size = 12345678901234567890, 4000000000, [0xFFFFFFFF, 7, 2**31, 0], 250_001
    rows = to_numpy(module.noise(seed, generation, directions, size))
    assert rows.shape == (4, size)
    for row, direction in zip(rows, directions):
        assert same_bits(row, noise(seed, generation, direction, size))


@pytest.mark.parametrize("name", ["torch", "mlx"])
def test_torch_and_mlx_parts_purposes_and_uniforms(name):
    module, to_numpy = device_noise(name)
    assert same_bits(to_numpy(module.noise(3, 4, [5], 100, first=77))[0], noise(3, 4, 5, 100, first=77))
    assert same_bits(to_numpy(module.noise(3, 4, [5], 9, purpose=3))[0], noise(3, 4, 5, 9, purpose="warmup"))
    u = to_numpy(module.uniforms(1, 2**40, 3, [1, 2**32 - 1], [0, 7], 10))
    assert same_bits(u[0], uniforms("reset", 2**40, 3, 1, 0, 10))
    assert same_bits(u[1], uniforms("reset", 2**40, 3, 2**32 - 1, 7, 10))


def test_parameters_beyond_32_bits():
    first = 2**33 + 5
    assert same_bits(noise(1, 2, 3, 100, first=first), reference_noise(1, 2, 3, 100, first=first))


def test_streams_differ_in_every_part_of_the_key():
    keys = [(1, 2, 3), (2**32 + 1, 2, 3), (2, 2, 3), (1, 3, 3), (1, 2, 2), (1, 3, 2)]
    vectors = [noise(*key, 1000) for key in keys] + [noise(1, 2, 3, 1000, purpose="warmup")]
    assert np.abs(np.corrcoef(vectors) - np.eye(len(vectors))).max() < 0.15


def test_perturb_is_mean_plus_or_minus_scaled_noise():
    rng = np.random.default_rng(0)
    mean, scale = rng.normal(size=1500).astype(np.float32), rng.random(1500).astype(np.float32)
    for s in (0.3, np.float32(0.02), scale):
        population = Population(mean, s, seed=9, generation=8, directions=4, first_direction=3)
        rows = perturb(population, 1, 5)
        for row, member in zip(rows, range(1, 6)):
            step = np.float32(s) * reference_noise(9, 8, 3 + member // 2, 1500)
            assert same_bits(row, mean + step if member % 2 == 0 else mean - step)
    plain = Population(
        mean, 0.3, seed=9, generation=8, directions=4, antithetic=False, noise_purpose="warmup"
    )
    expected = mean + np.float32(0.3) * reference_noise(9, 8, 2, 1500, purpose="warmup")
    assert same_bits(perturb(plain, 2, 1)[0], expected)


def test_uniforms_and_seeds_are_words_of_their_stream():
    counter = [np.arange(3, dtype=np.uint32), *(np.full(3, c, np.uint32) for c in (5, 7, 2))]
    words = np.stack(reference_threefry([11, 1, 1 | 1 << 16, 0], counter), axis=1).reshape(-1)
    seed = 11 + 2**32
    assert same_bits(uniforms("reset", seed, 7, 5, 2, 10), ((words >> 8) * 2.0**-24).astype(np.float32)[:10])
    assert derived_seed("reset", seed, 7, 5, 2) == words[0] >> 1


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: noise(-1, 0, 0, 3), ValueError, "seed: got -1"),
        (lambda: noise(2**64, 0, 0, 3), ValueError, "seed: got 18446744073709551616"),
        (lambda: noise(0, 2**32, 0, 3), ValueError, "generation"),
        (lambda: noise(0, 0, -5, 3), ValueError, "direction: got -5"),
        (lambda: noise(0, 0, 0, -3), ValueError, "size: got -3"),
        (lambda: noise(0, 0, 0, 2.5), TypeError, "size: got float 2.5"),
        (lambda: noise(None, 0, 0, 3), TypeError, "seed: got NoneType"),
        (lambda: noise(0, 0, 0, 3, purpose="sound"), ValueError, "purpose: got 'sound'"),
        (lambda: uniforms("reset", 0, 0, 0, -1, 3), ValueError, "episode"),
        (lambda: _core.noise(0, 0, 0, 3, level="sse9"), ValueError, "sse9"),
    ],
)
def test_bad_arguments_are_named(call, error, words):
    with pytest.raises(error, match=words):
        call()
