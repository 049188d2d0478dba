// The short form of every fault; `npm run faults` has the long ones. A figure beyond its bound is named in the failure.
import { describe, expect, test } from "vitest";
import { faults } from "./faults/all.ts";
import { inWords, kept } from "./faults/fault.ts";
import { lacking } from "./lacking.ts";

describe("faults", () => {
  for (const fault of faults) {
    const missing = lacking(...fault.needs);
    const name = missing.length === 0 ? fault.sentence : `${fault.sentence} [this machine lacks ${missing.join(", ")}]`;
    test.skipIf(missing.length > 0)(
      `${fault.name}: ${name}`,
      async () => {
        const { figures } = await fault.run("short");
        expect(figures.filter((figure) => !kept(figure)).map(inWords)).toEqual([]);
      },
      120_000,
    );
  }
});
