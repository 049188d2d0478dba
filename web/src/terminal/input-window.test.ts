import { expect, test } from "vitest";
import { InputWindow, unackedBytesMax } from "./input-window.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined) => new TextDecoder().decode(data);

test("each byte is sent once, at its absolute offset", () => {
  const window = new InputWindow();
  window.push(bytes("ab"));
  expect(window.take()).toMatchObject({ offset: 0, data: bytes("ab") });
  expect(window.take()).toBeNull();
  window.push(bytes("c"));
  expect(window.take()).toMatchObject({ offset: 2, data: bytes("c") });
});

test("after a reattach exactly the bytes the hub does not hold are sent again", () => {
  const window = new InputWindow();
  window.push(bytes("hello"));
  window.take();
  window.resume(3);
  const again = window.take();
  expect(again?.offset).toBe(3);
  expect(text(again?.data)).toBe("lo");
});

test("an acknowledged byte is never sent again", () => {
  const window = new InputWindow();
  window.push(bytes("hello"));
  window.take();
  window.acknowledge(5);
  window.resume(5);
  expect(window.take()).toBeNull();
});

test("no more than 64 KiB are unacknowledged; the rest follows as acknowledgements come", () => {
  const window = new InputWindow();
  expect(window.push(new Uint8Array(unackedBytesMax + 100))).toBe(true);
  expect(window.take()?.data).toHaveLength(unackedBytesMax);
  expect(window.take()).toBeNull();
  window.acknowledge(40);
  expect(window.take()).toMatchObject({ offset: unackedBytesMax, data: { length: 40 } });
  expect(window.unackedBytes).toBe(unackedBytesMax);
});

test("a backlog beyond a megabyte is refused whole", () => {
  const window = new InputWindow();
  expect(window.push(new Uint8Array(1024 * 1024))).toBe(true);
  expect(window.push(bytes("x"))).toBe(false);
});

test("typing continues at the hub's offset when another window typed meanwhile", () => {
  const window = new InputWindow();
  window.resume(10);
  window.push(bytes("a"));
  expect(window.take()?.offset).toBe(10);
  window.acknowledge(25);
  window.push(bytes("b"));
  expect(window.take()).toMatchObject({ offset: 25, data: bytes("b") });
});
