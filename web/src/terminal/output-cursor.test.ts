import { expect, test } from "vitest";
import { OutputCursor } from "./output-cursor.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("bytes that arrive twice are drawn once", () => {
  const cursor = new OutputCursor();
  cursor.startAt(0);
  expect(cursor.accept(0, bytes("abc"))).toEqual(bytes("abc"));
  expect(cursor.accept(0, bytes("abc"))).toEqual(bytes(""));
  expect(cursor.accept(1, bytes("bcde"))).toEqual(bytes("de"));
  expect(cursor.next).toBe(5);
});

test("a gap is reported and moves nothing", () => {
  const cursor = new OutputCursor();
  cursor.startAt(10);
  expect(cursor.accept(12, bytes("x"))).toBe("gap");
  expect(cursor.next).toBe(10);
});

test("without a screen there is no offset to continue from", () => {
  expect(new OutputCursor().next).toBeNull();
});

test("an acknowledgement is due after 32 KiB drawn, and is told once", () => {
  const cursor = new OutputCursor();
  cursor.startAt(100);
  cursor.consumed(100 + 32 * 1024 - 1);
  expect(cursor.acknowledgementIsDue).toBe(false);
  cursor.consumed(100 + 32 * 1024);
  expect(cursor.acknowledgementIsDue).toBe(true);
  expect(cursor.takeAcknowledgement()).toBe(100 + 32 * 1024);
  expect(cursor.takeAcknowledgement()).toBeNull();
});

test("a draw that finishes after a newer snapshot does not move the acknowledgement back", () => {
  const cursor = new OutputCursor();
  cursor.startAt(0);
  cursor.startAt(5000);
  cursor.consumed(300);
  expect(cursor.takeAcknowledgement()).toBeNull();
});
