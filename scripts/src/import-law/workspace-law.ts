// Which workspace may import which. Holds for tests too: a test that reaches across would need the other's inside.
import type { Import, SourceFile, Workspace } from "./read-source.ts";
import { type Target, workspaceOf } from "./resolve.ts";

/** Null when allowed, otherwise why not and what to do. */
export function breaksWorkspaceLaw({ file }: SourceFile, { typeOnly }: Import, target: Target): string | null {
  const from = workspaceOf(file);
  if (from === null || target.kind === "package") return null;
  if (target.kind === "file") {
    if (target.workspace === from) return null;
    return `leaves ${from}/ by path; import what @sallyport/${target.workspace ?? "…"} exports, if ${from} may, or move the code`;
  }
  if (target.workspace === null) return "names no workspace of ours; correct the name";
  return allowed[from](target.workspace, target.subpath, { file, typeOnly });
}

type Rule = (to: Workspace, subpath: string, from: { file: string; typeOnly: boolean }) => string | null;

const onlyProtocol =
  (name: Workspace): Rule =>
  (to) =>
    to === "protocol" ? null : `${name} may import protocol only; put what both need into protocol, or ask over the wire`;

const allowed: Record<Workspace, Rule> = {
  protocol: () => "protocol imports nothing of ours, so that both ends can stand on it; move the code here or there",
  agent: onlyProtocol("agent"),
  hub: onlyProtocol("hub"),
  web: (to, subpath, { typeOnly }) => {
    if (to === "protocol") return null;
    if (to !== "hub") return "web may import protocol and the hub's router type and input schemas only";
    if (/^[\w-]+\/input$/.test(subpath)) return null;
    if (subpath !== "api/router")
      return "of the hub, web may import api/router as a type and the rooms' input schemas only; ask the API instead";
    return typeOnly ? null : "the hub's router is a type to web; write `import type`, or the hub's code ends up in the browser";
  },
  scripts: (to, _subpath, { file }) => {
    const foreignClient = file.startsWith("scripts/src/bench/") || file.startsWith("scripts/e2e/");
    if (foreignClient && to === "protocol") return null;
    return "scripts start built programs and import none of their code; use the program's command, socket or API";
  },
};
