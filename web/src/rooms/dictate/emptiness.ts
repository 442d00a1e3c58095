// Why an utterance has no text, as the end of a key `textless.…`: nothing was heard, or nobody listened to its sound yet.

import type { DictateUtterance } from "../../protocol/contracts";

/** See the module. */
export const emptiness = (utterance: DictateUtterance): "silent" | "untold" | "nothing" =>
  utterance.engine !== "" ? "silent" : utterance.has_audio ? "untold" : "nothing";
