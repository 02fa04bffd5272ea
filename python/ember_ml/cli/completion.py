"""``ember-ml completion``: what a shell needs to complete commands and options, from the parser itself."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Iterator
from typing import Any

from ember_ml.cli.command import OK, command

_TEXT = """\
Add to the shell's start file:

  bash   eval "$(ember-ml completion bash)"
  zsh    eval "$(ember-ml completion zsh)"      after compinit
  fish   ember-ml completion fish | source"""

_BASH = """\
_ember_ml() {
  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" name= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${COMP_WORDS[i]}" in -*) ;; *) name="${COMP_WORDS[i]}"; break ;; esac
  done
  local words=
  case "$name $before" in
%s
  *) case "$name" in
%s
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  local IFS=$'\n'
  if [[ -n $name && $word != -* ]]; then COMPREPLY+=($(compgen -f -- "$word")); fi
}
complete -o filenames -F _ember_ml ember-ml
"""


def add(commands: Any) -> None:
    """Declares the command. What it completes is the program's, which calls this."""
    sub = command(commands, "completion", _completion, "print what completes this program in a shell", _TEXT)
    sub.add_argument("shell", choices=("bash", "zsh", "fish"), metavar="SHELL", help="bash, zsh or fish")


def _completion(options: argparse.Namespace) -> int:
    parser = options.make_parser()
    action = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    texts = {choice.dest: choice.help or "" for choice in action._choices_actions}
    commands = {name: (texts.get(name, ""), list(_options(sub))) for name, sub in action.choices.items()}
    if options.shell == "fish":
        print("\n".join(_fish(commands)))
        return OK
    if options.shell == "zsh":
        print("autoload -U +X bashcompinit && bashcompinit")
    print(_bash(commands, [name for a in parser._actions for name in a.option_strings]), end="")
    return OK


def _options(parser: argparse.ArgumentParser) -> Iterator[tuple[list[str], list[str], str]]:
    """(names, values it may take, help) of every option, and of positional words that have choices."""
    for action in parser._actions:
        if action.help == argparse.SUPPRESS:
            continue
        values = _values(action)
        if action.option_strings or values:
            yield list(action.option_strings), values, action.help or ""


def _values(action: argparse.Action) -> list[str]:
    if action.choices is not None:
        return [str(choice) for choice in action.choices]
    if action.dest == "env":
        from ember_ml import envs

        return list(envs.registry())
    if action.dest == "engine":
        from ember_ml.engines.select import ENGINES

        return ["auto", *ENGINES]
    return []


def _bash(commands: dict[str, Any], general: list[str]) -> str:
    after, words = [], [f"    '') words={shlex.quote(' '.join([*commands, *general]))} ;;"]
    for name, (_, options) in commands.items():
        offered = []
        for names, values, _ in options:
            offered += names or values
            after += [
                f"  {shlex.quote(f'{name} {option}')}) words={shlex.quote(' '.join(values))} ;;"
                for option in names
                if values
            ]
        words.append(f"    {name}) words={shlex.quote(' '.join(offered))} ;;")
    return _BASH % (os.linesep.join(after), os.linesep.join(words))


def _fish(commands: dict[str, Any]) -> Iterator[str]:
    alone = "__fish_use_subcommand"
    for name, (text, options) in commands.items():
        yield f"complete -c ember-ml -f -n {alone} -a {name} -d {shlex.quote(text)}"
        inside = shlex.quote(f"__fish_seen_subcommand_from {name}")
        for names, values, told in options:
            long = "".join(f" -l {option.lstrip('-')}" for option in names if option.startswith("--"))
            offered = f" -x -a {shlex.quote(' '.join(values))}" if values else ""
            yield f"complete -c ember-ml -n {inside}{long}{offered} -d {shlex.quote(told)}"
