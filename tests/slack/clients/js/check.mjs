// Slack's own clients for JavaScript against a running double: `node check.mjs CONTROL_URL`.
//
// Ends with status 0 if everything went as with Slack; else it says what did not.

import assert from "node:assert/strict";
import webApi from "@slack/web-api";
import { build, drinks, form, plain } from "./bot.mjs";
import { Control, within } from "./control.mjs";

const told = (text) => console.log(`js: ${text}`);

// A person uses everything the bot has. The same over sockets and over HTTP.
async function talk(control, seen) {
  const ann = await control.person("Ann Ash");
  await ann.says("drinks");
  let asked = await ann.hears();
  assert.deepEqual(asked.choices, ["Tea", "Coffee"]);
  await ann.operates(asked, "Coffee");
  await within(10, async () => (await ann.reads(asked)).shown === "You chose Coffee", "the click changes the message");
  assert.deepEqual((await ann.reads(asked)).choices, []);

  const bob = await control.person("Bob");
  await bob.says("languages");
  asked = await bob.hears();
  await bob.operates(asked, "mark", ["Rust", "go"]);
  await bob.operates(asked, "Done");
  await within(10, async () => (await bob.reads(asked)).shown === "rust and go", "the response_url changes the message");

  const cleo = await control.person("Cleo");
  assert((await cleo.commands("/pesto", "start survey")).acked);
  assert.equal((await cleo.hears()).text, "One moment: start survey");
  await within(10, async () => (await cleo.form()) !== null, "the command opens a form");
  assert.equal((await cleo.submits({})).outcome, "missing");
  const refused = await cleo.submits({ name: "C" });
  assert.deepEqual(refused, { outcome: "errors", detail: { name: "That is too short" } });
  assert.equal((await cleo.submits({ name: "Cleo" })).outcome, "closed");
  assert.equal((await cleo.hears()).text, "Thank you, Cleo");
  assert((await cleo.shortcut("survey")).acked);
  await within(10, async () => (await cleo.form()) !== null, "the shortcut opens a form");

  const channel = (await control.post("/channels", { name: "general" })).id;
  const root = await ann.says("hello there", { channel, mention: true });
  const answered = await ann.hears();
  assert.deepEqual([answered.text, answered.thread_ts], ["You called?", root.ts]);

  seen.length = 0;
  const said = await bob.says("my file", { file: "cv.pdf" });
  await bob.edits(said, "no file");
  await bob.deletes(said);
  const wanted = ["file_share", "message_changed", "message_deleted"];
  const came = () => wanted.every((subtype) => seen.some((event) => event.subtype === subtype));
  await within(10, came, `events of ${wanted}`);

  await control.post("/faults/events", { on: bob.id, fault: { kind: "retried_though_acked" } });
  await bob.says("twice");
  await within(10, () => seen.some((event) => event.text === "twice" && event.retry === 1), "a retried event");
}

async function overSockets(control, facts) {
  const seen = [];
  const app = build(facts, seen, true);
  await app.start();
  await control.get("/sockets?at_least=1");
  await talk(control, seen);
  told("Socket Mode: a conversation");
  for (const kind of ["refresh", "cut"]) {
    const before = (await control.get("/counters")).sockets;
    await control.post(`/faults/sockets/${kind}`);
    await within(30, async () => (await control.get("/counters")).sockets > before, `a new socket after ${kind}`);
    const dan = await control.person(`Dan ${kind}`);
    await dan.says("drinks");
    assert.equal((await dan.hears()).text, "What will it be?");
    told(`Socket Mode: ${kind}`);
  }
  await app.stop();
}

async function overHttp(control, facts) {
  const seen = [];
  const app = build(facts, seen, false);
  const server = await app.start({ port: 0, host: "127.0.0.1" });
  const url = `http://127.0.0.1:${server.address().port}/slack/events`;
  await control.post("/app/request_urls", { events: url, interactivity: url, commands: url });
  await talk(control, seen);
  await control.delete("/app/request_urls");
  const acks = (await control.get("/acks")).filter((ack) => ack.socket === null);
  assert.deepEqual(new Set(acks.map((ack) => ack.status)), new Set([200]));
  await app.stop();
  told("HTTP: a conversation");
}

async function refused(call, error) {
  const refusal = await call().then(() => assert.fail(`no ${error}`), (failed) => failed);
  assert.equal(refusal.data?.error, error, String(refusal));
  return refusal.data;
}

async function webApiMethods(control, facts) {
  const client = new webApi.WebClient(facts.bot_token, { slackApiUrl: `${facts.api_url}/` });
  const who = await client.auth.test();
  assert.deepEqual([who.user_id, who.bot_id], [facts.bot_user, facts.bot_id]);
  assert(who.response_metadata.scopes.includes("chat:write"));

  const eve = await control.person("Eve", { locale: "fr-FR", tz: "Europe/Paris" });
  const { user } = await client.users.info({ user: eve.id, include_locale: true });
  assert.deepEqual([user.locale, user.tz, user.real_name], ["fr-FR", "Europe/Paris", "Eve"]);
  const ids = [];
  for await (const page of client.paginate("users.list", { limit: 1 })) {
    ids.push(...page.members.map((member) => member.id));
  }
  assert(ids.includes(eve.id) && ids.includes(facts.bot_user));

  const { channel } = await client.conversations.open({ users: eve.id });
  assert.equal(channel.id, eve.direct);
  const metadata = { event_type: "pesto", event_payload: { id: "e1" } };
  const posted = await client.chat.postMessage({ channel: channel.id, text: "one", blocks: drinks, metadata });
  assert.equal(posted.message.blocks[0].block_id, "drinks");
  let history = await client.conversations.history({ channel: channel.id, include_all_metadata: true });
  assert.deepEqual(history.messages[0].metadata, metadata);
  history = await client.conversations.history({ channel: channel.id });
  assert(!("metadata" in history.messages[0]));
  await client.chat.update({ channel: channel.id, ts: posted.ts, text: "two" });
  await client.reactions.add({ channel: channel.id, timestamp: posted.ts, name: "eyes" });
  const replies = await client.conversations.replies({ channel: channel.id, ts: posted.ts });
  assert.equal(replies.messages[0].text, "two");
  await client.chat.postEphemeral({ channel: channel.id, user: eve.id, text: "psst" });
  await client.chat.delete({ channel: channel.id, ts: posted.ts });
  assert.deepEqual((await eve.sees()).map((message) => message.text), ["psst"]);

  const gus = await control.person("Gus");
  await refused(() => client.chat.postMessage({ channel: "C404", text: "a" }), "channel_not_found");
  const blocks = [{ type: "header", text: plain("h".repeat(151)) }];
  const why = await refused(() => client.chat.postMessage({ channel: gus.id, text: "a", blocks }), "invalid_blocks");
  assert.match(why.response_metadata.messages[0], /151/);
  await refused(() => client.views.open({ trigger_id: "1.2.3", view: form }), "invalid_trigger_id");
  await refused(() => client.apiCall("no.such.method"), "unknown_method");
  const wrong = new webApi.WebClient("xoxb-wrong", { slackApiUrl: `${facts.api_url}/` });
  await refused(() => wrong.auth.test(), "invalid_auth");
  told("Web API: methods and refusals");
}

// The SDK gets through what the double does to it.
async function retries(control, facts) {
  const retryConfig = { retries: 2, minTimeout: 10, maxTimeout: 50 };
  const options = { slackApiUrl: `${facts.api_url}/`, retryConfig, logLevel: "error" };
  const patient = new webApi.WebClient(facts.bot_token, options);
  const plainClient = new webApi.WebClient(facts.bot_token, { ...options, rejectRateLimitedCalls: true });
  const fay = await control.person("Fay");
  await plainClient.chat.postMessage({ channel: fay.id, text: "one" });
  const soon = plainClient.chat.postMessage({ channel: fay.id, text: "too soon" });
  const refusal = await soon.then(() => assert.fail("two posts in a second"), (failed) => failed);
  assert.equal(refusal.retryAfter, 1, String(refusal));
  await patient.chat.postMessage({ channel: fay.id, text: "two" });
  for (const kind of ["server_error", "dropped"]) {
    await control.post("/faults/calls", { on: "users.info", fault: { kind, when: "before" } });
    assert.equal((await patient.users.info({ user: fay.id })).user.id, fay.id);
  }
  assert.deepEqual((await fay.sees()).map((message) => message.text), ["one", "two"]);
  told("Web API: rate limits, server errors and broken connections");
}

const control = new Control(process.argv[2]);
const facts = await control.get("/app");
try {
  await webApiMethods(control, facts);
  await retries(control, facts);
  await overSockets(control, facts);
  await overHttp(control, facts);
  told("all is as with Slack");
  process.exit(0);
} catch (error) {
  console.error(error);
  // Timers of the clients must not keep a failed check alive.
  process.exit(1);
}
