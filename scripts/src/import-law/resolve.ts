// Where an import leads: a file of ours, a workspace of ours by its package name, or somebody else's package.
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { type Workspace, workspaces } from "./read-source.ts";

export type Target =
  | { kind: "file"; file: string; workspace: Workspace | null }
  | { kind: "ours"; workspace: Workspace | null; subpath: string }
  | { kind: "package"; name: string };

const extensions = ["", ".ts", ".tsx", ".mjs", ".js", "/index.ts", "/index.tsx"];

export const workspaceOf = (file: string): Workspace | null => workspaces.find((name) => file.startsWith(`${name}/`)) ?? null;

export function resolveImport(root: string, from: string, specifier: string): Target {
  if (specifier.startsWith(".")) {
    const joined = path.posix.normalize(path.posix.join(path.posix.dirname(from), specifier));
    const file =
      extensions.map((extension) => joined + extension).find((candidate) => isFile(path.join(root, candidate))) ?? joined;
    return { kind: "file", file, workspace: workspaceOf(file) };
  }
  if (specifier.startsWith("@sallyport/")) {
    const [, name = "", ...rest] = specifier.split("/");
    return { kind: "ours", workspace: workspaces.find((workspace) => workspace === name) ?? null, subpath: rest.join("/") };
  }
  const parts = specifier.split("/");
  return { kind: "package", name: parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/") };
}

const isFile = (file: string) => existsSync(file) && statSync(file).isFile();
