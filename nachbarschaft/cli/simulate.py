"""`nachbarschaft simulate`: ways of asking volunteers, side by side in a simulated city."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from nachbarschaft.simulation.files import BadFile, policy_from, world_from
from nachbarschaft.simulation.plot import plot
from nachbarschaft.simulation.running import Plan, run_all
from nachbarschaft.simulation.strategies import names
from nachbarschaft.simulation.summary import summary, table

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--seeds", "many", default=20, show_default=True, type=click.IntRange(1, 10_000), help="How many seeds.")
@click.option("--seed", "first", default=1, show_default=True, type=click.IntRange(0), help="The first of them.")
@click.option("--weeks", default=8, show_default=True, type=click.IntRange(2, 104), help="Weeks to simulate.")
@click.option("--quarters", default=1, show_default=True, type=click.IntRange(1, 400), help="Quarters of the city.")
@click.option("--policies", help="Names, separated by commas; default: all.")
@click.option("--world", "world_file", type=_FILE, help="JSON that changes parameters of the world.")
@click.option("--policy", "policy_file", type=_FILE, help="JSON that changes the policy of “ours”.")
@click.option("--plot", "plot_file", type=click.Path(dir_okay=False, path_type=Path), help="Draw an SVG.")
@click.option("--processes", default=os.cpu_count() or 1, type=click.IntRange(1, 64), help="Default: one a core.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def simulate(many: int, first: int, weeks: int, quarters: int, *, as_json: bool, **given: Any) -> None:
    """Compare ways of asking volunteers in a simulated city."""
    try:
        world = world_from(given["world_file"], quarters=quarters)
        policy = policy_from(given["policy_file"], world)
    except BadFile as error:
        raise click.UsageError(str(error)) from None
    chosen = _chosen(given["policies"], names(policy, quarters=quarters))
    plan = Plan(world, policy, chosen, tuple(range(first, first + many)), weeks, quarters)
    results = run_all(plan, processes=given["processes"], progress=_say_progress)
    summed = summary(plan, results)
    if given["plot_file"] is not None:
        given["plot_file"].write_text(plot(results, weeks), encoding="utf-8")
    click.echo(json.dumps(summed) if as_json else table(summed))


def _chosen(wanted: str | None, known: list[str]) -> tuple[str, ...]:
    if wanted is None:
        return tuple(known)
    chosen = tuple(dict.fromkeys(name.strip() for name in wanted.split(",")))
    for name in chosen:
        if name not in known:
            raise click.BadParameter(f"there is no “{name}”; there are {', '.join(known)}.", param_hint="--policies")
    return chosen


def _say_progress(done: int, total: int) -> None:
    click.echo(f"{done} of {total} seeds", err=True, nl=not sys.stderr.isatty() or done == total)
    if sys.stderr.isatty() and done < total:
        click.echo("\r", err=True, nl=False)
