// Groups: who is in them, and that nothing of another organisation gets in.
import { newId } from "@sallyport/protocol/ids";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminOfSecondOrganisation } from "../testing/second-organisation.ts";
import type { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

type Page<T> = { items: T[]; nextCursor: string | null; total: number };
type Group = { id: string; name: string; members: number };

let hub: TestHub;
let admin: TestClient;
beforeAll(async () => {
  hub = await TestHub.start();
  admin = await hub.asAdmin();
});
afterAll(() => hub[Symbol.asyncDispose]());

const newGroup = async (name: string = newId("group")) => (await admin.mutate<{ id: string }>("groups.create", { name })).id;
const invite = async () =>
  (await admin.mutate<{ id: string }>("people.invite", { email: `${newId("p")}@example.org`, name: "P", role: "user" })).id;
const find = async (id: string) =>
  (await admin.query<Page<Group>>("groups.list", { limit: 200 })).items.find((group) => group.id === id);
const membersOf = async (groupId: string) =>
  (await admin.query<Page<{ id: string }>>("people.list", { groupId })).items.map(({ id }) => id).toSorted();

describe("a group", () => {
  test("counts its members, each once however often added, and gives them back", async () => {
    const id = await newGroup();
    const people = [await invite(), await invite(), await invite()];
    const [first = "", second = "", third = ""] = people;
    expect(await admin.mutate("groups.addMembers", { id, userIds: [first, second, first] })).toEqual({ changed: 2 });
    expect(await admin.mutate("groups.addMembers", { id, userIds: [second, third] })).toEqual({ changed: 1 });
    expect(await find(id)).toMatchObject({ members: 3 });
    expect(await membersOf(id)).toEqual(people.toSorted());
    expect(await admin.mutate("groups.removeMembers", { id, userIds: [second, newId("usr")] })).toEqual({ changed: 1 });
    expect(await membersOf(id)).toEqual([first, third].toSorted());
  });

  test("is filled by all who were named or by none", async () => {
    const id = await newGroup();
    const { client } = await adminOfSecondOrganisation(hub);
    const { me } = await client.query<{ me: { id: string } }>("auth.state");
    for (const stranger of [me.id, newId("usr")])
      expect(await admin.refusal(admin.mutate("groups.addMembers", { id, userIds: [await invite(), stranger] }))).toBe(
        "not-found",
      );
    expect(await membersOf(id)).toEqual([]);
  });

  test("keeps its people when it is deleted", async () => {
    const id = await newGroup();
    const person = await invite();
    await admin.mutate("groups.addMembers", { id, userIds: [person] });
    await admin.mutate("groups.delete", { id });
    expect(await find(id)).toBeUndefined();
    const [row] = await hub.sql`select count(*)::int as people from users where id = ${person}`;
    expect(row).toEqual({ people: 1 });
    expect(await admin.refusal(admin.mutate("groups.addMembers", { id, userIds: [person] }))).toBe("not-found");
  });

  test("has a name of its own, of twenty at once too", async () => {
    const name = newId("group");
    const made = await Promise.all(Array.from({ length: 20 }, () => admin.refusal(admin.mutate("groups.create", { name }))));
    expect(made.filter((code) => code === null)).toHaveLength(1);
    expect(new Set(made.filter((code) => code !== null))).toEqual(new Set(["name-taken"]));
    const other = await newGroup();
    expect(await admin.refusal(admin.mutate("groups.rename", { id: other, name }))).toBe("name-taken");
    const { client } = await adminOfSecondOrganisation(hub);
    expect(await client.refusal(client.mutate("groups.create", { name }))).toBeNull();
  });

  test("takes names that people can read, and no list without an end", async () => {
    for (const name of ["", "  ", "a\u001b[31mb", "a\u202eb", "x".repeat(101)])
      expect(await admin.refusal(admin.mutate("groups.create", { name })), name).toBe("bad-input");
    const userIds = Array.from({ length: 201 }, () => newId("usr"));
    expect(await admin.refusal(admin.mutate("groups.addMembers", { id: await newGroup(), userIds }))).toBe("bad-input");
  });
});

test("groups are listed page by page, each once, and found by their name", async () => {
  const word = newId("word");
  const made = await Promise.all(Array.from({ length: 7 }, (_, n) => newGroup(`${word} ${n}`)));
  const seen: string[] = [];
  let cursor: string | null | undefined;
  do {
    const page: Page<Group> = await admin.query("groups.list", { search: word, limit: 3, ...(cursor ? { cursor } : {}) });
    expect(page.total).toBe(7);
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(seen.toSorted()).toEqual(made.toSorted());
});

test("a change of members is recorded with who they were", async () => {
  const id = await newGroup();
  const person = await invite();
  await admin.mutate("groups.addMembers", { id, userIds: [person] });
  await admin.mutate("groups.removeMembers", { id, userIds: [person] });
  const { items } = await admin.query<Page<{ kind: string; data: object }>>("audit.list", { subjectId: id });
  expect(items.map(({ kind, data }) => ({ kind, data }))).toEqual([
    { kind: "group.members-removed", data: { count: 1, userIds: person } },
    { kind: "group.members-added", data: { count: 1, userIds: person } },
    { kind: "group.created", data: {} },
  ]);
});

test("groups over REST are the same groups", async () => {
  const program = await admin.withKey();
  const made = await program.rest("POST", "/api/v1/groups", { name: newId("rest") });
  expect(made.status).toBe(201);
  const { id }: { id: string } = await made.json();
  const person = await invite();
  expect(await (await program.rest("POST", `/api/v1/groups/${id}/members`, { userIds: [person] })).json()).toEqual({
    changed: 1,
  });
  expect(await find(id)).toMatchObject({ members: 1 });
  expect((await program.rest("DELETE", `/api/v1/groups/${id}`)).status).toBe(200);
  expect(await find(id)).toBeUndefined();
});
