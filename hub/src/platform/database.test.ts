import net from "node:net";
import { DrizzleQueryError } from "drizzle-orm";
import { expect, test } from "vitest";
import { databaseAway } from "./database.ts";

const refusal = () =>
  new Promise<Error>((resolve) => {
    net.connect("/nowhere/.s.PGSQL.5432").once("error", resolve);
  });
const coded = (code: string) => Object.assign(new Error(code), { code });

test("a server that is not there, went away or comes up is told as unavailable, alone and inside a query's error", async () => {
  for (const error of [await refusal(), coded("CONNECTION_CLOSED"), coded("57P03")]) {
    expect(databaseAway(error)).toMatchObject({ code: "unavailable", status: 503 });
    expect(databaseAway(new DrizzleQueryError("select 1", [], error))).toMatchObject({ code: "unavailable" });
  }
  expect(databaseAway(new DrizzleQueryError("select 1", [], coded("ECONNRESET")))).toMatchObject({ code: "unavailable" });
});

test("a person's own cut connection, a missing file and a broken constraint are not the database's absence", () => {
  for (const code of ["ECONNRESET", "ENOENT", "EPIPE", "23505"]) expect(databaseAway(coded(code))).toBeNull();
  expect(databaseAway(new DrizzleQueryError("select 1", [], coded("23505")))).toBeNull();
});
