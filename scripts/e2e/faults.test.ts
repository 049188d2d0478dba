// The short form of the faults; `npm run faults` has the long ones. A figure beyond its bound is named in the failure.
import { describe, expect, test } from "vitest";
import { faults } from "./faults/all.ts";
import { type Fault, inForm, inWords, kept } from "./faults/fault.ts";
import { lacking } from "./lacking.ts";

/** A machine that is busy with others may miss a bound once; a fault in the product misses it again. */
const retry = 1;

function named({ name, sentence, needs }: Fault): [title: string, missing: string[]] {
  const missing = lacking(...needs);
  const title = `${name}: ${sentence}`;
  return [missing.length === 0 ? title : `${title} [this machine lacks ${missing.join(", ")}]`, missing];
}

async function holds(fault: Fault): Promise<void> {
  const { figures } = await fault.run("short");
  const bounded = figures.map((figure) => inForm("short", figure));
  expect(bounded.filter((figure) => !kept(figure)).map(inWords)).toEqual([]);
}

const quick = faults.filter(({ slow }) => !slow);

describe("faults", () => {
  for (const fault of quick.filter(({ busy }) => !busy)) {
    const [title, missing] = named(fault);
    test.skipIf(missing.length > 0).concurrent(title, { retry }, () => holds(fault));
  }
  for (const fault of quick.filter(({ busy }) => busy)) {
    const [title, missing] = named(fault);
    test.skipIf(missing.length > 0)(title, { retry }, () => holds(fault));
  }
});
