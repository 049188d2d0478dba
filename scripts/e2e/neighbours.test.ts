// A host without an agent, reached through one: the account's key stays in the hub, the host's key is pinned, and what is withdrawn ends.
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DialStream } from "../src/system/dial-client.ts";
import { type AgentPart, type HubParts, startHubParts } from "../src/system/hub-parts.ts";
import { type PrivateNetwork, privateNetwork } from "../src/system/private-network.ts";
import { RestError } from "../src/system/rest-client.ts";
import { timesInMemory } from "../src/system/search-memory.ts";
import { type SshServer, startSshServer } from "../src/system/ssh-server.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { TerminalClient } from "../src/system/terminal-client.ts";
import { until } from "../src/system/until.ts";
import { describeWith } from "./needs.ts";

describeWith(["root", "ip", "iptables", "sshd", "ssh-keygen"], "a neighbour", () => {
  let folder: TempFolder;
  let network: PrivateNetwork;
  let server: SshServer;
  let parts: HubParts;
  let agent: AgentPart;
  let assetId = "";
  let accountId = "";

  beforeAll(async () => {
    folder = tempFolder("neighbours");
    network = privateNetwork(11);
    server = await startSshServer(network, path.join(folder.path, "sshd"));
    parts = await startHubParts({ folder: folder.path });
    agent = await parts.addAgent({ name: "one" });
    const zone = (await parts.rest.json<{ items: { id: string; zone: { id: string } }[] }>("GET", "/assets")).items[0]?.zone.id;
    ({ id: assetId } = await parts.rest.json<{ id: string }>("POST", "/assets", {
      name: "web-1",
      zoneId: zone,
      platform: "linux",
      address: server.address,
      protocols: [{ name: "ssh", port: server.port }],
    }));
    ({ id: accountId } = await parts.rest.json<{ id: string }>("POST", "/accounts", {
      assetId,
      username: server.username,
      secret: { kind: "ssh-key", privateKey: server.privateKey, passphrase: null },
    }));
  }, 120_000);
  afterAll(async () => {
    await parts?.[Symbol.asyncDispose]();
    await server?.stop();
    network?.[Symbol.dispose]();
    folder?.[Symbol.dispose]();
  });

  const open = (more: object = {}) =>
    new TerminalClient({ url: parts.address.url, key: parts.rest.key, assetId, account: accountId, ...more });

  async function shows(terminal: TerminalClient, line: string, wanted: RegExp): Promise<string> {
    let shown = "";
    terminal.onOutput = (data) => {
      shown += data.toString();
    };
    await terminal.opened;
    terminal.type(`${line}\r`);
    await until(`${wanted} in the terminal`, () => wanted.test(shown));
    return shown;
  }

  test("opens a terminal for who has no key of his own, in the neighbour's network", async () => {
    const terminal = open();
    expect(await terminal.opened).toMatchObject({ assetName: "web-1", account: server.username });
    const shown = await shows(terminal, "echo $((6*7))-$(readlink /proc/self/ns/net)", /42-net:\[\d+\]/);
    expect(shown).toContain(`net:[${network.id}]`);
    terminal.type("exit 3\r");
    expect(await terminal.ended).toMatchObject({ exitCode: 3 });
  });

  test("never gives the key away: it is in no file and no memory of the agent, and in no log", async () => {
    const secret = Buffer.from(
      server.privateKey
        .split("\n")
        .filter((line) => !line.startsWith("-----"))
        .join(""),
      "base64",
    );
    // The last 64 bytes before comment and padding are seed and public key; the seed alone is the secret.
    const publicKey = Buffer.from(
      readFileSync(path.join(folder.path, "sshd/user-key.pub"), "utf8").split(" ")[1] ?? "",
      "base64",
    ).subarray(-32);
    const seedAt = secret.lastIndexOf(publicKey) - 32;
    const seed = secret.subarray(seedAt, seedAt + 32);
    expect(seed.length).toBe(32);
    const terminal = open();
    await terminal.opened;
    const [publicHalf, privateHalf] = timesInMemory(agent.part().pid, publicKey, seed);
    expect(publicHalf).toBeGreaterThan(0); // what is there is found
    expect(privateHalf).toBe(0);
    const files = spawnSync(
      "grep",
      ["-rlF", server.privateKey.split("\n")[2] ?? "x", agent.stateDir, path.join(folder.path, "hub.log")],
      { encoding: "utf8" },
    );
    expect(files.stdout).toBe("");
    terminal.leave();
  });

  test("shows the same host key each time, or is refused with both fingerprints until somebody decides", async () => {
    const before = server.fingerprint();
    await server.renewHostKey();
    const refusal = await open().opened.catch((error: Error) => error.message);
    expect(refusal).toContain("host-key-refused");
    expect(refusal).toContain(before);
    expect(refusal).toContain(server.fingerprint());
    const { items } = await parts.rest.json<{ items: { id: string; fingerprint: string; state: string }[] }>(
      "GET",
      `/assets/${assetId}/host-keys`,
    );
    const offered = items.find(({ state }) => state === "offered");
    expect(offered?.fingerprint).toBe(server.fingerprint());
    await parts.rest.json("POST", `/host-keys/${offered?.id}/decide`, { decision: "trust-alone" });
    const again = open();
    expect(await again.opened).toMatchObject({ assetName: "web-1" });
    again.leave();
  });

  test("runs a script of which no crash of hub or agent costs a byte, with a secret that nobody else is shown", async () => {
    const secret = "planted-in-a-script-51c7";
    const { id: tokenId } = await parts.rest.json<{ id: string }>("POST", "/accounts", {
      assetId,
      username: "token",
      secret: { kind: "password", password: secret },
    });
    const witness = path.join(folder.path, "witness");
    const lines = `n=0; while [ $n -lt 60 ]; do seq $((n * 100)) $((n * 100 + 99)); n=$((n + 1)); sleep 0.1; done`;
    const body = `echo $SALLYPORT_EXECUTION >> ${witness}; readlink /proc/self/ns/net >&2; echo "$TOKEN" >&2; ${lines}; exit 3`;
    const { id: scriptId } = await parts.rest.json<{ id: string }>("POST", "/scripts", {
      name: "counting",
      interpreter: "sh",
      body,
      parameters: [{ name: "TOKEN", label: "Token", type: "secret", required: true }],
    });
    type Run = { state: string; executions: [{ id: string; reason: string; exitCode: number; stdoutBytes: number }] };
    const wish = { assetIds: [assetId], scriptId, parameters: { TOKEN: tokenId }, account: server.username };
    const { id } = await parts.rest.json<{ id: string }>("POST", "/runs", wish);
    const read = () => parts.rest.json<Run>("GET", `/runs/${id}`);
    await until("output of the script", async () => (await read()).executions[0].stdoutBytes > 1_000);
    await parts.hub().signal("SIGKILL");
    await parts.startHub();
    await agent.part().signal("SIGKILL");
    agent.start();
    await until("the end of the run", async () => (await read().catch(() => null))?.state === "finished");
    const [execution] = (await read()).executions;
    expect(execution).toMatchObject({ reason: "failed", exitCode: 3 });
    const printed = async (channel: string) => (await parts.rest.request("GET", `/executions/${execution.id}/${channel}`)).text();
    expect(await printed("stdout")).toBe(Array.from({ length: 6_000 }, (_, n) => `${n}\n`).join(""));
    expect(await printed("stderr")).toBe(`net:[${network.id}]\n***\n`);
    expect(readFileSync(witness, "utf8")).toBe(`${execution.id}\n`);
    const found = spawnSync("grep", ["-rlaF", secret, folder.path], { encoding: "utf8" });
    expect(found.stdout).toBe("");
  });

  test("is told apart from a host that is not there", async () => {
    await parts.rest.json("POST", `/assets/${assetId}`, { protocols: [{ name: "ssh", port: 2_999 }] });
    await expect(open().opened).rejects.toThrow(/not-reached/);
    await parts.rest.json("POST", `/assets/${assetId}`, { protocols: [{ name: "ssh", port: server.port }] });
  });

  test("answers on a forwarded port itself, in its network, and not the agent's host in its place", async () => {
    const listening = createServer((socket) => socket.end("the agent's host"));
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    const { port: ownPort } = listening.address() as AddressInfo;
    try {
      const dial = (port: number) => DialStream.open({ url: parts.address.url, key: parts.rest.key, assetId, port });
      const stream = await dial(server.port);
      const [greeting] = (await once(stream, "data")) as [Buffer];
      expect(greeting.toString()).toMatch(/^SSH-2\.0-OpenSSH/);
      stream.destroy();
      network.admit(ownPort); // answered, by nobody
      await expect(dial(ownPort)).rejects.toThrow("Nothing listens on that port.");
    } finally {
      listening.close();
    }
  });

  test("without an account named is no account", async () => {
    const asset = await parts.rest.json<{ accounts: { id: string }[] }>("GET", `/assets/${assetId}`);
    expect(asset.accounts.map(({ id }) => id)).toContain(accountId);
    await expect(open({ account: undefined }).opened).rejects.toThrow(/not-found/);
    await expect(
      parts.rest.json("POST", "/accounts", { assetId, username: "-x", secret: { kind: "password", password: "p" } }),
    ).rejects.toThrow(RestError);
  });

  test("opens with the key of an agent's host where its owner allows it, through the agent that has one", async () => {
    const wish = { account: "@agent", login: { username: server.username } };
    await expect(open(wish).opened).rejects.toThrow(/no-own-key/);
    const second = await parts.addAgent({ name: "two", env: { SALLYPORT_OWN_KEY: "own" } });
    type Agents = { items: { id: string; facts: { ownKey?: { line: string } } | null }[] };
    const { items } = await parts.rest.json<Agents>("GET", "/agents");
    const line = items.find(({ id }) => id === second.agentId)?.facts?.ownKey?.line;
    await expect(open(wish).opened).rejects.toThrow(/sign-in-failed/);
    appendFileSync(path.join(folder.path, "sshd/user-key.pub"), `${line}\n`);
    const terminal = open(wish);
    expect(await terminal.opened).toMatchObject({ account: server.username });
    await shows(terminal, "echo $((6*7))", /42/);
    terminal.leave();
  });
});
