// What every command that asks a hub over its public API is told: where it is, and by which key. Knows the hub's public protocols only.
import { readFileSync } from "node:fs";

/** Said with the command's usage, exit code 2. */
export class UsageFault extends Error {}

/** For parseArgs() of node:util. */
export const connectionOptions = {
  hub: { type: "string" },
  "key-file": { type: "string" },
  ca: { type: "string" }, // read by Node itself, which our starter has told
  help: { type: "boolean", short: "h" },
} as const;

export const connectionUsage = `  --hub         the console's address, https:// (or http://localhost on the hub's own machine); or SALLYPORT_URL
  --key-file    a file that holds an access key; or the key itself in SALLYPORT_ACCESS_KEY
  --ca          the hub's certificate authority, when your system does not know it; or NODE_EXTRA_CA_CERTS`;

/** A key is never an argument: every account of a machine can list those. @throws UsageFault. */
export function connectionOf(values: { hub?: string | undefined; "key-file"?: string | undefined }): {
  url: string;
  key: string;
} {
  const url = (values.hub ?? process.env.SALLYPORT_URL ?? "").replace(/\/$/, "");
  if (!/^https?:\/\//.test(url)) throw new UsageFault("--hub is missing: the console's address, such as https://hub.example.");
  const file = values["key-file"];
  const key = (file === undefined ? process.env.SALLYPORT_ACCESS_KEY : readFileSync(file, "utf8"))?.trim() ?? "";
  if (key === "") throw new UsageFault("No access key: give --key-file or SALLYPORT_ACCESS_KEY.");
  return { url, key };
}

/** Runs a command to its exit code; a fault is one line, with the usage where it would have helped. */
export function runCommand(main: (args: string[]) => Promise<number>, usage: string, faultCode: number): void {
  main(process.argv.slice(2)).then(
    (code) => process.exit(code),
    (error: unknown) => {
      const sentence = error instanceof Error ? error.message : String(error);
      process.stderr.write(`sallyport: ${sentence}\n${error instanceof UsageFault ? `\n${usage}` : ""}`);
      process.exit(error instanceof UsageFault ? 2 : faultCode);
    },
  );
}
