"""`relhub access`: the access rules, read and explained."""

from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from relhub.config.access_rules import check_consumers, check_sources, load_access_rules
from relhub.config.alerts import check_alert_rules, load_alert_rules
from relhub.config.consumers import load_consumer_configs
from relhub.config.settings import Settings
from relhub.config.sources import load_sources
from relhub.domain.access import AccessRules, Activity
from relhub.domain.record import CAPACITIES
from relhub.opening import with_hub
from relhub.services.describe_access import doubts, in_words, matrix, who_and_when
from relhub.services.explain_access import explain_access

access = typer.Typer(no_args_is_help=True, help="The access rules: who may see what, for which purpose, on which occasion.")


@access.command()
def check(
    activity: Annotated[str, typer.Argument(help="Only this processing activity, rule by rule.")] = "",
) -> None:
    """Check the access rules with the sources and the consumers, and print what they come to: a matrix, and each activity in words."""
    settings = Settings.load()
    rules, sources = load_access_rules(settings.access_rules), load_sources(settings.sources_dir)
    check_sources(rules, sources)
    check_alert_rules(load_alert_rules(settings.alerts), rules)
    check_consumers(rules, [config.consumer() for config in load_consumer_configs(settings.consumers)])
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


@access.command()
def explain(
    consumer: Annotated[str, typer.Option(help="The `name` of a consumer in the consumers file.")],
    activity: Annotated[str, typer.Option(help="The id of a processing activity.")],
    relation: Annotated[str, typer.Option(help="The id of a relation.")],
    occasion: Annotated[str, typer.Option(help="As in X-Occasion.")] = "none",
    department: Annotated[str, typer.Option(help="The department of the official, where the consumer has several.")] = "",
) -> None:
    """What somebody would see of this relation on this occasion, and which rule says so. Is logged as a look at the relation, by you."""
    consumers = {config.name: config.consumer() for config in load_consumer_configs(Settings.load().consumers)}
    if consumer not in consumers:
        raise typer.BadParameter(f"there is no consumer {consumer}; there are {', '.join(sorted(consumers))}")
    who = replace(consumers[consumer], department=department) if department else consumers[consumer]
    found = with_hub(lambda hub: explain_access(hub, who, activity, occasion, relation))
    console = Console(width=None if Console().is_terminal else 160)
    if found.refused:
        console.print(f"Nothing is seen. {found.refused}")
    if found.cases:
        table = Table(
            "case",
            "of",
            "level",
            "because",
            title="What would be seen" if not found.refused else "What would be seen, if it were not for that",
        )
        for case in found.cases:
            table.add_row(case.ref, case.where, case.level, f"rule {case.rule} of {activity}" if case.rule else "no rule fits")
        console.print(table)
        console.print(f"Field groups: {', '.join(found.groups) or 'none'}")
