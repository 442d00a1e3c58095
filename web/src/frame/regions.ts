// The regions of the page in their order, and how F6 goes from one to the next.

const FOCUSABLE = "a[href], button:not([disabled]), input:not([disabled]), select, textarea, [tabindex='0']";

const seen = (element: HTMLElement): boolean => element.getClientRects().length > 0;

/** Put the focus on the next (1) or last (-1) region that is seen: on what can have it there, or the region itself. */
export function moveRegion(by: 1 | -1, root: ParentNode = document): void {
  const regions = [...root.querySelectorAll<HTMLElement>("[data-region]")].filter(seen);
  const at = regions.findIndex((region) => region.contains(document.activeElement));
  const next = regions[(at + by + regions.length) % regions.length] ?? regions[0];
  if (next === undefined) return;
  const target = next.tabIndex >= -1 && next.hasAttribute("tabindex") ? next : [...next.querySelectorAll<HTMLElement>(FOCUSABLE)].find(seen);
  target?.focus();
}
