// What a script can see of the window's rules, looked for in the page itself. Each function returns what is wrong,
// a line each; an empty list is a page that keeps the rule. `tests/web/test_rules.py` proves that each finds a fault.
(() => {
  const INTERACTIVE =
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex='-1']), [role=button], [role=option], [role=switch]";
  /** Where a line is a glimpse of what is shown in full once it is opened. */
  const GLIMPSES = ".d-row, .g-found-hit, .g-palette-list, .g-toast-text, .m-line, .g-status";

  const told = (element) => {
    const name = element.getAttribute("aria-label") ?? element.textContent.trim().slice(0, 40);
    const kind = typeof element.className === "string" ? element.className.split(" ").filter((each) => !each.startsWith("m_"))[0] : "";
    return `<${element.tagName.toLowerCase()}${kind ? ` class=${kind}` : ""}> "${name}"`;
  };
  const rgb = (text) => {
    const parts = text.match(/[\d.]+(?:e-?\d+)?/g)?.map(Number) ?? [0, 0, 0, 0];
    const scale = text.startsWith("color(") ? 255 : 1;
    return [parts[0] * scale, parts[1] * scale, parts[2] * scale, parts[3] ?? 1];
  };
  /** What is there for who listens alone: a pixel, clipped away. */
  const heard = (element) => {
    for (let each = element; each !== null; each = each.parentElement) if (getComputedStyle(each).clipPath.startsWith("inset(50%")) return true;
    return false;
  };
  const shown = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true }) && element.closest("[aria-hidden=true], .g-skip") === null && !heard(element);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)].filter(shown);

  /** WCAG 2.2, relative luminance. */
  const luminance = ([r, g, b]) => {
    const linear = [r, g, b].map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const contrast = (one, other) => {
    const [more, less] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (more + 0.05) / (less + 0.05);
  };
  /** The colour behind an element. */
  const behind = (element) => {
    const layers = [];
    for (let each = element; each !== null; each = each.parentElement) {
      const colour = rgb(getComputedStyle(each).backgroundColor);
      layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reduceRight((under, [r, g, b, a]) => [r, g, b].map((part, index) => a * part + (1 - a) * under[index]), [255, 255, 255]);
  };

  /** What a click on it hits: its label counts, and so does what a tool drew over the real control. */
  const target = (element) => {
    const boxes = [element, element.closest("label"), ...(element.labels ?? [])].filter((each) => each !== null).map((each) => each.getBoundingClientRect());
    const [left, top] = [Math.min(...boxes.map((box) => box.left)), Math.min(...boxes.map((box) => box.top))];
    const [right, bottom] = [Math.max(...boxes.map((box) => box.right)), Math.max(...boxes.map((box) => box.bottom))];
    return { width: right - left, height: bottom - top };
  };
  const inSentence = (element) => element.tagName === "A" && getComputedStyle(element).display === "inline";

  /** Rule 12: targets of 24 px and more, main ones of 32. */
  const targets = () => {
    const found = [];
    for (const element of all(INTERACTIVE)) {
      if (inSentence(element) || element.closest("[role=region], .m-log, [role=group]") === element || element.tagName === "MAIN") continue;
      const main = element.matches(".g-room-top button, .g-rail a, .g-tab, .d-talk-button, [role=dialog] .mantine-Button-root");
      const least = main ? 32 : 24;
      const { width, height } = target(element);
      if (width + 0.5 < least || height + 0.5 < least) found.push(`${told(element)} is ${width.toFixed(1)} x ${height.toFixed(1)} px, and ${least} are needed`);
    }
    return found;
  };

  /** Rule 13: nothing scrolls sideways, and no text is cut. */
  const cut = () => {
    const found = new Set();
    if (document.documentElement.scrollWidth > innerWidth) found.add(`the page is ${document.documentElement.scrollWidth} px wide, and the window ${innerWidth}`);
    for (const element of all("body *")) {
      const { overflowX } = getComputedStyle(element);
      if ((overflowX === "auto" || overflowX === "scroll") && element.scrollWidth > element.clientWidth + 1 && element.tagName !== "TEXTAREA")
        found.add(`${told(element)} scrolls sideways: ${element.scrollWidth} px in ${element.clientWidth}`);
    }
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    while (texts.nextNode()) {
      const holder = texts.currentNode.parentElement;
      if (holder === null || texts.currentNode.data.trim() === "" || !shown(holder) || holder.closest(`${GLIMPSES}, script, style, option`) !== null) continue;
      range.selectNodeContents(texts.currentNode);
      for (const box of range.getClientRects()) {
        if (box.right > innerWidth + 1 || box.left < -1) found.add(`${told(holder)} goes beyond the window`);
        for (let each = holder; each !== null && each !== document.body; each = each.parentElement) {
          const style = getComputedStyle(each);
          if (style.display === "contents" || style.display === "inline") continue;
          const edge = each.getBoundingClientRect();
          const clips = (way) => way === "hidden" || way === "clip";
          const narrow = clips(style.overflowX) && (box.right > edge.right + 1 || box.left < edge.left - 1);
          const low = clips(style.overflowY) && box.bottom > edge.bottom + 2 && !clippedByScroll(each, box);
          if (narrow || low) found.add(`${told(holder)} is cut by ${told(each)}`);
          if (style.position === "fixed") break;
        }
      }
    }
    for (const field of all("select, input:not([type=checkbox]):not([type=radio]):not([type=range]):not([type=file])"))
      if (field.tagName === "SELECT" && wanted(field) > field.clientWidth + 1) found.add(`${told(field)} is too narrow for "${field.selectedOptions[0]?.text}"`);
    return [...found];
  };
  /** What is left of a box within all that clips it, scrolled or not. */
  const inSight = (holder, { left, top, right, bottom }) => {
    let box = { left, top, right, bottom };
    for (let each = holder; each !== null && each !== document.body; each = each.parentElement) {
      const style = getComputedStyle(each);
      if (style.display === "contents" || style.display === "inline" || (style.overflowX === "visible" && style.overflowY === "visible")) continue;
      const edge = each.getBoundingClientRect();
      box = { left: Math.max(box.left, edge.left), top: Math.max(box.top, edge.top), right: Math.min(box.right, edge.right), bottom: Math.min(box.bottom, edge.bottom) };
      if (style.position === "fixed") break;
    }
    return box;
  };

  /** Rule 13 again: no text lies upon another. */
  const overlaps = () => {
    const found = new Set();
    const range = document.createRange();
    for (const root of [document.querySelector("[role=dialog]") ?? document.body]) {
      const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      const boxes = [];
      while (texts.nextNode()) {
        const holder = texts.currentNode.parentElement;
        if (holder === null || texts.currentNode.data.trim() === "" || !shown(holder) || holder.closest("script, style, option, .g-toasts, .g-found") !== null) continue;
        range.selectNodeContents(texts.currentNode);
        for (const whole of range.getClientRects()) {
          const box = inSight(holder, whole);
          if (box.right - box.left > 2 && box.bottom - box.top > 2) boxes.push({ holder, ...box });
        }
      }
      for (const [at, one] of boxes.entries())
        for (const other of boxes.slice(at + 1)) {
          if (one.holder === other.holder || one.holder.contains(other.holder) || other.holder.contains(one.holder)) continue;
          const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
          const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
          const line = Math.min(one.bottom - one.top, other.bottom - other.top);
          if (wide > 2 && high > line / 3) found.add(`${told(one.holder)} and ${told(other.holder)} lie upon each other`);
        }
    }
    return [...found];
  };
  /** Scrolled out of sight within something that scrolls is not cut. */
  const clippedByScroll = (outer, box) => {
    for (const each of outer.querySelectorAll("*")) {
      const { overflowY } = getComputedStyle(each);
      if (overflowY !== "auto" && overflowY !== "scroll") continue;
      const edge = each.getBoundingClientRect();
      if (edge.left <= box.left + 1 && edge.right >= box.right - 1 && edge.bottom <= outer.getBoundingClientRect().bottom + 2 && each.scrollHeight > each.clientHeight) return true;
    }
    return false;
  };
  const wanted = (select) => {
    const style = getComputedStyle(select);
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = style.font;
    return pen.measureText(select.selectedOptions[0]?.text ?? "").width + parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
  };

  /** Rule 15: with reduced motion nothing moves; otherwise for 200 ms at most, by transform and opacity alone. */
  const motion = (reduced) => {
    const seconds = (text) => text.split(", ").map((each) => (each.endsWith("ms") ? parseFloat(each) / 1000 : parseFloat(each)));
    const found = new Set();
    for (const element of document.querySelectorAll("body *"))
      for (const part of [null, "::before", "::after"]) {
        const style = getComputedStyle(element, part);
        if (part !== null && style.content === "none") continue;
        const moves = Math.max(...seconds(style.transitionDuration));
        const animates = style.animationName === "none" ? 0 : Math.max(...seconds(style.animationDuration));
        const kinds = style.transitionProperty.split(", ").filter((each) => !["transform", "opacity", "none"].includes(each));
        if (reduced && (moves > 0 || animates > 0)) found.add(`${told(element)} moves though motion is reduced`);
        if (!reduced && moves > 0.2001) found.add(`${told(element)} moves for ${moves} s`);
        if (!reduced && moves > 0 && kinds.length > 0) found.add(`${told(element)} changes ${kinds.join(", ")} by and by`);
      }
    return [...found];
  };

  /** What is drawn of a control: itself, or what stands for it: a switch's track, a choice's label. */
  const standing = (element) => {
    const drawn = (each) => each !== null && !heard(each) && each.getBoundingClientRect().width > 4 && getComputedStyle(each).opacity !== "0";
    return drawn(element) ? [element] : [element.nextElementSibling, element.closest("label")].filter(drawn);
  };

  /** Rule 7: what has the focus has a ring of 2 px and more at 3:1, is in sight and not covered. */
  const ring = () => {
    const element = document.activeElement;
    if (element === null || element === document.body) return ["nothing has the focus"];
    const found = [];
    const drawn = standing(element);
    const ringed = drawn.find((each) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(each);
      return (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || /inset/.test(boxShadow);
    });
    if (ringed === undefined) found.push(`${told(element)} shows no focus`);
    else {
      const style = getComputedStyle(ringed);
      const colour = style.outlineStyle === "none" ? rgb(style.boxShadow) : rgb(style.outlineColor);
      const inside = parseFloat(style.outlineOffset) < 0 || style.outlineStyle === "none";
      const ratio = contrast(colour, behind(inside ? ringed : (ringed.parentElement ?? ringed)));
      if (ratio < 3) found.push(`${told(element)} has a ring of ${ratio.toFixed(2)}:1 only`);
    }
    const box = (ringed ?? drawn[0] ?? element).getBoundingClientRect();
    const [left, right] = [Math.max(0, box.left), Math.min(innerWidth, box.right)];
    const [top, bottom] = [Math.max(0, box.top), Math.min(innerHeight, box.bottom)];
    if (right - left < 1 || bottom - top < 1) return [...found, `${told(element)} has the focus out of sight`];
    const points = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.15], [0.5, 0.85]];
    const free = points.some(([x, y]) => {
      const hit = document.elementFromPoint(left + x * (right - left), top + y * (bottom - top));
      return hit !== null && drawn.some((each) => each.contains(hit) || element.closest("label")?.contains(hit));
    });
    if (!free) found.push(`${told(element)} has the focus and is covered`);
    return found;
  };

  /** Rule 6: every stop of the Tab key, in the order in which they are read. */
  const stops = () => {
    const found = [];
    const groups = new Set();
    const there = (element) => element.checkVisibility({ visibilityProperty: true }) && element.closest("[inert], [aria-hidden=true]") === null;
    for (const element of document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")) {
      if (element.tabIndex < 0 || element.disabled || !there(element)) continue;
      if (element.tabIndex > 0) throw new Error(`${told(element)} has an order of its own`);
      if (element.type === "radio") {
        if (groups.has(element.name)) continue;
        groups.add(element.name);
        found.push([...document.getElementsByName(element.name)].find((each) => each.checked) ?? element);
      } else found.push(element);
    }
    window.garretStops = found;
    return found.map(told);
  };
  /** Which of them has the focus; -1: another. */
  const stop = () => window.garretStops.indexOf(document.activeElement);

  /** Rule 19: no names of exceptions, no traces. */
  const jargon = () => [...new Set(document.body.innerText.match(/\b\w*(?:Error|Exception)\b(?=[:(])|Traceback|\[object \w+\]|\bundefined\b|\bNaN\b/g) ?? [])];

  /** Texts that are keys of the catalogue, for which a language has nothing. */
  const untold = () => [...new Set(document.body.innerText.match(/\b(?:frame|dictate|machine|settings|approvals):[a-z_]+(?:\.[a-z_]+)+|\{\{\w+\}\}/g) ?? [])];

  window.garretRules = { targets, cut, overlaps, motion, ring, stops, stop, jargon, untold, told };
})();
