"""Questions about what officials record that the demo answers, for the OpenAPI document. They are of the bakery, so that they show in no other example."""

from collections.abc import Mapping
from typing import Final

from relhub.api.example import BY_PERMITS, Example, asked_for

_BY_CONTACT_CENTRE: Final = asked_for("answering-questions")
_HEX: Final = "0b9d6a1c52e84f7a93c04d5be8f21a67"
_MADE: Final = frozenset({"id"})
_WITH: Final = {"id": "rel_1EDWH82QHJ8QM5RMV7JQW33YCG"}  # another, so that what is recorded shows in no other example
_CONTACT: Final = {
    "capacity": "licensing",
    "channel": "telephone",
    "direction": "inbound",
    "subject": "Wanneer komt het besluit?",
    "text": "Belt over de aanvraag; wil weten wanneer er een besluit is.",
    "outcome": "Wordt deze week teruggebeld.",
}
_TASK: Final = {
    "capacity": "licensing",
    "kind": "question",
    "subject": "Wanneer komt het besluit?",
    "text": "Wanneer is er een besluit te verwachten?",
    "due": "2030-01-15",
    "to": {"department": "Vergunningen"},
}
_COMMITMENT: Final = {"capacity": "licensing", "subject": "Terugbellen over het besluit", "due": "2030-01-15"}
OF_ENTRIES: Final[Mapping[str, Mapping[str, Example]]] = {
    "recordContactMoment": {"call": Example("The contact centre, after a call", _BY_CONTACT_CENTRE | _WITH, _CONTACT, varies=_MADE)},
    "listRelationContactMoments": {
        "last": Example(
            "The contact centre",
            _BY_CONTACT_CENTRE | _WITH | {"limit": 1},
            varies=frozenset({"results", "next"}),
            after="recordContactMoment",
        )
    },
    "recordUnidentifiedContact": {
        "call": Example("The contact centre, after a call of somebody who gave no name", _BY_CONTACT_CENTRE, _CONTACT, varies=_MADE)
    },
    "listUnidentifiedContacts": {
        "last": Example(
            "The contact centre",
            _BY_CONTACT_CENTRE | {"limit": 1},
            varies=frozenset({"results", "next"}),
            after="recordUnidentifiedContact",
        )
    },
    "getContactMoment": {
        "call": Example("The contact centre", _BY_CONTACT_CENTRE | {"id": f"con_{_HEX}"}, varies=_MADE, after="recordContactMoment")
    },
    "changeContactMoment": {
        "correction": Example(
            "The contact centre, what was said should read otherwise",
            _BY_CONTACT_CENTRE | {"id": f"con_{_HEX}"},
            {"step": "corrected", "text": "Verkeerd verstaan.", "contact": {**_CONTACT, "text": "Belt over de leges van de aanvraag."}},
            varies=_MADE,
            after="recordContactMoment",
        )
    },
    "askTask": {"question": Example("The contact centre, a question to the permits desk", _BY_CONTACT_CENTRE | _WITH, _TASK, varies=_MADE)},
    "listRelationTasks": {
        "last": Example(
            "The contact centre", _BY_CONTACT_CENTRE | _WITH | {"limit": 1}, varies=frozenset({"results", "next"}), after="askTask"
        )
    },
    "listTasks": {
        "mine": Example(
            "The permits desk, what there is to do",
            BY_PERMITS | {"assignee": "me", "state": "open", "limit": 1},
            varies=frozenset({"results", "next"}),
            after="askTask",
        )
    },
    "getTask": {"question": Example("The permits desk", BY_PERMITS | {"id": f"tsk_{_HEX}"}, varies=_MADE, after="askTask")},
    "changeTask": {
        "answer": Example(
            "The permits desk, the answer",
            BY_PERMITS | {"id": f"tsk_{_HEX}"},
            {"step": "answered", "text": "Voor het einde van de maand."},
            varies=_MADE,
            after="askTask",
        )
    },
    "recordCommitment": {
        "call": Example("The contact centre promised to call back", _BY_CONTACT_CENTRE | _WITH, _COMMITMENT, varies=_MADE)
    },
    "listRelationCommitments": {
        "last": Example(
            "The contact centre", _BY_CONTACT_CENTRE | _WITH | {"limit": 1}, varies=frozenset({"results", "next"}), after="recordCommitment"
        )
    },
    "listCommitments": {
        "mine": Example(
            "The contact centre",
            _BY_CONTACT_CENTRE | {"assignee": "me", "state": "open", "limit": 1},
            varies=frozenset({"results", "next"}),
            after="recordCommitment",
        )
    },
    "getCommitment": {
        "call": Example("The contact centre", _BY_CONTACT_CENTRE | {"id": f"com_{_HEX}"}, varies=_MADE, after="recordCommitment")
    },
    "changeCommitment": {
        "kept": Example(
            "The contact centre called back",
            _BY_CONTACT_CENTRE | {"id": f"com_{_HEX}"},
            {"step": "kept"},
            varies=_MADE,
            after="recordCommitment",
        )
    },
}
