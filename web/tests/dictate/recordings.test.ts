import { expect, test } from "vitest";

import type { House } from "../../src/frame/house";
import { GarretError, type CallOptions } from "../../src/protocol/contracts";
import { Recordings } from "../../src/rooms/dictate/recordings";

interface Hearing {
  readonly utterance: string;
  readonly engine: string;
  progress(fraction: number): void;
  end(error?: GarretError): void;
}

/** A house that takes files in at once, under their names, and hears each until it is told the end. */
function house() {
  const heard = new Map<string, Hearing>();
  const taken: string[] = [];
  const made = {
    withFiles: (_: string, command: { name: string }) => {
      taken.push(command.name);
      return Promise.resolve({ result: { utterance: `utt_${command.name}`, bytes: 1 }, files: [] });
    },
    call: (_: string, command: { utterance: string; engine: string }, options: CallOptions<"dictate.transcribe">) =>
      new Promise<void>((resolve, reject) => {
        options.signal?.addEventListener("abort", () => reject(problem("cancelled")));
        heard.set(command.utterance, {
          ...command,
          progress: (fraction) => options.onProgress?.({ fraction, note: "" }),
          end: (error) => (error === undefined ? resolve() : reject(error)),
        });
      }),
  };
  return { house: made as unknown as House, heard, taken };
}

const problem = (code: GarretError["code"]) => new GarretError({ code, message: `it is ${code}`, retryable: false, details: {} });
const files = (...names: string[]) => names.map((name) => new File(["sound"], name));
const stages = (all: Recordings) => all.all().map((each) => each.stage);
const settle = () => new Promise<void>((resolve) => setTimeout(resolve));

test("two are heard at a time, in the order in which they came", async () => {
  const [all, here] = [new Recordings(), house()];
  all.add(here.house, files("a", "b", "c"), "whisper");
  await settle();
  expect(stages(all)).toEqual(["hearing", "hearing", "waiting"]);
  here.heard.get("utt_a")?.progress(0.5);
  expect(all.all()[0]?.fraction).toBe(0.5);
  expect(here.heard.get("utt_a")?.engine).toBe("whisper");
  here.heard.get("utt_a")?.end();
  await settle();
  expect(stages(all)).toEqual(["done", "hearing", "hearing"]);
  here.heard.get("utt_b")?.end(problem("failed"));
  here.heard.get("utt_c")?.end();
  await settle();
  expect(all.all().map((each) => [each.stage, each.problem])).toEqual([["done", ""], ["failed", "it is failed"], ["done", ""]]);
  all.tidy();
  expect(all.all()).toEqual([]);
});

test("one that is cancelled makes room for the next, and all can be cancelled", async () => {
  const [all, here] = [new Recordings(), house()];
  all.add(here.house, files("a", "b", "c", "d"), "");
  await settle();
  all.cancel(1);
  await settle();
  expect(stages(all)).toEqual(["cancelled", "hearing", "hearing", "waiting"]);
  all.cancelAll();
  await settle();
  expect(stages(all)).toEqual(["cancelled", "cancelled", "cancelled", "cancelled"]);
  expect(here.taken).toEqual(["a", "b", "c"]);
});

test("what was taken in is heard again without being taken in twice; what is no sound is", async () => {
  const [all, here] = [new Recordings(), house()];
  all.add(here.house, files("a", "b"), "");
  await settle();
  here.heard.get("utt_a")?.end(problem("unavailable"));
  here.heard.get("utt_b")?.end(problem("invalid"));
  await settle();
  all.retry(here.house, 1, "sherpa");
  await settle();
  expect(here.taken).toEqual(["a", "b"]);
  expect(here.heard.get("utt_a")?.engine).toBe("sherpa");
  all.retry(here.house, 2, "");
  await settle();
  expect(here.taken).toEqual(["a", "b", "b"]);
});
