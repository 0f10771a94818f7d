"""People of the Slack double, over its control API, and the checks of what they see."""

import json
import sys
import time
import urllib.error
import urllib.request


class Control:
    def __init__(self, url):
        self.url = url

    def get(self, path):
        return self._call(urllib.request.Request(self.url + path))

    def post(self, path, body=None):
        data = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        return self._call(urllib.request.Request(self.url + path, data, headers, method="POST"))

    def delete(self, path):
        return self._call(urllib.request.Request(self.url + path, method="DELETE"))

    def _call(self, request):
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            fail(f"{request.get_method()} {request.full_url}: {error.code} {error.read().decode()}")

    def person(self, name, **more):
        return Person(self, self.post("/people", {"name": name, **more}))


class Person:
    def __init__(self, control, made):
        self.control = control
        self.id = made["id"]
        self.direct = made["direct"]

    def _does(self, deed, body=None):
        return self.control.post(f"/people/{self.id}/{deed}", body)

    def says(self, text, **more):
        return self._does("says", {"text": text, **more})

    def edits(self, message, text):
        return self._does("edits", {"channel": message["channel"], "ts": message["ts"], "text": text})

    def deletes(self, message):
        return self._does("deletes", {"channel": message["channel"], "ts": message["ts"]})

    def operates(self, message, action, value=None):
        body = {"channel": message["channel"], "ts": message["ts"], "action": action, "value": value}
        answer = self._does("operates", body)
        expect(answer["acked"], f"{action} was not acknowledged")

    def commands(self, command, text):
        return self._does("commands", {"command": command, "text": text})

    def shortcut(self, callback_id):
        return self._does("shortcut", {"callback_id": callback_id})

    def submits(self, fields):
        return self._does("submits", fields)

    def hears(self):
        return self.control.get(f"/people/{self.id}/hears?timeout_ms=20000")

    def form(self):
        return self.control.get(f"/people/{self.id}/form")

    def reads(self, message):
        seen = self.control.get(f"/people/{self.id}/messages?channel={message['channel']}")
        return next((now for now in seen if now["ts"] == message["ts"]), None)

    def sees(self):
        return self.control.get(f"/people/{self.id}/messages")


def fail(why):
    raise AssertionError(why)


def expect(holds, why):
    if not holds:
        fail(why)


def equal(seen, wanted, what):
    expect(seen == wanted, f"{what}: {seen!r}, but should be {wanted!r}")


def within(seconds, holds, what):
    """Looks again until it holds."""
    until = time.monotonic() + seconds
    while not holds():
        expect(time.monotonic() < until, f"not within {seconds} s: {what}")
        time.sleep(0.02)


def told(text):
    print(text, flush=True, file=sys.stdout)
