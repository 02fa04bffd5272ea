"""Plain functions: one call from a function and a start to the best point found."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ember_ml import validate
from ember_ml.es.interrupt import Interrupt, remember
from ember_ml.es.objective import Objective
from ember_ml.es.optimize_progress import OptimizeProgress
from ember_ml.es.optimize_result import FIELDS, OptimizeResult
from ember_ml.es.options import StrategyName
from ember_ml.es.search_space import SearchSpace
from ember_ml.es.strategies import Strategy, names
from ember_ml.rollout import Float64

#: Above so many parameters the default is linear in them, not square.
MANY = 100

#: Learning rate of the strategies that do not adapt their deviation, in deviations: their own default ratios.
_RATES = {"OpenAIES": 0.5, "ARS": 2 / 3, "PGPE": 0.15}

#: A search has diverged when a member is this many first deviations from x0.
_AWAY = 1e10


def optimize(
    f: Callable[..., Any],
    x0: ArrayLike,
    bounds: Any = None,
    strategy: Strategy | StrategyName | None = None,
    sigma: ArrayLike | None = None,
    *,
    minimize: bool = False,
    directions: int | None = None,
    members: int | None = None,
    generations: int | None = None,
    evaluations: int | None = None,
    seconds: float | None = None,
    until: float | None = None,
    tolerance: float = 1e-8,
    seed: int | None = None,
    vectorized: bool = False,
    on_error: Literal["raise", "rank_last"] = "raise",
    callback: Callable[[dict[str, Any]], Any] | None = None,
    progress: bool = True,
) -> OptimizeResult:
    """MAXIMISES a function of a real vector, without derivatives; ``minimize=True`` minimises it.

    >>> from ember_ml import es
    >>> result = es.optimize(lambda x: ((x - 1) ** 2).sum(), x0=[0.0, 0.0, 0.0], minimize=True, seed=0)
    >>> result.x.round(3)
    array([1., 1., 1.])

    Args:
        f: of one vector, float64 (parameters,), to a number; with `vectorized` of several, (n, parameters) to
            (n,).
        x0: where the search begins, (parameters,). It is evaluated first.
        bounds: (low, high), each a number, None or one number a parameter; no point outside is evaluated.
        strategy: a name, whose own defaults are used, or a strategy with its own sigma and bounds. None takes
            "cholesky-cmaes" for up to 100 parameters, "cr-fm-nes" for more. "openai-es", "ars" and "pgpe",
            which keep their deviation or nearly so, are for noisy functions.
        sigma: first deviation of the members, a number or one a parameter: about a third of the distance to
            where the optimum may be. None takes a quarter of the width between two finite bounds, else 0.5.
        minimize: f is maximised unless this is True, as fitness is everywhere in this package.
        directions, members: size of a generation, of a strategy by name.
        generations, evaluations, seconds: limits, whichever comes first; no evaluation beyond the number, and
            whole generations only. Without any of them 2,000 * (parameters + 5) evaluations.
        until: stop when a value so good was found.
        tolerance: stop when the best values of the last 10 + 30 * parameters / members generations, and all
            of the last one, differ by at most tolerance * (1 + abs(best)); 0 never.
        seed: decides every number; None draws one (`result.seed`).
        vectorized: whether f takes several points at once.
        on_error: what an exception of f, NaN, or an infinity of the better side does: "raise" ends the search
            by an EvaluationError, "rank_last" goes on and counts (`result.failed`). The worse infinity always
            ranks last, and an exception of a vectorized f always raises.
        callback: called with the record of each generation (a dict with the fields of `result.history`, and
            x); True ends the search.
        progress: a line on a terminal, for searches that take longer than half a second.

    Points are float32 steps from x0 in units of sigma, so x is found to about 1e-7 of its distance from x0.

    Raises:
        ValueError, TypeError: an argument, or what f gives, does not fit; the message names it.
        EvaluationError: f failed, and `on_error` is "raise".
        KeyboardInterrupt: a second Ctrl-C. The first one ends the search and gives the result.
    """
    keep_going = validate.choice("on_error", on_error, ("raise", "rank_last")) == "rank_last"
    minimize = validate.boolean("minimize", minimize)
    objective = Objective(f, validate.boolean("vectorized", vectorized), minimize, keep_going)
    if callback is not None and not callable(callback):
        raise TypeError(f"callback: got {callback!r}, wanted a function of a generation's record")
    space, chosen = _space_and_strategy(x0, bounds, strategy, sigma, directions, members)
    seed = secrets.randbits(32) if seed is None else validate.seed_number(seed)
    chosen.start(space.start, seed)
    search = _Search(
        objective,
        space,
        chosen,
        _limits(generations, evaluations, seconds, space.parameters, chosen.members),
        None if until is None else objective.sign * validate.real("until", until),
        validate.not_negative("tolerance", tolerance),
        callback,
    )
    chosen.plan(search.planned())
    bar = OptimizeProgress(validate.boolean("progress", progress), search.planned())
    with Interrupt() as interrupt:
        try:
            search.run(interrupt, bar)
        except KeyboardInterrupt:
            if interrupt.insisted or not interrupt.requested:
                raise
        finally:
            bar.close()
        interrupted = interrupt.ended_by()
    if interrupted:
        search.ended = ("interrupted", "Ctrl-C ended it")
    result = search.result(minimize, seed)
    if interrupted:
        remember(result)
    return result


def _space_and_strategy(
    x0: Any, bounds: Any, strategy: Any, sigma: Any, directions: Any, members: Any
) -> tuple[SearchSpace, Strategy]:
    """By name a strategy works in units of sigma around x0; one that is given, in x itself."""
    if strategy is not None and not isinstance(strategy, str):
        for name, value in (("bounds", bounds), ("sigma", sigma)):
            if value is not None:
                raise ValueError(f"{name}: got it beside a strategy that has its own: {strategy!r}")
        own = names.as_strategy(strategy, {"directions": directions, "members": members})
        if own.config().get("perturbation") is not None:
            raise ValueError(
                "perturbation: got noise of low rank, which is for the matrices of a policy, and f takes a"
                f" vector, which has none: {own!r}. perturbation=None is full noise"
            )
        return SearchSpace(x0, own.bounds, None, direct=True), own
    space = SearchSpace(x0, bounds, sigma, direct=False)
    usual = "cholesky-cmaes" if space.parameters <= MANY else "cr-fm-nes"
    kind = names.kind_of(usual if strategy is None else strategy)
    options = {"directions": directions, "members": members, "sigma": 1.0}
    made = names.make(
        kind, {**options, "learning_rate": _RATES.get(kind.__name__), "bounds": space.unit_bounds()}
    )
    return space, made


def _limits(
    generations: Any, evaluations: Any, seconds: Any, parameters: int, members: int
) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if generations is not None:
        limits["generations"] = validate.positive_int("generations", generations, validate.MOST_STEPS)
    if evaluations is not None:
        limits["evaluations"] = validate.positive_int("evaluations", evaluations, validate.MOST_STEPS)
        if limits["evaluations"] <= members:
            raise ValueError(
                f"evaluations: got {evaluations}, wanted at least {members + 1}: x0 and a generation of"
                f" {members} members"
            )
    if seconds is not None:
        limits["seconds"] = validate.positive("seconds", seconds)
    return limits or {"evaluations": max(2000 * (parameters + 5), 100 * members)}


class _Search:
    """The loop. Fitness here is larger for better; records are in f's own sign."""

    def __init__(
        self,
        objective: Objective,
        space: SearchSpace,
        strategy: Strategy,
        limits: dict[str, Any],
        until: float | None,
        tolerance: float,
        callback: Callable[[dict[str, Any]], Any] | None,
    ) -> None:
        self.objective, self.space, self.strategy = objective, space, strategy
        self.limits, self.until, self.tolerance, self.callback = limits, until, tolerance, callback
        self.best, self.x = -math.inf, space.x0.copy()
        self.records: list[tuple[Any, ...]] = []
        self.generation_bests: list[float] = []
        self.ended = ("interrupted", "")
        self.window = 10 + math.ceil(30 * space.parameters / strategy.members)

    def planned(self) -> int | None:
        """Generations that the limits allow; None where only the clock does."""
        counts = []
        if "generations" in self.limits:
            counts.append(self.limits["generations"])
        if "evaluations" in self.limits:
            counts.append((self.limits["evaluations"] - 1) // self.strategy.members)
        return min(counts) if counts else None

    def run(self, interrupt: Interrupt, bar: OptimizeProgress) -> None:
        begun = time.perf_counter()
        with interrupt.cut():
            first = self.objective(self.space.x0[None], 0)
        self.best = float(first[0])
        ended = self._reached()
        while ended is None:
            rows = self.strategy.ask()
            if not np.abs(rows).max() < _AWAY * max(1.0, float(np.abs(self.space.start).max())):
                other = "minimum" if self.objective.sign < 0 else "maximum"
                hint = "" if self.objective.sign < 0 else "; minimize=True looks for the minimum"
                ended = ("diverged", f"the search left for infinity: f seems to have no {other}{hint}")
                break
            points = self.space.points(rows)
            with interrupt.cut():
                fitness = self.objective(points, self.strategy.generation)
            top = int(np.argmax(fitness))
            if fitness[top] > self.best:
                self.best, self.x = float(fitness[top]), points[top].copy()
            try:
                self.strategy.tell(fitness)
            except OverflowError as error:
                ended = ("diverged", str(error))
                break
            record = self._record(fitness)
            bar.show(record)
            ended = self._reached() or self._at_rest(rows, fitness) or self._limit(begun, record)
            if self.callback is not None and self.callback({**record, "x": self.x.copy()}) and ended is None:
                ended = ("callback", "the callback said so")
            if ended is None and interrupt.requested:
                return
        self.ended = ended

    def _record(self, fitness: Float64) -> dict[str, Any]:
        sign, whole = self.objective.sign, fitness[np.isfinite(fitness)]
        values = (
            self.strategy.generation - 1,
            self.objective.evaluations,
            sign * self.best,
            sign * float(fitness.max()),
            sign * float(whole.mean()) if whole.size else math.nan,
            float(np.mean(np.multiply(self.strategy.sigma, self.space.scale))),
        )
        self.records.append(values)
        self.generation_bests.append(float(fitness.max()))
        return dict(zip(FIELDS.names or (), values))

    def _reached(self) -> tuple[str, str] | None:
        if self.until is None or self.best < self.until:
            return None
        return ("until", f"a value as good as {self.objective.sign * self.until:g} was found")

    def _at_rest(self, rows: Any, fitness: Float64) -> tuple[str, str] | None:
        if (rows == rows[0]).all():
            return ("resolution", "the members differ by less than float32 can say")
        recent = self.generation_bests[-self.window :]
        if len(recent) < self.window or not np.isfinite(recent).all():
            return None
        whole = fitness[np.isfinite(fitness)]
        change = max(max(recent) - min(recent), float(np.ptp(whole)))
        if change == 0.0:
            return ("flat", f"all values of a generation, and the best of {self.window}, were equal")
        if change <= self.tolerance * (1 + abs(self.best)):
            return ("tolerance", f"values of {self.window} generations differ by {change:.1e}")
        return None

    def _limit(self, begun: float, record: dict[str, Any]) -> tuple[str, str] | None:
        limits, done = self.limits, record["generation"] + 1
        if done >= limits.get("generations", math.inf):
            return ("generations", f"{done:,} were made")
        left = limits.get("evaluations", math.inf) - self.objective.evaluations
        if left < self.strategy.members:
            return ("evaluations", f"another generation would be more than {limits['evaluations']:,}")
        if time.perf_counter() - begun >= limits.get("seconds", math.inf):
            return ("seconds", f"{limits['seconds']:g} are over")
        return None

    def result(self, minimized: bool, seed: int) -> OptimizeResult:
        reason, message = self.ended
        at_rest = reason in ("tolerance", "resolution")
        sign = self.objective.sign
        return OptimizeResult(
            x=self.x,
            value=sign * self.best if self.objective.evaluations else math.nan,
            mean=self.space.points(self.strategy.mean[None])[0],
            evaluations=self.objective.evaluations,
            failed=self.objective.failed,
            history=np.array(self.records, FIELDS),
            success=reason == "until" or (self.until is None and at_rest),
            reason=reason,
            message=message,
            minimized=minimized,
            seed=seed,
            strategy=f"{type(self.strategy).__name__}, {self.strategy.members} members",
        )
