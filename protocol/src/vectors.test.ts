// The golden vectors, read by the reference implementation. Hub, agent and console read the same file.
import { createPrivateKey, createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import vectors from "../vectors/wire.json" with { type: "json" };
import { readApproval, scriptInputsHash, targetHash } from "./approvals.ts";
import { sallyport } from "./gen/wire.js";
import { checkLinkToken } from "./link-token.ts";
import { decodeLogEvents } from "./log-events.ts";
import { encodePublishHeader } from "./mqtt-slicer.ts";
import { checkOrder } from "./orders.ts";
import { checkSealingKey, seal, unseal } from "./sealed.ts";
import { decodeFrame, encodeFrame, type Frame } from "./stream/frame.ts";
import { decodeTerminalData } from "./terminal-socket.ts";
import { parseTopic } from "./topics.ts";
import { decodeDown, decodeUp, encodeDown, encodeUp } from "./wire.ts";

const bytes = (hex: string) => Buffer.from(hex, "hex");
const publicKey = (raw: string) =>
  createPublicKey({ key: Buffer.concat([bytes("302a300506032b6570032100"), bytes(raw)]), format: "der", type: "spki" });

test.each(vectors.frames)("frame $bytes is coded by hand as protobuf would", ({ frame, bytes: expected }) => {
  const withData = ("data" in frame ? { ...frame, data: bytes(frame.data ?? "") } : frame) as Frame;
  const { header, data } = encodeFrame(withData);
  expect(Buffer.concat([header, data ?? new Uint8Array()]).toString("hex")).toBe(expected);
  const decoded = decodeFrame(bytes(expected));
  expect("data" in decoded ? { ...decoded, data: Buffer.from(decoded.data).toString("hex") } : decoded).toEqual(frame);
  // The generated code reads the same bytes and writes them again.
  expect(Buffer.from(sallyport.Frame.encode(sallyport.Frame.decode(bytes(expected))).finish()).toString("hex")).toBe(expected);
});

test("control messages have the bytes they had", () => {
  for (const { body, bytes: expected } of vectors.up) {
    expect(Buffer.from(encodeUp(body)).toString("hex")).toBe(expected);
    const message = decodeUp(bytes(expected));
    expect(message && Object.keys(body)).toEqual([message?.body]);
    expect(message && Buffer.from(encodeUp({ [message.body]: message.value })).toString("hex")).toBe(expected);
  }
  for (const { body, bytes: expected } of vectors.down) {
    expect(Buffer.from(encodeDown(body)).toString("hex")).toBe(expected);
    expect(decodeDown(bytes(expected))?.body).toBe(Object.keys(body)[0]);
  }
});

test("the signed order verifies, and only for its agent and time", () => {
  const { order, hubPublicKey, bytes: signedBytes, signature } = vectors.order;
  const signed = { order: bytes(signedBytes), signature: bytes(signature) };
  const key = publicKey(hubPublicKey);
  expect(checkOrder(signed, order.agentId, key, order.issuedAtMs)).toMatchObject({
    ok: true,
    order: { sequence: 42, openShell: { columns: 80, person: "Li Wei" } },
  });
  expect(checkOrder(signed, "agt_000000000000000000000000", key, order.issuedAtMs)).toEqual({ ok: false, code: "wrong-agent" });
  expect(checkOrder(signed, order.agentId, key, order.expiresAtMs + 1)).toEqual({ ok: false, code: "expired" });
  expect(checkOrder(signed, order.agentId, key, order.issuedAtMs - 3_600_000)).toEqual({ ok: false, code: "not-yet" });
});

test("a script on a neighbour and what it needs have the bytes they had, and its secret opens for this execution alone", () => {
  const { equippedOrder, equipOrder, sealed, order } = vectors;
  const read = (signed: { bytes: string; signature: string }) => {
    const { agentId, issuedAtMs } = order.order;
    const both = { order: bytes(signed.bytes), signature: bytes(signed.signature) };
    const checked = checkOrder(both, agentId, publicKey(order.hubPublicKey), issuedAtMs);
    return checked.ok ? checked.order : null;
  };
  const offered = read(equippedOrder);
  expect(offered?.runScript).toBeFalsy();
  expect(offered?.runEquippedScript).toMatchObject({ neighbour: equippedOrder.neighbour, secrets: equippedOrder.secrets });
  const equip = read(equipOrder)?.equipRun;
  expect(equip).toMatchObject({ executionId: equipOrder.executionId, ssh: { username: equipOrder.username } });
  const key = createPrivateKey({
    key: Buffer.concat([bytes("302e020100300506032b656e04220420"), bytes(sealed.agentPrivateKey)]),
    format: "der",
    type: "pkcs8",
  });
  const [variable] = equip?.secrets ?? [];
  const { agentId } = sealed;
  expect(variable?.name).toBe(equipOrder.name);
  expect(unseal(variable?.value ?? {}, key, { agentId, subjectId: equipOrder.executionId }).toString()).toBe(equipOrder.value);
  expect(() => unseal(variable?.value ?? {}, key, { agentId, subjectId: sealed.subjectId })).toThrow();
});

test("a run with files, and the bytes it asks for, have the bytes they had", () => {
  const { filesOrder, openFileOrder, fileNeeds, fileLacks, order } = vectors;
  const read = (signed: { bytes: string; signature: string }) => {
    const { agentId, issuedAtMs } = order.order;
    const both = { order: bytes(signed.bytes), signature: bytes(signed.signature) };
    const checked = checkOrder(both, agentId, publicKey(order.hubPublicKey), issuedAtMs);
    return checked.ok ? checked.order : null;
  };
  const offered = read(filesOrder);
  expect(offered?.runScript ?? offered?.runEquippedScript).toBeFalsy();
  const [file] = offered?.runScriptWithFiles?.files ?? [];
  expect(file).toMatchObject({ ...filesOrder.file, sha256: bytes(filesOrder.file.sha256) });
  const { sha256, offset, size } = openFileOrder;
  expect(read(openFileOrder)?.openFile).toMatchObject({ sha256: bytes(sha256), offset, size });
  expect(decodeUp(bytes(fileNeeds.bytes))).toMatchObject({ body: "fileNeeds", value: { sha256: bytes(sha256), offset } });
  expect(decodeDown(bytes(fileLacks.bytes))).toMatchObject({ body: "fileLacks", value: { sha256: bytes(sha256), final: true } });
});

test("a run that collects artefacts, and what it says of them, have the bytes they had", () => {
  const { collectOrder, collected, order } = vectors;
  const both = { order: bytes(collectOrder.bytes), signature: bytes(collectOrder.signature) };
  const checked = checkOrder(both, order.order.agentId, publicKey(order.hubPublicKey), order.order.issuedAtMs);
  expect(checked.ok && checked.order.runScriptWithFiles).toBeFalsy();
  expect(checked.ok && checked.order.runScriptAndCollect?.artefacts).toEqual(collectOrder.artefacts);
  const artefacts = [{ path: "/var/log/应用/a.log", size: 5, state: 1 }];
  expect(decodeUp(bytes(collected.bytes))).toMatchObject({
    body: "runResult",
    value: { artefactBytes: collected.archiveBytes, artefacts, artefactsUnlisted: 3 },
  });
});

test("an approved script's order, its approval and what that is compared with have the bytes they had", () => {
  const { approvedOrder, order } = vectors;
  const both = { order: bytes(approvedOrder.bytes), signature: bytes(approvedOrder.signature) };
  const key = publicKey(order.hubPublicKey);
  const checked = checkOrder(both, order.order.agentId, key, order.order.issuedAtMs);
  const signed = (checked.ok && checked.order.runApprovedScript?.approval) || {};
  const approval = readApproval(signed, key);
  expect(approval).toMatchObject({ ticketId: approvedOrder.ticketId, runsMax: 2, inputsSha256: bytes(approvedOrder.inputsHash) });
  const hash = (changes: object = {}) => scriptInputsHash({ ...approvedOrder.inputs, ...changes }).toString("hex");
  expect(hash()).toBe(approvedOrder.inputsHash);
  const { LANG, COLOUR } = approvedOrder.inputs.environment;
  expect(hash({ environment: { COLOUR, LANG } })).toBe(approvedOrder.inputsHash); // in whatever order they come
  expect(hash({ arguments: ["一"] })).not.toBe(approvedOrder.inputsHash);
  expect(hash({ arguments: ["", "一"] })).not.toBe(approvedOrder.inputsHash);
  const { agentId } = order.order;
  const targets = [targetHash(agentId, null), targetHash(agentId, approvedOrder.neighbour)];
  expect(targets.map((one) => one.toString("hex"))).toEqual(approvedOrder.targets);
  expect(readApproval({ ...signed, signature: both.signature }, key)).toBeNull(); // the order's own signature is none of an approval
});

test("an order that reaches a neighbour, and what is asked meanwhile, have the bytes they had", () => {
  const { execOrder, sshShellOrder, neighbours, order } = vectors;
  const signed = { order: bytes(execOrder.bytes), signature: bytes(execOrder.signature) };
  const checked = checkOrder(signed, order.order.agentId, publicKey(order.hubPublicKey), order.order.issuedAtMs);
  expect(checked.ok && checked.order.openExec?.command).toBe(execOrder.command);
  const target = checked.ok ? checked.order.openExec?.ssh : undefined;
  expect(target).toMatchObject({ username: execOrder.username, legacyAlgorithms: true, su: { username: "root" } });
  expect(Buffer.from(target?.hostKeys?.[0] ?? []).toString("hex")).toBe(execOrder.hostKey);
  const shell = checkOrder(
    { order: bytes(sshShellOrder.bytes), signature: bytes(sshShellOrder.signature) },
    order.order.agentId,
    publicKey(order.hubPublicKey),
    order.order.issuedAtMs,
  );
  const { columns, username } = sshShellOrder;
  expect(shell.ok && shell.order).toMatchObject({ openSshShell: { columns, ssh: { username } } });

  const { ownKeyOrder } = vectors;
  const own = checkOrder(
    { order: bytes(ownKeyOrder.bytes), signature: bytes(ownKeyOrder.signature) },
    order.order.agentId,
    publicKey(order.hubPublicKey),
    order.order.issuedAtMs,
  );
  const ownTarget = own.ok ? own.order.openSshShell?.ssh : undefined;
  expect(ownTarget).toMatchObject({ username: ownKeyOrder.username, ownKey: true });
  expect([ownTarget?.publicKey?.length ?? 0, ownTarget?.password ?? null, ownTarget?.su ?? null]).toEqual([0, null, null]);

  const { secretExecOrder } = vectors;
  const secret = checkOrder(
    { order: bytes(secretExecOrder.bytes), signature: bytes(secretExecOrder.signature) },
    order.order.agentId,
    publicKey(order.hubPublicKey),
    order.order.issuedAtMs,
  );
  const [line] = secret.ok ? (secret.order.openExec?.secretLines ?? []) : [];
  expect(Buffer.from(line?.ciphertext ?? []).toString("hex")).toBe(secretExecOrder.ciphertext);

  const { hostKey, hostKeyVerdict, signRequest, signAnswer, signRefused } = neighbours;
  const up = (body: Parameters<typeof encodeUp>[0]) => Buffer.from(encodeUp(body)).toString("hex");
  const down = (body: Parameters<typeof encodeDown>[0]) => Buffer.from(encodeDown(body)).toString("hex");
  expect(up({ hostKey: { sequence: hostKey.sequence, key: bytes(hostKey.key) } })).toBe(hostKey.bytes);
  const { sequence, algorithm } = signRequest;
  expect(up({ signRequest: { sequence, algorithm, data: bytes(signRequest.data) } })).toBe(signRequest.bytes);
  expect(down({ hostKeyVerdict: { sequence: hostKeyVerdict.sequence, trusted: hostKeyVerdict.trusted } })).toBe(
    hostKeyVerdict.bytes,
  );
  expect(down({ signAnswer: { sequence: signAnswer.sequence, signature: bytes(signAnswer.signature) } })).toBe(signAnswer.bytes);
  expect(down({ signAnswer: { sequence: signRefused.sequence, refused: signRefused.refused } })).toBe(signRefused.bytes);
});

test("a secret is sealed, opened and its key proven as it was", () => {
  const { sealed, sealingKey } = vectors;
  const keyOf = (raw: string) =>
    createPrivateKey({
      key: Buffer.concat([bytes("302e020100300506032b656e04220420"), bytes(raw)]),
      format: "der",
      type: "pkcs8",
    });
  const made = seal(Buffer.from(sealed.secret), bytes(sealed.agentPublicKey), sealed, keyOf(sealed.ephemeralPrivateKey));
  expect(Buffer.from(made.ephemeralKey).toString("hex")).toBe(sealed.ephemeralKey);
  expect(Buffer.from(made.ciphertext).toString("hex")).toBe(sealed.ciphertext);
  const opened = unseal(
    { ephemeralKey: bytes(sealed.ephemeralKey), ciphertext: bytes(sealed.ciphertext) },
    keyOf(sealed.agentPrivateKey),
    sealed,
  );
  expect(opened.toString()).toBe(sealed.secret);
  const said = { sealingKey: bytes(sealingKey.sealingKey), signature: bytes(sealingKey.signature) };
  expect(checkSealingKey(said, sealingKey, publicKey(sealingKey.agentPublicKey))).toBe(true);
});

test("an order with any one byte changed is refused", () => {
  const { order, hubPublicKey, bytes: signedBytes, signature } = vectors.order;
  const whole = Buffer.concat([bytes(signedBytes), bytes(signature)]);
  const split = bytes(signedBytes).length;
  for (let n = 0; n < whole.length; n++) {
    const changed = Buffer.from(whole);
    changed[n] = (changed[n] ?? 0) ^ 1;
    const checked = checkOrder(
      { order: changed.subarray(0, split), signature: changed.subarray(split) },
      order.agentId,
      publicKey(hubPublicKey),
      order.issuedAtMs,
    );
    expect(checked).toEqual({ ok: false, code: "bad-signature" });
  }
});

test("the link token holds for its connection and no other", () => {
  const { token, agentId, hubId, agentPublicKey, binding } = vectors.linkToken;
  const expected = { hubId, publicKey: publicKey(agentPublicKey), binding: bytes(binding) };
  expect(checkLinkToken(token, expected)).toEqual({ ok: true, agentId });
  expect(checkLinkToken(token, { ...expected, binding: Buffer.alloc(32, 1) })).toEqual({ ok: false, code: "wrong-connection" });
  expect(checkLinkToken(token, { ...expected, hubId: "hub_x" })).toEqual({ ok: false, code: "wrong-hub" });
  expect(checkLinkToken(token, { ...expected, publicKey: publicKey(vectors.order.hubPublicKey) })).toEqual({
    ok: false,
    code: "bad-signature",
  });
  expect(checkLinkToken(`${token}!`, expected)).toEqual({ ok: false, code: "malformed" });
});

test("publish headers, log events, terminal data and topics have the bytes they had", () => {
  for (const { topic, payloadBytes, bytes: expected } of vectors.publishHeader)
    expect(encodePublishHeader(Buffer.from(topic), payloadBytes).toString("hex")).toBe(expected);
  for (const { atMs, kind, data, bytes: expected } of vectors.logEvents)
    expect(decodeLogEvents(bytes(expected))).toEqual(
      [{ atMs, kind, data: new Uint8Array(bytes(data)) }].map((event) => ({ ...event, data: bytes(expected).subarray(9) })),
    );
  for (const { offset, data, bytes: expected } of vectors.terminalData) {
    const decoded = decodeTerminalData(bytes(expected));
    expect(decoded?.offset).toBe(offset);
    expect(Buffer.from(decoded?.data ?? []).toString("hex")).toBe(data);
  }
  for (const { topic, is } of vectors.topics) expect(parseTopic(topic)).toEqual(is);
});

test("an audit head has the bytes it had, and its signature is the hub's over the text as the specification says", () => {
  const { head, hubId, hubPublicKey, text, hello, welcome, heartbeatEcho } = vectors.auditHead;
  const { hash, signature, ...rest } = head;
  const auditHead = { ...rest, hash: bytes(hash), signature: bytes(signature) };
  const hex = (encoded: Uint8Array) => Buffer.from(encoded).toString("hex");
  expect(hex(encodeUp({ hello: { protocol: 1, auditHeads: [auditHead] } }))).toBe(hello);
  expect(hex(encodeDown({ welcome: { hubId, node: "h1", auditHead } }))).toBe(welcome);
  expect(hex(encodeDown({ heartbeatEcho: { sentUs: 123_456_789, auditHead } }))).toBe(heartbeatEcho);
  expect(text).toBe(JSON.stringify([head.orgId, head.seq, hash, new Date(head.atMs).toISOString(), hubId, head.keyId]));
  expect(verify(null, Buffer.from(`sallyport audit checkpoint 1\n${text}`), publicKey(hubPublicKey), auditHead.signature)).toBe(
    true,
  );
});
