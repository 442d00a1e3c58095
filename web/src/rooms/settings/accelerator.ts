// What a person pressed, as an accelerator: modifiers in a fixed order, then one key (Ctrl+Alt+Space).

const MODIFIERS: ReadonlySet<string> = new Set(["Control", "Alt", "AltGraph", "Shift", "Meta", "OS", "CapsLock", "NumLock"]);

const NAMES: Readonly<Record<string, string>> = { " ": "Space", ArrowUp: "Up", ArrowDown: "Down", ArrowLeft: "Left", ArrowRight: "Right", "+": "Plus" };

interface Pressed {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly metaKey: boolean;
}

/** null where that is no hotkey: only modifiers, or a letter that would be missing while typing. */
export function accelerator(pressed: Pressed): string | null {
  if (MODIFIERS.has(pressed.key)) return null;
  const held = [pressed.ctrlKey && "Ctrl", pressed.altKey && "Alt", pressed.shiftKey && "Shift", pressed.metaKey && "Meta"].filter(
    (each): each is string => each !== false,
  );
  const key = named(pressed);
  const alone = /^F\d{1,2}$/.test(key) || key === "Pause" || key === "ScrollLock";
  if (!alone && !held.some((each) => each !== "Shift")) return null;
  return [...held, key].join("+");
}

function named({ key, code }: Pressed): string {
  const letter = /^Key([A-Z])$/.exec(code)?.[1] ?? /^Digit(\d)$/.exec(code)?.[1];
  if (letter !== undefined) return letter;
  return NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
