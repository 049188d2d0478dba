// Why somebody may or may not, and what a change would alter: the same answers that authorize() gives, before anybody tries.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminOfSecondOrganisation } from "../testing/second-organisation.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";
import type { Explanation, Preview } from "./explain.ts";

let hub: TestHub;
let admin: TestClient;
let zoneId: string;
const person = { client: {} as TestClient, id: "" };
const colleague = { client: {} as TestClient, id: "", name: "colleague" };
beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
  zoneId = (await admin.query<{ items: { id: string }[] }>("fleet.zones")).items[0]?.id ?? "";
  for (const [who, name] of [[person, "person"] as const, [colleague, "colleague"] as const]) {
    who.client = await hub.as("user", name);
    who.id = (await who.client.query<{ me: { id: string } }>("auth.state")).me.id;
  }
});
afterAll(() => hub[Symbol.asyncDispose]());

let made = 0;
async function newAsset(more: object = {}): Promise<{ id: string; name: string }> {
  made += 1;
  const name = `asset ${made}`;
  const asset = { name, zoneId, platform: "linux", address: "192.0.2.1", ...more };
  return { name, id: (await admin.mutate<{ id: string }>("assets.create", asset)).id };
}
const newAccount = async (assetId: string, username: string) =>
  (await admin.mutate<{ id: string }>("accounts.create", { assetId, username, secret: { kind: "password", password: "p" } })).id;
const explain = (assetId: string, more: object = {}) =>
  admin.query<Explanation>("access.explain", { userId: person.id, assetId, ...more });
const whyOf = ({ accounts }: Explanation, account: string, action: string) => {
  const found = accounts.find(({ id }) => id === account)?.actions.find((one) => one.action === action);
  return found?.why ?? found?.grantId;
};
const preview = (grant: object | null, id: string | null = null) => admin.query<Preview>("access.preview", { id, grant });
const grantFor = (subjects: object[], assetIds: string[], more: object = {}) => ({
  name: "wanted",
  subjects,
  targets: assetIds.map((id) => ({ kind: "asset", id })),
  accounts: ["@all"],
  actions: ["connect"],
  ...more,
});

describe("explaining", () => {
  test("names the grant that allows each action, and why none does", async () => {
    const { id: assetId } = await newAsset();
    const [root, deploy] = [await newAccount(assetId, "root"), await newAccount(assetId, "deploy")];
    const grantId = await hub.grant(person.id, [assetId], ["connect", "upload"], { accounts: ["deploy"] });
    const explanation = await explain(assetId);
    expect(explanation).toMatchObject({ barred: null, grants: [{ id: grantId }] });
    expect(whyOf(explanation, deploy, "connect")).toBe(grantId);
    expect(whyOf(explanation, deploy, "run")).toBe("action");
    expect(whyOf(explanation, root, "connect")).toBe("account");
    expect(whyOf(explanation, "@ask", "connect")).toBe("account");
    expect((await person.client.openTerminal(assetId, { account: root })).find("error")).toMatchObject({ code: "no-grant" });
  });

  test("says what stands in the way of every grant", async () => {
    const { id: assetId } = await newAsset();
    const account = await newAccount(assetId, "deploy");
    const hour = 3_600_000;
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const why = async (more: object, asked: object = {}) => {
      const id = await hub.grant(person.id, [assetId], ["connect"], more);
      const told = whyOf(await explain(assetId, asked), account, "connect");
      await admin.mutate("access.revoke", { id });
      return told === id ? "allowed" : told;
    };
    expect(await why({ startsAt: at(hour) })).toBe("not-yet");
    expect(await why({ startsAt: at(hour) }, { at: at(2 * hour) })).toBe("allowed");
    expect(await why({ expiresAt: at(hour) }, { at: at(2 * hour) })).toBe("expired");
    expect(await why({ addresses: ["192.0.2.0/24"] }, { address: "198.51.100.1" })).toBe("address");
    expect(await why({ addresses: ["192.0.2.0/24"] }, { address: "192.0.2.77" })).toBe("allowed");
    expect(await why({ protocols: ["postgresql"] })).toBe("protocol");
    expect(await why({ protocols: ["postgresql"] }, { protocol: "postgresql" })).toBe("allowed");
    const monday = { timeZone: "Asia/Shanghai", spans: [{ days: [1], from: 540, to: 1_080 }] };
    expect(await why({ hours: monday }, { at: "2026-11-23T01:00:00Z" })).toBe("allowed"); // nine there
    expect(await why({ hours: monday }, { at: "2026-11-23T00:59:00Z" })).toBe("hours");
    expect(await why({ active: false })).toBe("off");
  });

  test("says when no grant is looked at at all, and tells no other organisation anything", async () => {
    const { id: assetId } = await newAsset();
    await hub.grant(person.id, [assetId], ["connect"]);
    await admin.mutate("assets.change", { id: assetId, active: false });
    expect((await explain(assetId)).barred).toBe("asset-off");
    const auditor = await hub.as("auditor");
    const { me } = await auditor.query<{ me: { id: string } }>("auth.state");
    expect((await explain(assetId, { userId: me.id })).barred).toBe("role");
    for (const foreign of [{ userId: "usr_none" }, { assetId: "ast_none" }])
      expect(await admin.refusal(explain(assetId, foreign))).toBe("not-found");
  });
});

describe("a preview", () => {
  test("tells who gains what, and leaves out what another grant gives anyway", async () => {
    const [mine, ours] = [await newAsset(), await newAsset()];
    await hub.grant(person.id, [mine.id], ["connect"]);
    const subjects = [person, colleague].map(({ id }) => ({ kind: "user", id }));
    const told = await preview(grantFor(subjects, [mine.id, ours.id]));
    expect(told).toMatchObject({ people: 2, assets: 2, gained: 3, lost: 0, loses: [], complete: true });
    expect(told.gains.map(({ person: who, asset }) => `${who} ${asset}`).sort()).toEqual(
      [`colleague ${mine.name}`, `colleague ${ours.name}`, `person ${ours.name}`].sort(),
    );
  });

  test("tells who loses what when a grant is narrowed or taken back", async () => {
    const [kept, gone] = [await newAsset(), await newAsset()];
    const id = await hub.grant(colleague.id, [kept.id, gone.id], ["connect"]);
    const subjects = [{ kind: "user", id: colleague.id }];
    expect(await preview(grantFor(subjects, [kept.id]), id)).toMatchObject({
      gained: 0,
      loses: [{ person: "colleague", asset: gone.name }],
    });
    expect(await preview(null, id)).toMatchObject({ lost: 2 });
    expect(await preview(grantFor(subjects, [kept.id, gone.id], { active: false }), id)).toMatchObject({ lost: 2 });
    await hub.grant(colleague.id, [gone.id], ["connect"]);
    expect(await preview(null, id)).toMatchObject({ loses: [{ person: "colleague", asset: kept.name }] });
  });

  test("follows groups, nodes and labels to the people and assets they mean", async () => {
    const { id: group } = await admin.mutate<{ id: string }>("groups.create", { name: "operators" });
    await admin.mutate("groups.addMembers", { id: group, userIds: [person.id, colleague.id] });
    const { id: parent } = await admin.mutate<{ id: string }>("nodes.create", { name: "servers", parentId: null });
    const { id: child } = await admin.mutate<{ id: string }>("nodes.create", { name: "web", parentId: parent });
    const under = await newAsset({ nodeIds: [child] });
    const labelled = await newAsset({ labels: ["env:drill"] });
    const told = await preview({
      ...grantFor([{ kind: "group", id: group }], []),
      targets: [
        { kind: "node", id: parent },
        { kind: "label", id: "env:drill" },
      ],
    });
    expect(told).toMatchObject({ people: 2, assets: 2, gained: 4 });
    expect(new Set(told.gains.map(({ asset }) => asset))).toEqual(new Set([under.name, labelled.name]));
  });

  test("of a grant that is none is not found", async () => {
    expect(await admin.refusal(preview(null, "grt_none"))).toBe("not-found");
  });
});

describe("what a grant may name", () => {
  test("is found by a piece of its name, of one's own organisation alone", async () => {
    const { id } = await newAsset({ name: "needle-host", labels: ["find:needle"] });
    const found = async (by: TestClient, side: "access.findSubjects" | "access.findTargets", search: string) =>
      (await by.query<{ items: { kind: string; id: string; name: string }[] }>(side, { search })).items;
    expect(await found(admin, "access.findTargets", "needle")).toEqual([
      { kind: "all", id: "", name: "", detail: "" },
      { kind: "label", id: "find:needle", name: "find:needle", detail: "" },
      { kind: "asset", id, name: "needle-host", detail: "192.0.2.1" },
    ]);
    expect((await found(admin, "access.findSubjects", "colleag")).map(({ id: one }) => one)).toContain(colleague.id);
    const { client: stranger } = await adminOfSecondOrganisation(hub);
    expect((await found(stranger, "access.findTargets", "needle")).map(({ kind }) => kind)).toEqual(["all"]);
    expect((await found(stranger, "access.findSubjects", "colleag")).filter(({ kind }) => kind !== "role")).toEqual([]);
  });
});
