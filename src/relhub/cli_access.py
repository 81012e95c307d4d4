"""`relhub access`: the access rules, read and explained."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from relhub.config.access_rules import check_organisations, load_access_rules
from relhub.config.settings import Settings
from relhub.config.sources import load_sources
from relhub.domain.access import AccessRules, Activity
from relhub.domain.record import CAPACITIES
from relhub.services.describe_access import doubts, in_words, matrix, who_and_when

access = typer.Typer(no_args_is_help=True, help="The access rules: who may see what, for which purpose, on which occasion.")


@access.command()
def check(
    activity: Annotated[str, typer.Argument(help="Only this processing activity, rule by rule.")] = "",
) -> None:
    """Check the access rules with the sources, and print what they come to: a matrix, and each activity in words."""
    settings = Settings.load()
    rules, sources = load_access_rules(settings.access_rules), load_sources(settings.sources_dir)
    check_organisations(rules, [(name, config.organisation, config.controllers) for name, config in sources.items()], [])
    if activity and activity not in rules.activities:
        raise typer.BadParameter(f"there is no activity {activity}; there are {', '.join(rules.activities)}")
    console = Console(width=None if Console().is_terminal else 160)
    if not activity:
        _print_matrices(console, rules)
    for one in rules.activities.values():
        if activity in ("", one.id):
            _print_activity(console, one)
    for text in doubts(rules):
        console.print(f"worth a second look: {text}")
    console.print(f"The access rules can be used; version {rules.version}.")


def _print_matrices(console: Console, rules: AccessRules) -> None:
    for organisation in rules.organisations.values():
        table = Table(
            "activity", *CAPACITIES, title=f"What {organisation.name} (OIN {organisation.oin}) sees at most of its own ordinary cases"
        )
        for name, levels in matrix(rules, organisation.name):
            table.add_row(name, *("-" if level == "none" else level for level in levels))
        console.print(table)


def _print_activity(console: Console, activity: Activity) -> None:
    about = Table(title=activity.id, show_header=False)
    for what, words in who_and_when(activity):
        about.add_row(what, words)
    console.print(about)
    table = Table(
        "",
        "domains",
        "kinds of case",
        "whose cases",
        "category (regime)",
        "confidentiality",
        "level",
        caption="The first rule that fits decides; where none fits, nothing is seen.",
    )
    for number, opening in enumerate(activity.openings, 1):
        table.add_row(str(number), *in_words(opening))
    if activity.openings:
        console.print(table)
