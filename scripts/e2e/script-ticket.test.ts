// A script with a file to place and a file to collect, as somebody asks for it, another approves it, and a real agent checks that it is just that.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type HubParts, startHubParts } from "../src/system/hub-parts.ts";
import { sallyportCommand } from "../src/system/launched-hub.ts";
import { RestClient } from "../src/system/rest-client.ts";
import { type TempFolder, tempFolder } from "../src/system/temp-folder.ts";
import { until } from "../src/system/until.ts";

type Run = { state: string; executions: { id: string; reason: string; message: string | null }[] };

describe("an approved script with files", () => {
  const email = "rosa@example.org";
  const content = "listen 80\n";
  let folder: TempFolder;
  let parts: HubParts;
  let requester: RestClient;
  let assetId = "";
  let asked: object;
  const at = (name: string) => path.join(folder.path, name);

  beforeAll(async () => {
    folder = tempFolder("script-ticket");
    parts = await startHubParts({ folder: folder.path });
    await parts.addAgent({ name: "one" });
    const { rest } = parts;
    assetId = (await rest.json<{ items: { id: string }[] }>("GET", "/assets")).items[0]?.id ?? "";
    const { link } = await rest.json<{ link: string }>("POST", "/people", { email, name: "Rosa", role: "user" });
    const accepted = await fetch(`${rest.url}/trpc/auth.acceptInvite`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: rest.url },
      body: JSON.stringify({
        token: new URL(link).searchParams.get("token"),
        name: "Rosa",
        password: "a sentence of her own",
      }),
    });
    expect(accepted.status).toBe(200);
    const key = sallyportCommand(parts.dataDir, "access-key", "create", "--email", email, "--name", "client");
    requester = new RestClient(rest.url, key.trim().split("\n").at(-1) ?? "");
    await rest.json("POST", "/ticket-flows", {
      name: "scripts",
      match: { kinds: ["script"], targets: [{ kind: "all", id: "" }] },
      levels: [{ approvers: [{ kind: "role", id: "admin" }], need: { kind: "any" } }],
    });
    const script = {
      name: "shout",
      interpreter: "sh",
      visibility: "organisation",
      body: `tr a-z A-Z < ${at("app.conf")} > ${at("report.txt")}`,
    };
    const { id: scriptId } = await rest.json<{ id: string }>("POST", "/scripts", script);
    const { id: fileId } = await requester.json<{ id: string }>("POST", "/files", {
      name: "app.conf",
      sizeBytes: content.length,
      visibility: "private",
    });
    await fetch(`${rest.url}/api/v1/files/${fileId}/content?offset=0`, {
      method: "PUT",
      headers: { authorization: `Bearer ${requester.key}` },
      body: content,
    });
    await requester.json("POST", `/files/${fileId}/finish`, {});
    asked = {
      ...{ kind: "script", assetIds: [assetId], scriptId, version: 1, minutes: 60, runs: 2 },
      files: [{ fileId, path: at("app.conf"), mode: "600" }],
      artefacts: [at("report.txt")],
    };
  }, 120_000);
  afterAll(async () => {
    await parts?.[Symbol.asyncDispose]();
    folder?.[Symbol.dispose]();
  });

  test("places the file, runs, and brings back what it left, twice as approved, and a third time not", async () => {
    const fields = { title: "reload", reason: "the new port", asked };
    const { id } = await requester.json<{ id: string }>("POST", "/tickets", fields);
    await expect(requester.json("POST", `/tickets/${id}/run`, {})).rejects.toMatchObject({ code: "ticket-state" });
    const seen = await parts.rest.json<{ script: { script: { files: object[] } } }>("GET", `/tickets/${id}`);
    const sha256 = createHash("sha256").update(content).digest("hex");
    expect(seen.script.script.files).toMatchObject([{ path: at("app.conf"), mode: "600", sha256 }]);
    await parts.rest.json("POST", `/tickets/${id}/decide`, { decision: "approve" });
    for (const _ of [1, 2]) {
      writeFileSync(at("app.conf"), "something else");
      const { id: runId } = await requester.json<{ id: string }>("POST", `/tickets/${id}/run`, {});
      const run = await until("the run has ended", async () => {
        const found = await requester.json<Run>("GET", `/runs/${runId}`);
        return found.state === "finished" ? found : null;
      });
      expect(run.executions.map(({ reason, message }) => [reason, message])).toEqual([["finished", null]]);
      expect(readFileSync(at("app.conf"), "utf8")).toBe(content);
      const archive = await requester.request("GET", `/executions/${run.executions[0]?.id}/artefacts`);
      expect(Buffer.from(await archive.arrayBuffer()).toString("latin1")).toContain("LISTEN 80");
    }
    await expect(requester.json("POST", `/tickets/${id}/run`, {})).rejects.toMatchObject({ code: "approval-over" });
  }, 120_000);
});
