// CodeMirror in the console's colours, with the language of the chosen interpreter.
"use client";
import { javascript } from "@codemirror/lang-javascript";
import { python } from "@codemirror/lang-python";
import { HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { shell } from "@codemirror/legacy-modes/mode/shell";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useComputedColorScheme } from "@mantine/core";
import { basicSetup } from "codemirror";
import { useEffect, useRef } from "react";
import type { Interpreter } from "../api/types.ts";

const look = EditorView.theme({
  "&": { height: "100%", minHeight: "320px", backgroundColor: "transparent", color: "var(--sp-text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", fontVariantLigatures: "none", minHeight: "320px" },
  ".cm-content": { caretColor: "var(--sp-accent)", padding: "8px 0" },
  ".cm-cursor": { borderLeftColor: "var(--sp-accent)" },
  ".cm-gutters": { backgroundColor: "var(--sp-sunken)", color: "var(--sp-muted)", borderRight: "1px solid var(--sp-border)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--sp-accent) 7%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--sp-accent) 25%, transparent)",
  },
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

/** What has no language here is read as a shell script: its comments and strings are those of most. */
function languageOf(interpreter: Interpreter): Extension {
  switch (interpreter) {
    case "python3":
      return python();
    case "node":
      return javascript();
    default:
      return StreamLanguage.define(shell);
  }
}

interface ScriptEditorProps {
  value: string;
  interpreter: Interpreter;
  label: string;
  onChange: (value: string) => void;
}

export function ScriptEditor({ value, interpreter, label, onChange }: ScriptEditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("light");
  const editor = useRef<{ view: EditorView; language: Compartment; dark: Compartment } | null>(null);
  const changed = useRef(onChange);
  changed.current = onChange;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the editor owns its text from here on
  useEffect(() => {
    if (box.current === null) return;
    const language = new Compartment();
    const dark = new Compartment();
    const view = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          basicSetup,
          look,
          colours,
          language.of(languageOf(interpreter)),
          dark.of(EditorView.darkTheme.of(scheme === "dark")),
          EditorView.contentAttributes.of({ "aria-label": label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed.current(update.state.doc.toString());
          }),
        ],
      }),
    });
    editor.current = { view, language, dark };
    return () => view.destroy();
  }, []);

  useEffect(() => {
    const { view, language } = editor.current ?? {};
    if (language !== undefined) view?.dispatch({ effects: language.reconfigure(languageOf(interpreter)) });
  }, [interpreter]);

  useEffect(() => {
    const { view, dark } = editor.current ?? {};
    if (dark !== undefined) view?.dispatch({ effects: dark.reconfigure(EditorView.darkTheme.of(scheme === "dark")) });
  }, [scheme]);

  return <div ref={box} />;
}
