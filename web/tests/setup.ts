// What a browser has and jsdom lacks: sizes are not computed there, so nobody is told of any.

if (typeof window !== "undefined") {
  window.matchMedia ??= (query: string) =>
    Object.assign(new EventTarget(), {
      matches: false,
      media: query,
      onchange: null,
      addListener: () => undefined,
      removeListener: () => undefined,
    }) as MediaQueryList;
  window.ResizeObserver ??= class {
    observe = () => undefined;
    unobserve = () => undefined;
    disconnect = () => undefined;
  };
  Element.prototype.scrollIntoView ??= () => undefined;
  if (!("fonts" in document)) Object.defineProperty(document, "fonts", { value: new EventTarget() });
}
