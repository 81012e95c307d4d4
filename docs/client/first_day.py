"""What an application of another department does in its first days, with the client that was generated from the OpenAPI document.

Run it as `python first_day.py http://127.0.0.1:8000/v1`, with `make run` running elsewhere.
"""

import sys
from typing import TypeVar

from relhub_client import AuthenticatedClient
from relhub_client.api.relations import get_relation, list_relation_cases, lookup_relation, search_relations
from relhub_client.api.sources import list_sources
from relhub_client.models import LookupBody, Problem, SearchBody
from relhub_client.types import UNSET, Unset

Answer = TypeVar("Answer")


def answered(answer: Answer | Problem | None) -> Answer:
    """The answer; a problem ends the program with what to do about it."""
    if isinstance(answer, Problem):
        wrong = answer.errors or []
        sys.exit("\n".join([f"{answer.title}: {answer.detail} ({answer.instance})", *(f"{w.location}: {w.detail}" for w in wrong)]))
    if answer is None:
        sys.exit("This is not in the OpenAPI document: the hub is of another version than the client.")
    return answer


def main(base_url: str) -> None:
    permits = AuthenticatedClient(base_url, token="demo-permits-desk", follow_redirects=True)
    case, official = "case:permits/V-2026-00001", "j.jansen"

    # From a case number to the view, in one call.
    found = answered(
        lookup_relation.sync(
            client=permits,
            body=LookupBody(case="permits/V-2026-00001"),
            x_processing_activity="permit-handling",
            x_occasion=case,
            x_official=official,
        )
    )
    print("looked up:", found.id, "complete:", found.complete)

    # The view again, by the id that we keep; cases only.
    view = answered(
        get_relation.sync(
            found.id, client=permits, sections="cases", x_processing_activity="permit-handling", x_occasion=case, x_official=official
        )
    )
    print("sources:", ", ".join(f"{source.source} {source.state}" for source in view.sources))

    # All its cases, page by page.
    cursor: str | Unset = UNSET
    while True:
        page = answered(
            list_relation_cases.sync(
                found.id,
                client=permits,
                limit=2,
                cursor=cursor,
                x_processing_activity="permit-handling",
                x_occasion=case,
                x_official=official,
            )
        )
        for item in page.results:
            print("case:", item.capacity, item.level, item.title or "(no title at this level)")
        if not page.next_:
            break
        cursor = page.next_

    # Somebody on the phone: another application, for another purpose.
    contact_centre = AuthenticatedClient(base_url, token="demo-contact-centre")
    hits = answered(
        search_relations.sync(
            client=contact_centre,
            body=SearchBody(name="Van den Berg", phone="06 48123977"),
            x_processing_activity="answering-questions",
            x_official=official,
        )
    )
    print("searched:", [hit.id for hit in hits.results])

    # How the sources are doing.
    sources = answered(list_sources.sync(client=permits, x_processing_activity="source-health", x_official=official))
    print("listed:", {source.source: source.state for source in sources.results})


if __name__ == "__main__":
    main(sys.argv[1])
