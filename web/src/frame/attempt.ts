// Something a person asked for: what goes wrong is said in a toast, and what was cancelled is no failure.

import { GarretError } from "../protocol/contracts";
import { sentenceOf } from "./ErrorCard";
import { toasts } from "./toasts";

/** Whether it was done. */
export async function attempt(deed: () => Promise<void>): Promise<boolean> {
  try {
    await deed();
    return true;
  } catch (error) {
    if (error instanceof GarretError && error.code === "cancelled") toasts.say(sentenceOf(error));
    else toasts.failed(sentenceOf(error));
    return false;
  }
}
