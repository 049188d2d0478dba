// Numbers of an account or group of this host, as its name service knows them: /etc/passwd is not all of it.
import { execFile } from "node:child_process";
import { NotPlaced } from "./not-placed.ts";

/** A directory service that does not answer must not hold a run for ever. */
const answerMs = 10_000;

/** @returns null for an empty name. @throws NotPlaced when this host knows no such name. */
export async function numberOf(kind: "passwd" | "group", name: string, path: string): Promise<number | null> {
  if (name === "") return null;
  if (/^\d+$/.test(name)) return Number(name);
  const line = await new Promise<string>((resolve) => {
    // The name is letters, digits, dot, hyphen and underscore, and begins with no hyphen.
    execFile("getent", [kind, name], { env: { PATH: path }, timeout: answerMs }, (_error, stdout) => resolve(stdout));
  });
  const number = Number(/^[^:]*:[^:]*:(\d+)[:\n]/.exec(line)?.[1] ?? Number.NaN);
  if (Number.isInteger(number)) return number;
  throw new NotPlaced(`This host knows no ${kind === "passwd" ? "account" : "group"} ${name}.`);
}
