// The editor of queries: colours, completion of tables and columns, undo. Fetched when it is first opened.
//
// Tab leaves it, as everywhere on the page; Shift+Enter has the query looked at.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { drawSelection, EditorView, keymap, placeholder } from "@codemirror/view";
import { useEffect, useRef } from "react";

import type { DataTable } from "../../protocol/contracts";
import { classes, languageOf } from "./language";
import type { Dialect } from "./sources";

export interface EditorProps {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Have it looked at. */
  readonly onCheck: () => void;
  readonly dialect: Dialect;
  readonly tables: readonly DataTable[];
}

const look = EditorView.theme({
  "&": { backgroundColor: "var(--g-raised)", color: "var(--g-text)", border: "1px solid var(--g-edge)", borderRadius: "0.5rem", fontSize: "var(--mantine-font-size-sm)" },
  "&.cm-focused": { outline: "2px solid var(--g-accent)", outlineOffset: "0" },
  ".cm-content": { fontFamily: "var(--mantine-font-family-monospace)", caretColor: "var(--g-text)", minHeight: "5.5rem", padding: "0.5rem 0" },
  ".cm-line": { padding: "0 0.75rem" },
  ".cm-scroller": { maxHeight: "20rem", lineHeight: "1.6" },
  ".cm-cursor": { borderInlineStartColor: "var(--g-text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--g-chosen)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--g-chosen)", outline: "1px solid var(--g-accent)" },
  ".cm-placeholder": { color: "var(--g-quiet)" },
  ".cm-tooltip": { backgroundColor: "var(--g-raised)", color: "var(--g-text)", border: "1px solid var(--g-line)", borderRadius: "0.5rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mantine-font-family-monospace)", maxHeight: "14rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.1875rem 0.625rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--g-chosen)", color: "var(--g-text)" },
  ".cm-completionDetail": { color: "var(--g-quiet)", fontStyle: "normal" },
});

export default function Editor({ label, hint, value, onChange, onCheck, dialect, tables }: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const tell = useRef({ onChange, onCheck });
  tell.current = { onChange, onCheck };
  const language = useRef(new Compartment());
  const first = useRef({ label, hint, value, dialect, tables });
  useEffect(() => {
    const begun = first.current;
    const made = new EditorView({
      parent: host.current as HTMLDivElement,
      state: EditorState.create({
        doc: begun.value,
        extensions: [
          Prec.highest(keymap.of([{ key: "Shift-Enter", run: () => (tell.current.onCheck(), true) }])),
          history(),
          drawSelection(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ icons: false }),
          EditorView.lineWrapping,
          placeholder(begun.hint),
          keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap.filter(({ key }) => key !== "Mod-Enter")]),
          language.current.of(languageOf(begun.dialect, begun.tables) ?? []),
          syntaxHighlighting(classes),
          look,
          EditorView.contentAttributes.of({ "aria-label": begun.label, "aria-multiline": "true" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) tell.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, []);
  useEffect(() => {
    view.current?.dispatch({ effects: language.current.reconfigure(languageOf(dialect, tables) ?? []) });
  }, [dialect, tables]);
  useEffect(() => {
    const now = view.current;
    if (now !== null && now.state.doc.toString() !== value) now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } });
  }, [value]);
  return <div ref={host} className="q-editor" />;
}
