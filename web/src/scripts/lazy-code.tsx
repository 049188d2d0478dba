// The editor and the reader of scripts, loaded when a page first needs them: CodeMirror is larger than the rest of the page.
"use client";
import { Skeleton } from "@mantine/core";
import dynamic from "next/dynamic";

const loading = () => <Skeleton height={320} />;

export const ScriptEditor = dynamic(() => import("./script-editor.tsx").then(({ ScriptEditor }) => ScriptEditor), {
  ssr: false,
  loading,
});
export const CodeView = dynamic(() => import("./code-view.tsx").then(({ CodeView }) => CodeView), { ssr: false, loading });
export const SideBySide = dynamic(() => import("./side-by-side.tsx").then(({ SideBySide }) => SideBySide), {
  ssr: false,
  loading,
});
