// The whole of it as people do it: invited by mail, an account put on a host, access for a week, a terminal, its replay watched, the access
// withdrawn, the record proven.
import { spawnSync } from "node:child_process";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { places } from "../src/launch/places.mjs";
import { type AccountHost, startAccountHost } from "../src/system/account-host.ts";
import { codeOf, nextCodeOf } from "../src/system/authenticator.ts";
import { type OpenBrowser, openBrowser } from "../src/system/browser.ts";
import { screenShows, typeLine } from "../src/system/console.ts";
import { freePort } from "../src/system/free-port.ts";
import { type HubParts, startHubParts } from "../src/system/hub-parts.ts";
import { type MailBox, openMailBox } from "../src/system/mail-box.ts";
import { type PrivateNetwork, privateNetwork } from "../src/system/private-network.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { until } from "../src/system/until.ts";
import { describeWith } from "./needs.ts";

const operator = { name: "Olga Operator", email: "olga@example.org", password: "a sentence of her own" };
const auditor = { name: "Anton Auditor", email: "anton@example.org", password: "a sentence of his own" };
const week = 7 * 86_400_000;

const needs = ["root", "chromium", "ip", "iptables", "sshd", "ssh-keygen", "useradd", "chpasswd", "nsenter"];
describeWith(needs, "the tutorial", () => {
  let folder: TempFolder;
  let network: PrivateNetwork;
  let host: AccountHost;
  let mail: MailBox;
  let parts: HubParts;
  let browsers: OpenBrowser[] = [];

  beforeAll(async () => {
    folder = tempFolder("tutorial");
    network = privateNetwork(13);
    host = await startAccountHost(network, path.join(folder.path, "host"));
    mail = await openMailBox();
    const port = await freePort(); // links in mails name it
    parts = await startHubParts({
      folder: folder.path,
      args: ["--port", String(port)],
      env: { SALLYPORT_SMTP_URL: mail.url, SALLYPORT_PUBLIC_URL: `http://localhost:${port}` },
    });
    await parts.addAgent({ name: "one" });
  });
  afterAll(async () => {
    for (const browser of browsers) await browser[Symbol.asyncDispose]();
    await parts?.[Symbol.asyncDispose]();
    await mail?.[Symbol.asyncDispose]();
    await host?.stop();
    network?.[Symbol.dispose]();
    folder?.[Symbol.dispose]();
  });

  const json = <T>(method: string, where: string, body?: object) => parts.rest.json<T>(method, where, body);
  const at = (where: string) => `${parts.address.url}${where}`;
  const home = (page: Page) => page.getByRole("heading", { name: "Home" }).waitFor();

  async function newPage(): Promise<Page> {
    const browser = await openBrowser();
    browsers = [...browsers, browser];
    return browser.page();
  }

  /** Invited by the administrator, lets himself in by the link in the mail. Returns his id. */
  async function join(page: Page, person: typeof operator, role: string): Promise<string> {
    const { id } = await json<{ id: string }>("POST", "/people", { email: person.email, name: person.name, role });
    await page.goto((await mail.linkTo(person.email)).href);
    await page.getByLabel("Password", { exact: true }).fill(person.password);
    await page.getByRole("button", { name: "Start" }).click();
    await home(page);
    return id;
  }

  test("from the invitation to the proof", async () => {
    const page = await newPage();
    const operatorId = await join(page, operator, "user");

    // An authenticator app of her own, without which she is not let in any more.
    await page.goto(at("/settings"));
    await page.getByRole("button", { name: "Set up an authenticator app" }).click();
    const secret = await page.getByLabel("Or type this into the app").inputValue();
    await page.getByLabel("Code the app shows now").fill(codeOf(secret));
    await page.getByRole("button", { name: "Confirm", exact: true }).click();
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.getByText("An authenticator app is set up.").waitFor();
    await page.context().clearCookies();
    await page.goto(at("/sign-in"));
    await page.getByLabel("Email").fill(operator.email);
    await page.getByLabel("Password", { exact: true }).fill(operator.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByLabel("Code").fill(nextCodeOf(secret));
    await page.getByRole("button", { name: "Sign in" }).click();
    await home(page);

    // A host with an account that may do everything, and one for every day whose key the hub makes and puts there.
    const zoneId = (await json<{ items: { zone: { id: string } }[] }>("GET", "/assets")).items[0]?.zone.id;
    const { id: assetId } = await json<{ id: string }>("POST", "/assets", {
      name: "web-1",
      zoneId,
      platform: "linux",
      address: host.address,
      protocols: [{ name: "ssh", port: host.port }],
    });
    const rootSecret = { kind: "password", password: host.rootPassword };
    await json("POST", "/accounts", { assetId, username: "root", secret: rootSecret, privileged: true });
    const daily = await json<{ id: string }>("POST", "/accounts", {
      assetId,
      username: "deploy",
      secret: { kind: "new-ssh-key" },
    });
    await json("POST", "/account-pushes", { ids: [daily.id] });
    await until(
      "the key is on the host",
      async () => {
        const { items } = await json<{ items: { state: string; code: string | null }[] }>(
          "GET",
          `/account-tasks?assetId=${assetId}`,
        );
        return items.some(({ state, code }) => state === "done" && code === "works");
      },
      { deadlineMs: 60_000 },
    );

    // Nothing is hers before the grant; then for a week, as the account for every day alone.
    await page.goto(at("/reach"));
    await page.getByRole("heading", { name: "Reach" }).waitFor();
    expect(await page.getByText("web-1").count()).toBe(0);
    const { id: grantId } = await json<{ id: string }>("POST", "/grants", {
      name: "Olga on web-1 this week",
      subjects: [{ kind: "user", id: operatorId }],
      targets: [{ kind: "asset", id: assetId }],
      accounts: ["deploy"],
      actions: ["connect"],
      expiresAt: new Date(Date.now() + week).toISOString(),
    });
    await page.goto(at("/reach?q=web"));
    await page.getByRole("button", { name: "Connect to web-1" }).click();
    await screenShows(page, /[$#] *$/m, 30_000);
    await typeLine(page, "echo I-am-$(id -un)-$((6*7))");
    await screenShows(page, /^I-am-deploy-42/m);

    // Somebody who may only look watches what was shown.
    const watching = await newPage();
    await join(watching, auditor, "auditor");
    const live = await until(
      "the session",
      async () => (await parts.rest.sessions()).find(({ state }) => state === "live") ?? null,
    );
    await watching.goto(at(`/session?id=${live.id}`));
    await screenShows(watching, /^I-am-deploy-42/m, 30_000);
    expect(await watching.getByRole("button", { name: /^Connect/ }).count()).toBe(0);

    // Withdrawn: she no longer types. Within two seconds, which hub/src/access/revocation.test.ts holds; here the machine is shared with other tests.
    const from = performance.now();
    await json("POST", `/grants/${grantId}/revoke`, { reason: "moved to another team" });
    await page.getByText(/^Ended:/).waitFor();
    expect(performance.now() - from).toBeLessThan(5_000);
    await until("nothing of hers runs there", () => host.sh("pgrep -u deploy -x sh").status !== 0);
    await page.goto(at("/reach?q=web"));
    await page.getByRole("heading", { name: "Reach" }).waitFor();
    expect(await page.getByText("web-1").count()).toBe(0);

    // Who did what; and nobody has changed it since.
    const { items } = await json<{ items: { kind: string }[] }>("GET", "/audit-events?limit=200");
    const told = [
      "person.invited",
      "person.joined",
      "person.second-factor-set-up",
      "account.pushed",
      "grant.created",
      "session.opened",
    ];
    expect(items.map(({ kind }) => kind)).toEqual(expect.arrayContaining([...told, "session.replayed", "grant.revoked"]));
    await parts.hub().signal("SIGTERM");
    const verified = spawnSync(places.node, [places.auditVerify, "--data", parts.dataDir], { encoding: "utf8" });
    expect({ status: verified.status, said: verified.stdout }).toEqual({ status: 0, said: expect.stringContaining("ok") });
  }, 240_000);
});
