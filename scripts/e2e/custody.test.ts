// Accounts on a real Linux host: tried, made, and their secrets changed, with a hub that is killed on the way.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AccountHost, startAccountHost } from "../src/system/account-host.ts";
import { type AgentPart, type HubParts, startHubParts } from "../src/system/hub-parts.ts";
import { type PrivateNetwork, privateNetwork } from "../src/system/private-network.ts";
import { timesInMemory } from "../src/system/search-memory.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { until } from "../src/system/until.ts";
import { describeWith } from "./needs.ts";

type Account = {
  id: string;
  username: string;
  version: number;
  publicKey: string | null;
  checkedAt: string | null;
  checkFailure: string | null;
  rotatedAt: string | null;
  pending: boolean;
};
type Task = { accountId: string; kind: string; state: string; code: string | null; attempts: number };
type Tested = { code: string; tried: { agent: { name: string }; code: string }[]; port: number };

/** A loaded machine signs in slowly, and a hub that was killed starts anew. */
const workDeadlineMs = 90_000;

const needs = ["root", "ip", "iptables", "sshd", "ssh-keygen", "useradd", "chpasswd", "nsenter", "sudo"];

describeWith(needs, "accounts on a host", () => {
  let folder: TempFolder;
  let network: PrivateNetwork;
  let host: AccountHost;
  let parts: HubParts;
  let agent: AgentPart;
  let zone = "";
  let assetId = "";
  let rootId = "";

  beforeAll(async () => {
    folder = tempFolder("custody");
    network = privateNetwork(12);
    host = await startAccountHost(network, path.join(folder.path, "host"));
    parts = await startHubParts({ folder: folder.path });
    agent = await parts.addAgent({ name: "one" });
    zone = (await json<{ items: { zone: { id: string } }[] }>("GET", "/assets")).items[0]?.zone.id ?? "";
    assetId = await newAsset("target", { address: host.address, protocols: [{ name: "ssh", port: host.port }] });
    rootId = await newAccount("root", { kind: "password", password: host.rootPassword }, { privileged: true });
  }, 120_000);
  afterAll(async () => {
    await parts?.[Symbol.asyncDispose]();
    await host?.stop();
    network?.[Symbol.dispose]();
    folder?.[Symbol.dispose]();
  });

  const json = <T>(method: string, where: string, body?: object) => parts.rest.json<T>(method, where, body);
  const newAsset = async (name: string, more: object) =>
    (await json<{ id: string }>("POST", "/assets", { name, zoneId: zone, platform: "linux", ...more })).id;
  /** On which asset each is. */
  const assetOf = new Map<string, string>();
  const newAccount = async (username: string, secret: object, more: { assetId?: string; [field: string]: unknown } = {}) => {
    const { id } = await json<{ id: string }>("POST", "/accounts", { assetId, username, secret, ...more });
    assetOf.set(id, more.assetId ?? assetId);
    return id;
  };
  /** The host once more, as an asset on which nobody but these accounts is known. */
  const sameHost = async (name: string) => {
    const on = await newAsset(name, { address: host.address, protocols: [{ name: "ssh", port: host.port }] });
    return (username: string, more: object = {}) =>
      newAccount(username, { kind: "password", password: `of ${username}` }, { assetId: on, ...more });
  };
  const makeUser = (username: string, ...options: string[]) => {
    const made = host.sh(`useradd -m ${options.join(" ")} ${username} && chpasswd`, `${username}:of ${username}\n`);
    expect(made).toMatchObject({ status: 0 });
  };
  const tryIt = (id: string, more: object = {}) => json<Tested>("POST", `/assets/${id}/test`, more);
  const account = async (id: string): Promise<Account> => {
    const { items } = await json<{ items: Account[] }>("GET", `/accounts?assetId=${assetOf.get(id)}`);
    const found = items.find((one) => one.id === id);
    if (found === undefined) throw new Error(`no account ${id}`);
    return found;
  };
  const ask = (what: "checks" | "pushes" | "rotations", ...ids: string[]) => json("POST", `/account-${what}`, { ids });
  /** The newest work on an account, once it is over or waits for another try. */
  const outcome = (id: string, kind: string) =>
    until(
      `${kind} of ${id}`,
      async () => {
        const { items } = await json<{ items: Task[] }>("GET", `/account-tasks?assetId=${assetOf.get(id)}`);
        const task = items.find((one) => one.accountId === id && one.kind === kind);
        return task !== undefined && task.state !== "running" && task.code !== null ? task : null;
      },
      { deadlineMs: workDeadlineMs },
    );
  const done = { state: "done", code: "works" };

  test("an asset that is not reached is told by its reason, each on the agent that tried", async () => {
    network.admit(2_100);
    const echo = network.start("python3", "-c", saysHello);
    await until("the echo listens", () => network.run("sh", "-c", "ss -ltn | grep -q :2100").status === 0);
    const ssh = (port: number) => [{ name: "ssh", port }];
    const cases: [code: string, more: { address: string; protocols: object[] }][] = [
      ["works", { address: host.address, protocols: ssh(host.port) }],
      ["not-ssh", { address: host.address, protocols: ssh(2_100) }],
      ["works", { address: host.address, protocols: [{ name: "tcp", port: 2_100 }] }],
      ["timeout", { address: host.address, protocols: ssh(2_101) }],
      ["name-unknown", { address: "no-such-host.invalid", protocols: ssh(22) }],
      ["address-not-allowed", { address: "127.0.0.1", protocols: ssh(22) }],
      ["no-protocol", { address: host.address, protocols: [] }],
    ];
    network.admit(2_102);
    cases.push(["connection-refused", { address: host.address, protocols: ssh(2_102) }]);
    const got = await Promise.all(cases.map(async ([, more], n) => (await tryIt(await newAsset(`way-${n}`, more))).code));
    echo.kill();
    expect(got).toEqual(cases.map(([code]) => code));
    expect((await tryIt(assetId)).tried).toEqual([{ agent: { id: expect.any(String), name: "one" }, code: "works" }]);
  });

  test("a stored secret is tried, and its account says whether it works", async () => {
    const wrong = await newAccount("daemon", { kind: "password", password: "not this one" });
    await ask("checks", rootId, wrong);
    expect(await outcome(rootId, "verify")).toMatchObject(done);
    expect(await outcome(wrong, "verify")).toMatchObject({ state: "failed", code: "authentication-failed" });
    expect(await account(rootId)).toMatchObject({ checkFailure: null, checkedAt: expect.any(String) });
    expect(await account(wrong)).toMatchObject({ checkFailure: "authentication-failed" });
    expect(await tryIt(assetId, { accountId: rootId })).toMatchObject({ code: "works" });
    expect(await tryIt(assetId, { accountId: wrong })).toMatchObject({ code: "authentication-failed" });
  });

  test("a host whose key nobody trusts is told apart from one that refuses the secret, and nothing is said to it", async () => {
    const { items } = await json<{ items: { id: string }[] }>("GET", `/assets/${assetId}/host-keys`);
    const [key] = items;
    await json("POST", `/host-keys/${key?.id}/decide`, { decision: "refuse" });
    expect(await tryIt(assetId, { accountId: rootId })).toMatchObject({ code: "host-key-waits" });
    await ask("checks", rootId);
    expect(await outcome(rootId, "verify")).toMatchObject({ state: "failed", code: "host-key-waits" });
    expect(await account(rootId)).toMatchObject({ checkFailure: null });
    await json("POST", `/host-keys/${key?.id}/decide`, { decision: "trust" });
    expect(await tryIt(assetId, { accountId: rootId })).toMatchObject({ code: "works" });
  });

  test("an account is made with its key, twice as good as once, and nobody else's files are touched", async () => {
    const id = await newAccount("deploy", { kind: "new-ssh-key" });
    for (let n = 0; n < 2; n++) {
      await ask("pushes", id);
      expect(await outcome(id, "push")).toMatchObject(done);
    }
    const { publicKey } = await account(id);
    expect(host.sh("cat /home/deploy/.ssh/authorized_keys").stdout).toBe(`${publicKey}\n`);
    expect(host.sh("stat -c '%U %a' /home/deploy/.ssh/authorized_keys").stdout).toBe("deploy 600\n");
    // The person behind the account lays a link to where only root writes.
    host.sh("rm -rf /home/deploy/.ssh && mkdir -p /root/.ssh && ln -s /root/.ssh /home/deploy/.ssh");
    await ask("pushes", id);
    expect(await until("refused", async () => ((await outcome(id, "push")).code === "key-not-written" ? true : null))).toBe(true);
    expect(host.sh("ls -A /root/.ssh").stdout).toBe("");
  });

  test("an account is made by a login typed once; its password is in no process list and no environment", async () => {
    const password = "o'ne $(touch /etc/owned) \\ `id` 密码";
    const id = await newAccount("typed", { kind: "password", password });
    const login = { username: "root", password: host.rootPassword };
    const wrong = await json("POST", `/accounts/${id}/push`, { login: { ...login, password: "no" } });
    expect(wrong).toMatchObject({ code: "authentication-failed" });
    const hold = host.holdChpasswd("before");
    const pushing = json("POST", `/accounts/${id}/push`, { login });
    await hold.held();
    for (const secret of [password, host.rootPassword]) {
      const found = spawnSync("python3", ["-c", searchProcesses], { encoding: "utf8", input: secret });
      expect(found.stdout).toBe("[]\n");
    }
    hold.release();
    expect(await pushing).toMatchObject({ code: "works" });
    expect(host.sh("ls /etc/owned").status).not.toBe(0);
    // Nor does the agent, which passed both on, know any of them afterwards.
    const passed = [password, Buffer.from(password).toString("base64"), host.rootPassword];
    expect(timesInMemory(agent.part().pid, ...passed.map((secret) => Buffer.from(secret)))).toEqual([0, 0, 0]);
    for (const secret of passed)
      expect(spawnSync("grep", ["-rlF", "-e", secret, agent.stateDir, path.join(folder.path, "one.log")]).status).toBe(1);
  });

  test("a password and a key are changed; the old ones let nobody in", async () => {
    const byPassword = await newAccount("rotated", { kind: "password", password: "the-first-one" });
    const byKey = await newAccount("keyed", { kind: "new-ssh-key" });
    await ask("pushes", byPassword, byKey);
    for (const id of [byPassword, byKey]) expect(await outcome(id, "push")).toMatchObject(done);
    const before = await account(byKey);
    const shadow = () => host.sh("getent shadow rotated").stdout;
    const oldShadow = shadow();
    await ask("rotations", byPassword, byKey, rootId);
    for (const id of [byPassword, byKey, rootId]) {
      expect(await outcome(id, "rotate")).toMatchObject(done);
      expect(await account(id)).toMatchObject({ version: 2, pending: false, rotatedAt: expect.any(String) });
      expect(await tryIt(assetId, { accountId: id })).toMatchObject({ code: "works" });
    }
    expect(shadow()).not.toBe(oldShadow);
    const after = await account(byKey);
    expect(after.publicKey).not.toBe(before.publicKey);
    expect(host.sh("cat /home/keyed/.ssh/authorized_keys").stdout).toBe(`${after.publicKey}\n`);
  });

  test("an account reached by su is made, tried and changed, and one that is root by su does all of it for others", async () => {
    makeUser("first");
    makeUser("toor", "-o", "-u 0", "-s /bin/bash");
    host.sh("echo 'echo Good morning; echo sallyport:' > ~toor/.profile; echo 'echo sallyport:works-not' > ~first/.bashrc");
    const add = await sameHost("by-su");
    const first = await add("first");
    const toor = await add("toor", { suFromId: first, privileged: true });
    const service = await add("service", { suFromId: first });
    const wrong = await add("first-too", { suFromId: first });
    host.sh("useradd -m first-too && chpasswd", "first-too:another\n");
    await ask("pushes", service);
    expect(await outcome(service, "push")).toMatchObject(done);
    await ask("checks", toor, service, wrong);
    for (const id of [toor, service]) expect(await outcome(id, "verify")).toMatchObject(done);
    expect(await outcome(wrong, "verify")).toMatchObject({ state: "failed", code: "authentication-failed" });
    await ask("rotations", service, toor);
    for (const id of [service, toor]) {
      expect(await outcome(id, "rotate")).toMatchObject(done);
      expect(await account(id)).toMatchObject({ version: 2, pending: false });
      expect(await tryIt(assetOf.get(id) ?? "", { accountId: id })).toMatchObject({ code: "works" });
    }
    await ask("rotations", first);
    expect(await outcome(first, "rotate")).toMatchObject(done);
    expect(await tryIt(assetOf.get(toor) ?? "", { accountId: toor })).toMatchObject({ code: "works" });
  });

  test("sudo makes root of an account with and without its password, whatever its shell says or is", async () => {
    writeSudoers(host, "Defaults lecture=always, timestamp_timeout=0\nops ALL=(ALL:ALL) ALL\nfree ALL=(ALL) NOPASSWD: ALL\n");
    const shells = ["/bin/bash", "/usr/bin/tcsh", "/usr/bin/fish"].filter((shell) => host.sh(`test -x ${shell}`).status === 0);
    makeUser("ops");
    makeUser("free");
    makeUser("other");
    for (const file of [".bashrc", ".cshrc", ".login", ".logout"]) host.sh(`echo 'echo Welcome home' > ~ops/${file}`);
    const add = await sameHost("by-sudo");
    const ops = await add("ops", { privileged: true });
    for (const [n, shell] of shells.entries()) {
      host.sh(`usermod -s ${shell} ops`);
      const made = await add(`made-in-${n}`);
      await ask("pushes", made);
      expect(await outcome(made, "push"), shell).toMatchObject(done);
    }
    const hold = host.holdChpasswd("before");
    await ask("rotations", ops);
    await hold.held();
    const found = spawnSync("python3", ["-c", searchProcesses], { encoding: "utf8", input: "of ops" });
    expect(found.stdout).toBe("[]\n");
    hold.release();
    expect(await outcome(ops, "rotate")).toMatchObject(done);

    const freely = await sameHost("by-sudo-freely");
    await freely("free", { privileged: true });
    const made = await freely("made-freely");
    await ask("pushes", made);
    expect(await outcome(made, "push")).toMatchObject(done);

    const not = await sameHost("by-no-sudo");
    await not("other", { privileged: true });
    const unmade = await not("unmade");
    await ask("pushes", unmade);
    expect(await outcome(unmade, "push")).toMatchObject({ state: "failed", code: "no-rights-there" });
    expect(host.sh("id -u unmade").status).not.toBe(0);
  });

  test.skipIf(!existsSync("/usr/bin/busybox"))(
    "a host with nothing but busybox takes passwords and keys, and says that it makes no users",
    async () => {
      await using small = await startSmallHost(network, path.join(folder.path, "small"));
      const on = await newAsset("small", { address: small.address, protocols: [{ name: "ssh", port: small.port }] });
      const add = (username: string, secret: object, more: object = {}) => newAccount(username, secret, { assetId: on, ...more });
      const root = await add("root", { kind: "password", password: small.rootPassword }, { privileged: true });
      small.sh("echo 'deploy:x:4242:4242::/home/deploy:/bin/sh' >> /etc/passwd; echo 'deploy:*:1::::::' >> /etc/shadow");
      small.sh("echo 'deploy:x:4242:' >> /etc/group; mkdir /home/deploy; chown 4242:4242 /home/deploy");
      const deploy = await add("deploy", { kind: "password", password: "o'ne $(id) \\ 密码" });
      const nobody = await add("nobody-there", { kind: "new-password" });
      await ask("pushes", deploy, nobody);
      expect(await outcome(deploy, "push")).toMatchObject(done);
      expect(await outcome(nobody, "push")).toMatchObject({ state: "failed", code: "user-not-made" });
      await ask("rotations", deploy, root);
      for (const id of [deploy, root]) expect(await outcome(id, "rotate")).toMatchObject(done);
      const through = await add("root-by-su", { kind: "password", password: "unused" }, { suFromId: deploy });
      await ask("checks", through);
      expect(await outcome(through, "verify")).toMatchObject({ state: "failed" });
    },
  );

  test.each(["before", "after"] as const)(
    "a hub killed %s the password changes loses no secret and finishes by itself",
    async (when) => {
      const id = await newAccount(`killed-${when}`, { kind: "password", password: "the-first-one" });
      await ask("pushes", id);
      expect(await outcome(id, "push")).toMatchObject(done);
      const hold = host.holdChpasswd(when);
      await ask("rotations", id);
      await hold.held();
      await parts.hub().signal("SIGKILL");
      hold.release();
      await parts.startHub();
      await parts.rest.onlineAsset("one");
      expect(await account(id)).toMatchObject({ pending: true, version: 1 });
      await ask("rotations", id); // is due now, whatever pause a first try before the agent was back has earned
      await until(
        "the rotation is over",
        async () => {
          const { state } = await outcome(id, "rotate");
          if (state === "waiting") await ask("rotations", id);
          return state === "done";
        },
        { deadlineMs: workDeadlineMs },
      );
      expect(await account(id)).toMatchObject({ version: 2, pending: false });
      expect(await tryIt(assetId, { accountId: id })).toMatchObject({ code: "works" });
    },
    120_000,
  );
});

const startSmallHost = async (network: PrivateNetwork, folder: string) => {
  const small = await startAccountHost(network, folder, { port: 2_024, programs: "busybox" });
  return { ...small, [Symbol.asyncDispose]: () => small.stop() };
};

const writeSudoers = (host: AccountHost, rules: string) => host.sh("umask 227; cat > /etc/sudoers.d/sallyport-test", rules);

const saysHello = `
import socket
server = socket.create_server(("0.0.0.0", 2100))
while True:
    client, _ = server.accept()
    client.sendall(b"hello\\n"); client.close()
`;

/** Processes that have what is on stdin in their arguments or environment; not this one. */
const searchProcesses = `
import os, sys
wanted, found = sys.stdin.buffer.read(), []
for pid in filter(str.isdigit, os.listdir("/proc")):
    for name in ("cmdline", "environ"):
        try:
            if wanted in open(f"/proc/{pid}/{name}", "rb").read(): found.append((pid, name))
        except OSError: pass
print(found)
`;
