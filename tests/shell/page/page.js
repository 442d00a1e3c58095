// A page as the window meets it: speaks page messages, and does what the tests ask of it.
"use strict";

window.told = [];
const waiting = new Map();
let last = 0;

function hear(text) {
  const message = JSON.parse(text);
  window.told.push(message);
  const wait = waiting.get(message.id);
  if (wait && (message.t === "result" || message.t === "error")) {
    waiting.delete(message.id);
    wait(message);
  }
}

window.call = (name, payload = {}, more = {}) =>
  new Promise((resolve) => {
    last += 1;
    waiting.set(last, resolve);
    window.bridge.send(JSON.stringify({ t: "call", id: last, name, payload, ...more }));
  });

window.line = () => window.told.filter((each) => each.t === "line").at(-1)?.state;

window.put = async (blob, piece) => {
  let upload = "";
  for (let at = 0; ; at += piece) {
    const bytes = blob.slice(at, at + piece);
    const more = at + piece < blob.size;
    const query = `size=${bytes.size}${more ? "&more=1" : ""}${upload && `&upload=${upload}`}`;
    const answer = await (await fetch(`/files?${query}`, { method: "POST", body: bytes })).json();
    if (!more || answer.error) return answer;
    upload = answer.upload;
  }
};

// Whether something is refused: nothing where it was done.
window.tried = async (what) => {
  try {
    const done = await what();
    return done === undefined ? "" : `done: ${done}`;
  } catch (error) {
    return `refused: ${error.name}`;
  }
};

window.ready = window.garretBridge.then((bridge) => {
  window.bridge = bridge;
  bridge.message.connect(hear);
});
