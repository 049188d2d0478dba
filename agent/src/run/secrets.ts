// Secrets of a script between agent and runner: once, by a pipe, as JSON. Nowhere else.
import fs from "node:fs";
import { parseObject } from "../state/identity.ts";

/** What the agent wrote to stdin; null when it did not get to the end of it. Waits for it. */
export function readSecrets(names: readonly string[]): Record<string, string> | null {
  if (names.length === 0) return {};
  const given = parseObject(fs.readFileSync(0, "utf8"));
  const secrets: Record<string, string> = {};
  for (const name of names) {
    const value: unknown = given === null ? null : Reflect.get(given, name);
    if (typeof value !== "string") return null;
    secrets[name] = value;
  }
  return secrets;
}
