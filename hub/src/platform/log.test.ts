import { DrizzleQueryError } from "drizzle-orm";
import { expect, test } from "vitest";
import { errorFields } from "./log.ts";

test("a failed query is logged with its reason and without its parameters", () => {
  const error = new DrizzleQueryError("select 1 where $1", ["a-secret\n    at forged (frame)"], new Error("read ECONNRESET"));
  const fields = errorFields(error);
  expect(JSON.stringify(fields)).not.toMatch(/a-secret|forged/);
  expect(fields).toMatchObject({ error: "Failed query: select 1 where $1", cause: "read ECONNRESET" });
  expect(fields["stack"]).toContain("log.test.ts");
});
