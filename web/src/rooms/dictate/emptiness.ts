// Why an utterance has no text, as a key of the catalogue: nothing was heard, or nobody listened to its sound yet.

import type { DictateUtterance } from "../../protocol/contracts";

/** See the module. */
export const emptiness = (utterance: DictateUtterance): string =>
  utterance.engine !== "" ? "card.empty" : utterance.has_audio ? "card.untold" : "card.nothing";
