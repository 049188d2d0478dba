// The whole law over one checkout: workspaces, rooms, single files, cycles.
import { findCycles } from "./cycles.ts";
import { breaksFileLaw, environmentViolations } from "./file-law.ts";
import { readSources } from "./read-source.ts";
import { resolveImport } from "./resolve.ts";
import { breaksRoomLaw } from "./room-law.ts";
import { breaksWorkspaceLaw } from "./workspace-law.ts";

export type Violation = { file: string; line: number; text: string };

/** Tests may build any room they need; they still stay inside their workspace. */
const isTest = (file: string) => /\.test\.(ts|tsx|mjs)$/.test(file) || /\/(test|tests|testing)\//.test(file);

export function checkImportLaw(root: string): { violations: Violation[]; files: number } {
  const sources = readSources(root);
  const violations: Violation[] = [];
  const graph = new Map<string, string[]>();
  for (const source of sources) {
    const { file } = source;
    const edges: string[] = [];
    graph.set(file, edges);
    for (const found of source.imports) {
      const target = resolveImport(root, file, found.specifier);
      const laws = [
        breaksWorkspaceLaw(source, found, target),
        ...(isTest(file) ? [] : [breaksRoomLaw(file, target), breaksFileLaw(file, target)]),
      ];
      for (const why of laws)
        if (why !== null) violations.push({ file, line: found.line, text: `imports ${found.specifier}: ${why}` });
      if (target.kind === "file") edges.push(target.file);
    }
    if (!isTest(file)) {
      for (const line of environmentViolations(source))
        violations.push({
          file,
          line,
          text: "reads process.env: only the program's config.ts does; take the value as an argument",
        });
    }
  }
  for (const cycle of findCycles(graph)) {
    const [file = ""] = cycle;
    violations.push({
      file,
      line: 1,
      text: `is in an import cycle with ${cycle.slice(1).join(", ") || "itself"}: move what they share into a file of its own`,
    });
  }
  return { violations, files: sources.length };
}
