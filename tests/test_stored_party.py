"""A party record as it was kept is the record that was kept."""

from dataclasses import asdict

from hypothesis import given
from hypothesis import strategies as st

from relhub.domain.record import PartyRecord
from relhub.services.keep_records import PARTY
from relhub.services.stored_party import stored_party

# All that a record can say but its numbers, which are kept elsewhere, and when its source changed it, which is not kept.
RECORDS = st.builds(PartyRecord, identifiers=st.just(()), modified_at=st.none())


@given(RECORDS)
def test_what_is_read_back_is_what_was_kept(record: PartyRecord) -> None:
    body = PARTY.dump_python(record, mode="json", exclude_defaults=True, exclude={"source", "key", "identifiers", "modified_at"})
    assert asdict(stored_party(body, record.kind, record.source, record.key)) == asdict(record)
