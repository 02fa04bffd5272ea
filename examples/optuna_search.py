"""Settings of a training found by Optuna: how large a step, how wide a search, how many directions.

    pip install optuna
    python examples/optuna_search.py            # 20 trials of CartPole, some seconds

Each trial trains with few generations, reports the policy's return while it trains, so that Optuna can end a
hopeless one early, and is judged by the mean over episodes that training never uses. What is found is then
trained from other seeds: a search's own best value is a lucky draw.
"""

from __future__ import annotations

import argparse

import optuna
from ember_ml import es


class Report(es.Callback):
    """Tells Optuna how a trial stands, and ends its training when Optuna has seen enough."""

    def __init__(self, trial: optuna.Trial, every: int = 5) -> None:
        super().__init__(every)
        self.trial = trial

    def on_generation(self, trainer: es.Trainer) -> bool:
        self.trial.report(trainer.history[-1]["population_mean"], trainer.generation)
        return self.trial.should_prune()


def train(settings: dict, seed: int, callbacks: tuple = ()) -> float:
    run = es.train(
        "CartPole-v1",
        policy=(16,),
        strategy=settings["strategy"],
        directions=settings["directions"],
        sigma=settings["sigma"],
        learning_rate=settings["learning_rate"],
        generations=30,
        seed=seed,
        callbacks=callbacks,
        progress=False,
    )
    return run.evaluate(episodes=50).mean


def objective(trial: optuna.Trial) -> float:
    settings = {
        "strategy": trial.suggest_categorical("strategy", ["openai-es", "snes"]),
        "directions": trial.suggest_int("directions", 4, 16),
        "sigma": trial.suggest_float("sigma", 0.02, 1.0, log=True),
        "learning_rate": trial.suggest_float("learning_rate", 0.005, 1.0, log=True),
    }
    report = Report(trial)
    score = train(settings, seed=trial.number, callbacks=(report,))
    if trial.should_prune():
        raise optuna.TrialPruned
    return score


def main(trials: int = 20, seed: int = 0) -> tuple[dict, list[float]]:
    """The best settings and what they reach from three seeds that the search has not used."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
    )
    study.optimize(objective, n_trials=trials)
    again = [train(study.best_params, seed=1000 + number) for number in range(3)]
    return study.best_params, again


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=20)
    settings, returns = main(parser.parse_args().trials)
    print("best settings:", settings)
    print("return of other seeds, mean of 50 episodes each:", ", ".join(f"{value:.0f}" for value in returns))
