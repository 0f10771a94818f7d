// A flow in JavaScript, as small as one can be: its component holds a whole engine of the language, and that is what a
// host has to compile.

const message = (text) => ({ key: '', text, choices: undefined, form: undefined, extensions: [] });

export const conversation = {
  describe() {
    return {
      title: 'JavaScript',
      summary: 'Says what you say.',
      version: '1.0.0',
      triggers: [],
      asks: [],
      extensions: [],
    };
  },

  handle(event, context, state) {
    const said = event.tag === 'said' ? event.val.text : `hello, ${context.person.name}`;
    return {
      state,
      messages: [message(said)],
      timers: [],
      answers: undefined,
      finished: false,
      literalNext: false,
      extensions: [],
    };
  },
};
