// A small bot by Slack's framework for JavaScript.

import bolt from "@slack/bolt";

export const plain = (text) => ({ type: "plain_text", text });

const button = (label, number) => ({
  type: "button",
  action_id: `pick.${number}`,
  text: plain(label),
  value: label.toLowerCase(),
});

export const drinks = [{ type: "actions", block_id: "drinks", elements: ["Tea", "Coffee"].map(button) }];

const languages = [
  {
    type: "actions",
    block_id: "languages",
    elements: [
      {
        type: "checkboxes",
        action_id: "mark",
        options: ["Rust", "Python", "Go"].map((name) => ({ text: plain(name), value: name.toLowerCase() })),
      },
      { type: "button", action_id: "done", style: "primary", text: plain("Done") },
    ],
  },
];

export const form = {
  type: "modal",
  callback_id: "survey",
  title: plain("Survey"),
  submit: plain("Send"),
  blocks: [
    {
      type: "input",
      block_id: "name",
      label: plain("Name"),
      element: { type: "plain_text_input", action_id: "name" },
    },
  ],
};

// The bot; what happens to it is noted in `seen`. Over sockets with `socketMode`, else over HTTP.
export function build(facts, seen, socketMode) {
  const clientOptions = { slackApiUrl: `${facts.api_url}/` };
  const common = { token: facts.bot_token, clientOptions, logLevel: bolt.LogLevel.ERROR };
  const receiver = () =>
    new bolt.SocketModeReceiver({
      appToken: facts.app_token,
      clientPingTimeout: 500,
      logLevel: bolt.LogLevel.ERROR,
      installerOptions: { clientOptions },
    });
  const app = new bolt.App(
    socketMode ? { ...common, receiver: receiver() } : { ...common, signingSecret: facts.signing_secret },
  );

  app.message("drinks", async ({ say }) => {
    const metadata = { event_type: "bot", event_payload: { id: "drinks" } };
    await say({ text: "What will it be?", blocks: drinks, metadata });
  });

  app.action(/^pick\.\d+$/, async ({ ack, action, body, client }) => {
    await ack();
    const text = `You chose ${action.text.text}`;
    await client.chat.update({ channel: body.channel.id, ts: body.message.ts, text, blocks: [] });
  });

  app.message("languages", async ({ say }) => {
    await say({ text: "Which?", blocks: languages });
  });

  app.action("mark", ({ ack }) => ack());

  app.action("done", async ({ ack, body, respond }) => {
    await ack();
    const marked = body.state.values.languages.mark.selected_options;
    await respond({ text: marked.map((option) => option.value).join(" and "), replace_original: true });
  });

  app.command("/pesto", async ({ ack, command, client }) => {
    await ack(`One moment: ${command.text}`);
    await client.views.open({ trigger_id: command.trigger_id, view: form });
  });

  app.shortcut("survey", async ({ ack, shortcut, client }) => {
    await ack();
    await client.views.open({ trigger_id: shortcut.trigger_id, view: form });
  });

  app.view("survey", async ({ ack, body, view, client }) => {
    const name = view.state.values.name.name.value;
    if (name.length < 2) {
      await ack({ response_action: "errors", errors: { name: "That is too short" } });
      return;
    }
    await ack();
    await client.chat.postMessage({ channel: body.user.id, text: `Thank you, ${name}` });
  });

  app.event("app_mention", async ({ event, say }) => {
    await say({ text: "You called?", thread_ts: event.thread_ts ?? event.ts });
  });

  app.event("message", async ({ event, context }) => {
    seen.push({ subtype: event.subtype, text: event.text, retry: Number(context.retryNum ?? 0) });
  });

  return app;
}
