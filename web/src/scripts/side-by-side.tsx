// Two texts beside each other, the same lines at the same height.
"use client";
import { MergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, highlightSpecialChars, lineNumbers } from "@codemirror/view";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { changeContext, changeScanLimit } from "./code-view.tsx";
import { editorLook } from "./editor-look.ts";

interface SideBySideProps {
  before: string;
  after: string;
  /** What each of them is, for screen readers. */
  labels: readonly [before: string, after: string];
}

export function SideBySide({ before, after, labels: [firstLabel, secondLabel] }: SideBySideProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const dark = useComputedColorScheme("light") === "dark";
  useEffect(() => {
    if (box.current === null) return;
    const side = (doc: string, label: string) => ({
      doc,
      extensions: [
        lineNumbers(),
        highlightSpecialChars(),
        EditorState.phrases.of({ "$ unchanged lines": t("scripts.unchanged") }),
        editorLook,
        EditorView.darkTheme.of(dark),
        EditorView.lineWrapping,
        EditorState.readOnly.of(true),
        EditorView.contentAttributes.of({ "aria-label": label, "aria-readonly": "true" }),
      ],
    });
    const view = new MergeView({
      parent: box.current,
      a: side(before, firstLabel),
      b: side(after, secondLabel),
      collapseUnchanged: changeContext,
      diffConfig: { scanLimit: changeScanLimit },
    });
    return () => view.destroy();
  }, [before, after, firstLabel, secondLabel, dark, t]);
  return <div ref={box} />;
}
