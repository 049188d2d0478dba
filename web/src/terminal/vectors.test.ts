// The golden vectors of what the console reads and writes: terminal data on its socket, events of a recording in its player.
import { decodeLogEvents, decodeResize, logEventKinds } from "@sallyport/protocol/log-events";
import { decodeTerminalData, encodeTerminalData } from "@sallyport/protocol/terminal-socket";
import vectors from "@sallyport/protocol/vectors/wire.json" with { type: "json" };
import { expect, test } from "vitest";
import { OutputCursor } from "./output-cursor.ts";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");

test("terminal data of the vectors is read at its offset and written as it was", () => {
  for (const { offset, data, bytes: expected } of vectors.terminalData) {
    const message = decodeTerminalData(bytes(expected));
    const cursor = new OutputCursor();
    cursor.startAt(offset);
    const fresh = cursor.accept(message?.offset ?? -1, message?.data ?? new Uint8Array());
    expect(fresh === "gap" ? fresh : hex(fresh)).toBe(data);
    expect(hex(encodeTerminalData(offset, bytes(data)))).toBe(expected);
  }
});

test("a recording of the vectors plays as the events it was made of", () => {
  const recording = bytes(vectors.logEvents.map((event) => event.bytes).join(""));
  expect(decodeLogEvents(recording).map(({ atMs, kind, data }) => ({ atMs, kind, data: hex(data) }))).toEqual(
    vectors.logEvents.map(({ atMs, kind, data }) => ({ atMs, kind, data })),
  );
  const resize = decodeLogEvents(recording).find(({ kind }) => kind === logEventKinds.resize);
  expect(resize && decodeResize(resize.data)).toEqual({ columns: 80, rows: 24 });
});
