// When a grant holds.
import { describe, expect, test } from "vitest";
import { isInside } from "../platform/networks.ts";
import { type AsWhom, isWithin, whyNot } from "./holds.ts";
import type { Hours } from "./input.ts";

const grant = {
  accounts: ["deploy"],
  protocols: ["ssh"],
  actions: ["connect" as const],
  startsAt: null,
  expiresAt: null,
  hours: null,
  addresses: [],
  active: true,
  revokedAt: null,
  bound: null,
};
const now = new Date("2026-11-23T10:00:00Z"); // a Monday
const wish = { as: { kind: "vault", username: "deploy" } as AsWhom, protocol: "ssh", action: "connect" as const };
const here = { now, address: "192.0.2.7", critical: false };
const before = new Date(now.getTime() - 1);

describe("a grant", () => {
  test("holds for just what it names", () => {
    expect(whyNot(grant, wish, here)).toBeNull();
    expect(whyNot(grant, { ...wish, as: { kind: "vault", username: "root" } }, here)).toBe("account");
    expect(whyNot(grant, { ...wish, protocol: "rdp" }, here)).toBe("protocol");
    expect(whyNot(grant, { ...wish, action: "run" }, here)).toBe("action");
  });

  test("holds from its first moment until before its last", () => {
    expect(whyNot({ ...grant, startsAt: now }, wish, here)).toBeNull();
    expect(whyNot({ ...grant, startsAt: now }, wish, { ...here, now: before })).toBe("not-yet");
    expect(whyNot({ ...grant, expiresAt: now }, wish, here)).toBe("expired");
    expect(whyNot({ ...grant, expiresAt: now }, wish, { ...here, now: before })).toBeNull();
  });

  test("that was revoked or switched off does not hold, whatever else it says", () => {
    expect(whyNot({ ...grant, revokedAt: now, active: false }, wish, here)).toBe("revoked");
    expect(whyNot({ ...grant, active: false }, wish, here)).toBe("off");
  });

  test.each<[string[], AsWhom, boolean]>([
    [["@all"], { kind: "vault", username: "root" }, true],
    [["@all"], { kind: "agent", ownHost: true }, true],
    [["@all"], { kind: "agent", ownHost: false }, false],
    [["@all"], { kind: "ask" }, false],
    [["@all"], { kind: "same-name" }, false],
    [["@agent"], { kind: "agent", ownHost: false }, true],
    [["@ask"], { kind: "ask" }, true],
    [["@ask"], { kind: "vault", username: "@ask" }, true], // a name that no account can have: accounts are refused it
    [["@same-name"], { kind: "same-name" }, true],
    [["deploy"], { kind: "same-name" }, false],
  ])("for %j as %j: %s", (accounts, as, holds) => {
    expect(whyNot({ ...grant, accounts }, { ...wish, as }, here) === null).toBe(holds);
  });
});

describe("hours", () => {
  const office: Hours = { timeZone: "Asia/Shanghai", spans: [{ days: [1, 2, 3, 4, 5], from: 9 * 60, to: 18 * 60 }] };
  test.each([
    ["2026-11-23T01:00:00Z", true], // Monday 09:00 in Shanghai
    ["2026-11-23T00:59:59Z", false],
    ["2026-11-23T09:59:59Z", true],
    ["2026-11-23T10:00:00Z", false], // 18:00
    ["2026-11-22T02:00:00Z", false], // Sunday
    ["2026-11-22T23:00:00Z", false], // Monday 07:00 there
  ])("of an office in Shanghai at %s: %s", (at, open) => {
    expect(isWithin(office, new Date(at))).toBe(open);
  });

  test("follow the wall clock through the change to summer time", () => {
    const night: Hours = { timeZone: "Europe/Berlin", spans: [{ days: [7], from: 3 * 60, to: 4 * 60 }] };
    expect(isWithin(night, new Date("2026-03-29T01:30:00Z"))).toBe(true); // 03:30, half an hour after the clocks went forward
    expect(isWithin(night, new Date("2026-03-29T00:30:00Z"))).toBe(false); // 01:30
  });
});

test.each([
  [["192.0.2.0/24"], "192.0.2.255", true],
  [["192.0.2.0/24"], "192.0.3.0", false],
  [["192.0.2.0/24"], "::ffff:192.0.2.9", true],
  [["192.0.2.7"], "192.0.2.7", true],
  [["2001:db8::/32"], "2001:db8:1::1", true],
  [["2001:db8::/32"], "2001:db9::1", false],
  [["2001:db8::/32"], "192.0.2.7", false],
])("networks %j and address %s: %s", (networks, address, inside) => {
  expect(isInside(networks, address)).toBe(inside);
});
