import { beforeEach, expect, test } from "vitest";
import { asksForSecret, EchoGate } from "./echo-gate.ts";

const secret = { echo: false, canonical: true };
const readline = { echo: false, canonical: false };
const plain = { echo: true, canonical: true };
const rawWithEcho = { echo: true, canonical: false };

let gate: EchoGate;
beforeEach(() => {
  gate = new EchoGate();
});

test("only a line that the kernel edits without echo is a secret", () => {
  expect([secret, readline, plain, rawWithEcho].map(asksForSecret)).toEqual([true, false, false, false]);
});

test("it is open until a secret is asked for, whatever else is said", () => {
  for (const mode of [readline, plain, rawWithEcho]) gate.heard(mode, 1_000);
  expect(gate.open).toBe(true);
  gate.heard(secret, 2_000);
  expect(gate.open).toBe(false);
});

test("it opens when the screen shows what the host had printed by then", () => {
  gate.drawn(100);
  gate.heard(secret, 110);
  gate.heard(readline, 130);
  expect(gate.open).toBe(false);
  gate.drawn(129);
  expect(gate.open).toBe(false);
  gate.drawn(130);
  expect(gate.open).toBe(true);
});

test("it opens at once when the screen is there already, and a late drawing of old output changes nothing", () => {
  gate.drawn(200);
  gate.heard(secret, 150);
  gate.drawn(120);
  gate.heard(plain, 180);
  expect(gate.open).toBe(true);
});

test("a second secret before the screen has come as far keeps it shut", () => {
  gate.heard(secret, 10);
  gate.heard(readline, 20);
  gate.heard(secret, 30);
  gate.drawn(1_000);
  expect(gate.open).toBe(false);
});

test("forgotten, it is open", () => {
  gate.heard(secret, 10);
  gate.forget();
  expect(gate.open).toBe(true);
});
