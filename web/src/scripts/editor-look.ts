// How CodeMirror looks in the console: its colours, and the language of an interpreter.
import { javascript } from "@codemirror/lang-javascript";
import { python } from "@codemirror/lang-python";
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { shell } from "@codemirror/legacy-modes/mode/shell";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Interpreter } from "../api/types.ts";

const frame = EditorView.theme({
  "&": { height: "100%", backgroundColor: "transparent", color: "var(--sp-text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", fontVariantLigatures: "none" },
  ".cm-content": { caretColor: "var(--sp-accent)", padding: "8px 0" },
  ".cm-cursor": { borderLeftColor: "var(--sp-accent)" },
  ".cm-gutters": { backgroundColor: "var(--sp-sunken)", color: "var(--sp-muted)", borderRight: "1px solid var(--sp-border)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--sp-accent) 7%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--sp-accent) 25%, transparent)",
  },
  // Of changes between two texts: a soft ground instead of lines under the words, and no letters that the shipped fonts lack.
  "&.cm-merge-b .cm-changedText": { background: "var(--sp-green-soft)" },
  "&.cm-merge-a .cm-changedText, & .cm-deletedChunk .cm-deletedText": { background: "var(--sp-red-soft)" },
  "& .cm-collapsedLines": { background: "var(--sp-sunken)", color: "var(--sp-muted)", padding: "2px 8px" },
  "& .cm-collapsedLines::before, & .cm-collapsedLines::after": { content: '""', margin: "0" },
  ".cm-panels": { backgroundColor: "var(--sp-sunken)", color: "var(--sp-text)" },
  ".cm-tooltip": { backgroundColor: "var(--sp-surface)", border: "1px solid var(--sp-border-strong)" },
});

const colours = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.comment], color: "var(--sp-muted)", fontStyle: "italic" },
    {
      tag: [tags.keyword, tags.controlKeyword, tags.definitionKeyword, tags.operatorKeyword],
      color: "var(--sp-accent)",
      fontWeight: "500",
    },
    { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--sp-green)" },
    { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--sp-amber)" },
    { tag: [tags.standard(tags.variableName), tags.function(tags.variableName)], color: "var(--sp-blue)" },
    { tag: [tags.definition(tags.variableName), tags.propertyName], color: "var(--sp-red)" },
  ]),
);

/** Frame and colours of the text, for light and dark alike: they are read from the page. */
export const editorLook: Extension = [frame, colours];

/** What has no language here is read as a shell script: its comments and strings are those of most. */
export function languageOf(interpreter: Interpreter): Extension {
  switch (interpreter) {
    case "python3":
      return python();
    case "node":
      return javascript();
    default:
      return StreamLanguage.define(shell);
  }
}
