// One run: what a person approved is asked for, consented to, and followed until its answer is there.
//
// `data.run` waits for an approval. Whoever may grant one does so here for exactly the bytes that this page sent: the
// waiting request is found by its arguments, all of which must be those of the draft that was shown. Whoever may not
// (a browser) is told where it waits.

import type { House } from "../../frame/house";
import { GarretError, type DataDraft, type DataFetched, type DataNormalizedResult, type DataRun, type HouseApprovalRequest } from "../../protocol/contracts";

export interface Following {
  readonly signal: AbortSignal;
  /** Whether whoever is here may consent (`house.approval_grant`). */
  readonly mayGrant: boolean;
  fetched(how: DataFetched): void;
  /** It waits for a consent that is not given here; where, in words. */
  waiting(note: string): void;
}

const fresh = (): string => `page-${crypto.randomUUID()}`;

/** The command that a draft stands for; null where it cannot be run. */
export const orderOf = (draft: DataDraft): DataRun | null =>
  draft.checked === null
    ? null
    : { source: draft.source, query: draft.checked.query, fingerprint: draft.fingerprint, limits: draft.limits, draft: draft.id, key: fresh() };

/** Run a draft. Rejects with a GarretError; cancelled by the signal. */
export async function runDraft(house: House, draft: DataDraft, following: Following): Promise<DataNormalizedResult> {
  const order = orderOf(draft);
  if (order === null) throw new GarretError({ code: "denied", message: draft.refusal?.message ?? draft.translation.message, retryable: false, details: {} });
  return consented(house, "data.run", order, following, (ended, progress) =>
    house.call("data.run", order, { signal: ended, seconds: null, onItem: (item) => following.fetched(item), onProgress: progress }),
  );
}

/** Run a trusted question again: nobody is asked. */
export const runAgain = (house: House, question: string, following: Pick<Following, "signal" | "fetched">): Promise<DataNormalizedResult> =>
  house.call("data.rerun", { question, key: fresh() }, { signal: following.signal, seconds: null, onItem: (item) => following.fetched(item) });

/** Trust a saved question: later runs of the same query are not asked about. */
export async function trust(house: House, order: { readonly question: string; readonly query: string; readonly source: string; readonly fingerprint: string }, following: Following): Promise<void> {
  await consented(house, "data.trust", order, following, (ended, progress) => house.call("data.trust", order, { signal: ended, seconds: null, onProgress: progress }));
}

/** A call that waits for a consent, which is given here where that may be. */
async function consented<T>(
  house: House,
  command: string,
  order: object,
  following: Following,
  call: (signal: AbortSignal, progress: (progress: { readonly fraction: number; readonly note: string }) => void) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const over = () => ended.abort();
  following.signal.addEventListener("abort", over);
  if (following.signal.aborted) over();
  let asked = false;
  let refuse: (reason: unknown) => void = () => undefined;
  const refused = new Promise<never>((_, reject) => (refuse = reject));
  const came = call(ended.signal, ({ fraction, note }) => {
    if (fraction >= 0) return; // how far it is, not that it waits
    if (!following.mayGrant) following.waiting(note);
    else if (!asked) {
      asked = true;
      grant(house, command, order).catch(refuse);
    }
  });
  try {
    return await Promise.race([came, refused]);
  } catch (error) {
    over(); // what could not be consented to waits no longer
    came.catch(() => undefined); // why it ended is told already
    throw error;
  } finally {
    following.signal.removeEventListener("abort", over);
  }
}

async function grant(house: House, command: string, order: object): Promise<void> {
  const { requests } = await house.call("house.approvals", {});
  const mine = requests.find((request) => request.command === command && isOf(request, order));
  if (mine === undefined)
    throw new GarretError({
      code: "denied",
      message: "What waits for an approval is not what was shown here, so it was not approved. Nothing was run. Ask again.",
      retryable: true,
      details: {},
    });
  await house.call("house.approval_grant", { request: mine.id });
}

/** Whether a waiting request is this command, in all that it says. */
export function isOf(request: HouseApprovalRequest, order: object): boolean {
  const said = request.arguments;
  const wanted = Object.entries(order);
  return wanted.every(([key, value]) => same(said[key], value)) && Object.keys(said).every((key) => key === "approval" || key in order);
}

function same(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => same((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]));
}
