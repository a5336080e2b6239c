"""The command `completion`: what a shell needs to complete commands, options and targets."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_VARIABLE = "_TINYCC_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete tinycc's commands, options and targets.

    \b
    bash:  echo 'eval "$(tinycc completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(tinycc completion zsh)"' >> ~/.zshrc
    fish:  tinycc completion fish > ~/.config/fish/completions/tinycc.fish
    """
    found = get_completion_class(shell)
    assert found is not None
    one = found(context.find_root().command, {}, "tinycc", _VARIABLE)
    click.echo(one.source_template % one.source_vars())
