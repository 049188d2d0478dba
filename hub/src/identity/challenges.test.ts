// Challenges for passkeys: each for one purpose, one answer and five minutes.
import { describe, expect, test } from "vitest";
import { TestClock } from "../testing/eventually.ts";
import { Challenges } from "./challenges.ts";

const clock = new TestClock();
const challenges = new Challenges();
const make = (purpose: string) => Buffer.from(challenges.make(purpose, clock.now())).toString("base64url");

describe("a challenge", () => {
  test("holds for its purpose, until five minutes are over", () => {
    const one = make("sign in");
    expect(challenges.holds(one, "sign in", clock.now())).toBe(true);
    expect(challenges.holds(one, "register usr_1", clock.now())).toBe(false);
    expect(new Challenges().holds(one, "sign in", clock.now())).toBe(false);
    clock.advance(5 * 60_000);
    expect(challenges.holds(one, "sign in", clock.now())).toBe(false);
  });

  test("is worth one answer, also of two at once, and is forgotten only when it has ended", () => {
    const one = make("sign in");
    expect([challenges.useUp(one, clock.now()), challenges.useUp(one, clock.now())]).toEqual([true, false]);
    expect(challenges.holds(one, "sign in", clock.now())).toBe(false);
    clock.advance(5 * 60_000 + 1);
    expect(challenges.useUp(make("sign in"), clock.now())).toBe(true); // forgets the first
    expect(challenges.holds(one, "sign in", clock.now())).toBe(false);
  });

  test("altered anywhere, cut or lengthened, does not hold", () => {
    const bytes = Buffer.from(make("sign in"), "base64url");
    for (let at = 0; at < bytes.length; at++) {
      const altered = Buffer.from(bytes);
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(challenges.holds(altered.toString("base64url"), "sign in", clock.now()), String(at)).toBe(false);
    }
    for (const other of [bytes.subarray(1), Buffer.concat([bytes, Buffer.alloc(1)]), Buffer.alloc(0)])
      expect(challenges.holds(other.toString("base64url"), "sign in", clock.now())).toBe(false);
  });
});
