import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ImportReport } from "../csv/input.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

let hub: TestHub;
let admin: TestClient;

beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
});
afterAll(() => hub[Symbol.asyncDispose]());

const send = (csv: string, apply = true) => admin.mutate<ImportReport>("assets.import", { csv, apply });
type Listed = {
  items: { name: string; address: string; protocols: object[]; labels: string[]; active: boolean; comment: string }[];
};
const found = async (search: string) => (await admin.query<Listed>("assets.list", { scope: "all", search })).items;

test("a file adds assets with protocols, labels and places in the tree, and changes those that are there", async () => {
  const parent = await admin.mutate<{ id: string }>("nodes.create", { name: "Production" });
  await admin.mutate("nodes.create", { name: "Web", parentId: parent.id });
  const csv =
    'name,address,platform,protocols,labels,nodes\nweb-1,192.0.2.1,Linux,"ssh; https:8443","env:prod; tier:web",/Production/Web\ndb-1,db.example.org,mysql,,,\n';
  expect(await send(csv, false)).toMatchObject({ applied: false, created: 2 });
  expect(await found("web-1")).toEqual([]);
  expect(await send(csv)).toMatchObject({ applied: true, created: 2, errors: [] });
  const protocols = [
    { name: "ssh", port: 22 },
    { name: "https", port: 8443 },
  ];
  expect(await found("web-1")).toMatchObject([{ protocols, labels: ["env:prod", "tier:web"], active: true }]);
  expect(await found("db-1")).toMatchObject([{ protocols: [{ name: "mysql", port: 3306 }] }]);
  const again = await send(
    "name,address,platform,active,comment\nweb-1,192.0.2.9,linux,no,-moved\ndb-1,db.example.org,mysql,yes,\n",
  );
  expect(again).toMatchObject({ applied: true, created: 0, changed: 1, unchanged: 1 });
  expect(await found("web-1")).toMatchObject([
    { address: "192.0.2.9", active: false, protocols, labels: ["env:prod", "tier:web"] },
  ]);
  const text = await (await admin.rest("GET", "/api/v1/assets.csv")).text();
  expect(text).toContain("'-moved");
  expect(await send(text)).toMatchObject({ applied: true, created: 0, changed: 0, unchanged: 2 });
});

test("one wrong row keeps the whole file out, and each thing that is wrong is named", async () => {
  const name = newId("asset");
  const rows = [
    "name,address,platform,zone,protocols,labels,nodes,active",
    `${name},192.0.2.1,linux,,,,,`,
    ",not a host,toaster,Atlantis,telepathy,unlabelled,/Nowhere,perhaps",
    `${name},192.0.2.2,linux,,tcp,,,`,
  ];
  const report = await send(rows.join("\n"));
  expect(report.applied).toBe(false);
  expect(report.errors.map(({ line, field, code }) => `${line} ${field} ${code}`)).toEqual([
    "3 name missing",
    "3 address wrong",
    "3 platform wrong",
    "3 zone unknown",
    "3 protocols wrong",
    "3 labels wrong",
    "3 nodes unknown",
    "3 active wrong",
    "4 name twice",
    "4 protocols wrong",
  ]);
  expect(await found(name)).toEqual([]);
});
