"""A small bot by Slack's framework for Python."""

from slack_bolt import App
from slack_sdk import WebClient


def plain(text):
    return {"type": "plain_text", "text": text}


def button(number, label):
    return {"type": "button", "action_id": f"pick.{number}", "text": plain(label), "value": label.lower()}


DRINKS = [{"type": "actions", "block_id": "drinks", "elements": [button(0, "Tea"), button(1, "Coffee")]}]

LANGUAGES = [
    {
        "type": "actions",
        "block_id": "languages",
        "elements": [
            {
                "type": "checkboxes",
                "action_id": "mark",
                "options": [{"text": plain(name), "value": name.lower()} for name in ["Rust", "Python", "Go"]],
            },
            {"type": "button", "action_id": "done", "style": "primary", "text": plain("Done")},
        ],
    }
]

FORM = {
    "type": "modal",
    "callback_id": "survey",
    "title": plain("Survey"),
    "submit": plain("Send"),
    "blocks": [
        {
            "type": "input",
            "block_id": "name",
            "label": plain("Name"),
            "element": {"type": "plain_text_input", "action_id": "name"},
        }
    ],
}


def build(app_facts, seen):
    """The bot; what happens to it is noted in `seen`."""
    client = WebClient(app_facts["bot_token"], base_url=app_facts["api_url"] + "/")
    app = App(client=client, signing_secret=app_facts["signing_secret"])

    @app.message("drinks")
    def drinks(say):
        metadata = {"event_type": "bot", "event_payload": {"id": "drinks"}}
        say(text="What will it be?", blocks=DRINKS, metadata=metadata)

    @app.action({"action_id": "pick.0"})
    @app.action({"action_id": "pick.1"})
    def pick(ack, action, body, client):
        ack()
        text = f"You chose {action['text']['text']}"
        client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text=text, blocks=[])

    @app.message("languages")
    def languages(say):
        say(text="Which?", blocks=LANGUAGES)

    @app.action("mark")
    def mark(ack):
        ack()

    @app.action("done")
    def done(ack, body, respond):
        ack()
        marked = body["state"]["values"]["languages"]["mark"]["selected_options"]
        respond(text=" and ".join(option["value"] for option in marked), replace_original=True)

    @app.command("/pesto")
    def command(ack, command, client):
        ack(f"One moment: {command['text']}")
        client.views_open(trigger_id=command["trigger_id"], view=FORM)

    @app.shortcut("survey")
    def shortcut(ack, shortcut, client):
        ack()
        client.views_open(trigger_id=shortcut["trigger_id"], view=FORM)

    @app.view("survey")
    def submitted(ack, body, view, client):
        name = view["state"]["values"]["name"]["name"]["value"]
        if len(name) < 2:
            ack(response_action="errors", errors={"name": "That is too short"})
            return
        ack()
        client.chat_postMessage(channel=body["user"]["id"], text=f"Thank you, {name}")

    @app.event("app_mention")
    def mentioned(event, say):
        say(text="You called?", thread_ts=event.get("thread_ts", event["ts"]))

    @app.event("message")
    def message(event, request):
        retry = request.headers.get("x-slack-retry-num", ["0"])[0]
        seen.append((event.get("subtype"), event.get("text"), retry))

    return app
