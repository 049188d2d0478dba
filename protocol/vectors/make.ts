// Makes wire.json: bytes that every implementation must produce and accept. Run it only when the wire gains something;
// a line that changes means that agents in the field no longer understand this hub.
import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { encodeApproval, scriptInputsHash, signApproval, targetHash } from "../src/approvals.ts";
import { encodeLogEvent } from "../src/log-events.ts";
import { encodePublishHeader } from "../src/mqtt-slicer.ts";
import { signOrder } from "../src/orders.ts";
import { encodeFrame, type Frame } from "../src/stream/frame.ts";
import { encodeTerminalData } from "../src/terminal-socket.ts";
import { rawSealingKey, seal, signSealingKey } from "../src/sealed.ts";
import { encodeDown, encodeUp, wire } from "../src/wire.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const agentId = "agt_06gzr3x7mkme29fvyae612zb";
/** Test keys, made for this file and used nowhere else: RFC 8032 §7.1, tests 1 and 2. */
const keyOf = (seed: string) => createPrivateKey({ key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.from(seed, "hex")]), format: "der", type: "pkcs8" });
const hubSeed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const agentSeed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
const rawPublic = (seed: string) => createPublicKey(keyOf(seed)).export({ format: "der", type: "spki" }).subarray(-32);

const frames: Frame[] = [
  { kind: "data", stream: 1, channel: 0, offset: 0, data: Buffer.from("hi") },
  { kind: "data", stream: 300, channel: 1, offset: 4_294_967_296, data: Buffer.from("héllo") },
  { kind: "data", stream: 9_007_199_254_740_991, channel: 255, offset: 9_007_199_254_740_989, data: Buffer.from([0, 255]) },
  { kind: "ack", stream: 7, channel: 0, offset: 65_536, credit: 196_608, durable: 65_000 },
  { kind: "ack", stream: 7, channel: 0, offset: 0, credit: 0, durable: 0 },
  { kind: "resume", stream: 7, channel: 1, offset: 128 },
  { kind: "eof", stream: 7, channel: 0, offset: 1_000_000 },
  { kind: "resize", stream: 7, columns: 120, rows: 40 },
  { kind: "close", stream: 7, exitCode: 0, reason: "exit" },
  { kind: "close", stream: 7, exitCode: null, reason: "SIGHUP" },
  { kind: "close", stream: 7, exitCode: 255, reason: "exit" },
];

const order = { agentId, sequence: 42, issuedAtMs: 1_795_000_000_000, expiresAtMs: 1_795_000_060_000, openShell: { sessionId: "ses_06gzr3x7mkme29fvyae612zb", columns: 80, rows: 24, term: "xterm-256color", keepSeconds: 900, person: "Li Wei" } };
const signed = signOrder(order, keyOf(hubSeed));

const dialOrder = { agentId, sequence: 43, issuedAtMs: 1_795_000_000_000, expiresAtMs: 1_795_000_060_000, openDial: { sessionId: "ses_06gzr3x7mkme29fvyae612zb", host: "127.0.0.1", port: 5_432, allowed: ["127.0.0.1"], connectTimeoutMs: 5_000, keepSeconds: 900 } };
const signedDial = signOrder(dialOrder, keyOf(hubSeed));

/** Made for this file and used nowhere else: one secret's own key, and an agent's. */
const sealingKeyOf = (seed: string) => createPrivateKey({ key: Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), Buffer.from(seed, "hex")]), format: "der", type: "pkcs8" });
const ephemeralSeed = "40a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e4f";
const sealingSeed = "d0112233445566778899aabbccddeeff00112233445566778899aabbccddee5e";
const sealedFor = { agentId, subjectId: "ses_06gzr3x7mkme29fvyae612zb" };
const secret = "correct horse 电池";
const sealingKey = rawSealingKey(sealingKeyOf(sealingSeed));
const sealed = seal(Buffer.from(secret), sealingKey, sealedFor, sealingKeyOf(ephemeralSeed));
const hostKey = Buffer.concat([Buffer.from("0000000b7373682d6564323535313900000020", "hex"), rawPublic(agentSeed)]);
const sshTarget = { host: "db-1.example", port: 22, allowed: [], username: "deploy", hostKeys: [hostKey], hostAuthorities: [], publicKey: hostKey, password: sealed, legacyAlgorithms: true, connectTimeoutMs: 5_000, su: { username: "root", password: sealed } };
const execOrder = { agentId, sequence: 44, issuedAtMs: 1_795_000_000_000, expiresAtMs: 1_795_000_060_000, openExec: { sessionId: sealedFor.subjectId, ssh: sshTarget, command: "uptime", keepSeconds: 900, timeoutSeconds: 60, outputBytesMax: 1_048_576 } };
const signedExec = signOrder(execOrder, keyOf(hubSeed));
const sshShellOrder = { agentId, sequence: 45, issuedAtMs: 1_795_000_000_000, expiresAtMs: 1_795_000_060_000, openSshShell: { sessionId: sealedFor.subjectId, columns: 80, rows: 24, term: "xterm-256color", keepSeconds: 900, ssh: sshTarget } };
const signedSshShell = signOrder(sshShellOrder, keyOf(hubSeed));
/** With a key of the agent's host, of which the order holds nothing. */
const ownKeyTarget = { host: "db-1.example", port: 22, allowed: [], username: "deploy", hostKeys: [hostKey], ownKey: true };
const ownKeyOrder = { agentId, sequence: 46, issuedAtMs: 1_795_000_000_000, expiresAtMs: 1_795_000_060_000, openSshShell: { sessionId: sealedFor.subjectId, columns: 80, rows: 24, term: "xterm-256color", keepSeconds: 900, ssh: ownKeyTarget } };
const signedOwnKey = signOrder(ownKeyOrder, keyOf(hubSeed));
const secretExecOrder = { agentId, sequence: 47, issuedAtMs: 1_795_000_000_000, expiresAtMs: 1_795_000_060_000, openExec: { sessionId: sealedFor.subjectId, ssh: ownKeyTarget, command: "passwd", keepSeconds: 5, timeoutSeconds: 60, outputBytesMax: 65_536, secretLines: [sealed] } };
const signedSecretExec = signOrder(secretExecOrder, keyOf(hubSeed));
const runScript = { executionId: "exe_06gzr3x7mkme29fvyae612zb", attempt: 1, interpreter: "sh", script: Buffer.from("id -un"), scriptSha256: createHash("sha256").update("id -un").digest(), timeoutSeconds: 60, outputBytesMax: 1_048_576, person: "Li Wei", neighbour: { host: sshTarget.host, port: sshTarget.port, username: sshTarget.username }, secrets: ["TOKEN"] };
const equippedOrder = { agentId, sequence: 48, issuedAtMs: 1_795_000_000_000, expiresAtMs: 1_795_000_060_000, runEquippedScript: runScript };
const signedEquipped = signOrder(equippedOrder, keyOf(hubSeed));
const fileHash = createHash("sha256").update("listen = 443\n").digest();
const fileToPlace = { sha256: fileHash, size: 13, path: "/etc/app/应用.conf", mode: 0o640, owner: "app", group: "0", keep: true };
const filesOrder = { agentId, sequence: 50, issuedAtMs: 1_795_000_000_000, expiresAtMs: 1_795_000_060_000, runScriptWithFiles: { executionId: runScript.executionId, attempt: 1, scriptSha256: createHash("sha256").digest(), timeoutSeconds: 60, person: "Li Wei", files: [fileToPlace] } };
const signedFiles = signOrder(filesOrder, keyOf(hubSeed));
const openFileOrder = { agentId, sequence: 51, issuedAtMs: 1_795_000_000_000, expiresAtMs: 1_795_000_060_000, openFile: { executionId: runScript.executionId, attempt: 1, sha256: fileHash, offset: 5, size: 13 } };
const signedOpenFile = signOrder(openFileOrder, keyOf(hubSeed));
const collectOrder = { agentId, sequence: 52, issuedAtMs: 1_795_000_000_000, expiresAtMs: 1_795_000_060_000, runScriptAndCollect: { executionId: runScript.executionId, attempt: 1, interpreter: "sh", script: runScript.script, scriptSha256: runScript.scriptSha256, timeoutSeconds: 60, person: "Li Wei", artefacts: ["/var/log/应用/*.log"] } };
const collected = { executionId: runScript.executionId, attempt: 1, end: wire.RunEnd.RUN_EXITED, exited: true, artefactBytes: 2_560, artefacts: [{ path: "/var/log/应用/a.log", size: 5, state: wire.ArtefactState.ARTEFACT_COLLECTED }], artefactsUnlisted: 3 };
const signedCollect = signOrder(collectOrder, keyOf(hubSeed));
const sealedVariable = seal(Buffer.from(secret), sealingKey, { agentId, subjectId: runScript.executionId }, sealingKeyOf(ephemeralSeed));
const { su: _su, ...wayIn } = sshTarget;
const equipOrder = { agentId, sequence: 49, issuedAtMs: 1_795_000_000_000, expiresAtMs: 1_795_000_060_000, equipRun: { executionId: runScript.executionId, attempt: 1, ssh: wayIn, secrets: [{ name: "TOKEN", value: sealedVariable }] } };
const signedEquip = signOrder(equipOrder, keyOf(hubSeed));
const asks = { key: hostKey, data: Buffer.from("what RFC 4252 §7 has signed"), signature: Buffer.alloc(64, 5) };

const hubId = "hub_06gzr3x7mkme29fvyae612zb";
const approvedScript = { executionId: runScript.executionId, attempt: 1, interpreter: "sh", script: runScript.script, scriptSha256: runScript.scriptSha256, arguments: ["一", ""], environment: { LANG: "C", COLOUR: "red" }, timeoutSeconds: 60, person: "Li Wei", neighbour: runScript.neighbour, secrets: ["TOKEN"], files: [fileToPlace] };
const approvedInputs = { interpreter: "sh", arguments: approvedScript.arguments, environment: approvedScript.environment, secrets: approvedScript.secrets, files: [{ ...fileToPlace, sha256: hex(fileHash) }], artefacts: [], timeoutSeconds: 60 };
const inputsHash = scriptInputsHash(approvedInputs);
const targets = [targetHash(agentId, null), targetHash(agentId, runScript.neighbour)];
const approval = encodeApproval({ ticketId: "tkt_06gzr3x7mkme29fvyae612zb", hubId, scriptSha256: runScript.scriptSha256, inputsSha256: inputsHash, targets, notBeforeMs: 1_795_000_000_000, notAfterMs: 1_795_003_600_000, runsMax: 2, votes: [{ userId: "usr_06gzr3x7mkme29fvyae612zb", atMs: 1_794_999_000_000 }] });
const signedApproval = { approval, signature: signApproval(approval, keyOf(hubSeed)) };
const approvedOrder = { agentId, sequence: 53, issuedAtMs: 1_795_000_000_000, expiresAtMs: 1_795_000_060_000, runApprovedScript: { ...approvedScript, approval: signedApproval } };
const signedApproved = signOrder(approvedOrder, keyOf(hubSeed));
const claims = { agentId, hubId, issuedAtMs: 1_795_000_000_000, nonce: Buffer.alloc(16, 7), binding: Buffer.alloc(32, 9) };
const unsigned = wire.LinkToken.encode(claims).finish();
const tokenSignature = sign(null, Buffer.concat([Buffer.from("sallyport/link/v1\0"), unsigned]), keyOf(agentSeed));

/** As the hub signs it: the domain, then the JSON of the rest. */
const auditText = JSON.stringify(["org_06gzr3x7mkme29fvyae612zb", 1_234, "ab".repeat(32), new Date(1_795_000_000_000).toISOString(), claims.hubId, "0123456789abcdef"]);
const auditHead = { orgId: "org_06gzr3x7mkme29fvyae612zb", seq: 1_234, hash: Buffer.alloc(32, 0xab), atMs: 1_795_000_000_000, keyId: "0123456789abcdef", signature: sign(null, Buffer.from(`sallyport audit checkpoint 1\n${auditText}`), keyOf(hubSeed)) };

const vectors = {
  frames: frames.map((frame) => {
    const { header, data } = encodeFrame(frame);
    return { frame: "data" in frame ? { ...frame, data: hex(frame.data) } : frame, bytes: hex(Buffer.concat([header, data ?? new Uint8Array()])) };
  }),
  up: [
    { body: { heartbeat: { sentUs: 123_456_789, roundTripUs: 850, residentBytes: 48_000_000 } } },
    { body: { runPull: { max: 8 } } },
    { body: { runPull: { max: 8, neighboursMax: 8 } } },
    { body: { runNeeds: { executionId: "exe_06gzr3x7mkme29fvyae612zb", attempt: 1 } } },
    { body: { runClaim: { executionId: "exe_06gzr3x7mkme29fvyae612zb", attempt: 1, stream: 43 } } },
    { body: { fileProgress: { executionId: "exe_06gzr3x7mkme29fvyae612zb", attempt: 1, bytes: 4_294_967_296, files: [{ state: 2, unchecked: true }] } } },
    { body: { orderOutcome: { sequence: 42, accepted: false, code: "expired", message: "The order came too late." } } },
    { body: { echoChanged: { stream: 42, outputOffset: 4_294_967_296, echo: false, canonical: true } } },
  ].map(({ body }) => ({ body, bytes: hex(encodeUp(body)) })),
  down: [{ body: { heartbeatEcho: { sentUs: 123_456_789 } } }, { body: { heartbeatEcho: { sentUs: 123_456_789, hubTimeMs: 1_795_000_000_000 } } }, { body: { heartbeatEcho: { sentUs: 123_456_789, hubTimeMs: 1_795_000_000_000, intervalMs: 30_000 } } }, { body: { runLook: {} } }, { body: { runGo: { executionId: "exe_06gzr3x7mkme29fvyae612zb", attempt: 1, go: true, reason: "" } } }, { body: { runLacks: { executionId: "exe_06gzr3x7mkme29fvyae612zb", attempt: 1, final: true, message: "The account is gone." } } }, { body: { goaway: { afterMs: 2_000, reason: "shutdown" } } }, { body: { watchEcho: { stream: 42, on: true } } }].map(({ body }) => ({ body, bytes: hex(encodeDown(body)) })),
  order: { hubPublicKey: hex(rawPublic(hubSeed)), order, bytes: hex(signed.order ?? new Uint8Array()), signature: hex(signed.signature ?? new Uint8Array()) },
  dialOrder: { order: dialOrder, bytes: hex(signedDial.order ?? new Uint8Array()), signature: hex(signedDial.signature ?? new Uint8Array()) },
  execOrder: { bytes: hex(signedExec.order ?? new Uint8Array()), signature: hex(signedExec.signature ?? new Uint8Array()), username: sshTarget.username, hostKey: hex(hostKey), command: execOrder.openExec.command },
  sshShellOrder: { bytes: hex(signedSshShell.order ?? new Uint8Array()), signature: hex(signedSshShell.signature ?? new Uint8Array()), username: sshTarget.username, columns: 80 },
  ownKeyOrder: { bytes: hex(signedOwnKey.order ?? new Uint8Array()), signature: hex(signedOwnKey.signature ?? new Uint8Array()), username: ownKeyTarget.username },
  secretExecOrder: { bytes: hex(signedSecretExec.order ?? new Uint8Array()), signature: hex(signedSecretExec.signature ?? new Uint8Array()), ciphertext: hex(sealed.ciphertext) },
  equippedOrder: { bytes: hex(signedEquipped.order ?? new Uint8Array()), signature: hex(signedEquipped.signature ?? new Uint8Array()), neighbour: runScript.neighbour, secrets: runScript.secrets },
  filesOrder: { bytes: hex(signedFiles.order ?? new Uint8Array()), signature: hex(signedFiles.signature ?? new Uint8Array()), file: { ...fileToPlace, sha256: hex(fileHash) } },
  collectOrder: { bytes: hex(signedCollect.order ?? new Uint8Array()), signature: hex(signedCollect.signature ?? new Uint8Array()), artefacts: collectOrder.runScriptAndCollect.artefacts },
  collected: { bytes: hex(encodeUp({ runResult: collected })), archiveBytes: collected.artefactBytes },
  approvedOrder: { bytes: hex(signedApproved.order ?? new Uint8Array()), signature: hex(signedApproved.signature ?? new Uint8Array()), ticketId: "tkt_06gzr3x7mkme29fvyae612zb", inputs: approvedInputs, inputsHash: hex(inputsHash), neighbour: runScript.neighbour, targets: targets.map(hex) },
  openFileOrder: { bytes: hex(signedOpenFile.order ?? new Uint8Array()), signature: hex(signedOpenFile.signature ?? new Uint8Array()), sha256: hex(fileHash), offset: 5, size: 13 },
  fileNeeds: { sha256: hex(fileHash), offset: 5, bytes: hex(encodeUp({ fileNeeds: { executionId: runScript.executionId, attempt: 1, sha256: fileHash, offset: 5 } })) },
  fileLacks: { sha256: hex(fileHash), bytes: hex(encodeDown({ fileLacks: { executionId: runScript.executionId, attempt: 1, sha256: fileHash, final: true, message: "The file app.conf is no longer kept on the hub." } })) },
  equipOrder: { bytes: hex(signedEquip.order ?? new Uint8Array()), signature: hex(signedEquip.signature ?? new Uint8Array()), executionId: runScript.executionId, username: wayIn.username, name: "TOKEN", value: secret },
  neighbours: {
    hostKey: { sequence: 44, key: hex(asks.key), bytes: hex(encodeUp({ hostKey: { sequence: 44, key: asks.key } })) },
    hostKeyVerdict: { sequence: 44, trusted: true, bytes: hex(encodeDown({ hostKeyVerdict: { sequence: 44, trusted: true } })) },
    signRequest: { sequence: 44, data: hex(asks.data), algorithm: "ssh-ed25519", bytes: hex(encodeUp({ signRequest: { sequence: 44, data: asks.data, algorithm: "ssh-ed25519" } })) },
    signAnswer: { sequence: 44, signature: hex(asks.signature), bytes: hex(encodeDown({ signAnswer: { sequence: 44, signature: asks.signature } })) },
    signRefused: { sequence: 44, refused: "The account was withdrawn.", bytes: hex(encodeDown({ signAnswer: { sequence: 44, refused: "The account was withdrawn." } })) },
  },
  sealed: { ...sealedFor, secret, agentPrivateKey: sealingSeed, agentPublicKey: hex(sealingKey), ephemeralPrivateKey: ephemeralSeed, ephemeralKey: hex(sealed.ephemeralKey), ciphertext: hex(sealed.ciphertext) },
  sealingKey: { hubId, agentId, agentPublicKey: hex(rawPublic(agentSeed)), sealingKey: hex(sealingKey), signature: hex(signSealingKey(sealingKey, { hubId, agentId }, keyOf(agentSeed))) },
  linkToken: { agentPublicKey: hex(rawPublic(agentSeed)), agentId, hubId: claims.hubId, issuedAtMs: claims.issuedAtMs, nonce: hex(claims.nonce), binding: hex(claims.binding), token: Buffer.from(wire.LinkToken.encode({ ...claims, signature: tokenSignature }).finish()).toString("base64url") },
  auditHead: { hubPublicKey: hex(rawPublic(hubSeed)), hubId: claims.hubId, text: auditText, head: { ...auditHead, hash: hex(auditHead.hash), signature: hex(auditHead.signature) }, hello: hex(encodeUp({ hello: { protocol: 1, auditHeads: [auditHead] } })), welcome: hex(encodeDown({ welcome: { hubId: claims.hubId, node: "h1", auditHead } })), heartbeatEcho: hex(encodeDown({ heartbeatEcho: { sentUs: 123_456_789, auditHead } })) },
  publishHeader: [5, 200, 70_000].map((payloadBytes) => ({ topic: `sp/${agentId}/dn/s`, payloadBytes, bytes: hex(encodePublishHeader(Buffer.from(`sp/${agentId}/dn/s`), payloadBytes)) })),
  logEvents: [
    { atMs: 0, kind: 0, data: "6869" },
    { atMs: 4_294_967_295, kind: 2, data: "00500018" },
    { atMs: 1_500, kind: 1, data: "" },
  ].map(({ atMs, kind, data }) => ({ atMs, kind, data, bytes: hex(encodeLogEvent({ atMs, kind: kind as 0 | 1 | 2, data: Buffer.from(data, "hex") })) })),
  terminalData: [
    { offset: 0, data: "6c730d" },
    { offset: 9_007_199_254_740_991, data: "" },
  ].map(({ offset, data }) => ({ offset, data, bytes: hex(encodeTerminalData(offset, Buffer.from(data, "hex"))) })),
  topics: [
    { topic: `sp/${agentId}/up`, is: { kind: "up", agentId } },
    { topic: `sp/${agentId}/dn`, is: { kind: "down", agentId } },
    { topic: `sp/${agentId}/up/s/h1`, is: { kind: "up-stream", agentId, node: "h1" } },
    { topic: `sp/${agentId}/dn/s`, is: { kind: "down-stream", agentId } },
    { topic: `sp/${agentId}/up/s/`, is: null },
    { topic: `sp/${agentId}/#`, is: null },
    { topic: `sp/+/up`, is: null },
    { topic: `sp/agt_short/up`, is: null },
    { topic: `sp/${agentId}/dn/s/h1`, is: null },
    { topic: `$SYS/${agentId}`, is: null },
  ],
};

writeFileSync(new URL("wire.json", import.meta.url), `${JSON.stringify(vectors, null, 1)}\n`);
