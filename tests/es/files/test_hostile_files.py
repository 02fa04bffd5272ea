"""Files that somebody made up: nothing is imported, opened, compiled, run or allocated for them."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import walk_env
from ember_ml import envs, es
from ember_ml.envs import stored
from ember_ml.es.files import checkpoint


@pytest.fixture
def forge(tmp_path):
    """(config, arrays) -> a file with what the test changes in it, checksum and all."""
    count = 0

    def forge(change, env="CartPole-v1", **options):
        nonlocal count
        count += 1
        trainer = es.Trainer(env, (3,), es.OpenAIES(directions=2), seed=1, progress=False, **options)
        path = trainer.run(generations=2).save(tmp_path / f"{count}.npz")
        config, arrays = checkpoint.read(path)
        change(config, arrays)
        return checkpoint.write(path, config, arrays)

    return forge


SPY = """
import sys
seen = []
def hook(event, arguments):
    if event in ("import", "compile", "exec", "subprocess.Popen", "os.posix_spawn", "ctypes.dlopen"):
        seen.append((event, str(arguments)[:120]))
    if event == "open" and isinstance(arguments[0], str) and watching:
        seen.append((event, arguments[0]))
watching = False
from ember_ml import es
from ember_ml.es.files import restore
es.Trainer, es.load
sys.path.insert(0, sys.argv[2])
sys.addaudithook(hook)
seen.clear()
watching = True
for load in (es.load, es.Trainer.load):
    try:
        load(sys.argv[1])
    except ValueError as error:
        print("refused:", error)
watching = False
strange = [s for s in seen if s[1] != sys.argv[1]]
print("strange:", [s for s in strange if s[0] != "import" and "/lib/python" not in s[1]])
print("trap" in sys.modules or any("trap" in s[1] for s in strange))
"""


def spied(path, folder):
    command = [sys.executable, "-c", SPY, str(path), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def trap(tmp_path):
    (tmp_path / "trap.py").write_text(
        "import os\nopen(os.path.join(os.path.dirname(__file__), 'sprung'), 'w').close()\n"
        "import gymnasium\ngymnasium.register(id='Trap-v0', entry_point=lambda: None)\n"
    )
    return tmp_path


NAMES = {
    "module": {"name": "trap:Trap-v0"}, "module_as_builtin": {"name": "trap:CartPole-v1", "kind": "builtin"},
    "entry_point": {"name": "CartPole-v0", "kwargs": {"entry_point": "trap:Trap"}},
    "wrappers": {"name": "CartPole-v0", "kwargs": {"additional_wrappers": [["trap", "trap:Wrap", {}]]}},
    "file": {"name": "Ant-v5", "kwargs": {"xml_file": "/etc/passwd"}},
    "window": {"name": "CartPole-v0", "kwargs": {"render_mode": "human"}},
    "old_gym": {"name": "GymV26Environment-v0", "kwargs": {"env_id": "trap:Trap-v0"}},
}  # fmt: skip


@pytest.mark.parametrize("section", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("first_files", [False, True], ids=["now", "first_files"])
def test_a_files_environment_runs_no_code(forge, trap, section, first_files):
    def change(config, arrays):
        config["env"].update({"restorable": True, "kind": "python", **section})
        if first_files:
            for name in set(config["env"]) - {
                "name", "kind", "restorable", "kwargs", "observation_size", "action_size",
            }:  # fmt: skip
                del config["env"][name]

    lines = spied(forge(change), trap)
    assert lines[-2:] == ["strange: []", "False"] and not (trap / "sprung").exists()
    both = first_files or section.get("kind") == "builtin"  # refuse; otherwise the Trainer alone
    assert len(lines) == 2 + (2 if both else 1)
    for line in lines[:-2]:
        assert ("env: " in line and "pass it as env=" in line) or "no environment of the kind" in line


def test_what_the_reader_names_is_used(forge, trap, monkeypatch):
    """The same id from the reader is the reader's to import."""
    monkeypatch.syspath_prepend(str(trap))
    pytest.importorskip("gymnasium")
    (trap / "mine.py").write_text(
        "import gymnasium, walk_env\ngymnasium.register(id='Mine-v0', entry_point=walk_env.gym_walk)\n"
    )
    monkeypatch.setattr(walk_env, "gym_walk", gym_walk, raising=False)
    run = es.Trainer("mine:Mine-v0", (3,), es.OpenAIES(directions=2), seed=1, progress=False).run(
        generations=1
    )
    path = run.save(trap / "mine.npz")
    with pytest.raises(ValueError, match="'mine:Mine-v0', which a file may not name"):
        es.load(path).evaluate(1)
    assert np.array_equal(es.load(path, env="mine:Mine-v0").evaluate(2).returns, run.evaluate(2).returns)
    other = es.Trainer("Mine-v0", (3,), es.OpenAIES(directions=2), seed=1, progress=False).run(generations=1)
    path = other.save(trap / "other.npz")  # registered, but by another package than gymnasium
    for play in (lambda: es.load(path).evaluate(1), lambda: es.Trainer.load(path)):
        with pytest.raises(ValueError, match=r"registered by another package.*pass it as env="):
            play()


def gym_walk():
    import gymnasium

    class GymWalk(gymnasium.Env):
        observation_space = gymnasium.spaces.Box(-100, 100, (1,), np.float32)
        action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)
        inner = walk_env.Walk()

        def reset(self, *, seed=None, options=None):
            return self.inner.reset(seed), {}

        def step(self, action):
            x, reward, done, info = self.inner.step(action[0])
            return x, reward, done, False, info

    return GymWalk()


def test_arguments_that_are_texts_need_the_environment(tmp_path):
    pytest.importorskip("gymnasium")
    for kwargs in ({"sutton_barto_reward": True}, {"render_mode": "rgb_array"}):
        env = envs.make("CartPole-v0", **kwargs)
        run = es.Trainer(env, (3,), es.OpenAIES(directions=2), progress=False, seed=0, max_steps=9).run(1)
        loaded = es.load(run.save(tmp_path / "a.npz"))
        if "render_mode" in kwargs:
            with pytest.raises(ValueError, match="'render_mode' is neither a number nor a boolean"):
                loaded.evaluate(1)
        else:
            assert np.array_equal(loaded.evaluate(2).returns, run.evaluate(2).returns)
    described = stored.describe(replace(env, kwargs={"desc": np.zeros(3)}))
    assert described["kwargs"] == {} and not described["restorable"]  # JSON cannot hold it; nothing is lost


CHANGES = {
    "weight_offset": lambda c, a: c["policy"]["spec"]["layers"][0].update(weight_offset=2**63 - 8),
    "bias_offset": lambda c, a: c["policy"]["spec"]["layers"][0].update(bias_offset=2**63 - 2),
    "parameters": lambda c, a: c["policy"]["spec"].update(parameters=2**40),
    "inputs": lambda c, a: c["policy"]["spec"].update(inputs=2**24),
    "observation_size": lambda c, a: c["env"].update(observation_size=2**62),
    "theta_nan": lambda c, a: (a["theta"].fill(np.nan), a["strategy/mean"].fill(np.nan)),
    "theta_text": lambda c, a: a.update(theta=np.array(["1.0"] * len(a["theta"]))),
    "theta_shape": lambda c, a: a.update(theta=a["theta"][None]),
    "theta_empty": lambda c, a: a.update(theta=a["theta"][:0]),
    "candidate": lambda c, a: a.update({"candidate/mean": np.zeros(2, np.float32)}),
    "candidate_number": lambda c, a: a.update({"candidate/number": np.array([0.0, np.inf])}),
    "squares": lambda c, a: a.update({"observation/squares": -a["observation/squares"]}),
    "count": lambda c, a: a.update({"observation/count": np.float64("nan")}),
    "no_observations": lambda c, a: a.pop("observation/mean"),
    "history": lambda c, a: a.update(history=np.zeros((2, 2))),
    "generation": lambda c, a: a.update({"strategy/generation": np.int64(25828)}),
    "option_path": lambda c, a: c["trainer"].update(theta0="/etc/passwd"),
    "option_callback": lambda c, a: c["trainer"].update(callbacks=["os.system"]),
    "engine": lambda c, a: c["trainer"].update(engine="os"),
    "episodes": lambda c, a: c["trainer"].update(episodes=2**63),
    "warmup": lambda c, a: c["trainer"].update(warmup="yes"),
    "seed": lambda c, a: c.update(seed=-1),
    "generations": lambda c, a: c.update(generations=2**63),
    "elapsed": lambda c, a: c.update(elapsed=float("nan")),
    "warmed": lambda c, a: c.update(warmed=[1]),
    "env_list": lambda c, a: c.update(env=[]),
    "env_name": lambda c, a: c["env"].update(name="a\x1b[2J"),
    "kind": lambda c, a: c["env"].update(kind="custom:0x1234"),
    "spec_text": lambda c, a: c["policy"].update(spec="Policy()"),
    "class": lambda c, a: c["policy"].update({"class": ["os"]}),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_does_not_fit_is_refused_before_it_is_used(forge, change):
    path = forge(change)
    for load in (es.load, es.Trainer.load):
        with pytest.raises(ValueError, match=r"damaged|lacks|env: "):
            load(path)


@pytest.mark.parametrize("change", [
    lambda c, a: c["strategy"].update(type="__import__"), lambda c, a: c["strategy"].update(type="Strategy"),
    lambda c, a: c["strategy"].update(type=["os"]), lambda c, a: c["strategy"].update(directions=2**31 - 1),
    lambda c, a: c["strategy"].update(optimizer="Adam"),
    lambda c, a: c["strategy"]["optimizer"].update(name="os.system"),
    lambda c, a: c["strategy"]["optimizer"].update(betas=5),
    lambda c, a: c["strategy"].update(sigma=float("nan")),
    lambda c, a: a.update({"strategy/optimizer.steps": np.int64(2**63 - 1)}),
    lambda c, a: a.pop("strategy/plan"),
    lambda c, a: a.update({"strategy/optimizer.first": np.full_like(a["theta"], np.inf)}),
    lambda c, a: a.update({"strategy/sigma": np.zeros(3)}), lambda c, a: c["strategy"].update(self=1),
], ids=range(13))  # fmt: skip
def test_a_strategy_is_one_of_ours_in_a_state_it_can_be_in(forge, change):
    path = forge(change)
    assert len(es.load(path).history) == 2  # makes no strategy
    with pytest.raises(ValueError, match=r"strategy|state"):
        es.Trainer.load(path)


def test_a_file_starts_no_more_threads_or_processes_than_there_are_cores(forge):
    path = forge(lambda c, a: c["trainer"].update(threads=2**31 - 1, workers=10**6))
    trainer = es.Trainer.load(path, progress=False)
    import os

    assert trainer.problem.where.threads <= os.cpu_count() >= trainer.problem.where.workers


def test_a_count_that_a_file_gives_as_a_float_is_a_count(forge):
    """JSON does not tell 2.0 from 2 as Python does."""
    path = forge(lambda c, a: c["strategy"].update(directions=2.0))
    trainer = es.Trainer.load(path, progress=False)
    assert type(trainer.strategy.config()["directions"]) is int
    for made in (es.CRFMNES(directions=2.0), es.OpenAIES(directions=np.int64(2))):
        made.start(np.zeros(3), seed=0)
        assert made.ask().shape == (4, 3)


@pytest.mark.parametrize("change", [
    lambda c, a: c.update(policy=3), lambda c, a: c["policy"].update(spec=[]), lambda c, a: a.pop("theta"),
    lambda c, a: a["theta"].fill(np.nan), lambda c, a: a.pop("observation/squares"),
    lambda c, a: a.update({"observation/mean": np.zeros((2, 2))}),
    lambda c, a: c["policy"]["spec"]["layers"][0].update(weight_offset=2**63 - 8),
])  # fmt: skip
def test_parameters_to_begin_with_are_checked_too(forge, change):
    path = forge(change)
    with pytest.raises(ValueError, match=r"damaged|lacks|state: "):
        es.Trainer("CartPole-v1", (3,), es.OpenAIES(directions=2), theta0=path, progress=False)
