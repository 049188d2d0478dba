// A script to read: its text in colours, or what became of an earlier text.
"use client";
import { unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, highlightSpecialChars, lineNumbers } from "@codemirror/view";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Interpreter } from "../api/types.ts";
import { editorLook, languageOf } from "./editor-look.ts";

/** Lines around a change that stay in view, and how many equal ones are worth folding. */
export const changeContext = { margin: 3, minSize: 6 };
/** Characters looked at for the parts of a line that changed: two texts with nothing in common must not freeze the page. */
export const changeScanLimit = 500;

export interface CodeViewProps {
  text: string;
  /** Shown as the changes from this one. */
  before?: string | undefined;
  /** In whose language; plain text when left out. */
  interpreter?: Interpreter;
  label: string;
  /** Long lines go on below instead of to the side. */
  wrap?: boolean;
}

export function CodeView({ text, before, interpreter, label, wrap = false }: CodeViewProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const dark = useComputedColorScheme("light") === "dark";
  useEffect(() => {
    if (box.current === null) return;
    const view = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(),
          highlightSpecialChars(),
          EditorState.phrases.of({ "$ unchanged lines": t("scripts.unchanged") }),
          editorLook,
          EditorView.darkTheme.of(dark),
          EditorState.readOnly.of(true),
          EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": "true" }),
          wrap ? EditorView.lineWrapping : [],
          interpreter === undefined ? [] : languageOf(interpreter),
          before === undefined
            ? []
            : unifiedMergeView({
                original: before,
                mergeControls: false,
                collapseUnchanged: changeContext,
                diffConfig: { scanLimit: changeScanLimit },
                syntaxHighlightDeletions: false,
              }),
        ],
      }),
    });
    view.scrollDOM.tabIndex = 0; // lines that are too long are scrolled to by the keyboard
    return () => view.destroy();
  }, [text, before, interpreter, label, wrap, dark, t]);
  return <div ref={box} />;
}
