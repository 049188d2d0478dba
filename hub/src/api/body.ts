// Reading a request's body: JSON, bounded.
import type { IncomingMessage } from "node:http";
import { csvBytesMax } from "../csv/input.ts";
import { HubError } from "../platform/errors.ts";

/** The largest honest body is a script with its arguments. */
export const bodyBytesMax = 1024 * 1024;

/** A file of rows as text in JSON: line ends and quotes take two bytes there. */
const importBytesMax = 2 * csvBytesMax + 1024;
const imports = new Set(["people.import", "assets.import", "/people-import", "/assets-import"]);

/** Bytes of a body for a procedure or a path of REST. Only whom we know may send a file. */
export const bodyBytesFor = (name: string, isKnown: boolean): number =>
  isKnown && imports.has(name) ? importBytesMax : bodyBytesMax;

/** Undefined for an empty body. @throws HubError `too-large`, `bad-input`. */
export async function readJson(request: IncomingMessage, bytesMax = bodyBytesMax): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    const chunk: Buffer = part;
    bytes += chunk.length;
    if (bytes > bytesMax)
      throw new HubError("too-large", `The body is larger than ${bytesMax} bytes.`, { facts: { most: bytesMax } });
    parts.push(chunk);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(parts).toString());
  } catch (cause) {
    throw new HubError("bad-input", "The body is not JSON.", { facts: { fields: "body" }, cause });
  }
}
