// The golden vectors, through the agent's own doors: what the protocol's file promises, this agent takes and refuses.
import { createPublicKey } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { decodeFrame, encodeFrame } from "@sallyport/protocol/stream/frame";
import vectors from "@sallyport/protocol/vectors/wire.json" with { type: "json" };
import { decodeDown } from "@sallyport/protocol/wire";
import { afterAll, expect, test } from "vitest";
import { HubClock } from "../hub-clock.ts";
import { OrderGate } from "./order-gate.ts";

const bytes = (hex: string) => Buffer.from(hex, "hex");
const folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-agent-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const { order, hubPublicKey, bytes: signedBytes, signature } = vectors.order;
const hubKey = createPublicKey({
  key: Buffer.concat([bytes("302a300506032b6570032100"), bytes(hubPublicKey)]),
  format: "der",
  type: "spki",
});
const signed = { order: bytes(signedBytes), signature: bytes(signature) };

function gateAt(nowMs: number, agentId = order.agentId): OrderGate {
  const clock = new HubClock();
  clock.set(nowMs);
  return new OrderGate({ agentId, hubKey, clock, sequenceFile: path.join(folder, "sequence") });
}

test("the golden order passes the agent's gate in its minute, and no other agent's, and not after it", () => {
  expect(gateAt(order.issuedAtMs).check(signed)).toMatchObject({
    ok: true,
    order: { sequence: 42, openShell: { columns: 80, rows: 24 } },
  });
  expect(gateAt(order.issuedAtMs, "agt_000000000000000000000000").check(signed)).toMatchObject({
    ok: false,
    outcome: { code: "wrong-agent" },
  });
  expect(gateAt(order.expiresAtMs + 60_000).check(signed)).toMatchObject({ ok: false, outcome: { code: "expired" } });
});

test("the golden frames and hub messages are what the agent reads and writes", () => {
  for (const { bytes: expected } of vectors.frames) {
    const { header, data } = encodeFrame(decodeFrame(bytes(expected)));
    expect(Buffer.concat([header, data ?? new Uint8Array()]).toString("hex")).toBe(expected);
  }
  for (const { body, bytes: expected } of vectors.down) expect(decodeDown(bytes(expected))?.body).toBe(Object.keys(body)[0]);
});
