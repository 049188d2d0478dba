// Who may call what: every procedure of the hub, for everybody there is. The table below says it a second time, on purpose;
// a procedure that is not in it fails the first test.
import { newId } from "@sallyport/protocol/ids";
import { terminalSubprotocol } from "@sallyport/protocol/terminal-socket";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { appRouter } from "../api/router.ts";
import { TestClock } from "../testing/eventually.ts";
import { rawHttp, upgrade } from "../testing/raw-http.ts";
import { adminOfSecondOrganisation } from "../testing/second-organisation.ts";
import type { TestAgent } from "../testing/test-agent.ts";
import { TestClient } from "../testing/test-client.ts";
import { TestHub } from "../testing/test-hub.ts";

/** In the order of a row's letters. `bare` has no grant; `stranger` is administrator of another organisation. */
const people = ["anonymous", "bare", "connect", "run", "auditor", "admin", "stranger"] as const;
type Person = (typeof people)[number];

/** `+` allowed, anything else is the code of the refusal. */
const codes = {
  "+": null,
  "-": "not-signed-in",
  F: "forbidden",
  N: "not-found",
  G: "no-grant",
  T: "bad-token",
  L: "bad-link",
  K: "key-scope",
  S: "setup-done",
  P: "bad-passkey",
  W: "no-flow",
  D: "no-protocol",
};
type Letter = keyof typeof codes;

/** Things of the first organisation, fresh for each call, or of nobody. */
type Subjects = Record<
  | "agent"
  | "asset"
  | "zone"
  | "session"
  | "run"
  | "execution"
  | "personId"
  | "group"
  | "grant"
  | "token"
  | "node"
  | "neighbour"
  | "account"
  | "template"
  | "hostKey"
  | "provider"
  | "organisation"
  | "role"
  | "guest"
  | "script"
  | "file"
  | "task"
  | "ticket"
  | "draft"
  | "flow"
  | "rule",
  string
>;
type Row = [letters: string, input?: (subjects: Subjects) => object];

const id = (name: keyof Subjects) => (subjects: Subjects) => ({ id: subjects[name] });
const grantOf = (personId: string, asset: string) => ({
  name: "row",
  subjects: [{ kind: "user", id: personId }],
  targets: [{ kind: "asset", id: asset }],
  accounts: ["@all"],
  actions: ["connect"],
});
const roleOf = () => ({ name: newId("rol"), description: "", permissions: [] });
const span = { from: "2026-01-01T00:00:00Z", to: "2027-01-01T00:00:00Z" };

/** Of the right form, and nobody's. */
const passkey = {
  id: "AA",
  rawId: "AA",
  type: "public-key",
  response: { clientDataJSON: "AA", attestationObject: "AA", authenticatorData: "AA", signature: "AA" },
  clientExtensionResults: {},
};

/** Of the right form; nothing answers there. */
const providerOf = {
  name: "P",
  active: true,
  settings: { kind: "oidc", issuer: "https://nowhere.invalid", clientId: "c", scopes: [], groupsClaim: "g", usernameClaim: "u" },
  secret: null,
  createsPeople: false,
  emailDomains: [],
  mappings: [],
};

const askedFor = (assetIds: string[]) => ({
  title: "T",
  reason: "R",
  asked: { kind: "server", assetIds, accounts: ["deploy"], actions: ["connect"], minutes: 60 },
});
const ruleOf = (assetId: string) => ({
  kind: "command",
  name: "row",
  targets: [{ kind: "asset", id: assetId }],
  patterns: [{ kind: "words", text: "reboot" }],
  outcome: "refuse",
});
const flowOf = (assetIds: string[]) => ({
  name: "F",
  match: { kinds: ["server"], targets: assetIds.map((id) => ({ kind: "asset", id })) },
  levels: [{ approvers: [{ kind: "role", id: "admin" }], need: { kind: "any" }, minutes: null, escalateTo: [] }],
});

const channelOf = { name: "C", active: true, language: "en", kinds: [], allowsInside: false };

const table: Record<string, Row> = {
  //                        anonymous, bare, connect, run, auditor, admin, stranger
  "access.change": ["-FFFF+N", ({ grant, personId, asset }) => ({ id: grant, grant: grantOf(personId, asset) })],
  "access.explain": ["-FFF++N", ({ personId, asset }) => ({ userId: personId, assetId: asset })],
  "access.findSubjects": ["-FFF+++", () => ({})],
  "access.findTargets": ["-FFF+++", () => ({})],
  "access.get": ["-FFF++N", id("grant")],
  "access.grant": ["-FFFF+N", ({ personId, asset }) => grantOf(personId, asset)],
  "access.grants": ["-FFF+++", () => ({})],
  "access.preview": ["-FFF++N", ({ grant }) => ({ id: grant, grant: null })],
  "access.revoke": ["-FFFF+N", id("grant")],
  "accounts.change": ["-FFFF+N", ({ account }) => ({ id: account, comment: "x" })],
  "accounts.create": [
    "-FFFF+N",
    ({ neighbour }) => ({ assetId: neighbour, username: "u", secret: { kind: "password", password: "p" } }),
  ],
  "accounts.get": ["-FFF++N", id("account")],
  "accounts.list": ["-FFF++N", ({ neighbour }) => ({ assetId: neighbour })],
  "accounts.remove": ["-FFFF+N", id("account")],
  "accounts.reveal": ["-FFFF", ({ account }) => ({ id: account, reason: "the matrix" })], // who may: assets/accounts.test.ts
  "accounts.setSecret": ["-FFFF+N", ({ account }) => ({ id: account, secret: { kind: "password", password: "p" } })],
  "assets.change": ["-FFFF+N", ({ neighbour }) => ({ id: neighbour, comment: "x" })],
  "assets.create": ["-FFFF+N", ({ zone }) => ({ name: newId("asset"), zoneId: zone, platform: "linux", address: "192.0.2.1" })],
  "assets.decideHostKey": ["-FFFF+N", ({ hostKey }) => ({ id: hostKey, decision: "refuse" })],
  "assets.get": ["-N++++N", id("asset")],
  "assets.hostKeys": ["-FFF++N", ({ neighbour }) => ({ id: neighbour })],
  "assets.import": ["-FFFF++", () => ({ csv: "name,address,platform\r\n" })],
  "assets.list": ["-++++++", () => ({})],
  "assets.remove": ["-FFFF+N", ({ neighbour }) => ({ ids: [neighbour] })],
  "assets.setFavourite": ["-N++++N", ({ asset }) => ({ id: asset, favourite: true })],
  "audit.acknowledge": ["-FFFF++", () => ({ reason: "a backup was put back" })],
  "audit.histogram": ["-FFF+++", () => span],
  "audit.kinds": ["-FFF+++"],
  "audit.list": ["-FFF+++", () => ({})],
  "audit.state": ["-FFF+++"],
  "audit.verify": ["-FFF+++"],
  "auth.acceptInvite": ["TTTTTTT", () => ({ token: "spi_x", name: "X", password: "a-long-password" })],
  "auth.beginTotp": ["-"], // second-factor.test.ts, as the other rows with one letter
  "auth.afterReview": ["-------"], // who waits for one: rules/sign-in-rules.test.ts
  "auth.cancelSignIn": ["+++++++"],
  "auth.changePassword": ["-", () => ({ current: "x", next: "a-long-password" })],
  "auth.confirm": ["-", () => ({ password: "x" })],
  "auth.confirmTotp": ["-", () => ({ code: "000000" })],
  "auth.endSession": ["-NNNNNN", () => ({ id: "sin_nobody" })],
  "auth.forgotPassword": ["+++++++", () => ({ email: "nobody@example.org" })],
  "auth.inviteInfo": ["TTTTTTT", () => ({ token: "spi_x" })],
  "auth.newPassword": ["-------", () => ({ password: "a-long-password" })],
  "auth.removeTotp": ["-"],
  "auth.renewRecoveryCodes": ["-"],
  "auth.secondFactor": ["-++++++"],
  "auth.sessions": ["-++++++"],
  "auth.setLanguage": ["-++++++", () => ({ language: "en" })],
  "auth.setup": ["SSSSSSS", () => ({ token: "sps_x", name: "X", email: "x@example.org", password: "a-long-password" })],
  "auth.review": ["-------"],
  "auth.showCode": ["-------", () => ({ code: "000000" })],
  "auth.signIn": [""], // sign-in.test.ts
  "auth.signOut": ["-"], // it would end the table
  "auth.state": ["+++++++"],
  "breakGlass.assets": ["-FFFF++", () => ({})],
  "breakGlass.held": ["-++++++"],
  "breakGlass.open": ["-FFFF", ({ asset }) => ({ assetIds: [asset], accounts: ["x"], reason: "x", minutes: 30 })], // tickets/break-glass.test.ts, as the rows with less
  "breakGlass.review": ["-NNN", ({ ticket }) => ({ id: ticket, findings: "x" })],
  "breakGlass.rules": ["-++++++"],
  "breakGlass.setRules": ["-FFFF", () => ({ minutesMax: 60 })],
  "calendars.add": ["-+++F++", () => ({ name: newId("cal"), days: ["2026-12-25"] })],
  "calendars.list": ["-++++++"],
  "calendars.remove": ["-NNNFNN", () => ({ id: newId("cal") })],
  "custody.push": ["-FFFF+N", ({ account }) => ({ ids: [account] })],
  "custody.pushByLogin": ["-FFFF+N", ({ account }) => ({ id: account, login: { username: "root", password: "p" } })],
  "custody.rotate": ["-FFFF+N", ({ account }) => ({ ids: [account] })],
  "custody.tasks": ["-FFF++N", ({ neighbour }) => ({ assetId: neighbour })],
  "custody.test": ["-FFFF+N", ({ neighbour }) => ({ id: neighbour })],
  "custody.verify": ["-FFFF+N", ({ account }) => ({ ids: [account] })],
  "events.stream": ["-"], // never ends by itself
  "databases.catalogue": ["-NNNFDN", ({ asset }) => ({ assetId: asset })],
  "databases.changeSettings": ["-FFFF++", () => ({ namePattern: "jump_db_{user}_{level}" })],
  "databases.ofTicket": ["-NNN++N", id("ticket")],
  "databases.password": ["-NNNNNN", id("ticket")], // whoever it is for: databases/accounts.test.ts
  "databases.settings": ["-FFFF++"],
  "files.begin": ["-+++F++", () => ({ name: "f", sizeBytes: 0 })],
  "files.finish": ["-NNNF+N", id("file")],
  "files.get": ["-+++++N", id("file")],
  "files.list": ["-++++++", () => ({})],
  "files.remove": ["-FFFF+N", id("file")],
  "fleet.agent": ["-FFF++N", id("agent")],
  "fleet.agents": ["-FFF+++", () => ({})],
  "fleet.createEnrolmentToken": ["-FFFF+N", ({ zone }) => ({ zoneId: zone })],
  "fleet.createZone": ["-FFFF++", () => ({ name: newId("zone") })],
  "fleet.deleteZone": ["-FFFF+N", id("zone")],
  "fleet.enrolmentToken": ["-FFFF+N", id("token")],
  "fleet.moveAgent": ["-FFFF+N", ({ agent, zone }) => ({ id: agent, zoneId: zone })],
  "fleet.renameAgent": ["-FFFF+N", ({ agent }) => ({ id: agent, name: "renamed" })],
  "fleet.renameZone": ["-FFFF+N", ({ zone }) => ({ id: zone, name: newId("zone") })],
  "fleet.revokeAgent": ["-FFFF+N", id("agent")],
  "fleet.zones": ["-FFF+++"],
  "groups.addMembers": ["-FFFF+N", ({ group, personId }) => ({ id: group, userIds: [personId] })],
  "groups.create": ["-FFFF++", () => ({ name: newId("group") })],
  "groups.delete": ["-FFFF+N", id("group")],
  "groups.list": ["-FFF+++", () => ({})],
  "groups.removeMembers": ["-FFFF+N", ({ group, personId }) => ({ id: group, userIds: [personId] })],
  "groups.rename": ["-FFFF+N", ({ group }) => ({ id: group, name: newId("group") })],
  "guests.accept": ["-TTTTTT", () => ({ token: "x" })], // who may: identity/guests.test.ts
  "guests.invitation": ["-TTTTTT", () => ({ token: "x" })],
  "guests.invitations": ["-FFFF++"],
  "guests.invite": ["-FFFF++", () => ({ email: `${newId("p")}@example.org`, role: "user" })],
  "guests.withdraw": ["-FFFF+N", id("guest")],
  "home.summary": ["-++++++"],
  "interpreters.add": ["-FFFF++", () => ({ program: newId("p").slice(0, 30), label: "P" })],
  "interpreters.list": ["-++++++"],
  "interpreters.remove": ["-FFFFNN", () => ({ id: newId("int") })],
  "keys.create": ["-++++++", () => ({ name: "k" })],
  "keys.list": ["-++++++"],
  "keys.revoke": ["-NNNNNN", () => ({ id: "key_of_somebody" })],
  "nodes.create": ["-FFFF+N", ({ node }) => ({ parentId: node, name: newId("node") })],
  "nodes.list": ["-++++++", () => ({})],
  "nodes.move": ["-FFFF+N", ({ node }) => ({ id: node, parentId: null })],
  "nodes.place": ["-FFFF+N", ({ node, neighbour }) => ({ nodeId: node, assetIds: [neighbour], in: true })],
  "nodes.remove": ["-FFFF+N", id("node")],
  "nodes.rename": ["-FFFF+N", ({ node }) => ({ id: node, name: newId("node") })],
  "notices.channelNames": ["-+++F++"],
  "notices.changeChannel": ["-FFFF", () => ({ id: "nch_nobody", ...channelOf })], // notify/notices.test.ts, as the other rows with less
  "notices.channels": ["-FFFF++"],
  "notices.createChannel": ["-FFFF", () => ({ ...channelOf, kind: "slack", url: "https://nowhere.invalid", secret: null })],
  "notices.deliveries": ["-FFFF++", () => ({})],
  "notices.inbox": ["-++++++", () => ({ language: "en" })],
  "notices.markRead": ["-++++++", () => ({ ids: ["ntc_of_somebody"] })],
  "notices.removeChannel": ["-FFFF", () => ({ id: "nch_nobody" })],
  "notices.setSubscription": ["-++++++", () => ({ kind: "run.failed", inbox: true, mail: false })],
  "notices.subscriptions": ["-++++++"],
  "notices.testChannel": ["-FFFFNN", () => ({ id: "nch_nobody" })],
  "notices.unread": ["-++++++"],
  "organisations.addMember": ["-FFFF+F", ({ organisation }) => ({ id: organisation, email: "admin@example.org", role: "user" })],
  "organisations.create": ["-FFFF+F", () => ({ name: newId("org") })],
  "organisations.disable": ["-FFFF", id("organisation")], // identity/organisations.test.ts, as the rows below with less
  "organisations.enable": ["-FFFF+F", id("organisation")],
  "organisations.enter": ["-NNNNNN", id("organisation")],
  "organisations.list": ["-FFFF+F"],
  "organisations.mine": ["-++++++"],
  "organisations.removeGuest": ["-FFFFNN", id("personId")],
  "organisations.rename": ["-FFFF+F", ({ organisation }) => ({ id: organisation, name: newId("org") })],
  "organisations.setSystemAdmin": ["-FFFF", ({ personId }) => ({ id: personId, systemAdmin: true })],
  "passkeys.begin": ["-"],
  "passkeys.beginSignIn": ["+++++++"],
  "passkeys.finish": ["-", () => ({ name: "P", response: passkey })],
  "passkeys.list": ["-++++++"],
  "passkeys.remove": ["-", () => ({ id: newId("psk") })],
  "passkeys.rename": ["-NNNNNN", () => ({ id: "psk_of_somebody", name: "P" })],
  "passkeys.signIn": ["PPPPPPP", () => passkey],
  "people.disable": ["-FFFF+N", id("personId")],
  "people.endSession": ["-FFFF", ({ personId }) => ({ id: personId, sessionId: "sin_nobody" })], // password-rules.test.ts
  "people.enable": ["-FFFF+N", id("personId")],
  "people.disableMany": ["-FFFF++", ({ personId }) => ({ ids: [personId] })],
  "people.enableMany": ["-FFFF++", ({ personId }) => ({ ids: [personId] })],
  "people.get": ["-FFF++N", id("personId")],
  "people.import": ["-FFFF++", () => ({ csv: "name,email\r\n" })],
  "people.invite": ["-FFFF++", () => ({ email: `${newId("p")}@example.org`, name: "P", role: "user" })],
  "people.colleagues": ["-++++++", () => ({ search: "a" })],
  "people.list": ["-FFF+++", () => ({})],
  "people.requireNewPassword": ["-FFFF+N", id("personId")],
  "people.resetLink": ["-FFFF+N", id("personId")],
  "people.resetSecondFactor": ["-FFFF", id("personId")],
  "people.sessions": ["-FFFF+N", id("personId")],
  "people.setRole": ["-FFFF+N", ({ personId }) => ({ id: personId, role: "auditor" })],
  "people.unlock": ["-FFFF+N", id("personId")],
  "people.update": ["-FFFF+N", ({ personId }) => ({ id: personId, comment: "x" })],
  "providers.begin": ["NNNNNNN", () => ({ id: "idp_nobody" })], // federation/oidc.test.ts, as the other rows with less
  "providers.change": ["-FFFF", ({ provider }) => ({ id: provider, ...providerOf })],
  "providers.check": ["-FFFF+N", id("provider")],
  "providers.confirm": ["-NNNNNN", () => ({ password: "x" })], // federation/ldap.test.ts
  "providers.create": ["-FFFF", () => providerOf],
  "providers.current": ["-++++++"],
  "providers.list": ["-FFFF++"],
  "providers.offered": ["+++++++"],
  "providers.remove": ["-FFFF", id("provider")],
  "providers.signInLdap": ["NNNNNNN", () => ({ id: "idp_nobody", username: "u", password: "x" })],
  "providers.test": ["-FFFF+N", id("provider")],
  // Rows of a review are its reviewer's: reviews/reviews.test.ts.
  "reviews.close": ["-NNNNNN", () => ({ id: "arv_nobody" })],
  "reviews.create": [
    "-FFFF",
    ({ personId }) => ({ name: "R", ownerId: null, reviewerId: personId, dueAt: "2100-01-01T00:00:00Z" }),
  ],
  "reviews.decide": ["-NNNNNN", () => ({ id: "arl_nobody", decision: "keep" })],
  "reviews.get": ["-NNNNNN", () => ({ id: "arv_nobody" })],
  "reviews.lines": ["-NNNNNN", () => ({ id: "arv_nobody" })],
  "reviews.list": ["-++++++", () => ({})],
  "roles.change": ["-FFFF", ({ role }) => ({ id: role, ...roleOf() })], // who may: identity/roles.test.ts, as the next two
  "roles.create": ["-FFFF", () => roleOf()],
  "roles.list": ["-FFF+++"],
  "roles.remove": ["-FFFF", id("role")],
  "rules.change": ["-FFFF+N", ({ rule, asset }) => ({ id: rule, rule: ruleOf(asset) })],
  "rules.create": ["-FFFF+N", ({ asset }) => ({ rule: ruleOf(asset) })],
  "rules.explain": ["-FFFF+N", ({ personId, asset }) => ({ kind: "connection", userId: personId, assetId: asset })],
  "rules.list": ["-FFF+++"],
  "rules.move": ["-FFFF+N", ({ rule }) => ({ id: rule, before: null })],
  "rules.remove": ["-FFFF+N", id("rule")],
  "rules.tryPatterns": ["-FFFF++", () => ({ patterns: [], line: "x" })],
  "runs.again": ["-NNNF", ({ run, execution }) => ({ id: run, which: "chosen", executionIds: [execution] })], // automation/runs.test.ts: this one has not ended
  "runs.cells": ["-NNN++N", id("run")],
  "runs.compare": ["-NNN++N", id("run")],
  "runs.create": ["-NG+F+N", ({ asset }) => ({ assetIds: [asset], script: "true", interpreter: "sh" })],
  "runs.difference": ["-NNN++N", ({ execution }) => ({ id: execution, from: execution })],
  "runs.executions": ["-NNN++N", id("run")],
  "runs.get": ["-NNN++N", id("run")],
  "runs.goOn": ["-NNNF", id("run")], // tasks/tasks.test.ts: this one waits for nobody
  "runs.list": ["-++++++", () => ({})],
  "runs.stop": ["-NNNF+N", id("run")],
  "runs.stopExecution": ["-NNNF+N", id("execution")],
  "runs.targets": ["-NNN++N", ({ run }) => ({ id: run, which: "all" })],
  "scripts.addVersion": ["-FFFF+N", ({ script }) => ({ id: script, after: 1, body: "true", interpreter: "sh" })],
  "scripts.archive": ["-FFFF+N", id("script")],
  "scripts.change": ["-FFFF+N", ({ script }) => ({ id: script, description: "x" })],
  "scripts.create": ["-+++F++", () => ({ name: "s", body: "true", interpreter: "sh" })],
  "scripts.duplicate": ["-+++F+N", ({ script }) => ({ id: script, name: "copy" })],
  "scripts.get": ["-+++++N", id("script")],
  "scripts.list": ["-++++++", () => ({})],
  "scripts.remove": ["-FFFF+N", id("script")],
  "scripts.unarchive": ["-FFFF+N", id("script")],
  "scripts.version": ["-+++++N", ({ script }) => ({ id: script, number: 1 })],
  "scripts.versions": ["-+++++N", id("script")],
  "sessions.end": ["-NNNF+N", id("session")],
  "sessions.get": ["-NNN++N", id("session")],
  "sessions.list": ["-++++++", () => ({})],
  "settings.get": ["-FFFF++"],
  "settings.rotateVault": ["-FFFF"], // who may: assets/rotate-vault.test.ts
  "settings.vault": ["-FFFF++"],
  "signInPolicy.get": ["-FFFF++"],
  "signInPolicy.set": [
    "-FFFF",
    () => ({ mfaRoles: [], passwordLengthMin: 10, passwordHistory: 0, passwordDaysMax: null, idleDaysMax: null }),
  ],
  "targetSets.add": ["-+++F++", ({ asset }) => ({ name: newId("set"), targets: { assetIds: [asset] } })],
  "targetSets.list": ["-+++F++"],
  "targetSets.remove": ["-NNNFNN", () => ({ id: newId("set") })],
  // Each needs a key made for it: tickets/outside-systems.test.ts.
  "ticketDesk.decide": ["-KKKKKK", ({ ticket }) => ({ id: ticket, person: "x", decision: "reject" })],
  "ticketDesk.giveDatabases": [
    "-KKKKKK",
    () => ({ user: "x", asset: "x", places: [{ database: "x" }], access: "read", minutes: 60, reason: "x" }),
  ],
  "ticketDesk.giveServers": ["-KKKKKK", () => ({ user: "x", assets: ["x"], account: "normal", minutes: 60, reason: "x" })],
  "ticketDesk.open": ["-KKKKKK", ({ asset }) => ({ requester: "x", ...askedFor([asset]) })],
  "tickets.change": ["-NNNF+N", ({ draft, asset }) => ({ id: draft, ...askedFor([asset]) })],
  "tickets.changeFlow": ["-FFFF+N", ({ flow, asset }) => ({ id: flow, ...flowOf([asset]) })],
  "tickets.comment": ["-NNN++N", ({ ticket }) => ({ id: ticket, text: "x" })],
  "tickets.createFlow": ["-FFFF+N", ({ asset }) => flowOf([asset])],
  "tickets.decide": ["-NNNF+N", ({ ticket }) => ({ id: ticket, decision: "reject" })],
  "tickets.end": ["-NNNF", id("ticket")], // who may: tickets/tickets.test.ts
  "tickets.extend": ["-NNNF", ({ ticket }) => ({ id: ticket, minutes: 60, reason: "x" })], // whoever asked: tickets/tickets.test.ts
  "tickets.flows": ["-FFFF++"],
  "tickets.get": ["-NNN++N", id("ticket")],
  "tickets.link": ["LLLLLLL", () => ({ link: "x" })], // who may decide by one: tickets/decision-links.test.ts
  "tickets.list": ["-++++++", () => ({})],
  "tickets.open": ["-+++F+W", ({ asset }) => askedFor([asset])],
  "tickets.proposeApproval": ["-NNN++N", id("ticket")],
  "tickets.removeFlow": ["-FFFF+N", id("flow")],
  "tickets.requestable": ["-+++F++", () => ({ kind: "server" })],
  "tickets.run": ["-NNNF", id("ticket")], // who may: tickets/script-tickets.test.ts
  "tickets.setSubstitute": ["-++++++", () => ({ substitute: null })],
  "tickets.substitute": ["-++++++"],
  "tickets.waiting": ["-++++++"],
  "tickets.withdraw": ["-NNNF+N", id("ticket")],
  "tasks.archive": ["-NNNF+N", id("task")],
  "tasks.change": [
    "-NNNF+N",
    ({ task, script, asset }) => ({ id: task, name: "t", scriptId: script, targets: { assetIds: [asset] } }),
  ],
  "tasks.clone": ["-NNNF+N", ({ task }) => ({ id: task, name: "copy" })],
  "tasks.create": ["-+++F+N", ({ script, asset }) => ({ name: "t", scriptId: script, targets: { assetIds: [asset] } })],
  "tasks.fires": ["-NNN++N", id("task")],
  "tasks.follow": ["-NNN++N", ({ task }) => ({ id: task, following: null })],
  "tasks.get": ["-NNN++N", id("task")],
  "tasks.list": ["-++++++", () => ({})],
  "tasks.pause": ["-NNNF+N", id("task")],
  "tasks.preview": ["-+++F++", ({ asset }) => ({ targets: { assetIds: [asset] } })],
  "tasks.run": ["-NNNF+N", id("task")],
  "tasks.start": ["-NNNF+N", id("task")],
  "templates.applyTo": ["-FFFF+N", ({ template, neighbour }) => ({ id: template, assetIds: [neighbour] })],
  "templates.change": ["-FFFF+N", ({ template }) => ({ id: template, comment: "x" })],
  "templates.create": ["-FFFF++", () => ({ name: newId("tpl"), username: "u", secret: { kind: "new-password" } })],
  "templates.list": ["-FFF+++"],
  "templates.remove": ["-FFFF+N", id("template")],
};

const procedures: Record<string, { _def: { type: string; inputs?: z.ZodType[] } }> = appRouter._def.procedures as never;

const clock = new TestClock();
let hub: TestHub;
let agent: TestAgent;
let assetId: string;
const clients = {} as Record<Person, TestClient>;
let orgId: string;

beforeAll(async () => {
  hub = await TestHub.start({}, { clock });
  const admin = await hub.asAdmin();
  agent = await hub.enrolAgent({ script: () => null });
  ({ assetId } = await admin.query<{ assetId: string }>("fleet.agent", { id: agent.id }));
  const granted = async (action: string) => {
    const client = await hub.as("user", action);
    const { me } = await client.query<{ me: { id: string } }>("auth.state");
    await hub.grant(me.id, [assetId], [action]);
    return client;
  };
  clients.anonymous = new TestClient(hub.url);
  clients.admin = admin;
  clients.bare = await hub.as("user", "bare");
  clients.connect = await granted("connect");
  clients.run = await granted("run");
  clients.auditor = await hub.as("auditor");
  clients.stranger = (await adminOfSecondOrganisation(hub)).client;
  ({ orgId } = (await hub.sql<{ orgId: string }[]>`select org_id as "orgId" from agents`)[0] ?? { orgId: "" });
});
// Tries of an address are counted by the minute, and this is one address.
beforeEach(() => clock.advance(61_000));
afterAll(() => hub[Symbol.asyncDispose]());

async function freshSubjects(): Promise<Subjects> {
  const { sql } = hub;
  const [admin] = await sql<
    { id: string; zone: string }[]
  >`select u.id, a.zone_id as zone from users u, agents a where u.email = 'admin@example.org' limit 1`;
  const owner = admin?.id ?? "";
  const made: Subjects = {
    agent: newId("agt"),
    asset: assetId,
    zone: newId("zon"),
    session: newId("ses"),
    run: newId("run"),
    execution: newId("exe"),
    personId: newId("usr"),
    group: newId("grp"),
    grant: newId("grt"),
    token: newId("tok"),
    node: newId("nod"),
    neighbour: newId("ast"),
    account: newId("acc"),
    template: newId("tpl"),
    hostKey: newId("hky"),
    provider: newId("idp"),
    organisation: newId("org"),
    role: newId("rol"),
    guest: newId("gst"),
    script: newId("scr"),
    file: newId("fil"),
    task: newId("tsk"),
    ticket: newId("tkt"),
    draft: newId("tkt"),
    flow: newId("flw"),
    rule: newId("rul"),
  };
  const ofTask = newId("scr");
  await sql.begin((tx) => [
    tx`insert into zones (id, org_id, name, created_at) values (${made.zone}, ${orgId}, ${made.zone}, now())`,
    tx`insert into agents (id, org_id, zone_id, name, public_key, enrolled_at) values (${made.agent}, ${orgId}, ${admin?.zone ?? ""}, 'row', ${made.agent}, now())`,
    tx`insert into assets (id, org_id, zone_id, agent_id, category, name, platform, created_at, updated_at) values (${newId("ast")}, ${orgId}, ${admin?.zone ?? ""}, ${made.agent}, 'host', 'row', 'linux', now(), now())`,
    tx`insert into assets (id, org_id, zone_id, category, name, platform, address, created_at, updated_at) values (${made.neighbour}, ${orgId}, ${admin?.zone ?? ""}, 'host', ${made.neighbour}, 'linux', '192.0.2.1', now(), now())`,
    tx`insert into accounts (id, org_id, asset_id, username, secret_kind, created_at, updated_at) values (${made.account}, ${orgId}, ${made.neighbour}, 'row', 'password', now(), now())`,
    tx`insert into account_templates (id, org_id, name, username, secret, created_at, updated_at) values (${made.template}, ${orgId}, ${made.template}, 'row', 'new-password', now(), now())`,
    tx`insert into host_keys (id, org_id, asset_id, algorithm, key, fingerprint, state, seen_at) values (${made.hostKey}, ${orgId}, ${made.neighbour}, 'ssh-ed25519', ${made.hostKey}, 'SHA256:x', 'offered', now())`,
    tx`insert into roles (id, org_id, name, description, permissions, created_at, updated_at) values (${made.role}, ${orgId}, ${made.role}, '', '{}', now(), now())`,
    tx`insert into guest_invitations (id, org_id, email, role, token_hash, invited_by, created_at, expires_at) values (${made.guest}, ${orgId}, ${made.guest}, 'user', ${made.guest}, 'x', now(), now() - interval '1 day')`,
    tx`insert into organisations (id, name, created_at) values (${made.organisation}, ${made.organisation}, now())`,
    tx`insert into identity_providers (id, org_id, name, active, settings, secret_version, creates_people, email_domains, created_at, updated_at)
    values (${made.provider}, ${orgId}, ${made.provider}, false, ${tx.json(providerOf.settings)}, 1, false, '{}', now(), now())`,
    tx`insert into nodes (id, org_id, name, created_at) values (${made.node}, ${orgId}, ${made.node}, now())`,
    tx`insert into node_ancestors (node_id, ancestor_id) values (${made.node}, ${made.node})`,
    tx`insert into users (id, name, email, email_verified, created_at, updated_at, org_id, role, accepted, username)
    values (${made.personId}, 'Row', ${`${made.personId}@example.org`}, false, now(), now(), ${orgId}, 'user', true, ${made.personId})`,
    tx`insert into grants (id, org_id, name, accounts, protocols, addresses, actions, created_by, created_at, updated_at) values (${made.grant}, ${orgId}, 'row', '{@all}', '{@all}', '{}', '{connect}', ${owner}, now(), now())`,
    tx`insert into grant_subjects (grant_id, kind, subject_id) values (${made.grant}, 'user', ${made.personId})`,
    tx`insert into grant_targets (grant_id, kind, target_id) values (${made.grant}, 'asset', ${assetId})`,
    tx`insert into groups (id, org_id, name, created_at) values (${made.group}, ${orgId}, ${made.group}, now())`,
    tx`insert into enrolment_tokens (id, org_id, token_hash, zone_id, created_by, created_at, expires_at) values (${made.token}, ${orgId}, ${made.token}, ${admin?.zone ?? ""}, ${owner}, now(), now() + interval '10 days')`,
    tx`insert into sessions (id, org_id, kind, asset_id, agent_id, user_id, account, account_choice, protocol, state, columns, rows, started_at, ended_at, end_reason)
    values (${made.session}, ${orgId}, 'shell', ${assetId}, ${agent.id}, ${owner}, 'x', '@agent', 'ssh', 'ended', 80, 24, now(), now(), 'exit')`,
    tx`insert into runs (id, org_id, title, script, script_hash, interpreter, args, env, timeout_seconds, state, created_by, created_at)
    values (${made.run}, ${orgId}, 't', 'true', 'x', 'sh', '[]', '{}', 60, 'queued', ${owner}, now())`,
    tx`insert into executions (id, org_id, run_id, asset_id, agent_id, state) values (${made.execution}, ${orgId}, ${made.run}, ${assetId}, ${made.agent}, 'queued')`,
    ...[made.script, ofTask].flatMap((script) => [
      tx`insert into scripts (id, org_id, name, visibility, owner_id, latest, created_at, updated_at)
      values (${script}, ${orgId}, 'row', 'organisation', ${owner}, 1, now(), now())`,
      tx`insert into script_versions (script_id, number, interpreter, body, hash, parameters, author_id, created_at)
      values (${script}, 1, 'sh', 'true', 'x', '[]', ${owner}, now())`,
    ]),
    tx`delete from ticket_flows where name = 'row'`, // an organisation has a hundred at most
    tx`insert into ticket_flows (id, org_id, name, active, position, match, levels, changed_by, created_at, updated_at)
    values (${made.flow}, ${orgId}, 'row', true, 0, ${tx.json({ ...flowOf([assetId]).match, privileged: null })}, ${tx.json(flowOf([]).levels)}, ${owner}, now(), now())`,
    tx`delete from rules where name = 'row'`, // so has it of each kind of rule
    tx`insert into rules
    (id, org_id, kind, name, active, position, subjects, targets, accounts, protocols, addresses, patterns, outcome, minutes, says, changed_by, created_at, updated_at)
    values (${made.rule}, ${orgId}, 'command', 'row', true, 0, '[]', ${tx.json(ruleOf(assetId).targets)}, '{@all}', '{@all}', '{}',
      ${tx.json(ruleOf(assetId).patterns)}, 'refuse', 60, '', ${owner}, now(), now())`,
    ...[
      { id: made.ticket, state: "pending", requester: made.personId },
      { id: made.draft, state: "draft", requester: owner },
    ].map(
      ({ id, state, requester }) => tx`insert into tickets
        (id, org_id, kind, title, reason, refs, state, requester_id, asked, levels, level_since, created_at, updated_at)
        values (${id}, ${orgId}, 'server', 'row', 'row', '[]', ${state}, ${requester},
          ${tx.json({ ...askedFor([assetId]).asked, protocols: ["@all"], startsAt: null })}, ${tx.json(flowOf([]).levels)}, now(), now(), now())`,
    ),
    tx`insert into kept_files (id, org_id, name, visibility, state, size_bytes, stored_bytes, sha256, owner_id, created_at, touched_at)
    values (${made.file}, ${orgId}, 'row', 'organisation', 'ready', 0, 0, 'x', ${owner}, now(), now())`,
    tx`insert into tasks (id, org_id, name, script_id, parameters, targets, account, timeout_seconds, expiry_seconds, misfire, overlap, state, owner_id, created_at, updated_at)
    values (${made.task}, ${orgId}, 'row', ${ofTask}, '{}', ${tx.json({ assetIds: [assetId], nodeIds: [], labels: [], setIds: [] })}, '@agent', 60, 60,
      'fire_once_now', 'parallel', 'active', ${owner}, now(), now())`,
  ]);
  return made;
}

/** Ids of the right kind that nothing has. */
const nobodys = (): Subjects => ({
  agent: newId("agt"),
  asset: newId("ast"),
  zone: newId("zon"),
  session: newId("ses"),
  run: newId("run"),
  execution: newId("exe"),
  personId: newId("usr"),
  group: newId("grp"),
  grant: newId("grt"),
  token: newId("tok"),
  node: newId("nod"),
  neighbour: newId("ast"),
  account: newId("acc"),
  template: newId("tpl"),
  hostKey: newId("hky"),
  provider: newId("idp"),
  organisation: newId("org"),
  role: newId("rol"),
  guest: newId("gst"),
  script: newId("scr"),
  file: newId("fil"),
  task: newId("tsk"),
  ticket: newId("tkt"),
  draft: newId("tkt"),
  flow: newId("flw"),
  rule: newId("rul"),
});

/** The answer as it is, and the code of the refusal in it; null when it was none. */
async function call(
  who: Person,
  name: string,
  input: object | undefined,
): Promise<{ code: string | null; body: string; status: number }> {
  const client = clients[who];
  const query = input === undefined ? "" : `?input=${encodeURIComponent(JSON.stringify(input))}`;
  const response =
    procedures[name]?._def.type === "mutation"
      ? await client.post(name, input)
      : await fetch(`${hub.url}/trpc/${name}${query}`, { headers: client.headers });
  const body = await response.text();
  // A subscription's refusal comes as an event; everything else is one JSON document.
  const code = /"hubCode":"([a-z-]+)"/.exec(body)?.[1] ?? null;
  return { code, body, status: response.status };
}

test("the table has a row for every procedure and no row for another", () => {
  expect(Object.keys(table).sort()).toEqual(Object.keys(procedures).sort());
});

describe.each(Object.entries(table).filter(([, [letters]]) => letters !== ""))("%s", (name, [letters, input]) => {
  const cells = people.flatMap((who, n): [Person, Letter][] => {
    const letter = letters[n];
    return letter === undefined ? [] : [[who, letter as Letter]];
  });

  /** Rows that name nothing need nothing made. */
  const subjects = () => (input === undefined || input.length === 0 ? nobodys() : freshSubjects());

  test(`answers ${letters}`, async () => {
    const answers = new Map<Person, string | null>();
    const untouched = await subjects(); // by whoever is refused
    for (const [who, letter] of cells) {
      const { code, status, body } = await call(who, name, input?.(letter === "+" ? await subjects() : untouched));
      answers.set(who, code);
      if (letter === "+") expect(status, `${who}: ${body}`).toBe(200);
      if (letter !== "N" || input === undefined) continue;
      // What is another's and what does not exist must not be told apart.
      expect(body).toBe((await call(who, name, input(nobodys()))).body);
    }
    expect(Object.fromEntries(answers)).toEqual(Object.fromEntries(cells.map(([who, letter]) => [who, codes[letter]])));
  });
});

/** What hostile callers write into fields that people read later. */
const hostile: Record<string, string> = {
  "control sequences": "a\u001b[2J\u001b]0;owned\u0007b",
  "a change of direction": "invoice\u202efdp.exe",
  "a formula that is HTML, SQL and a path": `=HYPERLINK("http://evil.example")<img src=x onerror="alert(1)">'); drop table users; --/../../../etc/passwd`,
  "a NUL": "a\0b",
  "half a character": "a\ud800",
};
/** Under the cap on bodies, so that it reaches the field. */
const nearlyMegabyte = "x".repeat(1_000_000);

type Path = (string | number)[];
function textsIn(value: unknown, at: Path = []): Path[] {
  if (typeof value === "string") return [at];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => textsIn(inner, [...at, Array.isArray(value) ? Number(key) : key]));
}
function withText(value: unknown, [first, ...rest]: Path, text: string): unknown {
  if (first === undefined) return text;
  if (Array.isArray(value)) return value.map((inner, n) => (n === first ? withText(inner, rest, text) : inner));
  return { ...(value as object), [first]: withText((value as Record<string, unknown>)?.[first], rest, text) };
}
/** Every text that the row sends, and every other that the procedure's input may have at its top. */
function fieldsOf(name: string, sent: object): Path[] {
  const schema = procedures[name]?._def.inputs?.[0];
  const shape: { properties?: Record<string, { type?: string }> } =
    schema === undefined ? {} : (z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as never);
  const others = Object.entries(shape.properties ?? {})
    .filter(([field, { type }]) => type === "string" && !(field in sent))
    .map(([field]): Path => [field]);
  return [...textsIn(sent), ...others];
}

describe("hostile text in every field", () => {
  /** Rows of everything that people make; the hub itself writes the others at any time. */
  async function rowCounts(): Promise<string> {
    const tables = await hub.sql<{ name: string }[]>`select relname as name from pg_class
      where relkind = 'r' and relnamespace = 'public'::regnamespace and relname !~ '^(audit_|auth_|notice|fleet_history)' order by relname`;
    const counts = tables.map(({ name }) => `select '${name}' as name, count(*)::int as rows from "${name}"`).join(" union all ");
    return JSON.stringify(await hub.sql.unsafe(`select * from (${counts}) counted order by name`));
  }
  const taking = Object.entries(table).filter(([name, [, input]]) => input !== undefined && name !== "auth.signIn");

  test.each(taking)("%s is refused with a sentence, nothing half-written, or taken whole", async (name, [, input]) => {
    clock.advance(61_000);
    const subjects = await freshSubjects();
    const sent = input?.(subjects) ?? {};
    let before = await rowCounts();
    for (const path of fieldsOf(name, sent)) {
      const refused: object[] = [];
      let taken = 0;
      const texts = { ...hostile, ...(procedures[name]?._def.type === "mutation" ? { "a megabyte": nearlyMegabyte } : {}) };
      for (const [what, text] of Object.entries(texts)) {
        const input = withText(sent, path, text) as object;
        const { status, code, body } = await call("admin", name, input);
        const where = `${what} in ${path.join(".")}: ${status} ${body.slice(0, 200)}`;
        expect(status, where).toBeLessThan(500);
        if (status < 400) {
          taken += 1;
          continue;
        }
        expect(code ?? "", where).toMatch(/^[a-z-]+$/);
        expect(body.length, where).toBeLessThan(4_000);
        refused.push(input);
      }
      if (taken > 0) {
        // What was taken is counted, so what was refused is sent once more by itself.
        before = await rowCounts();
        for (const input of refused) await call("admin", name, input);
      }
      expect(await rowCounts(), path.join(".")).toBe(before);
    }
  });

  test("ten megabytes are refused before they are read", async () => {
    const before = await rowCounts();
    const status = await clients.admin.post("groups.create", { name: "x".repeat(10 * 1024 * 1024) }).then(
      (response) => response.status,
      () => "cut off",
    );
    expect([413, "cut off"]).toContain(status);
    expect(await rowCounts()).toBe(before);
  });
});

describe("what is not a procedure", () => {
  const statusOf = async (who: Person, path: string) => (await clients[who].rest("GET", path)).status;

  test("a terminal opens for whom a grant says so, and for administrators", async () => {
    const expected: Record<Person, string | number> = {
      anonymous: 401,
      bare: "not-found",
      connect: "opened",
      run: "no-grant",
      auditor: "forbidden",
      admin: "opened",
      stranger: "not-found",
    };
    for (const who of people) {
      const client = clients[who];
      const headers = { origin: hub.url, ...client.headers };
      const { status } = await upgrade(hub.url, "/ws/terminal", { protocols: [terminalSubprotocol], headers }).then((taken) => {
        taken.socket?.terminate();
        return taken;
      });
      if (status !== 101) {
        expect(status, who).toBe(expected[who]);
        continue;
      }
      const terminal = await client.openTerminal(assetId);
      expect(terminal.find("error")?.["code"] ?? terminal.messages[0]?.type, who).toBe(expected[who]);
      terminal.close();
    }
  });

  test("recordings and outputs are for their person, auditors and administrators of the organisation", async () => {
    const { session, execution } = await freshSubjects();
    const paths = [
      `/api/v1/executions/${execution}/stdout`,
      `/api/v1/executions/${execution}/stderr`,
      `/api/v1/executions/${execution}/artefacts`,
      `/api/v1/sessions/${session}/recording.cast`,
      `/api/v1/sessions/${session}/replay/index`,
      `/api/v1/sessions/${session}/replay/segment?n=0`,
      `/api/v1/sessions/${session}/replay/keyframe?offset=0`,
    ];
    for (const path of paths) {
      expect(await statusOf("anonymous", path), path).toBe(401);
      for (const who of ["bare", "connect", "run", "stranger"] as const) {
        expect(await statusOf(who, path), `${who} ${path}`).toBe(404);
        const [theirs, nobody] = await Promise.all([
          (await clients[who].rest("GET", path)).text(),
          (await clients[who].rest("GET", path.replace(session, newId("ses")).replace(execution, newId("exe")))).text(),
        ]);
        const withoutPath = (text: string) => text.replace(/"instance":"[^"]*"/, "");
        expect(withoutPath(theirs)).toBe(withoutPath(nobody));
      }
      // There is no log behind these rows: an execution then printed nothing, a recording or an archive is not there.
      for (const who of ["auditor", "admin"] as const)
        expect(await statusOf(who, path), `${who} ${path}`).toBe(path.includes("/std") ? 200 : 404);
    }
  });

  test("lists of one organisation hold nothing of another's", async () => {
    await freshSubjects();
    const tables = {
      "fleet.agents": "agents",
      "fleet.zones": "zones",
      "assets.list": "assets",
      "sessions.list": "sessions",
      "runs.list": "runs",
      "people.list": "users",
      "access.grants": "grants",
      "groups.list": "groups",
    };
    for (const [name, rows] of Object.entries(tables)) {
      const { items } = await clients.stranger.query<{ items: { id: string }[] }>(name, name === "fleet.zones" ? undefined : {});
      const ids = hub.sql(["", ...items.map((item) => item.id)]);
      const [found] =
        await hub.sql`select count(*)::int as foreign from ${hub.sql(rows)} where org_id = ${orgId} and id in ${ids}`;
      expect(found, name).toEqual({ foreign: 0 });
    }
    const summary = await clients.stranger.query("home.summary");
    expect(summary).toMatchObject({ assets: 0, agents: { total: 0 }, liveSessions: 0, failedRuns: [], running: [] });
  });

  test("a person is told of his own organisation", async () => {
    const { me } = await clients.stranger.query<{ me: { org: { name: string } } }>("auth.state");
    expect(me.org.name).toBe("Second");
  });

  test("the audit trail of one organisation holds nothing of another's", async () => {
    const { items } = await clients.stranger.query<{ items: { subject: { id: string } | null; kind: string }[] }>(
      "audit.list",
      {},
    );
    expect(JSON.stringify(items)).not.toContain(agent.id);
    expect(JSON.stringify(items)).not.toContain(assetId);
  });

  test("metrics are told to this machine, and by nobody's name", async () => {
    const { status, body } = await rawHttp(hub.url, { path: "/metrics" });
    expect(status).toBe(200);
    expect(body).toContain("sallyport_agents_online 1");
    for (const secret of [agent.id, "admin@example.org", assetId]) expect(body).not.toContain(secret);
  });
});
