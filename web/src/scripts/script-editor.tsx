// CodeMirror in the console's colours, with the language of the chosen interpreter.
"use client";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { useComputedColorScheme } from "@mantine/core";
import { basicSetup } from "codemirror";
import { useEffect, useRef } from "react";
import type { Interpreter } from "../api/types.ts";
import { editorLook, languageOf } from "./editor-look.ts";

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
          editorLook,
          language.of(languageOf(interpreter)),
          dark.of(EditorView.darkTheme.of(scheme === "dark")),
          EditorView.contentAttributes.of({ "aria-label": label }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed.current(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.scrollDOM.tabIndex = 0; // lines that are too long are scrolled to by the keyboard
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
