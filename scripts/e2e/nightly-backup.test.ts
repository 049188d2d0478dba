// A night of an operator: a backup of three hosts behind one agent runs by its schedule, one of them fails, the group chat hears of it, and in the
// morning it is run again there alone.
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenBrowser, openBrowser } from "../src/system/browser.ts";
import { signIn } from "../src/system/console.ts";
import { freePort } from "../src/system/free-port.ts";
import { type HubParts, startHubParts } from "../src/system/hub-parts.ts";
import { type PrivateNetwork, privateNetwork } from "../src/system/private-network.ts";
import { type SshServer, startSshServer } from "../src/system/ssh-server.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { until } from "../src/system/until.ts";
import { describeWith } from "./needs.ts";

const robotSecret = "SECof-the-night-shift";
const names = ["files-1", "files-2", "files-3"];

/** What the chat shows. */
type Card = { title: string; text: string; singleURL: string };

describeWith(["root", "chromium", "ip", "iptables", "sshd", "ssh-keygen", "tar"], "a nightly backup", () => {
  let folder: TempFolder;
  let network: PrivateNetwork;
  let servers: SshServer[] = [];
  let parts: HubParts;
  let robot: Server;
  let browser: OpenBrowser;
  const cards: Card[] = [];
  const at = (name: string) => path.join(folder.path, name);
  const json = <T>(method: string, where: string, body?: object) => parts.rest.json<T>(method, where, body);

  beforeAll(async () => {
    folder = tempFolder("nightly-backup");
    network = privateNetwork(14);
    servers = await Promise.all(names.map((name, n) => startSshServer(network, at(name), 2_022 + n)));
    for (const name of ["files-1", "files-3"]) fill(name);
    robot = createServer((request, response) => {
      let body = "";
      request.on("data", (part) => {
        body += part;
      });
      request.on("end", () => {
        const { searchParams } = new URL(request.url ?? "/", "http://robot");
        const timestamp = searchParams.get("timestamp") ?? "";
        // As DingTalk's robots check it.
        const sign = createHmac("sha256", robotSecret).update(`${timestamp}\n${robotSecret}`).digest("base64");
        const taken = searchParams.get("sign") === sign && Math.abs(Date.now() - Number(timestamp)) < 3_600_000;
        if (taken) cards.push(JSON.parse(body).actionCard);
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify(taken ? { errcode: 0, errmsg: "ok" } : { errcode: 310_000, errmsg: "sign not match" }));
      });
    });
    await new Promise<void>((resolve) => robot.listen(0, "127.0.0.1", resolve));
    const port = await freePort(); // the card's button names it
    const address = { args: ["--port", String(port)], env: { SALLYPORT_PUBLIC_URL: `http://localhost:${port}` } };
    parts = await startHubParts({ folder: folder.path, ...address });
    await parts.addAgent({ name: "one" });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await parts?.[Symbol.asyncDispose]();
    await new Promise((resolve) => robot?.close(resolve));
    for (const server of servers) await server.stop();
    network?.[Symbol.dispose]();
    folder?.[Symbol.dispose]();
  });

  const robotUrl = () => `http://127.0.0.1:${(robot.address() as AddressInfo).port}`;
  const fill = (name: string) => {
    mkdirSync(at(`${name}-data`));
    writeFileSync(at(`${name}-data/ledger`), `the books of ${name}\n`);
  };
  const ran = () => (existsSync(at("witness")) ? readFileSync(at("witness"), "utf8").trim().split("\n").toSorted() : []);

  test("runs by its schedule, fails on one, tells the chat, and is run again on that one", async () => {
    const page = await browser.page();
    await signIn(page, parts.address.url);
    await page.goto(`${parts.address.url}/settings?tab=notices`);
    await page.getByRole("button", { name: "Add a channel" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Night shift");
    await page.getByLabel("Address", { exact: true }).fill(`${robotUrl()}/robot/send?access_token=of-the-group`);
    await page.getByLabel("Secret", { exact: true }).fill(robotSecret);
    await page.getByLabel("The address may be inside").check();
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Night shift").first().waitFor();

    const zoneId = (await json<{ items: { zone: { id: string } }[] }>("GET", "/assets")).items[0]?.zone.id;
    const assetIds: string[] = [];
    for (const [n, server] of servers.entries()) {
      const protocols = [{ name: "ssh", port: server.port }];
      const asset = { name: names[n], zoneId, platform: "linux", address: server.address, protocols };
      const { id } = await json<{ id: string }>("POST", "/assets", asset);
      const secret = { kind: "ssh-key", privateKey: server.privateKey, passphrase: null };
      await json("POST", "/accounts", { assetId: id, username: server.username, secret });
      assetIds.push(id);
    }
    // The three stand on one machine here; the port that one came in by says which of them it is.
    const body = `
      host=files-$((\${SSH_CONNECTION##* } - 2021))
      echo "$host" >> "$ROOM/witness"
      tar -C "$ROOM/$host-data" -cf "$ROOM/$host.tar" . && echo "kept $host"`;
    const { id: scriptId } = await json<{ id: string }>("POST", "/scripts", {
      name: "Backup",
      interpreter: "sh",
      body,
      parameters: [{ name: "ROOM", label: "Where to", type: "string", required: true }],
    });
    const { id: taskId } = await json<{ id: string }>("POST", "/tasks", {
      name: "Nightly backup",
      scriptId,
      parameters: { ROOM: folder.path },
      targets: { assetIds },
      account: servers[0]?.username,
      schedule: { kind: "cron", expression: dailyIn(8), timeZone },
    });

    type Run = { id: string; state: string; trigger: string; counts: { succeeded: number; failed: number } };
    const runsOf = async () => (await json<{ items: Run[] }>("GET", `/runs?taskId=${taskId}`)).items;
    const ended = () =>
      until("the night is over", async () => (await runsOf()).find(({ state }) => state === "finished") ?? null);
    const night = await ended();
    expect(night).toMatchObject({ trigger: "schedule", counts: { succeeded: 2, failed: 1 } });
    expect(ran()).toEqual(names);

    const card = await until("the chat was told", () => cards[0] ?? null);
    expect(card.title).toContain("Nightly backup");
    expect(card.text).toContain("files-2");
    expect(card.text).not.toContain("files-1");

    // The morning: from the chat to the run; the cause is mended, and that one alone is run on again.
    expect(card.singleURL).toContain(night.id);
    await page.goto(card.singleURL);
    await page.getByText("files-2-data").first().waitFor();
    fill("files-2");
    await page.getByRole("button", { name: "Again on 1 that failed" }).click();
    await page.waitForURL((url) => url.pathname === "/run" && url.searchParams.get("id") !== night.id);
    await page.getByText("kept files-2").first().waitFor();
    expect(ran()).toEqual(["files-1", "files-2", "files-2", "files-3"]);
    expect(spawnSync("tar", ["-tf", at("files-2.tar")], { encoding: "utf8" }).stdout).toContain("ledger");
    expect(browser.faults).toEqual([]);
  });
});

const timeZone = "Asia/Shanghai";

/** Cron with six fields: once a day, the first time in so many seconds. */
function dailyIn(seconds: number): string {
  const parts = new Intl.DateTimeFormat("en", {
    timeZone,
    hourCycle: "h23",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const of = (type: string) =>
    Number(parts.formatToParts(Date.now() + seconds * 1_000).find((part) => part.type === type)?.value);
  return `${of("second")} ${of("minute")} ${of("hour")} * * *`;
}
