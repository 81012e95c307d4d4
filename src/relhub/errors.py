"""Every error that relhub raises on purpose. No status codes here: those are in api/errors.py."""

from dataclasses import dataclass


class RelhubError(Exception):
    """Base of all errors raised on purpose; its text may be shown to the one who asked."""


# Errors from a source, grouped by what happens next.


class SourceError(RelhubError):
    """A source could not give what was asked."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class SourceUnavailable(SourceError):
    """The source does not answer now: ask again later."""


class SourceRefused(SourceError):
    """The source answers, and a person must act: rights, configuration, a broken contract."""


class RecordRejected(RelhubError):
    """One set of documents can't be read strictly: to quarantine, and the page goes on. Holds no values, only places and reasons."""


class PullRefused(RelhubError):
    """A pull that would lose more than its `expect` allows changed nothing."""


class PurgeRefused(RelhubError):
    """Another process is purging: one at a time."""


class PullLost(RelhubError):
    """Another process has taken a pull over, because it thought that this one was gone: what this one wrote last is not kept."""


class ExportLost(RelhubError):
    """Another process has taken an export over: what this one made of it is not kept."""


class ExportStopped(RelhubError):
    """The process that makes an export ends: another makes it, from the beginning."""


class DeliveryLost(RelhubError):
    """Another process has taken a subscription over, or its owner changed it: what this one noted of its round is not kept."""


# Errors of configuration and of the installation.


class ConfigurationError(RelhubError):
    """A setting or a file is wrong; the text says which and how to mend it."""


class SealLost(ConfigurationError):
    """A stored value was sealed with a key that is not among the keys."""


class DatabaseUnusable(RelhubError):
    """The database can't be used: not there, too old, or migrated by a newer relhub."""


class LogboekUnavailable(RelhubError):
    """The Logboek Dataverwerkingen did not acknowledge what it was sent: send it again."""


# Errors for the one who asks.


class NotAuthenticated(RelhubError):
    """A token that is not accepted. Why, in one of a few fixed words, is for the log: the one who asks is told nothing more."""


class NoToken(NotAuthenticated):
    """No token at all, or not in the form in which one is sent."""


class IssuerUnavailable(RelhubError):
    """A token is signed with a key that is not known here, and its issuer does not give its keys now."""


class TooManyRequests(RelhubError):
    """More than was agreed; `retry_after`: seconds."""

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class NotAllowed(RelhubError):
    """The consumer is known and may not do this; the text says what would help."""


class Restricted(RelhubError):
    """Someone asked that their data is not used (restriction, objection), and this processing activity may not use it all the same."""

    def __init__(self, coordinator: str) -> None:
        super().__init__(
            "Whoever this is about has asked that their data is not used (AVG art. 18 or 21), or that is being looked into. "
            f"This processing activity may not use it meanwhile; ask {coordinator}."
        )


class NotFound(RelhubError):
    """There is nothing here for this consumer, whether or not there is for another."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the input: where, and what to do. Never the value itself."""

    location: str
    detail: str


class InvalidInput(RelhubError):
    """The input is wrong; lists everything that is."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{p.location}: {p.detail}" for p in problems))
        self.problems = problems


class ExportExpired(RelhubError):
    """What an export held is no longer there, or no longer right: ask for a new one."""


class ChangedMeanwhile(RelhubError):
    """What is to be changed is not as the consumer knows it (If-Match); `present`: as it is, in JSON."""

    def __init__(self, present: bytes) -> None:
        super().__init__("This was changed meanwhile: look at what it says now (`present`), and send the change again with its ETag.")
        self.present = present


class WrongState(RelhubError):
    """What is asked can't follow on the state that something is in; the text says what can."""


class KeyReused(RelhubError):
    """An Idempotency-Key that this consumer used for another request."""


class AmbiguousIdentifier(RelhubError):
    """One official number answers to several relations: a question to a steward."""

    def __init__(self, relation_ids: tuple[str, ...]) -> None:
        super().__init__("This number answers to more than one relation; a data steward must decide.")
        self.relation_ids = relation_ids
