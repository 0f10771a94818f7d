// A language model that answers by rule, served by aimock on a free port of this machine.
//
//     node model.mjs [LATENCY_MS]
//
// Prints one JSON object a line: first `listening` with its base URL, then `asked` for every request it begins to
// answer. Ends when its standard input does, so that it cannot outlive the test that started it.
//
// Words in what the person said decide what happens: `(limited)` 429 with Retry-After, `(failing)` 500, `(garbled)`
// a body that is not JSON, `(cut)` a connection that breaks off, `(slow)` an answer after half a minute.

import { setTimeout as sleep } from "node:timers/promises";
import { LLMock } from "@copilotkit/aimock";

const latency = Number(process.argv[2] ?? 0);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const text = (message) => (typeof message?.content === "string" ? message.content : "");
const system = (request) => text(request.messages.find((message) => message.role === "system"));
const users = (request) => request.messages.filter((message) => message.role === "user").map(text);
const last = (request) => users(request).at(-1) ?? "";

// What the survey's closing asks for: the answers as JSON are the person's only message.
const isClosing = (request) => system(request).includes("completed the onboarding survey");

const answer = (request) =>
  isClosing(request)
    ? `Thank you, ${JSON.parse(last(request)).name}. Your desk is waiting.`
    : `You said: ${users(request).join(" | ")}`;

const told = (request) => say({ message: "asked", text: last(request), closing: isClosing(request), model: request.model });

const after = (wait, response) => async (request) => {
  told(request);
  await sleep(wait);
  return response(request);
};

const about = (word) => ({ predicate: (request) => last(request).includes(word) });
const error = (status, message, more) => () => ({ error: { message, type: "test" }, status, ...more });

const mock = new LLMock({ port: 0, host: "127.0.0.1", journalMaxEntries: 10_000 });
mock.addFixtures([
  { match: about("(limited)"), response: after(0, error(429, "slow down", { retryAfter: 7 })) },
  { match: about("(failing)"), response: after(0, error(500, "out of order")) },
  { match: about("(garbled)"), response: after(0, answer), chaos: { malformedRate: 1 } },
  { match: about("(cut)"), response: after(0, answer), chaos: { disconnectRate: 1 } },
  { match: about("(slow)"), response: after(30_000, (request) => ({ content: answer(request) })) },
  { match: {}, response: after(latency, (request) => ({ content: answer(request) })) },
]);

const url = await mock.start();
say({ message: "listening", url: `${url}/v1` });
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
