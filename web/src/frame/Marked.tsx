// A sentence of the house, with what stands between backticks as what is typed.

import { Fragment } from "react";

/** See the module. */
export function Marked({ children }: { readonly children: string }) {
  return children.split("`").map((part, index) =>
    // The parts of a sentence have no other name than their place.
    index % 2 === 1 ? <code key={`${index} ${part}`}>{part}</code> : <Fragment key={`${index} ${part}`}>{part}</Fragment>,
  );
}
