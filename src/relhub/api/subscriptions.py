"""/subscriptions: being told of changes, at an address of one's own."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Path, Request, Response

from relhub.api.answer_subscriptions import SUBSCRIPTION_ID, Deliveries, Subscription, SubscriptionResults, SubscriptionWithSecret
from relhub.api.etag import known, strongly_tagged
from relhub.api.gate import Gated, Route
from relhub.api.parameters import idempotency_key, page_query
from relhub.api.subscription_questions import ReplayBody, SubscriptionBody, SubscriptionChange
from relhub.services.asked import PageQuery
from relhub.services.change_subscription import (
    change_subscription,
    end_subscription,
    renew_subscription,
    replay,
    rotate_secret,
    verify_subscription,
)
from relhub.services.make_subscription import make_subscription
from relhub.services.show_subscriptions import list_subscriptions, show_deliveries, show_subscription

router = APIRouter(prefix="/v1/subscriptions", route_class=Route, tags=["subscriptions"])
_JSON = "application/json"
SubscriptionId = Annotated[
    str, Path(alias="id", title="Abonnement", description="The id of a subscription.", json_schema_extra={"pattern": SUBSCRIPTION_ID})
]
Page = Annotated[PageQuery, Depends(page_query)]


def _tagged(answer: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    said = orjson.loads(answer)
    return Response(answer, status, {"ETag": f'"{said["id"]}-{said["version"]}"', **(headers or {})}, media_type=_JSON)


@router.post(
    "",
    operation_id="subscribe",
    response_model=SubscriptionWithSecret,
    status_code=201,
    summary="Be told of changes",
    description=(
        "For an application with an address of its own: a worker of relhub POSTs each event there as a CloudEvent (abonnement), the same as `GET /events` gives, for "
        "the same right (`follow = true`) and without an occasion; signed as Standard Webhooks says, with the `secret` that is shown here once. First "
        "comes a challenge, of type `nl.relaties.abonnement-te-bevestigen`: answer it with its `data`, or with the token in that as text. Answer all else with any 2xx within five seconds. "
        "An event may come twice (the same `webhook-id`); those of one relation come in order. What is not taken is tried again for three days, "
        "then held. What may be told is decided when it is told: what you may no longer see you are no longer told. A relation or case that you may "
        "not see, or that is not there, is no error: nothing is told of it. Made with an official's own token it ends after 90 days, or when the directory "
        "says that they left (`expiresAt`), unless it is renewed; two weeks before there is a message of type `nl.relaties.abonnement-verloopt`."
    ),
)
async def post_subscription(request: Request, gated: Gated, body: SubscriptionBody) -> Response:
    base = f"{request.scope.get('root_path', '')}/v1"
    answer = await make_subscription(gated.hub, gated.asked(), body.form(), idempotency_key(request), base)
    return _tagged(answer, 201, {"Location": f"{base}/subscriptions/{orjson.loads(answer)['id']}"})


@router.get(
    "",
    operation_id="listSubscriptions",
    response_model=SubscriptionResults,
    summary="What your application is told of",
    description="The subscriptions (abonnementen) of your application, department and processing activity, in pages.",
)
async def get_subscriptions(gated: Gated, page: Page) -> Response:
    return Response(await list_subscriptions(gated.hub, gated.asked(), page), media_type=_JSON)


@router.get(
    "/{id}",
    operation_id="getSubscription",
    response_model=Subscription,
    summary="One subscription",
    description="For the application, department and processing activity that it is of: for others there is none.",
)
async def get_subscription(request: Request, gated: Gated, subscription_id: SubscriptionId) -> Response:
    view = await show_subscription(gated.hub, gated.asked(), subscription_id)
    return strongly_tagged(request, view.body, view.tag)


@router.patch(
    "/{id}",
    operation_id="changeSubscription",
    response_model=Subscription,
    summary="Change or pause a subscription",
    description="Another address has to be verified before it is told anything. `If-Match` takes the `ETag` of what you saw; 412 shows what it says meanwhile.",
)
async def patch_subscription(request: Request, gated: Gated, subscription_id: SubscriptionId, body: SubscriptionChange) -> Response:
    return _tagged((await change_subscription(gated.hub, gated.asked(), subscription_id, body.changes(), known(request))).body)


@router.delete(
    "/{id}",
    operation_id="endSubscription",
    response_model=Subscription,
    summary="End a subscription",
    description="It is gone, with what waited or was held. The answer is as it was.",
)
async def delete_subscription(request: Request, gated: Gated, subscription_id: SubscriptionId) -> Response:
    return _tagged((await end_subscription(gated.hub, gated.asked(), subscription_id, known(request))).body)


@router.get(
    "/{id}/deliveries",
    operation_id="listDeliveries",
    response_model=Deliveries,
    summary="What could not be delivered",
    description="How telling goes, and which events wait or are held (afleveringen): those that you may be told now.",
)
async def get_deliveries(gated: Gated, subscription_id: SubscriptionId, page: Page) -> Response:
    return Response(await show_deliveries(gated.hub, gated.asked(), subscription_id, page), media_type=_JSON)


@router.post(
    "/{id}/_verify",
    operation_id="verifySubscription",
    response_model=Subscription,
    summary="Have the challenge sent again",
    description="A worker sends it within seconds. It is tried again for a day.",
)
async def post_verify(request: Request, gated: Gated, subscription_id: SubscriptionId) -> Response:
    return _tagged(await verify_subscription(gated.hub, gated.asked(), subscription_id, idempotency_key(request)))


@router.post(
    "/{id}/_renew",
    operation_id="renewSubscription",
    response_model=Subscription,
    summary="Have a subscription go on",
    description=(
        "Of one with `expiresAt`, also when that is past: from now on it is told what whoever renews it may see, for 90 days when that is an official with "
        "their own token, without end when it is the application. What happened meanwhile is told after. One that does not end stays as it is."
    ),
)
async def post_renew(request: Request, gated: Gated, subscription_id: SubscriptionId) -> Response:
    return _tagged(await renew_subscription(gated.hub, gated.asked(), subscription_id, idempotency_key(request)))


@router.post(
    "/{id}/_rotate",
    operation_id="rotateSecret",
    response_model=SubscriptionWithSecret,
    summary="Get another secret",
    description="For a day deliveries have two signatures, with the new secret and the one of before: time to bring the new one in.",
)
async def post_rotate(request: Request, gated: Gated, subscription_id: SubscriptionId) -> Response:
    return _tagged(await rotate_secret(gated.hub, gated.asked(), subscription_id, idempotency_key(request)))


@router.post(
    "/{id}/_replay",
    operation_id="replaySubscription",
    response_model=Subscription,
    summary="Be told again",
    description="All after this cursor is told again, what was held too; of what you may be told now.",
)
async def post_replay(request: Request, gated: Gated, subscription_id: SubscriptionId, body: ReplayBody) -> Response:
    return _tagged(await replay(gated.hub, gated.asked(), subscription_id, body.cursor, idempotency_key(request)))
