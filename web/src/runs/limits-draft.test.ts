import { rolling } from "@sallyport/hub/automation/input";
import { expect, test } from "vitest";
import { defaultLimits, limitsDraftOf, limitsOf } from "./limits-draft.ts";

test("limits come back from the form as they went in", () => {
  const given = {
    account: "deploy",
    timeoutSeconds: 60,
    expirySeconds: 600,
    rolling: rolling.parse({
      window: { kind: "percent", value: 25 },
      canary: { kind: "count", value: 2 },
      pauseAfterCanary: true,
      perMinute: 30,
      maxErrors: { kind: "count", value: 0 },
      minExecuted: 5,
    }),
  };
  expect(limitsOf(limitsDraftOf(given))).toEqual(given);
});

test("without any limit a run does not roll, and goes as the agent", () => {
  expect(limitsOf(defaultLimits)).toMatchObject({ account: "@agent", rolling: null });
});

test("what is neither a number nor a share is refused at its field", () => {
  const { rolling: sent } = limitsOf({ ...defaultLimits, rolling: { ...defaultLimits.rolling, window: "many", batch: "5 %" } });
  expect(rolling.safeParse(sent).error?.issues.map(({ path }) => path[0])).toEqual(["window"]);
});
