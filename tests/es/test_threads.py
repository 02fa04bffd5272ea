"""A training seen from other threads, and a strategy that is changed from two sides."""

import threading

import numpy as np
import pytest
from ember_ml import es, training
from ember_ml.es.trainer.turns import Turns
from ember_ml.rollout import Population


def running(trainer, **limits):
    """A thread in which the trainer runs, once it has begun."""
    begun = threading.Event()
    before = trainer.callbacks
    trainer.callbacks = (*before, es.Callback(every=2**40))
    trainer.callbacks[-1].on_start = lambda _: begun.set()
    thread = threading.Thread(target=trainer.run, kwargs=limits)
    thread.start()
    assert begun.wait(20)
    return thread


def trainer_of(**options):
    return es.Trainer("Simple1D-v0", seed=0, progress=False, generations=10**7, **options)


@pytest.mark.parametrize("options", [{}, {"engine": "python"}], ids=["native", "python"])
def test_files_saved_from_another_thread_are_whole_generations(tmp_path, options):
    trainer = trainer_of(**options)
    thread = running(trainer, seconds=60.0)
    generations = []
    for n in range(5):
        path = trainer.save(tmp_path / f"{n}.npz")
        saved = es.Trainer.load(path)
        assert len(saved.history) == saved.strategy.generation
        generations.append((saved.generation, path))
    trainer.stop()
    thread.join(60)
    assert not thread.is_alive()
    assert generations == sorted(generations)
    # Whoever resumes such a file meets the training it was taken from.
    last, path = generations[-1]
    resumed = es.Trainer.load(path)
    resumed.run(3)
    alone = trainer_of(**options)
    alone.run(last + 3)
    np.testing.assert_array_equal(resumed.theta, alone.theta)


def test_every_look_from_another_thread_waits_for_a_whole_generation():
    trainer = trainer_of()
    thread = running(trainer, seconds=60.0)
    seen = []
    for _ in range(3):
        with trainer._training.turns:  # what a look is made of
            assert trainer.generation == trainer.strategy.generation
            seen.append(trainer.generation)
        assert trainer.policy is not None
        assert trainer.config()["seed"] == 0
        assert "native" in trainer.explain()
        assert trainer.evaluate(2).returns.shape == (2,)
        assert np.isfinite(trainer.theta).all()
    trainer.stop()
    thread.join(60)
    assert not thread.is_alive()
    assert seen == sorted(seen) and seen[-1] > 0


def test_looks_change_no_number():
    looked, alone = trainer_of(), trainer_of()
    thread = threading.Thread(target=looked.run, args=(30,))
    thread.start()
    while thread.is_alive():
        looked.theta  # noqa: B018
    thread.join()
    alone.run(30)
    np.testing.assert_array_equal(looked.theta, alone.theta)
    for name in ("policy_return", "steps", "sigma", "update_norm"):
        np.testing.assert_array_equal(looked.history[name], alone.history[name])


def test_a_callback_and_a_thread_that_it_waits_for_can_look(tmp_path):
    saved = []

    def look(trainer):
        saved.append(trainer.save(tmp_path / "here.npz"))
        thread = threading.Thread(target=lambda: saved.append(trainer.save(tmp_path / "there.npz")))
        thread.start()
        thread.join(20)
        assert not thread.is_alive()

    trainer = trainer_of(callbacks=look)
    trainer.run(2)
    assert len(saved) == 4
    assert es.Trainer.load(saved[-1]).generation == 2


def test_turns_come_in_order_and_to_one_thread_at_a_time():
    turns, order, inside = Turns(), [], []

    def enter(n):
        with turns:
            inside.append(n)
            assert len(inside) == 1
            order.append(n)
            inside.remove(n)

    threads = []
    with turns, turns:
        for n in range(4):
            threads.append(threading.Thread(target=enter, args=(n,)))
            threads[-1].start()
            while len(turns._queue) < n + 2:
                pass
    for thread in threads:
        thread.join(20)
    assert order == [0, 1, 2, 3]


def test_evaluations_of_one_engine_from_four_threads_give_what_one_thread_gives():
    trainer = es.Trainer("CartPole-v1", seed=0, progress=False, normalize_observations=True)
    engine = trainer.engine
    rng = np.random.default_rng(0)
    size = trainer.theta.size
    populations = [
        Population(rng.normal(0, 0.3, size).astype(np.float32), 0.3, n, n, 20 + n) for n in range(4)
    ]
    normalizer = trainer.observations.normalizer
    alone = [engine.evaluate(population, normalizer) for population in populations]
    together = [[] for _ in populations]

    def play(n):
        for _ in range(20):
            together[n].append(engine.evaluate(populations[n], normalizer))

    threads = [threading.Thread(target=play, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for one, many in zip(alone, together):
        assert len(many) == 20
        for other in many:
            np.testing.assert_array_equal(one.returns, other.returns)
            np.testing.assert_array_equal(one.lengths, other.lengths)
            for leaf, other_leaf in zip(one.leaves, other.leaves):
                np.testing.assert_array_equal(leaf.sum, other_leaf.sum)


# ------------------------------------------------------------------------------------------ strategies


class Inside(training.SGD):
    """Does something to its strategy in the middle of tell."""

    def apply_gradients(self, pairs):
        super().apply_gradients(pairs)
        self.act()


def equal(a, b):
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.start(np.zeros(3), 1),
        lambda s: s.tell(np.arange(s.members)),
        lambda s: s.skip(np.arange(s.members)),
        lambda s: s.ask(),
        lambda s: s.plan(5),
        lambda s: s.load_state_dict({}),
    ],
    ids=["start", "tell", "skip", "ask", "plan", "load_state_dict"],
)
@pytest.mark.parametrize("elsewhere", [False, True], ids=["inside", "thread"])
def test_a_strategy_in_the_middle_of_tell_refuses_another_change(call, elsewhere):
    refused = []

    def attempt():
        with pytest.raises(RuntimeError, match="in the middle of another change"):
            call(strategy)
        refused.append(True)

    def act():
        if elsewhere:
            thread = threading.Thread(target=attempt)
            thread.start()
            thread.join(20)
        else:
            attempt()

    optimizer = Inside(learning_rate=0.1, momentum=0.9)
    optimizer.act = act
    strategy = es.OpenAIES(directions=4, optimizer=optimizer)
    plain = es.OpenAIES(directions=4, optimizer=training.SGD(learning_rate=0.1, momentum=0.9))
    for one in (strategy, plain):
        one.start(np.zeros(3), 1)
        one.tell(np.arange(one.members))
        one.tell(np.arange(one.members)[::-1])
    assert refused == [True, True]
    np.testing.assert_array_equal(strategy.mean, plain.mean)
    assert strategy.generation == plain.generation == 2


@pytest.mark.parametrize("kind", ["OpenAIES", "PGPE"])
def test_an_optimizer_that_raises_leaves_the_strategy_as_it_was(kind):
    class Failing(training.SGD):
        fail = False

        def apply_gradients(self, pairs):
            super().apply_gradients(pairs)
            if self.fail:
                raise ZeroDivisionError

    optimizer = Failing(learning_rate=0.1, momentum=0.9)
    strategy = getattr(es, kind)(directions=4, optimizer=optimizer)
    strategy.start(np.ones(3), 1)
    strategy.tell(np.arange(strategy.members))
    before = strategy.state_dict()
    optimizer.fail = True
    with pytest.raises(ZeroDivisionError):
        strategy.tell(np.arange(strategy.members)[::-1])
    equal(before, strategy.state_dict())
    optimizer.fail = False
    strategy.tell(np.arange(strategy.members))
    assert strategy.generation == 2


@pytest.mark.parametrize("options", [{}, {"engine": "python"}], ids=["native", "python"])
def test_a_strategy_in_training_is_moved_by_its_trainer_alone(options):
    errors = []

    def meddle(trainer):
        strategy = trainer.strategy
        strategy.ask()  # a look
        for call in (
            lambda: strategy.start(np.zeros(3), 1),
            lambda: strategy.tell(np.zeros(strategy.members)),
            lambda: strategy.load_state_dict(strategy.state_dict()),
        ):
            try:
                call()
            except RuntimeError as error:
                errors.append(str(error))

    trainer, alone = trainer_of(callbacks=meddle, **options), trainer_of(**options)
    trainer.run(3)
    alone.run(3)
    assert len(errors) == 9 and all("a Trainer is training this strategy" in error for error in errors)
    np.testing.assert_array_equal(trainer.theta, alone.theta)
    trainer.strategy.tell(np.zeros(trainer.strategy.members))  # afterwards it is nobody's
