"""Slack's own clients for Python against a running double: `python check.py CONTROL_URL`.

Ends with status 0 if everything went as with Slack; else it says what did not.
"""

import os
import socket
import sys
import threading
import traceback

from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)

import bot
from control import Control, equal, expect, fail, told, within


def talk(control, seen):
    """A person uses everything the bot has. The same over sockets and over HTTP."""
    ann = control.person("Ann Ash")

    ann.says("drinks")
    asked = ann.hears()
    equal(asked["choices"], ["Tea", "Coffee"], "buttons")
    ann.operates(asked, "Coffee")
    within(10, lambda: ann.reads(asked)["shown"] == "You chose Coffee", "the click changes the message")
    equal(ann.reads(asked)["choices"], [], "buttons after the click")

    bob = control.person("Bob")
    bob.says("languages")
    asked = bob.hears()
    bob.operates(asked, "mark", ["Rust", "go"])
    bob.operates(asked, "Done")
    within(10, lambda: bob.reads(asked)["shown"] == "rust and go", "the response_url changes the message")

    cleo = control.person("Cleo")
    expect(cleo.commands("/pesto", "start survey")["acked"], "the command was not acknowledged")
    equal(cleo.hears()["text"], "One moment: start survey", "the command's answer")
    within(10, lambda: cleo.form() is not None, "the command opens a form")
    equal(cleo.submits({})["outcome"], "missing", "an empty form")
    refused = cleo.submits({"name": "C"})
    equal(refused, {"outcome": "errors", "detail": {"name": "That is too short"}}, "a wrong form")
    equal(cleo.submits({"name": "Cleo"})["outcome"], "closed", "a good form")
    equal(cleo.hears()["text"], "Thank you, Cleo", "the form's answer")
    expect(cleo.shortcut("survey")["acked"], "the shortcut was not acknowledged")
    within(10, lambda: cleo.form() is not None, "the shortcut opens a form")

    channel = control.post("/channels", {"name": "general"})["id"]
    root = ann.says("hello there", channel=channel, mention=True)
    answered = ann.hears()
    equal((answered["text"], answered["thread_ts"]), ("You called?", root["ts"]), "the answer to a mention")

    del seen[:]
    said = bob.says("my file", file="cv.pdf")
    bob.edits(said, "no file")
    bob.deletes(said)
    subtypes = lambda: {subtype for subtype, _, _ in list(seen)}
    wanted = {"file_share", "message_changed", "message_deleted"}
    within(10, lambda: wanted <= subtypes(), f"events of {wanted}")

    control.post("/faults/events", {"on": bob.id, "fault": {"kind": "retried_though_acked"}})
    bob.says("twice")
    within(10, lambda: (None, "twice", "1") in list(seen), "a retried event")


def over_sockets(control, facts):
    seen = []
    app = bot.build(facts, seen)
    client = WebClient(facts["bot_token"], base_url=facts["api_url"] + "/")
    handler = SocketModeHandler(app, facts["app_token"], web_client=client, ping_interval=1)
    handler.connect()
    try:
        control.get("/sockets?at_least=1")
        talk(control, seen)
        told("python: Socket Mode: a conversation")
        for kind in ["refresh", "cut"]:
            before = handler.client.current_session
            control.post(f"/faults/sockets/{kind}")
            renewed = lambda: handler.client.current_session is not before and handler.client.is_connected()
            within(30, renewed, f"a new socket after {kind}")
            dan = control.person(f"Dan {kind}")
            dan.says("drinks")
            equal(dan.hears()["text"], "What will it be?", f"the answer after {kind}")
            told(f"python: Socket Mode: {kind}")
        # The client complains of what it has to acknowledge while it is being closed.
        within(10, lambda: control.get("/acks")[-1]["acked_at"], "the last event acknowledged")
    finally:
        handler.close()


def over_http(control, facts):
    seen = []
    app = bot.build(facts, seen)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    threading.Thread(target=lambda: app.start(port=port, http_server_logger_enabled=False), daemon=True).start()

    def is_up():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    within(10, is_up, "the bot listens")
    url = f"http://127.0.0.1:{port}/slack/events"
    control.post("/app/request_urls", {"events": url, "interactivity": url, "commands": url})
    try:
        talk(control, seen)
    finally:
        control.delete("/app/request_urls")
    statuses = {ack["status"] for ack in control.get("/acks") if ack["socket"] is None}
    equal(statuses, {200}, "statuses over HTTP")
    told("python: HTTP: a conversation")


def refused(call, error):
    try:
        call()
    except SlackApiError as refusal:
        equal(refusal.response["error"], error, "the refusal")
        return refusal.response
    return fail(f"no {error}")


def web_api(control, facts):
    client = WebClient(facts["bot_token"], base_url=facts["api_url"] + "/")
    who = client.auth_test()
    equal((who["user_id"], who["bot_id"]), (facts["bot_user"], facts["bot_id"]), "auth.test")
    expect("chat:write" in who.headers["x-oauth-scopes"], "no scopes in the headers of auth.test")

    eve = control.person("Eve", locale="fr-FR", tz="Europe/Paris")
    user = client.users_info(user=eve.id, include_locale=True)["user"]
    equal((user["locale"], user["tz"], user["real_name"]), ("fr-FR", "Europe/Paris", "Eve"), "users.info")
    ids = {user["id"] for page in client.users_list(limit=1) for user in page["members"]}
    expect({eve.id, facts["bot_user"]} <= ids, "users.list in pages")

    channel = client.conversations_open(users=eve.id)["channel"]["id"]
    equal(channel, eve.direct, "conversations.open")
    metadata = {"event_type": "pesto", "event_payload": {"id": "e1"}}
    posted = client.chat_postMessage(channel=channel, text="one", blocks=bot.DRINKS, metadata=metadata)
    equal(posted["message"]["blocks"][0]["block_id"], "drinks", "blocks")
    history = client.conversations_history(channel=channel, include_all_metadata=True)
    equal(history["messages"][0]["metadata"], metadata, "metadata")
    history = client.conversations_history(channel=channel)
    expect("metadata" not in history["messages"][0], "metadata that was not asked for")
    client.chat_update(channel=channel, ts=posted["ts"], text="two")
    client.reactions_add(channel=channel, timestamp=posted["ts"], name="eyes")
    replies = client.conversations_replies(channel=channel, ts=posted["ts"])
    equal(replies["messages"][0]["text"], "two", "conversations.replies")
    equal(client.conversations_info(channel=channel)["channel"]["user"], eve.id, "conversations.info")
    client.chat_postEphemeral(channel=channel, user=eve.id, text="psst")
    client.chat_delete(channel=channel, ts=posted["ts"])
    equal([message["text"] for message in eve.sees()], ["psst"], "what is left")

    refused(lambda: client.chat_postMessage(channel="C404", text="a"), "channel_not_found")
    gus = control.person("Gus")
    header = [{"type": "header", "text": bot.plain("h" * 151)}]
    response = refused(lambda: client.chat_postMessage(channel=gus.id, text="a", blocks=header), "invalid_blocks")
    expect("151" in response["response_metadata"]["messages"][0], "why the blocks are refused")
    refused(lambda: client.views_open(trigger_id="1.2.3", view=bot.FORM), "invalid_trigger_id")
    refused(lambda: client.api_call("no.such.method"), "unknown_method")
    wrong = WebClient("xoxb-wrong", base_url=facts["api_url"] + "/")
    refused(wrong.auth_test, "invalid_auth")
    told("python: Web API: methods and refusals")


def retries(control, facts):
    """The SDK's own handlers get through what the double does to them."""
    patient = WebClient(facts["bot_token"], base_url=facts["api_url"] + "/")
    limited = RateLimitErrorRetryHandler(max_retry_count=2)
    patient.retry_handlers = [limited, ServerErrorRetryHandler(max_retry_count=2), ConnectionErrorRetryHandler()]
    fay = control.person("Fay")
    plain = WebClient(facts["bot_token"], base_url=facts["api_url"] + "/", retry_handlers=[])
    plain.chat_postMessage(channel=fay.id, text="one")
    response = refused(lambda: plain.chat_postMessage(channel=fay.id, text="too soon"), "ratelimited")
    equal((response.status_code, response.headers["Retry-After"]), (429, "1"), "two posts in a second")
    patient.chat_postMessage(channel=fay.id, text="two")
    kinds = [{"kind": "server_error", "when": "before"}, {"kind": "dropped", "when": "before"}]
    for fault in kinds:
        control.post("/faults/calls", {"on": "users.info", "fault": fault})
        equal(patient.users_info(user=fay.id)["user"]["id"], fay.id, f"after {fault}")
    control.post("/faults/calls", {"on": "auth.test", "fault": {"kind": "rate_limited", "after": 1}})
    patient.auth_test()
    equal([message["text"] for message in fay.sees()], ["one", "two"], "what was posted")
    told("python: Web API: rate limits, server errors and broken connections")


def main():
    control = Control(sys.argv[1])
    facts = control.get("/app")
    try:
        web_api(control, facts)
        retries(control, facts)
        over_sockets(control, facts)
        over_http(control, facts)
    except Exception:
        traceback.print_exc()
        # Threads of the clients must not keep a failed check alive.
        return 1
    told("python: all is as with Slack")
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
