// People of the Slack double, over its control API, and the checks of what they see.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

export class Control {
  constructor(url) {
    this.url = url;
  }

  async call(method, path, body) {
    const init = { method };
    if (method === "POST") {
      init.headers = { "content-type": "application/json" };
      init.body = JSON.stringify(body ?? null);
    }
    const answer = await fetch(this.url + path, init);
    const text = await answer.text();
    assert.equal(answer.status, 200, `${method} ${path}: ${text}`);
    return JSON.parse(text);
  }

  get = (path) => this.call("GET", path);
  post = (path, body) => this.call("POST", path, body);
  delete = (path) => this.call("DELETE", path);

  async person(name, more = {}) {
    return new Person(this, await this.post("/people", { name, ...more }));
  }
}

class Person {
  constructor(control, made) {
    this.control = control;
    this.id = made.id;
    this.direct = made.direct;
  }

  does = (deed, body) => this.control.post(`/people/${this.id}/${deed}`, body);
  says = (text, more = {}) => this.does("says", { text, ...more });
  edits = ({ channel, ts }, text) => this.does("edits", { channel, ts, text });
  deletes = ({ channel, ts }) => this.does("deletes", { channel, ts });
  commands = (command, text) => this.does("commands", { command, text });
  shortcut = (callback_id) => this.does("shortcut", { callback_id });
  submits = (fields) => this.does("submits", fields);
  hears = () => this.control.get(`/people/${this.id}/hears?timeout_ms=20000`);
  form = () => this.control.get(`/people/${this.id}/form`);
  sees = () => this.control.get(`/people/${this.id}/messages`);

  async operates({ channel, ts }, action, value = null) {
    const answer = await this.does("operates", { channel, ts, action, value });
    assert(answer.acked, `${action} was not acknowledged`);
  }

  async reads({ channel, ts }) {
    const seen = await this.control.get(`/people/${this.id}/messages?channel=${channel}`);
    return seen.find((now) => now.ts === ts);
  }
}

// Looks again until it holds.
export async function within(seconds, holds, what) {
  const until = Date.now() + seconds * 1000;
  while (!(await holds())) {
    assert(Date.now() < until, `not within ${seconds} s: ${what}`);
    await sleep(20);
  }
}
