"""
Native core of Ember ML.
"""
from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import typing
import typing_extensions
__all__: list[str] = ['EnvironmentInfo', 'Evaluator', 'Guard', 'LowRankForward', 'MujocoEnvironment', 'ObservationStatistics', 'Perturbation', 'Policy', 'RunLog', 'Strategy', 'VectorEnv', 'activate', 'activation_names', 'available_threads', 'bench', 'bench_names', 'builtin_environments', 'dense', 'derived_seed', 'derived_seed64', 'digest', 'forward_members', 'math_apply', 'noise', 'noise_rounds', 'noise_stream_version', 'own_numbers', 'perturb', 'run', 'shape', 'shape_by_table', 'shape_top', 'simd_level', 'simd_levels', 'state_digest', 'uniforms']
class Perturbation:
    """
    Low-rank noise of the matrices of theta (cpp/noise/perturbation.h).
    """
    def __init__(self, rank: typing.SupportsInt | typing.SupportsIndex, parameters: typing.SupportsInt | typing.SupportsIndex, matrices: collections.abc.Sequence[tuple[typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex, bool]]) -> None:
        ...
    @property
    def compact(self) -> int:
        """
        Length of a direction's noise.
        """
    @property
    def matrices(self) -> list[tuple[int, int, int, bool, int]]:
        """
        (offset, inputs, outputs, outputs_first, at) of each matrix of low rank.
        """
    @property
    def rank(self) -> int:
        ...
    @property
    def stretches(self) -> list[tuple[int, int, int]]:
        """
        (offset, size, at) of what has a normal for each parameter.
        """
class Guard:
    """
    Guard(fast, slow, array, dtype, arguments, scalar=None, first_float=sys.maxsize)
    
    Calls fast(*operands) if every operand is exactly an `array` of `dtype` (or a `scalar`; or, from
    operand number `first_float` on, a float), at least one of them an array; else slow(...).
    """
    @staticmethod
    def __new__(cls, *args: typing.Any, **kwargs: typing.Any) -> Guard:
        """
        Create and return a new object.  See help(type) for accurate signature.
        """
    def __call__(self, *args: typing.Any) -> typing.Any:
        """
        Call self as a function.
        """
class Strategy:
    """
    A search distribution of cpp/update/strategy.h.
    """
    def __init__(self, name: str, options: dict[str, typing.Any], optimizer: typing.Any = None, optimizer_options: dict[str, typing.Any] = {}) -> None:
        ...
    def ask(self) -> numpy.typing.NDArray[numpy.float32]:
        ...
    def get_state(self) -> dict[str, typing.Any]:
        ...
    def plan(self, generations: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def set(self, name: str, value: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    def set_optimizer(self, options: dict[str, typing.Any]) -> None:
        ...
    def set_sigma(self, sigma: typing.Annotated[numpy.typing.ArrayLike, numpy.float64]) -> None:
        ...
    def set_state(self, state: dict[str, typing.Any]) -> None:
        ...
    def start(self, theta0: typing.Annotated[numpy.typing.ArrayLike, numpy.float32], seed: typing.SupportsInt | typing.SupportsIndex, perturbation: Perturbation | None = None) -> None:
        ...
    def tell(self, fitness: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], update: bool = True) -> None:
        ...
    @property
    def antithetic(self) -> bool:
        ...
    @property
    def best(self) -> numpy.typing.NDArray[numpy.float32]:
        ...
    @property
    def best_fitness(self) -> float:
        ...
    @property
    def directions(self) -> int:
        ...
    @property
    def first_sigma(self) -> float:
        ...
    @property
    def generation(self) -> int:
        ...
    @property
    def mean(self) -> numpy.typing.NDArray[numpy.float32]:
        ...
    @property
    def members(self) -> int:
        ...
    @property
    def parameters(self) -> int:
        ...
    @property
    def planned(self) -> int:
        ...
    @property
    def scale(self) -> numpy.typing.NDArray[numpy.float32]:
        ...
    @property
    def scale_per_parameter(self) -> bool:
        ...
    @property
    def seed(self) -> int:
        ...
    @property
    def sigma(self) -> float:
        ...
    @property
    def started(self) -> bool:
        ...
    @property
    def threads(self) -> int:
        ...
    @threads.setter
    def threads(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def update_norm(self) -> float:
        ...
class Policy:
    """
    A chain of dense layers, cells and element-wise operations (cpp/policy/policy.h).
    """
    def __init__(self, inputs: typing.SupportsInt | typing.SupportsIndex, outputs: typing.SupportsInt | typing.SupportsIndex, parameters: typing.SupportsInt | typing.SupportsIndex, before: collections.abc.Sequence[tuple[typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex, collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]]], layers: collections.abc.Sequence[tuple[typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex, collections.abc.Sequence[tuple[typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex, collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]]]]], cells: collections.abc.Sequence[tuple[typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex]] = []) -> None:
        ...
    @property
    def inputs(self) -> int:
        ...
    @property
    def memory(self) -> int:
        """
        Values that an episode remembers.
        """
    @property
    def outputs(self) -> int:
        ...
    @property
    def parameters(self) -> int:
        ...
class Evaluator:
    """
    Rolls out populations of one problem (cpp/rollout/evaluate.h).
    """
    def __init__(self, policy: Policy, env: str = '', *, custom: typing.SupportsInt | typing.SupportsIndex = 0, env_parameters: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex] = [], episodes: typing.SupportsInt | typing.SupportsIndex = 1, max_steps: typing.SupportsInt | typing.SupportsIndex = 0, frame_skip: typing.SupportsInt | typing.SupportsIndex = 1, clip_actions: bool = True, normalize: bool = False, observation_clip: typing.SupportsFloat | typing.SupportsIndex = 10.0, reward_scale: typing.SupportsFloat | typing.SupportsIndex = 1.0, reward_offset: typing.SupportsFloat | typing.SupportsIndex = 0.0, threads: typing.SupportsInt | typing.SupportsIndex = 0, layout: str = 'auto', rank_last: bool = False) -> None:
        ...
    def begin(self) -> None:
        """
        Keeps threads alive until the matching end().
        """
    def end(self) -> None:
        ...
    def evaluate(self, mean: typing.Annotated[numpy.typing.ArrayLike, numpy.float32], scale: typing.Annotated[numpy.typing.ArrayLike, numpy.float32], seed: typing.SupportsInt | typing.SupportsIndex, generation: typing.SupportsInt | typing.SupportsIndex, directions: typing.SupportsInt | typing.SupportsIndex, antithetic: bool = True, *, first_direction: typing.SupportsInt | typing.SupportsIndex = 0, noise_purpose: typing.SupportsInt | typing.SupportsIndex = 0, reset_purpose: typing.SupportsInt | typing.SupportsIndex = 1, common_starts: bool = False, rows: typing.Annotated[numpy.typing.ArrayLike, numpy.float32] | None = None, perturbation: Perturbation | None = None, observation_mean: typing.Annotated[numpy.typing.ArrayLike, numpy.float32] | None = None, observation_inverse_deviation: typing.Annotated[numpy.typing.ArrayLike, numpy.float32] | None = None, with_policy: bool = False) -> dict[str, typing.Any]:
        """
        Evaluates one generation without the GIL; a dict of arrays, as rollout.py's Evaluation.
        """
    def explain(self, directions: typing.SupportsInt | typing.SupportsIndex, antithetic: bool = True, perturbation: Perturbation | None = None) -> str:
        ...
class EnvironmentInfo:
    """
    What a built-in environment is.
    """
    @property
    def action_high(self) -> numpy.typing.NDArray[numpy.float32]:
        ...
    @property
    def action_low(self) -> numpy.typing.NDArray[numpy.float32]:
        ...
    @property
    def action_names(self) -> list[str]:
        """
        One a value of the Box, or a choice.
        """
    @property
    def actions(self) -> int:
        """
        Size of the Box, or number of choices.
        """
    @property
    def discrete(self) -> bool:
        ...
    @property
    def max_steps(self) -> int:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def observation_names(self) -> list[str]:
        ...
    @property
    def observations(self) -> int:
        ...
    @property
    def parameter_defaults(self) -> list[float]:
        ...
    @property
    def parameter_names(self) -> list[str]:
        ...
    @property
    def reward_threshold(self) -> float:
        """
        NaN: none.
        """
    @property
    def state_size(self) -> int:
        """
        Numbers of gymnasium's state.
        """
class LowRankForward:
    """
    Forward passes by low rank (cpp/rollout/low_rank_forward.h).
    """
    def __call__(self, numbers: typing.Annotated[numpy.typing.ArrayLike, numpy.float32], members: typing.Annotated[numpy.typing.ArrayLike, numpy.int64], x: typing.Annotated[numpy.typing.ArrayLike, numpy.float32], memory: typing.Annotated[numpy.typing.ArrayLike, numpy.float32]) -> numpy.typing.NDArray[numpy.float32]:
        """
        float32 (n, outputs): the member of row members[i] of numbers (m, compact + 1) on x[i]; memory (n, values) is read and becomes the next.
        """
    def __init__(self, policy: Policy, perturbation: Perturbation, mean: typing.Annotated[numpy.typing.ArrayLike, numpy.float32]) -> None:
        ...
class ObservationStatistics:
    def __init__(self, inputs: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def freeze(self) -> tuple[numpy.typing.NDArray[numpy.float32], numpy.typing.NDArray[numpy.float32]]:
        """
        (mean, 1 / deviation), float32 (inputs,) each.
        """
    def merge(self, count: typing.SupportsFloat | typing.SupportsIndex, sum: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], sum_of_squares: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], shift: typing.Annotated[numpy.typing.ArrayLike, numpy.float64]) -> None:
        ...
    @property
    def count(self) -> float:
        ...
    @count.setter
    def count(self, arg0: typing.SupportsFloat | typing.SupportsIndex) -> None:
        ...
    @property
    def mean(self) -> numpy.typing.NDArray[numpy.float64]:
        ...
    @mean.setter
    def mean(self, arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64]) -> None:
        ...
    @property
    def squares(self) -> numpy.typing.NDArray[numpy.float64]:
        ...
    @squares.setter
    def squares(self, arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64]) -> None:
        ...
class RunLog:
    """
    What a run has done so far; keeps it when the run ends in an error.
    """
    stop: bool
    def __init__(self) -> None:
        ...
    def records(self) -> numpy.ndarray:
        """
        A structured array (generations,), one record a generation: es/result/history.py's fields.
        """
    @property
    def candidate(self) -> numpy.typing.NDArray[numpy.float32]:
        ...
    @property
    def candidate_generation(self) -> int:
        ...
    @property
    def candidate_inverse_deviation(self) -> numpy.typing.NDArray[numpy.float32]:
        ...
    @property
    def candidate_mean(self) -> numpy.typing.NDArray[numpy.float32]:
        ...
    @property
    def candidate_return(self) -> float:
        ...
    @property
    def digests(self) -> numpy.typing.NDArray[numpy.uint64]:
        ...
    @property
    def end(self) -> str:
        """
        generations, until, held, time_budget, step_budget, stopped, or running after an error.
        """
    @property
    def fitness(self) -> numpy.typing.NDArray[numpy.float64]:
        ...
    @property
    def generations(self) -> int:
        ...
    @property
    def policy_return(self) -> float:
        ...
    @property
    def recording(self) -> bool:
        """
        Whether to keep what the updates are made of: fitness, sums and digests, generation by generation.
        """
    @recording.setter
    def recording(self, arg1: bool) -> None:
        ...
    @property
    def steps(self) -> int:
        """
        Environment steps of the records.
        """
    @property
    def sums(self) -> numpy.typing.NDArray[numpy.float64]:
        ...
    @property
    def warm_up_episodes(self) -> int:
        ...
    @warm_up_episodes.setter
    def warm_up_episodes(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    @property
    def warm_up_steps(self) -> int:
        ...
    @warm_up_steps.setter
    def warm_up_steps(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
class VectorEnv:
    """
    Copies of a built-in environment in float64, stepped together.
    """
    def __init__(self, name: str, num_envs: typing.SupportsInt | typing.SupportsIndex, max_steps: typing.SupportsInt | typing.SupportsIndex, autoreset: str, parameters: collections.abc.Mapping[str, typing.SupportsFloat | typing.SupportsIndex] = {}, sutton_barto_reward: bool = False) -> None:
        ...
    def reset(self, mask: typing.Any = None, low: typing.Any = None, high: typing.Any = None) -> numpy.typing.NDArray[numpy.float32]:
        """
        Starts episodes; returns observations (n, D).
        """
    def seed(self, index: typing.SupportsInt | typing.SupportsIndex, entropy: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]) -> None:
        """
        Starts one environment's random stream; entropy: the seed's 32-bit words, lowest first.
        """
    def step(self, actions: numpy.ndarray) -> tuple[typing.Any, ...]:
        """
        Returns observations, rewards, terminated, truncated, and the final observations (same_step) or None.
        """
    @property
    def elapsed(self) -> list[int]:
        """
        Steps of each running episode.
        """
    @property
    def reset_bounds(self) -> tuple[float, float]:
        """
        The environment's own bounds of its starts.
        """
    @property
    def state(self) -> numpy.typing.NDArray[numpy.float64]:
        """
        float64 (n, state_size), a copy.
        """
    @state.setter
    def state(self, arg1: typing.Annotated[numpy.typing.ArrayLike, numpy.float64]) -> None:
        ...
class MujocoEnvironment:
    """
    A task on simulations whose addresses Python hands over; it does not keep them alive.
    """
    @staticmethod
    def locomotion(name: str, max_steps: typing.SupportsInt | typing.SupportsIndex, library: dict[str, typing.Any], task: dict[str, typing.Any], simulations: collections.abc.Sequence[dict[str, typing.Any]], low: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], high: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> MujocoEnvironment:
        """
        One of gymnasium's tasks.
        """
    @staticmethod
    def robot(name: str, max_steps: typing.SupportsInt | typing.SupportsIndex, library: dict[str, typing.Any], robot: dict[str, typing.Any], simulations: collections.abc.Sequence[dict[str, typing.Any]], low: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex], high: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> MujocoEnvironment:
        """
        A robot of the user's.
        """
    def diverged(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> bool:
        ...
    def draw(self, seed: typing.SupportsInt | typing.SupportsIndex) -> tuple[typing.Any, ...]:
        """
        (qpos, qvel) where the episode of that seed starts.
        """
    def reset(self, simulation: typing.SupportsInt | typing.SupportsIndex, qpos: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], qvel: typing.Annotated[numpy.typing.ArrayLike, numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
        """
        Starts an episode there; returns its observation, float64.
        """
    def step(self, simulation: typing.SupportsInt | typing.SupportsIndex, action: typing.Annotated[numpy.typing.ArrayLike, numpy.float32]) -> tuple[typing.Any, ...]:
        """
        Returns (observation, reward, terminated, x_velocity, y_velocity, reward_forward, reward_ctrl, reward_contact, reward_survive).
        """
    def step_many(self, which: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], actions: typing.Annotated[numpy.typing.ArrayLike, numpy.float32], threads: typing.SupportsInt | typing.SupportsIndex) -> tuple[typing.Any, ...]:
        """
        Steps the simulations numbered `which` with their rows of actions (simulations, controls). Returns (observations, report, terminated) with a row for each simulation, zeros in the others; the report's columns are reward, x_velocity, y_velocity, reward_forward, reward_ctrl, reward_contact, reward_survive, x, y.
        """
    @property
    def address(self) -> int:
        """
        Of its ember_env.
        """
    @property
    def observation_size(self) -> int:
        ...
def activate(activation: int, x: typing.Any) -> typing.Any:
    """
    activation(x), element by element, for a row-major float32 x; NotImplemented for any other kind.
    """
def activation_names() -> list[str]:
    """
    The activations in the order of their numbers.
    """
def available_threads() -> int:
    """
    Threads that this process can keep busy: its CPU affinity, and the CPU quota of its control group rounded up (read once), at least 1.
    """
def bench(name: str, seconds: typing.SupportsFloat | typing.SupportsIndex = 0.3) -> list[dict[str, typing.Any]]:
    """
    Runs one group: a list of dicts with what, threads, figure, unit, limit of this machine in the same unit (or None) and the ratio to it. Each figure is the median of runs that together take about `seconds`.
    """
def bench_names() -> list[str]:
    """
    Groups of native benchmarks, in the order in which they are run.
    """
def builtin_environments() -> list[EnvironmentInfo]:
    """
    The environments of cpp/envs.
    """
def dense(x: typing.Any, weight: typing.Any, bias: typing.Any, activation: int) -> typing.Any:
    """
    activation(x @ weight + bias) for float32 x (..., inputs), weight (inputs, outputs), bias (outputs,) or None,
    all row-major; `activation` is a number of cpp/policy/policy.h. NotImplemented for any other kind of operand.
    """
def derived_seed(purpose: typing.SupportsInt | typing.SupportsIndex, seed: typing.SupportsInt | typing.SupportsIndex, generation: typing.SupportsInt | typing.SupportsIndex, direction: typing.SupportsInt | typing.SupportsIndex, episode: typing.SupportsInt | typing.SupportsIndex) -> int:
    """
    A 31-bit seed of one keyed stream.
    """
def derived_seed64(purpose: typing.SupportsInt | typing.SupportsIndex, seed: typing.SupportsInt | typing.SupportsIndex, generation: typing.SupportsInt | typing.SupportsIndex, direction: typing.SupportsInt | typing.SupportsIndex, episode: typing.SupportsInt | typing.SupportsIndex) -> int:
    """
    A 64-bit seed of one keyed stream: what ember_env's reset gets.
    """
def digest(parts: collections.abc.Sequence[typing_extensions.Buffer]) -> int:
    """
    The digest of some contiguous buffers, one after the other (cpp/core/digest.h).
    """
def forward_members(policy: Policy, rows: typing.Annotated[numpy.typing.ArrayLike, numpy.float32], members: typing.Annotated[numpy.typing.ArrayLike, numpy.int64], x: typing.Annotated[numpy.typing.ArrayLike, numpy.float32], memory: numpy.typing.NDArray[numpy.float32] | None = None) -> numpy.typing.NDArray[numpy.float32]:
    """
    float32 (n, outputs): row members[i] of rows (m, parameters) on x[i], x (n, inputs). memory (n, policy.memory) is written to; weights of cells lie as cpp/policy/forward.h says.
    """
def math_apply(name: str, x: typing.Annotated[numpy.typing.ArrayLike, numpy.float32], level: str | None = None) -> numpy.typing.NDArray[numpy.float32]:
    """
    A function of cpp/core/math.h on every element of a float32 array.
    """
def noise(seed: typing.SupportsInt | typing.SupportsIndex, generation: typing.SupportsInt | typing.SupportsIndex, direction: typing.SupportsInt | typing.SupportsIndex, size: typing.SupportsInt | typing.SupportsIndex, first: typing.SupportsInt | typing.SupportsIndex = 0, purpose: typing.SupportsInt | typing.SupportsIndex = 0, level: str | None = None) -> numpy.typing.NDArray[numpy.float32]:
    """
    Normals of parameters first, first + 1, ... of one direction: float32 (size,).
    """
def own_numbers(mean: typing.Annotated[numpy.typing.ArrayLike, numpy.float32], scale: typing.SupportsFloat | typing.SupportsIndex, perturbation: Perturbation, seed: typing.SupportsInt | typing.SupportsIndex, generation: typing.SupportsInt | typing.SupportsIndex, first_direction: typing.SupportsInt | typing.SupportsIndex, antithetic: bool, purpose: typing.SupportsInt | typing.SupportsIndex, first: typing.SupportsInt | typing.SupportsIndex, count: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.float32]:
    """
    What is a member's own by low rank, members first, first + 1, ...: float32 (count, compact + 1), the factor c last.
    """
def perturb(mean: typing.Annotated[numpy.typing.ArrayLike, numpy.float32], scale: typing.Annotated[numpy.typing.ArrayLike, numpy.float32], seed: typing.SupportsInt | typing.SupportsIndex, generation: typing.SupportsInt | typing.SupportsIndex, first_direction: typing.SupportsInt | typing.SupportsIndex, antithetic: bool, purpose: typing.SupportsInt | typing.SupportsIndex, first: typing.SupportsInt | typing.SupportsIndex, count: typing.SupportsInt | typing.SupportsIndex, perturbation: Perturbation | None = None) -> numpy.typing.NDArray[numpy.float32]:
    """
    Members first, first + 1, ... of a population: float32 (count, parameters).
    """
def run(evaluator: Evaluator, strategy: Strategy, statistics: ObservationStatistics | None, log: RunLog, *, generations: typing.SupportsInt | typing.SupportsIndex, until: typing.SupportsFloat | typing.SupportsIndex = ..., hold: bool = False, confirmed: bool = False, time_budget: typing.SupportsFloat | typing.SupportsIndex = ..., step_budget: typing.SupportsInt | typing.SupportsIndex = 9223372036854775807, wall_time: typing.SupportsFloat | typing.SupportsIndex = 0.0, common_starts: bool = False, warm_up: bool = True) -> None:
    """
    Runs many generations without the GIL, recording them in `log` (cpp/run/run.h).
    """
def shape(name: str, fitness: typing.Annotated[numpy.typing.ArrayLike, numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
    ...
def shape_by_table(fitness: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], table: typing.Annotated[numpy.typing.ArrayLike, numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
    ...
def shape_top(fitness: typing.Annotated[numpy.typing.ArrayLike, numpy.float64], top: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.float64]:
    ...
def simd_level() -> str:
    """
    Name of the SIMD level in use: base, avx2 or neon.
    """
def simd_levels() -> list[str]:
    """
    Names of the SIMD levels this build has and this CPU can run, lowest first.
    """
def state_digest(strategy: Strategy, statistics: ObservationStatistics | None) -> int:
    """
    One number for where a training stands, which finds every flipped bit.
    """
def uniforms(purpose: typing.SupportsInt | typing.SupportsIndex, seed: typing.SupportsInt | typing.SupportsIndex, generation: typing.SupportsInt | typing.SupportsIndex, direction: typing.SupportsInt | typing.SupportsIndex, episode: typing.SupportsInt | typing.SupportsIndex, n: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.float32]:
    """
    n uniform float32 in [0, 1) of one keyed stream.
    """
__version__: str = '0.1.0'
noise_rounds: int = 13
noise_stream_version: int = 1
