// A command's arguments as rows that a person can read through: nothing is left out, whatever is nested.

export interface Row {
  readonly name: string;
  readonly value: string;
}

/** Every leaf of the arguments with its path; texts as they are, control characters made visible. */
export function rows(value: unknown, path = ""): readonly Row[] {
  if (Array.isArray(value)) {
    if (value.length === 0) return [{ name: path, value: "[]" }];
    return value.flatMap((each, index) => rows(each, `${path}[${index}]`));
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return path === "" ? [] : [{ name: path, value: "{}" }];
    return entries.flatMap(([key, each]) => rows(each, path === "" ? key : `${path}.${key}`));
  }
  return [{ name: path, value: typeof value === "string" ? visible(value) : String(value) }];
}

/** Characters that change how a text looks without being seen: controls, marks of direction, zero widths. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

export function visible(text: string): string {
  return text.replace(UNSEEN, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
