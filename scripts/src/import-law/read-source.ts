// A source file as the law sees it: its imports and its reads of the environment. Relies on the formatter's layout
// (statements start at the line's first column), which the linter holds, so no parser is needed.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export type Import = { specifier: string; line: number; typeOnly: boolean };
export type SourceFile = {
  /** Path from the root, with `/`. */
  file: string;
  imports: Import[];
  /** Lines that mention `process.env`. */
  environmentReads: number[];
};

export const workspaces = ["protocol", "agent", "hub", "web", "scripts"] as const;
export type Workspace = (typeof workspaces)[number];

const sourceName = /\.(ts|tsx|mts|mjs|js|jsx)$/;
/** Generated, built or installed: no person wrote these imports. */
const skipped = new Set(["node_modules", "dist", "out", "gen", ".next", ".turbo", "test-results"]);

const statement = /^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s*)?"([^"\n]+)"/gm;
const call = /\b(?:import|require|require\.resolve)\(\s*"([^"\n]+)"/g;
const environment = /\bprocess\.env\b/g;

export function readSources(root: string): SourceFile[] {
  return workspaces
    .flatMap((workspace) => walk(root, workspace))
    .map((file) => readSource(file, readFileSync(path.join(root, file), "utf8")));
}

export function readSource(file: string, text: string): SourceFile {
  const code = withoutCommentLines(text);
  const lineAt = (index: number) => code.slice(0, index).split("\n").length;
  const imports: Import[] = [];
  for (const { index, 1: type, 2: specifier = "" } of code.matchAll(statement))
    imports.push({ specifier, line: lineAt(index), typeOnly: type !== undefined });
  for (const { index, 1: specifier = "" } of code.matchAll(call))
    imports.push({ specifier, line: lineAt(index), typeOnly: false });
  return { file, imports, environmentReads: [...code.matchAll(environment)].map(({ index }) => lineAt(index)) };
}

/** Lines that are only comment become empty, so that the count of lines stays. */
const withoutCommentLines = (text: string) => text.replace(/^[ \t]*(?:\/\/|\/?\*).*$/gm, "");

function walk(root: string, folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const file = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name)) found.push(...walk(root, file));
    } else if (sourceName.test(entry.name) && !entry.name.endsWith(".d.ts")) found.push(file);
  }
  return found;
}
