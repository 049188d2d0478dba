// Reading a request's body: JSON, bounded.
import type { IncomingMessage } from "node:http";
import { HubError } from "../platform/errors.ts";

/** The largest honest body is a script with its arguments. */
export const bodyBytesMax = 1024 * 1024;

/** Undefined for an empty body. @throws HubError `too-large`, `bad-input`. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    const chunk: Buffer = part;
    bytes += chunk.length;
    if (bytes > bodyBytesMax)
      throw new HubError("too-large", `The body is larger than ${bodyBytesMax} bytes.`, { facts: { most: bodyBytesMax } });
    parts.push(chunk);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(parts).toString());
  } catch (cause) {
    throw new HubError("bad-input", "The body is not JSON.", { facts: { fields: "body" }, cause });
  }
}
