"""What the documents say of their Python blocks, as code that runs right behind each, in its names.

The key is a line of the block, without its indentation and its comment, that stands in no other block.
"""

from __future__ import annotations

CLAIMS: dict[str, dict[str, str]] = {
    "robots.md": {
        'same = es.load("carry.npz", env=Carry)': """
assert run.evaluate(episodes=100).mean > -4.0
assert (same.evaluate(episodes=3).returns == run.evaluate(episodes=3).returns).all()
assert es.train(Carry, policy=(16,), generations=1, seed=0, progress=False).evaluate(100).mean < -40.0
""",
    },
    "README.md": {
        'run.export("policy.h")': """
import os
assert run.evaluate(episodes=100).mean == 500.0
assert run.policy([0.0, 0.0, 0.05, 0.0]) in (0, 1)
assert es.load("cartpole.npz").evaluate(episodes=100).mean == 500.0
assert os.path.getsize("policy.h") and os.path.getsize("curve.png")
""",
        'trainer.save("acrobot.npz")': """
assert -95.0 < run.evaluate(episodes=100).mean < -75.0
assert "engine: native" in trainer.explain()
again = es.Trainer.load("acrobot.npz")
assert again.step()["policy_return"] == trainer.step()["policy_return"]
assert (again.theta == trainer.theta).all()
""",
        "print(strategy.best)": """
assert result.success and np.allclose(result.x, 3.0, atol=1e-3)
assert np.allclose(strategy.best, 3.0, atol=0.05)
""",
        "frames = poles.render()": """
assert observations.shape == (64, 4) and len(frames) == 64 and frames[0].shape[2] == 3
assert (poles.reset(seed=0)[0][0] == gymnasium.make("CartPole-v1").reset(seed=0)[0]).all()
""",
    },
    "torch.md": {
        "print(run.policy)": """
assert "4 -> 16 tanh -> 2, 114 parameters" in repr(run.policy) and run.evaluate(20).mean > 400
""",
        "run = es.train(objective=fit, policy=net, sigma=0.1, generations=150, seed=0, progress=False)": """
assert run.evaluate().mean > -0.05 and abs(fit(net, 0).item() - run.evaluate().mean) < 1e-6
""",
        "def fit_all(model, generation):": """
assert run.evaluate().mean > -0.02
""",
    },
    "memory.md": {
        "print(run.policy)": """
assert "4 -> GRU 8 -> 2, 354 parameters" in repr(run.policy)
""",
        "print(trainer.explain())": """
assert "policy: 4 -> 8 tanh -> LSTM 6 -> 2" in trainer.explain() and "native" in trainer.explain()
""",
        "print(total)": """
assert total == 500.0
""",
    },
    "guide.md": {
        'run = es.train("CartPole-v1", seed=0, progress=False)': """
assert run.evaluate(episodes=100).mean == run.evaluate(episodes=100).mean == 500.0
""",
        'print(run.evaluations["generation"], run.evaluations["mean"])': """
assert run.evaluation.mean >= run.evaluate(100, policy="last").mean and len(run.evaluations) >= 2
""",
        'print(run.reached, run.confirmations[-1]["mean"], run.confirm_steps)': """
assert run.reached and run.evaluate(episodes=1000).mean > 475.0 and run.confirm_steps > 0
""",
        'run = es.load("cartpole.npz")': """
assert run.policy(np.zeros(4)) in (0, 1) and np.shape(run.policy(np.zeros((3, 4)))) == (3,)
""",
        'run.animate("lift.gif")': """
import os
assert run.evaluate(episodes=100).mean > -6.0 and os.path.getsize("lift.gif")
""",
        'es.compare(runs, "seeds.png")': """
import os
there = ("curve.png", "episode.png", "episode.gif", "seeds.png", "report.html")
assert all(os.path.getsize(name) for name in there)
""",
        'es.train("CartPole-v1", seed=0, callbacks=loggers, progress=False)': """
assert len(open("history.csv").readlines()) == 51 and len(es.load("followed.npz").history) == 50
""",
        'es.train("CartPole-v1", seed=0, callbacks=es.WandbLogger(project="poles", mode="offline"))': """
import wandb
assert wandb.logged == [*range(50), "finished"]
""",
        "print(study.best_params, study.best_value)": """
assert study.best_value > 475.0
""",
        "run = trainer.run()": """
assert run.evaluate(episodes=100).mean > -150.0
assert trainer.generation == 301
""",
        "strategy = es.OpenAIES(directions=16, sigma=0.3, optimizer=Adam(learning_rate=0.1))": """
assert run.evaluate(episodes=100).mean == 500.0 and len(run.history) == 40
""",
        'run = es.train("CartPole-v1", policy, generations=60, seed=1, progress=False)': """
assert run.evaluate(episodes=100).mean == 500.0
assert (policy.to_vector() == run.theta).all() and policy.to_vector().shape == (4 * 32 + 32 + 32 * 2 + 2,)
""",
        "run = es.train(Thermostat, policy=(), generations=60, seed=0, progress=False)": """
assert run.evaluate(episodes=100).mean > -20.0
""",
        "run = es.train(NativeThermostat, policy=(), generations=60, seed=0, progress=False)": """
assert run.evaluate(episodes=100).mean > -20.0
""",
        "print(strategy.mean.round(2), strategy.best_fitness)": """
assert np.allclose(strategy.mean, 1.0, atol=0.05) and strategy.best_fitness > -0.01
""",
        "print(result.evaluations, result.reason)": """
assert result.success and np.allclose(result.x, 1.0, atol=1e-3) and result.value < 1e-6
""",
        "frames = poles.render()": """
assert observations.shape == (64, 4) and len(frames) == 64 and frames[0].shape[2] == 3
assert (poles.reset(seed=0)[0][0] == gymnasium.make("CartPole-v1").reset(seed=0)[0]).all()
""",
        "ops.get_backend()": """
assert ops.get_backend() == "numpy"
""",
    },
    "index.md": {
        'run.report("cartpole.html")': """
import os
assert run.evaluate(episodes=100).mean == 500.0 and os.path.getsize("cartpole.html")
""",
    },
    "migrating.md": {
        "strategy = es.PGPE(": """
assert run.evaluate(episodes=100).mean == 500.0
""",
        'run.save("ars.npz")': """
assert run.evaluate(episodes=100).mean == 500.0 and run.steps >= 300_000
""",
        "print(result.x, result.value)": """
assert np.allclose(result.x, 1.0, atol=1e-4)
""",
        "print(strategy.mean)": """
assert np.allclose(strategy.mean, 1.0, atol=0.01)
""",
    },
    "reproducibility.md": {
        "print(first.digest, again.digest)": """
assert first.digest == again.digest and first.command == "ember-ml train CartPole-v1 --seed=7"
""",
        "print(resumed.run().digest == whole.run().digest)": """
assert resumed.generation == whole.generation == 20 and (resumed.theta == whole.theta).all()
""",
    },
    "strategies.md": {
        "print(strategy.best, strategy.best_fitness)": """
assert np.allclose(strategy.mean, 1.0, atol=0.05) and np.max(strategy.sigma) < 0.1
""",
        "print(result.x, result.value)": """
assert result.success and np.allclose(result.x, 2.0, atol=1e-3) and result.value < 1e-6
""",
    },
}
