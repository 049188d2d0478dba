// The second factor: asked for at sign-in, guessed by nobody, accepted once, and shown again before grave acts.
import { newId } from "@sallyport/protocol/ids";
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { TestClock } from "../testing/eventually.ts";
import { TestClient } from "../testing/test-client.ts";
import { admin as administrator, person, TestHub } from "../testing/test-hub.ts";
import { freshMs } from "./fresh-mfa.ts";
import { guessesMax } from "./guesses.ts";
import { halfWayMs } from "./sign-in-stage.ts";

const clock = new TestClock();
let hub: TestHub;
let admin: TestClient;
beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  admin = await hub.asAdmin();
});
// Tries of an address are counted by the minute, and a code is good for thirty seconds: each test has its own.
beforeEach(async () => {
  clock.advance(91_000);
  if (await admin.refusal(admin.query("keys.list"))) throw new Error("the administrator is out");
});
afterAll(() => hub[Symbol.asyncDispose]());

type Person = { client: TestClient; id: string; email: string; secret: string; recoveryCodes: string[] };
type State = { signedIn: boolean; pending: string | null };

const codeOf = (secret: string, offPeriods = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: clock.now().getTime() + offPeriods * 30_000 });
const meOf = async (client: TestClient) => (await client.query<{ me: { id: string; email: string } }>("auth.state")).me;
const stateOf = (client: TestClient) => client.query<State>("auth.state");
const signIn = (email: string) => TestClient.signIn(hub.url, { email, password: person.password });
const isIn = async (client: TestClient) => (await client.refusal(client.query("keys.list"))) === null;
const showCode = (client: TestClient, code: string) => client.refusal(client.mutate("auth.showCode", { code }));
/** Past the periods of codes used so far. */
const nextCodes = () => clock.advance(91_000);

async function enrol(client: TestClient): Promise<{ secret: string; recoveryCodes: string[] }> {
  const { secret } = await client.mutate<{ secret: string }>("auth.beginTotp");
  const { recoveryCodes } = await client.mutate<{ recoveryCodes: string[] }>("auth.confirmTotp", { code: codeOf(secret) });
  nextCodes();
  return { secret, recoveryCodes };
}

async function personWithCodes(): Promise<Person> {
  const client = await hub.as("user");
  return { client, ...(await meOf(client)), ...(await enrol(client)) };
}

const asAtFirst = { mfaRoles: [], passwordLengthMin: 10, passwordHistory: 0, passwordDaysMax: null, idleDaysMax: null };
const kinds = async (subjectId: string) =>
  (await admin.query<{ items: { kind: string }[] }>("audit.list", { subjectId })).items.map(({ kind }) => kind);

describe("at sign-in", () => {
  test("who must have a second factor and has only a passkey is asked for it, and led to set up no app", async () => {
    const { id, email } = await meOf(await hub.as("auditor"));
    await admin.mutate("auth.confirm", { password: administrator.password });
    await admin.mutate("signInPolicy.set", { ...asAtFirst, mfaRoles: ["auditor"] });
    await hub.sql`insert into passkeys (id, org_id, user_id, name, credential_id, public_key, counter, created_at)
      select ${newId("psk")}, org_id, id, 'stick', ${newId("cred")}, '', 0, now() from users where id = ${id}`;
    const half = await signIn(email);
    expect(await stateOf(half)).toMatchObject({ signedIn: false, pending: "passkey" });
    expect(await half.refusal(half.mutate("auth.beginTotp"))).toBe("not-signed-in"); // a password alone sets up no factor of its own
    expect(await isIn(half)).toBe(false);
    await admin.mutate("signInPolicy.set", asAtFirst);
    expect(await isIn(await signIn(email))).toBe(true);
  });

  test("a cookie without the code is nobody's, and with it its person's", async () => {
    const { email, secret } = await personWithCodes();
    const half = await signIn(email);
    expect(await stateOf(half)).toMatchObject({ signedIn: false, pending: "code", me: null });
    expect(await isIn(half)).toBe(false);
    expect((await half.rest("GET", "/api/v1/assets")).status).toBe(401);
    for (const procedure of ["auth.beginTotp", "auth.renewRecoveryCodes", "auth.removeTotp", "keys.create"])
      expect(await half.refusal(half.mutate(procedure, { name: "k" })), procedure).toBe("not-signed-in");
    expect(await showCode(half, codeOf(secret))).toBeNull();
    expect(await stateOf(half)).toMatchObject({ signedIn: true, pending: null });
    expect(await isIn(half)).toBe(true);
  });

  test("a code is accepted once, at two doors at once too, and no older one after it", async () => {
    const { email, secret } = await personWithCodes();
    const doors = await Promise.all([signIn(email), signIn(email), signIn(email)]);
    const code = codeOf(secret);
    const outcomes = await Promise.all(doors.map((door) => showCode(door, code)));
    expect(outcomes.toSorted()).toEqual(["bad-code", "bad-code", null]);
    const [door] = doors.filter((_, n) => outcomes[n] !== null);
    if (door === undefined) throw new Error("no door left");
    expect(await showCode(door, codeOf(secret, -1))).toBe("bad-code");
    expect(await showCode(door, codeOf(secret, 1))).toBeNull();
  });

  test("a hundred guesses at once are a hundred guesses, and the right code waits with them", async () => {
    const { id, email, secret } = await personWithCodes();
    const half = await signIn(email);
    const right = codeOf(secret);
    const wrong = Array.from({ length: 100 }, (_, n) => String(n).padStart(6, "0")).filter((code) => code !== right);
    const outcomes = await Promise.all(wrong.map((code) => showCode(half, code)));
    const looked = outcomes.filter((code) => code !== "locked-out");
    expect(looked.length).toBeLessThanOrEqual(guessesMax);
    expect(await showCode(half, right)).toBe("locked-out");
    expect(await isIn(half)).toBe(false);
    expect((await kinds(id)).filter((kind) => kind === "person.second-factor-failed")).toHaveLength(looked.length);
    clock.advance(5 * 60_000 + 1_000);
    expect(await showCode(half, codeOf(secret))).toBeNull();
  });

  test("a sign-in left half-way is over after ten minutes, or when it is given up", async () => {
    const { email, secret } = await personWithCodes();
    const [late, given] = [await signIn(email), await signIn(email)];
    await given.mutate("auth.cancelSignIn");
    expect(await stateOf(given)).toMatchObject({ pending: null });
    expect(await showCode(given, codeOf(secret))).toBe("not-signed-in");
    clock.advance(halfWayMs);
    expect(await showCode(late, codeOf(secret))).toBe("not-signed-in");
  });

  test("a recovery code lets in once, however it is typed", async () => {
    const { id, email, recoveryCodes } = await personWithCodes();
    expect(new Set(recoveryCodes).size).toBe(10);
    const [first = "", second = ""] = recoveryCodes;
    expect(await showCode(await signIn(email), first)).toBeNull();
    expect(await showCode(await signIn(email), first)).toBe("bad-code");
    expect(await showCode(await signIn(email), ` ${second.replaceAll("-", " ").toUpperCase()} `)).toBeNull();
    expect(await kinds(id)).toContain("person.recovery-code-used");
    const stored = await hub.sql`select * from recovery_codes where user_id = ${id}`;
    for (const code of recoveryCodes) expect(JSON.stringify(stored)).not.toContain(code.replaceAll("-", ""));
  });

  test("a new password through a link does not lead past the code", async () => {
    const { id, email } = await personWithCodes();
    const { link } = await admin.mutate<{ link: string }>("people.resetLink", { id });
    const token = new URL(link).searchParams.get("token");
    const entered = await TestClient.enter(hub.url, "auth.acceptInvite", { token, name: "X", password: person.password });
    expect(await isIn(entered)).toBe(false);
    expect(await stateOf(entered)).toMatchObject({ pending: "code" });
    expect(await isIn(await signIn(email))).toBe(false);
  });

  test("an app's secret is nowhere in the database as it is", async () => {
    const { id, secret } = await personWithCodes();
    const [row] = await hub.sql`select * from totp_secrets where user_id = ${id}`;
    expect(JSON.stringify(row)).not.toContain(secret);
    // A sealed secret does not open in another person's row.
    const other = await personWithCodes();
    await hub.sql`update totp_secrets set secret = ${row?.["secret"]} where user_id = ${other.id}`;
    const half = await signIn(other.email);
    expect(await showCode(half, codeOf(secret))).toBe("internal");
  });
});

describe("where the organisation asks for it", () => {
  test("who has none is led to set one up before anything else, and is in afterwards", async () => {
    const { email } = await meOf(await hub.as("auditor"));
    const user = await meOf(await hub.as("user"));
    await admin.mutate("auth.confirm", { password: administrator.password });
    await admin.mutate("signInPolicy.set", { ...asAtFirst, mfaRoles: ["auditor"] });
    try {
      expect(await isIn(await signIn(user.email))).toBe(true);
      const half = await signIn(email);
      expect(await stateOf(half)).toMatchObject({ signedIn: false, pending: "enrol" });
      expect(await isIn(half)).toBe(false);
      const { secret } = await half.mutate<{ secret: string }>("auth.beginTotp");
      expect(await half.refusal(half.mutate("auth.confirmTotp", { code: "000000" }))).toBe("bad-code");
      expect(await isIn(half)).toBe(false);
      await half.mutate("auth.confirmTotp", { code: codeOf(secret) });
      expect(await isIn(half)).toBe(true);
      expect(await half.refusal(half.mutate("auth.removeTotp"))).toBe("second-factor-needed");
      nextCodes();
      expect(await stateOf(await signIn(email))).toMatchObject({ pending: "code" });
    } finally {
      await admin.mutate("auth.confirm", { password: administrator.password });
      await admin.mutate("signInPolicy.set", asAtFirst);
    }
  });
});

describe("a grave act", () => {
  test("asks again who is there after a while, by code or by the password of who has none", async () => {
    const { client, secret } = await personWithCodes();
    const plain = await hub.as("user");
    clock.advance(freshMs);
    expect(await plain.refusal(plain.mutate("auth.beginTotp"))).toBe("confirm-first");
    expect(await plain.refusal(plain.mutate("auth.confirm", { password: "wrong" }))).toBe("bad-credentials");
    expect(await plain.refusal(plain.mutate("auth.beginTotp"))).toBe("confirm-first");
    expect(await plain.refusal(plain.mutate("auth.confirm", { password: person.password }))).toBeNull();
    expect(await plain.refusal(plain.mutate("auth.beginTotp"))).toBeNull();

    expect(await client.refusal(client.mutate("auth.renewRecoveryCodes"))).toBe("confirm-first");
    // The password alone is not enough for who has more.
    expect(await client.refusal(client.mutate("auth.confirm", { password: person.password }))).toBe("bad-code");
    expect(await client.refusal(client.mutate("auth.confirm", { code: codeOf(secret) }))).toBeNull();
    expect(await client.refusal(client.mutate("auth.renewRecoveryCodes"))).toBeNull();
  });

  test("guesses at the password are counted like guesses at a code", async () => {
    const client = await hub.as("user");
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, n) => client.refusal(client.mutate("auth.confirm", { password: `wrong ${n}` }))),
    );
    expect(outcomes.filter((code) => code === "bad-credentials").length).toBeLessThanOrEqual(guessesMax);
    expect(await client.refusal(client.mutate("auth.confirm", { password: person.password }))).toBe("locked-out");
  });

  test("is not for access keys, which nobody is behind", async () => {
    const key = await admin.withKey();
    const { id } = await personWithCodes();
    const answer = await key.rest("POST", `/api/v1/people/${id}/reset-second-factor`, {});
    expect(await answer.json()).toMatchObject({ code: "confirm-first" });
    expect((await key.rest("POST", "/api/v1/sign-in-policy", asAtFirst)).status).toBe(403);
  });
});

test("an administrator takes a lost second factor away: its person is out everywhere and sets up another", async () => {
  const { client, id, email, recoveryCodes } = await personWithCodes();
  await admin.mutate("auth.confirm", { password: administrator.password });
  await admin.mutate("people.resetSecondFactor", { id });
  expect(await isIn(client)).toBe(false);
  const again = await signIn(email);
  expect(await isIn(again)).toBe(true);
  await enrol(again);
  const half = await signIn(email);
  expect(await showCode(half, recoveryCodes[0] ?? "")).toBe("bad-code");
  expect(await kinds(id)).toContain("person.second-factor-reset");
  const auditor = await hub.as("auditor");
  expect(await auditor.refusal(auditor.mutate("people.resetSecondFactor", { id }))).toBe("forbidden");
  expect(await admin.refusal(admin.mutate("people.resetSecondFactor", { id: newId("usr") }))).toBe("not-found");
});

test("another telephone replaces the first only once it has shown a code", async () => {
  const { client, email, secret } = await personWithCodes();
  await client.mutate("auth.confirm", { code: codeOf(secret) });
  nextCodes();
  const { secret: second } = await client.mutate<{ secret: string }>("auth.beginTotp");
  expect(await showCode(await signIn(email), codeOf(secret))).toBeNull();
  expect(await client.refusal(client.mutate("auth.confirmTotp", { code: codeOf(secret, 1) }))).toBe("bad-code");
  await client.mutate("auth.confirmTotp", { code: codeOf(second) });
  nextCodes();
  const half = await signIn(email);
  expect(await showCode(half, codeOf(secret))).toBe("bad-code");
  expect(await showCode(half, codeOf(second))).toBeNull();
});
