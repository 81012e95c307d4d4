"""The secret of a subscription is for whoever it is of."""

from collections.abc import AsyncIterator
from dataclasses import replace

import orjson
import pytest
from tests.telling import that_tells
from tests.towns import asked, bare_hub, bare_source, with_activity

from relhub.errors import KeyReused
from relhub.services.change_subscription import rotate_secret
from relhub.services.hub import Hub
from relhub.services.make_subscription import SubscriptionForm, make_subscription


@pytest.fixture
async def hub(migrated_url: str) -> AsyncIterator[Hub]:
    opened = that_tells(bare_hub(migrated_url, bare_source("copy-a")))
    yield opened
    await opened.database.close()


async def test_another_department_of_the_same_application_gets_no_secret_by_sending_the_same_request_again(hub: Hub) -> None:
    one = asked("contact-centre", "following-changes", "none")
    made = orjson.loads(await make_subscription(hub, one, SubscriptionForm("http://127.0.0.1:1/told"), "", "/v1"))
    await rotate_secret(hub, one, made["id"], "a-key")
    other = replace(one, consumer=replace(one.consumer, department="Handhaving"))
    with_both = with_activity(hub, "following-changes", departments=frozenset())
    with pytest.raises(KeyReused):
        await rotate_secret(with_both, other, made["id"], "a-key")
