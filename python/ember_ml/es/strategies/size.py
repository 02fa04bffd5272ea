"""How many members a generation has: `directions`, or `members`."""

from __future__ import annotations

from typing import Any

from ember_ml import validate


class Default(int):
    """A default number of directions, which can be told from the same number given by a user."""


def directions_of(directions: int | None, members: int | None, antithetic: Any = True) -> int | None:
    """Noise vectors of a strategy whose members are pairs, or single ones where not `antithetic`.

    Args:
        directions: noise vectors; None leaves the number to the strategy.
        members: what is evaluated, instead.

    Raises:
        ValueError: both are given, or an odd number of members where these are pairs.
    """
    if members is None:
        return int(directions) if isinstance(directions, Default) else directions
    _one_of(directions, members)
    members = validate.positive_int("members", members)
    if not antithetic:
        return members
    if members % 2:
        raise ValueError(f"members: got {members}, wanted an even number: members are pairs")
    return members // 2


def members_of(directions: int | None, members: int | None) -> int | None:
    """Members of a strategy that draws each by itself: as many as `directions` are elsewhere, 2 each.

    Raises:
        ValueError: both are given, or fewer than 2 members.
    """
    if members is None:
        if directions is None:
            return None
        return 2 * validate.positive_int("directions", directions, validate.MOST // 2)
    _one_of(directions, members)
    members = validate.positive_int("members", members)
    if members < 2:
        raise ValueError("members: got 1, wanted at least 2")
    return members


def members_for_directions(arguments: dict[str, Any]) -> dict[str, Any]:
    """A `config()` of the time when these strategies called their number of members `directions`."""
    changed = dict(arguments)
    if "directions" in changed:
        changed["members"] = changed.pop("directions")
    return changed


def refuse_matrices(kind: str, parameters: int, most: int) -> None:
    """For strategies with matrices of the square of the number of parameters.

    Raises:
        ValueError: more than `most` parameters.
    """
    if parameters > most:
        raise ValueError(
            f"theta0: got {parameters} values; {kind} keeps matrices of the square of that and takes at most"
            f" {most}: SepCMAES and CRFMNES grow linearly"
        )


def _one_of(directions: int | None, members: int) -> None:
    if directions is not None and not isinstance(directions, Default):
        raise ValueError(f"members: got {members} beside directions={directions}, wanted one of the two")
