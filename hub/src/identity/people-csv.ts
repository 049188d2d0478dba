// People as rows of a file, and back. An import writes everything or nothing.
import { createHash } from "node:crypto";
import { newId } from "@sallyport/protocol/ids";
import { and, asc, eq, gt, inArray } from "drizzle-orm";
import { z } from "zod";
import { recordAudit } from "../audit/record-audit.ts";
import type { ImportReport } from "../csv/input.ts";
import { listOf, type Row, RowErrors, readCsv } from "../csv/read-csv.ts";
import { byteOrderMark, csvLine } from "../csv/write-csv.ts";
import { inPieces, type Queryable, type Transaction } from "../platform/database.ts";
import { displayName } from "../platform/input.ts";
import { type Actor, assertMay, auditActor, may } from "./actor.ts";
import type { IdentityDeps } from "./deps.ts";
import { insertMembers } from "./groups.ts";
import { comment, email, peopleColumns, phone, username } from "./input.ts";
import { makeInvitations } from "./password-links.ts";
import { rolesByName } from "./roles.ts";
import { groupMembers, groups, roles, type UserRow, users } from "./schema.ts";
import { changedFields } from "./update-person.ts";
import { lockUsernames, usernameAmong } from "./usernames.ts";

/** Rows at a time: a statement of PostgreSQL takes 65,535 values. */
const atOnce = 1_000;
/** People whom one audit event names. */
const perEvent = 200;

/** `2027-06-30`, which means its end, or a moment with its offset. */
const expiry = z.union([z.iso.date().transform((day) => `${day}T23:59:59.999Z`), z.iso.datetime({ offset: true })]);

/** What each column takes, and the sentence for who wrote something else. */
const cells: Record<(typeof peopleColumns.all)[number], { read: z.ZodType<string>; expected: string }> = {
  name: { read: displayName, expected: "Write a name of 1 to 100 letters on one line." },
  email: { read: email, expected: "Write an e-mail address." },
  username: { read: username, expected: "Write 2 to 32 of a-z, 0-9, ., _ and -, a letter first; or leave it empty." },
  phone: { read: phone, expected: "Write a telephone number, or leave it empty." },
  role: { read: displayName, expected: "Write the name of a role; empty means user." },
  language: { read: z.enum(["en", "zh"]), expected: "Write en or zh, or leave it empty." },
  expires_at: { read: expiry, expected: "Write a day such as 2027-06-30, or leave it empty." },
  comment: { read: comment, expected: "Write at most 1000 letters." },
  groups: { read: z.string(), expected: "Write names of groups with ; between them." },
};

type Fields = Pick<UserRow, "name" | "username" | "phone" | "language" | "expiresAt" | "comment">;
/** A link that was made, and for whom. */
export type Invitation = { name: string; email: string; language: "en" | "zh" | null; token: string; expiresAt: Date };
type Plan = {
  created: (typeof users.$inferInsert)[];
  changed: { user: UserRow; fields: Partial<UserRow> }[];
  unchanged: number;
  /** By group. */
  joining: Map<string, string[]>;
};

/**
 * Adds people and changes those whose address is there already; nobody is removed, and roles of those who are there stay. Who is added is
 * invited: by a link made for him here or later, or by signing in where a provider verifies his address.
 *
 * @returns what would be done, or was, with the links that were asked for. With one wrong row nothing is.
 * @throws HubError `too-large`, `forbidden`.
 */
export async function importPeople(
  deps: IdentityDeps,
  actor: Actor,
  { csv, apply, invite }: { csv: string; apply: boolean; invite: boolean },
): Promise<{ report: ImportReport; invitations: Invitation[] }> {
  assertMay(actor, "people.manage");
  const errors = new RowErrors();
  const rows = readCsv(csv, peopleColumns, errors);
  const done = await deps.db.transaction(async (tx) => {
    await lockUsernames(tx);
    const plan = await planPeople(tx, deps, actor, rows, errors);
    const applied = apply && errors.total === 0;
    const file = createHash("sha256").update(csv).digest("hex");
    const invitations = applied ? await writePeople(tx, deps, actor, plan, { file, invite }) : [];
    const counts = { created: plan.created.length, changed: plan.changed.length, unchanged: plan.unchanged };
    return { report: errors.report(rows.length, { applied, ...counts }), invitations };
  });
  if (done.report.applied) await deps.accessChanged(actor.orgId);
  return done;
}

async function planPeople(
  tx: Transaction,
  { clock }: IdentityDeps,
  actor: Actor,
  rows: readonly Row[],
  errors: RowErrors,
): Promise<Plan> {
  const now = clock.now();
  const read = rows.map((row) => ({ row, values: valuesOf(row, errors) }));
  const emails = read.flatMap(({ values }) => values.get("email") ?? []);
  const known = new Map<string, UserRow>();
  for (const piece of inPieces(emails, atOnce))
    for (const user of await tx.select().from(users).where(inArray(users.email, piece))) known.set(user.email, user);
  const byUsername = new Map(
    (await tx.select({ id: users.id, username: users.username }).from(users)).map((one) => [one.username, one.id]),
  );
  const groupIds = new Map(
    (await tx.select().from(groups).where(eq(groups.orgId, actor.orgId))).map(({ id, name }) => [name, id] as const),
  );
  const roleNamed = await rolesByName(tx, actor.orgId);
  const roleHeld = new Map([...roleNamed.values()].map((role) => [role.id, role]));
  const firstLine = new Map<string, number>();
  const plan: Plan = { created: [], changed: [], unchanged: 0, joining: new Map() };
  for (const { row, values } of read) {
    const { line, fields } = row;
    const before = errors.total;
    const roleName = values.get("role") ?? "user";
    const role = roleNamed.get(roleName);
    if (role === undefined)
      errors.add(line, "role", "unknown", roleName, "There is no such role. Make it first, or write another.");
    const address = values.get("email");
    if (address === undefined) continue;
    const earlier = firstLine.get(address);
    if (earlier !== undefined) {
      errors.add(line, "email", "twice", address, `The address stands in line ${earlier} already. Keep one of the two.`);
      continue;
    }
    firstLine.set(address, line);
    const user = known.get(address);
    if (user !== undefined && user.orgId !== actor.orgId) {
      errors.add(line, "email", "taken", address, "Somebody else on this hub has this address. Write another.");
      continue;
    }
    const wantedUsername = values.get("username");
    const holder = wantedUsername === undefined ? undefined : byUsername.get(wantedUsername);
    if (wantedUsername !== undefined && holder !== undefined && holder !== user?.id)
      errors.add(
        line,
        "username",
        "taken",
        wantedUsername,
        "Somebody else has this user name. Write another, or leave it empty.",
      );
    if (user === undefined && role?.permissions.some((permission) => !may(actor, permission)))
      errors.add(line, "role", "not-yours", roleName, "You cannot give what you may not do yourself.");
    if (user !== undefined && fields.get("role") && role !== undefined && role.id !== user.role)
      errors.add(line, "role", "not-yours", roleName, "This person has another role here. Change roles under People.");
    if (user !== undefined && roleHeld.get(user.role)?.permissions.some((permission) => !may(actor, permission)))
      errors.add(
        line,
        "email",
        "not-yours",
        address,
        "This person may do more than you. Somebody who may as much changes the account.",
      );
    const expiresAt = values.has("expires_at") ? new Date(values.get("expires_at") ?? "") : null;
    if (user?.role === "admin" && expiresAt !== null && user.expiresAt === null)
      errors.add(
        line,
        "expires_at",
        "not-yours",
        fields.get("expires_at") ?? "",
        "An administrator gets an end under People alone.",
      );
    const joined = listOf(fields.get("groups") ?? "");
    for (const name of joined)
      if (!groupIds.has(name))
        errors.add(line, "groups", "unknown", name, "There is no such group. Make it first, or take it out.");
    if (errors.total > before || role === undefined) continue;
    const given: Fields = {
      name: values.get("name") ?? address,
      username: wantedUsername ?? user?.username ?? usernameAmong(byUsername, address),
      phone: values.get("phone") ?? null,
      language: values.get("language") === "zh" ? "zh" : values.get("language") === "en" ? "en" : null,
      expiresAt,
      comment: values.get("comment") ?? "",
    };
    const id = user?.id ?? newId("usr", now.getTime());
    byUsername.set(given.username, id);
    if (user === undefined)
      plan.created.push({
        ...given,
        id,
        email: address,
        emailVerified: false,
        createdAt: now,
        updatedAt: now,
        orgId: actor.orgId,
        role: role.id,
        accepted: false,
      });
    else {
      // What the file does not speak of stays.
      const said = (column: string) => fields.has(column);
      const changes = changedFields(user, {
        id,
        name: said("name") ? given.name : undefined,
        username: said("username") ? given.username : undefined,
        phone: said("phone") ? given.phone : undefined,
        language: said("language") ? given.language : undefined,
        expiresAt: said("expires_at") ? (expiresAt?.toISOString() ?? null) : undefined,
        comment: said("comment") ? given.comment : undefined,
      });
      if (Object.keys(changes).length === 0) plan.unchanged++;
      else plan.changed.push({ user, fields: changes });
    }
    for (const name of joined) {
      const groupId = groupIds.get(name) ?? "";
      plan.joining.set(groupId, [...(plan.joining.get(groupId) ?? []), id]);
    }
  }
  return plan;
}

/** What the cells say that are not empty, by column. */
function valuesOf({ line, fields }: Row, errors: RowErrors): Map<string, string> {
  const values = new Map<string, string>();
  for (const column of peopleColumns.all) {
    const cell = fields.get(column) ?? "";
    const { read, expected } = cells[column];
    if (cell === "") {
      if (peopleColumns.required.some((name) => name === column)) errors.add(line, column, "missing", "", expected);
      continue;
    }
    const { data } = read.safeParse(cell);
    if (data === undefined) errors.add(line, column, "wrong", cell, expected);
    else values.set(column, data);
  }
  return values;
}

async function writePeople(
  tx: Transaction,
  { clock }: IdentityDeps,
  actor: Actor,
  plan: Plan,
  { file, invite }: { file: string; invite: boolean },
): Promise<Invitation[]> {
  for (const piece of inPieces(plan.created, atOnce)) await tx.insert(users).values(piece);
  for (const { user, fields } of plan.changed)
    await tx
      .update(users)
      .set({ ...fields, updatedAt: clock.now() })
      .where(eq(users.id, user.id));
  for (const [groupId, userIds] of plan.joining)
    for (const piece of inPieces(userIds, atOnce)) await insertMembers(tx, groupId, piece);
  const invited = invite ? plan.created : [];
  const links = await makeInvitations(
    tx,
    actor.orgId,
    invited.map(({ id }) => id),
    clock.now(),
  );
  const lines = [
    ...plan.created.map(({ id, email, role }) => ({ id, email, role })),
    ...plan.changed.map(({ user, fields }) => ({
      id: user.id,
      before: Object.fromEntries(Object.entries(user).filter(([name]) => name in fields)),
      after: fields,
    })),
  ];
  const entry = { kind: "people.imported" as const, orgId: actor.orgId, actor: auditActor(actor), subject: null, ip: actor.ip };
  const counts = { created: plan.created.length, changed: plan.changed.length, invited: invited.length, file };
  // An event at least: a file that only puts people into groups is an import, too.
  for (const piece of lines.length === 0 ? [[]] : inPieces(lines, perEvent))
    await recordAudit(tx, { ...entry, data: { ...counts, people: JSON.stringify(piece) } });
  return links.flatMap((link, n) => {
    const person = invited[n];
    return person === undefined ? [] : [{ ...link, name: person.name, email: person.email, language: person.language ?? null }];
  });
}

/** Everybody of the organisation, line by line; what importPeople reads. */
export async function* exportPeople(db: Queryable, orgId: string): AsyncGenerator<string> {
  yield byteOrderMark + csvLine(peopleColumns.all);
  for (let after = ""; ; ) {
    const rows = await db
      .select({ user: users, roleName: roles.name })
      .from(users)
      .leftJoin(roles, and(eq(roles.id, users.role), eq(roles.orgId, orgId)))
      .where(and(eq(users.orgId, orgId), gt(users.id, after)))
      .orderBy(asc(users.id))
      .limit(atOnce);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.user.id;
    const ids = rows.map(({ user }) => user.id);
    const members = await db
      .select({ userId: groupMembers.userId, name: groups.name })
      .from(groupMembers)
      .innerJoin(groups, eq(groups.id, groupMembers.groupId))
      .where(inArray(groupMembers.userId, ids))
      .orderBy(asc(groups.name));
    yield rows
      .map(({ user, roleName }) => {
        const of = members.filter(({ userId }) => userId === user.id).map(({ name }) => name);
        const { name, email, username, phone, role, language, expiresAt, comment } = user;
        return csvLine([
          name,
          email,
          username,
          phone,
          roleName ?? role,
          language,
          expiresAt?.toISOString() ?? null,
          comment,
          of.join("; "),
        ]);
      })
      .join("");
  }
}
