"""Events and deliveries by both faces of the client, and on the command line."""

import json

import pytest

from sandbox.client import ProblemError, Sandbox
from tests.api.driven import FACES, got
from tests.process import run as run_process
from tests.receiving import SECRET
from tests.support import AGGREGATOR, NOW

CLOCK, URL = f"frozen:{NOW}", "http://127.0.0.1:9/events"


@pytest.fixture(params=FACES, ids=["blocking", "asynchronous"])
def sandbox(request, driven):
    return request.param(driven.control_url)


@pytest.fixture
async def world(sandbox):
    made = await got(sandbox.worlds.create(clock=CLOCK))
    yield made
    await got(made.delete())


async def slug(call):
    with pytest.raises(ProblemError) as problem:
        await got(call())
    return problem.value.slug


async def test_a_client_listens_is_told_and_falls_silent(world):
    told = world.events
    assert await slug(lambda: told.listener(AGGREGATOR)) == "no-notifications"
    assert await slug(lambda: told.ping(AGGREGATOR)) == "no-notifications"
    assert await slug(lambda: told.listen(AGGREGATOR, "http://a.example")) == "invalid-request"
    made = await got(told.listen(AGGREGATOR, URL))
    assert made.secret not in repr(made)
    assert (await got(told.listen(AGGREGATOR, URL, secret=SECRET))).secret is None
    assert (await got(told.listener(AGGREGATOR))).url == URL
    sent = await got(told.ping(AGGREGATOR))
    assert (sent.type, sent.client_id, sent.data) == ("ping", AGGREGATOR, {"message": "ping"})
    await got(told.fall_silent(AGGREGATOR))
    assert await slug(lambda: told.listener(AGGREGATOR)) == "no-notifications"


async def test_events_and_deliveries_are_listed_shown_and_sent_again(world):
    told = world.events
    await got(told.listen(AGGREGATOR, URL))
    first, second = [await got(told.ping(AGGREGATOR)) for _ in range(2)]
    assert [each.id for each in await got(told.list(type="ping"))] == [first.id, second.id]
    page = await got(told.page(limit=1))
    assert (page.items[0].id, page.next) == (first.id, "1")
    assert await got(told.list(client_id="sandbox-manual")) == []
    listed = await got(told.deliveries(client_id=AGGREGATOR))
    assert [each.event_id for each in listed] == [first.id, second.id]
    (one,) = await got(told.deliveries(event_id=second.id))
    shown = await got(told.delivery(one.id))
    assert shown.body["id"] == second.id
    assert await slug(lambda: told.delivery("nothing")) == "unknown-delivery"
    assert await slug(lambda: told.redeliver(one.id)) == "refused"
    await got(world.faults.add({"kind": "drop_delivery"}))
    await got(told.ping(AGGREGATOR))
    (dropped,) = await got(told.deliveries(status="dropped"))
    assert (await got(told.redeliver(dropped.id))).status == "waiting"


async def test_a_notice_comes_by_mail_or_not(world):
    await got(world.notices.publish("題", "Title"))
    await got(world.notices.publish("二", "Two", channels={"mailbox": False}))
    (mail,) = await got(world.events.mail(bank="tomato"))
    assert (mail.title["en"], mail.bank) == ("Title", "tomato")
    assert await got(world.events.mail(bank="web21")) == ()
    found = await got(world.notices.list())
    assert {each.title["en"]: each.more.get("channels") for each in found} == {
        "Title": None,
        "Two": {"mailbox": None},
    }


# The command line


@pytest.fixture
def run(driven):
    """Run a command in a world of its own; its exit code is 0 unless told otherwise."""
    made = Sandbox(driven.control_url).worlds.create(clock=CLOCK)

    def run(*words, code=0):
        where = {"SANDBOX_CONTROL": driven.control_url}
        found = run_process(*words, "--world", made.name, **where)
        assert found.returncode == code, found
        assert "Traceback" not in found.stderr
        return found.stderr if code else found.stdout

    yield run
    made.delete()


def test_people_are_told_what_providers_are_told(run):
    assert run("events", "list").startswith("No events yet.")
    assert run("events", "deliveries").startswith("No deliveries")
    assert "events listen CLIENT URL" in run("events", "ping", AGGREGATOR, code=1)
    said = run("events", "listen", AGGREGATOR, URL)
    assert f"{AGGREGATOR} is told at {URL}.\nsecret  " in said
    assert "(told)" in run("events", "listener", AGGREGATOR)
    assert f"is on its way to {AGGREGATOR}." in run("events", "ping", AGGREGATOR)
    assert "ping" in run("events", "list")
    (delivery,) = json.loads(run("events", "deliveries", "--json"))
    assert delivery["status"] == "waiting"
    shown = run("events", "show", delivery["id"])
    assert f"ping to {AGGREGATOR}: waiting" in shown
    assert "not allowed when waiting" in run("events", "redeliver", delivery["id"], code=1)
    assert json.loads(run("events", "show", delivery["id"], "--json"))["id"] == delivery["id"]
    assert run("events", "silence", AGGREGATOR) == f"{AGGREGATOR} is told nothing any more.\n"
    assert "see them all" in run("events", "show", "nothing", code=1).lower()


def test_a_notice_by_some_channels_on_the_command_line(run):
    assert run("events", "mail") == "No mail.\n"
    run("notices", "publish", "題", "Title", "--channel", "api=never", "--channel", "page=18:00")
    (notice,) = json.loads(run("notices", "list", "--json"))
    assert notice["channels"] == {"api": None, "page": "2026-11-16T18:00:00+09:00"}
    assert "題" in run("events", "mail")
