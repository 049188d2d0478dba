// A hub for tests, as real as an agent can tell: TLS with its own authority, MQTT, the real codec, signed orders, enrolment over HTTPS.
// It keeps nothing and decides nothing; a test says what it does.
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, verify } from "node:crypto";
import https from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { hubServerName } from "@sallyport/protocol/hub-name";
import { newId } from "@sallyport/protocol/ids";
import { bulkWindowBytes, terminalWindowBytes } from "@sallyport/protocol/limits";
import { checkLinkToken, exporterBytes, exporterLabel, peekLinkToken } from "@sallyport/protocol/link-token";
import { encodePublishHeader } from "@sallyport/protocol/mqtt-slicer";
import { signOrder } from "@sallyport/protocol/orders";
import { seal } from "@sallyport/protocol/sealed";
import { decodeFrame, encodeFrame } from "@sallyport/protocol/stream/frame";
import { StreamMux } from "@sallyport/protocol/stream/mux";
import { downStreamTopic, downTopic, parseTopic } from "@sallyport/protocol/topics";
import { decodeUp, encodeDown, type UpMessage, type wire } from "@sallyport/protocol/wire";
import { Aedes, type Client } from "aedes";
import { createWebSocketStream, WebSocketServer } from "ws";
import { type Identity, publicKeyOf, rawPublicKey } from "../state/identity.ts";
import { makeCertificates } from "./certificates.ts";
import { HubStream } from "./hub-stream.ts";

type DownBody = Parameters<typeof encodeDown>[0];
type Up<Body extends UpMessage["body"]> = Extract<UpMessage, { body: Body }>["value"];
type Answer = { status: number; body: object };

const node = "n1";

export class TestHub implements AsyncDisposable {
  readonly hubId: string;
  readonly orderKey: KeyObject;
  readonly caPem: string;
  readonly keyPem: string;
  readonly certPem: string;
  readonly broker: Aedes;
  readonly web: https.Server;
  readonly mqtt: tls.Server;
  /** Everything agents said, oldest first. */
  readonly heard: UpMessage[] = [];
  readonly streams = new Map<number, HubStream>();
  /** Why links were refused. */
  readonly refusals: string[] = [];
  readonly agents = new Map<string, KeyObject>();
  /** Answers to HTTPS requests, by path; `/agent/enrol` is there from the start. */
  readonly pages = new Map<string, (body: Buffer) => Answer | Buffer>();
  readonly tokens = new Map<string, "fresh" | "used" | "expired">();
  /** Called with each message as it arrives. */
  onHeard: (message: UpMessage) => void = () => {};
  /** Links are taken at all. */
  open = true;
  /** The next Welcome says this of the journal. */
  verdicts: wire.JournalVerdict.$Properties[] = [];
  /** Streams to leave out of the next Welcome. */
  readonly forgotten = new Set<number>();
  /** Goes with each Welcome and each echo. */
  auditHead: wire.AuditHead.$Properties | null = null;
  heartbeatIntervalMs = 15_000;
  sequence = 0;
  readonly mux: StreamMux;
  /** The TLS exporter's bytes of each connection, to which its token must be bound. */
  readonly #bindings = new WeakMap<object, Buffer>();
  #client: Client | null = null;
  #waiting: (() => void)[] = [];

  private constructor(broker: Aedes, hubId: string, certificates: { caPem: string; certPem: string; keyPem: string }) {
    this.broker = broker;
    this.hubId = hubId;
    this.orderKey = generateKeyPairSync("ed25519").privateKey;
    ({ caPem: this.caPem, certPem: this.certPem, keyPem: this.keyPem } = certificates);
    this.mux = new StreamMux({ onFault: () => {}, onStray: () => {} });
    const secure = { cert: this.certPem, key: this.keyPem, minVersion: "TLSv1.3" as const };
    this.web = https.createServer(secure, (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const page = this.pages.get(request.url ?? "");
        const answer = page?.(Buffer.concat(chunks)) ?? { status: 404, body: { code: "not-found", message: "no such page" } };
        if (Buffer.isBuffer(answer)) response.end(answer);
        else response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
      });
    });
    const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => "mqtt" });
    this.web.on("upgrade", (request, socket, head) => {
      if (socket instanceof tls.TLSSocket)
        sockets.handleUpgrade(request, socket, head, (ws) => this.#take(createWebSocketStream(ws), socket));
    });
    this.mqtt = tls.createServer(secure, (socket) => this.#take(socket, socket));
    this.pages.set("/agent/enrol", (body) => this.#enrol(JSON.parse(body.toString())));
    broker.authenticate = (client, _username, password, done) => {
      const refusal = this.#refusalOf(client, password?.toString() ?? "");
      if (refusal !== null) this.refusals.push(refusal);
      done(null, refusal === null);
    };
    broker.on("publish", (packet, client) => {
      if (client !== null) this.#onPublish(client, packet.topic, Buffer.from(packet.payload));
    });
    broker.on("clientReady", (client) => {
      this.#client = client;
    });
    broker.on("clientDisconnect", (client) => {
      if (this.#client !== client) return;
      this.#client = null;
      this.mux.detach();
      this.#wake();
    });
  }

  static async start({ hubId = newId("hub") as string, names = [hubServerName(hubId)] } = {}): Promise<TestHub> {
    const hub = new TestHub(await Aedes.createBroker({ concurrency: 0, drainTimeout: 0 }), hubId, await makeCertificates(names));
    await hub.listen();
    return hub;
  }

  async listen(ports = { web: 0, mqtt: 0 }): Promise<void> {
    await new Promise<void>((resolve) => this.web.listen(ports.web, "127.0.0.1", () => resolve()));
    await new Promise<void>((resolve) => this.mqtt.listen(ports.mqtt, "127.0.0.1", () => resolve()));
  }

  get url(): string {
    return `https://127.0.0.1:${portOf(this.web)}`;
  }

  get agentPort(): number {
    return portOf(this.mqtt);
  }

  get online(): boolean {
    return this.#client !== null;
  }

  /** An agent's identity with this hub, as enrolment would leave it. */
  admit(): { identity: Identity; key: KeyObject } {
    const { privateKey } = generateKeyPairSync("ed25519");
    const agentId = newId("agt");
    this.agents.set(agentId, createPublicKey(privateKey));
    const identity = {
      agentId,
      hubId: this.hubId,
      hubKey: rawPublicKey(this.orderKey),
      hubUrl: this.url,
      agentPort: this.agentPort,
      caPem: this.caPem,
      name: "test",
    };
    return { identity, key: privateKey };
  }

  /** Resolves with the first message of this kind that was heard after `from`, and holds. */
  async hear<Body extends UpMessage["body"]>(
    body: Body,
    holds: (value: Up<Body>) => boolean = () => true,
    from = 0,
  ): Promise<Up<Body>> {
    for (;;) {
      for (const message of this.heard.slice(from)) {
        if (isBody(message, body) && holds(message.value as Up<Body>)) return message.value as Up<Body>;
      }
      await this.#change();
    }
  }

  count(body: UpMessage["body"]): number {
    return this.heard.filter((message) => message.body === body).length;
  }

  async until(done: () => boolean): Promise<void> {
    while (!done()) await this.#change();
  }

  say(body: DownBody): void {
    this.sayBytes(encodeDown(body));
  }

  /** What a hub of another version may say. */
  sayBytes(message: Uint8Array): void {
    const client = this.#client;
    if (client === null) throw new Error("no agent is linked");
    client.publish(
      { cmd: "publish", topic: downTopic(client.id), payload: Buffer.from(message), qos: 1, retain: false, dup: false },
      () => {},
    );
  }

  /** Signs the next order for the linked agent, or for the one named. */
  sign(
    payload: Partial<wire.Order.$Properties>,
    agentId = this.#client?.id ?? "",
  ): { sequence: number; signed: wire.SignedOrder.$Properties } {
    const sequence = payload.sequence ?? ++this.sequence;
    const order = { agentId, issuedAtMs: Date.now(), expiresAtMs: Date.now() + 60_000, ...payload, sequence };
    return { sequence, signed: signOrder(order, this.orderKey) };
  }

  /** Opens a terminal on the linked agent, or says with which code it was refused. */
  async openShell(shell: Partial<wire.OpenShell.$Properties> = {}): Promise<HubStream> {
    const { sequence, signed } = this.sign({
      [shell.ssh ? "openSshShell" : "openShell"]: {
        sessionId: newId("ses"),
        columns: 80,
        rows: 24,
        term: "xterm-256color",
        keepSeconds: 60,
        person: "ada",
        ...shell,
      },
    });
    const stream = this.addStream(sequence, [0], terminalWindowBytes);
    this.say({ order: signed });
    const outcome = await this.hear("orderOutcome", (value) => value.sequence === sequence);
    if (!outcome.accepted)
      throw new Error(shell.ssh ? `refused: ${outcome.code} (${outcome.message})` : `refused: ${outcome.code}`);
    return stream;
  }

  /** Sealed for a session or an execution, to the key of the newest Hello. */
  sealFor(subjectId: string, secret: string): wire.SealedSecret.$Properties {
    const hello = this.heard.findLast((message) => message.body === "hello");
    if (hello?.body !== "hello") throw new Error("no agent has said hello");
    const agentId = this.#client?.id ?? "";
    return seal(Buffer.from(secret), hello.value.sealingKey ?? new Uint8Array(), { agentId, subjectId });
  }

  /** Connects the linked agent to a port of this host, or says with which code it was refused. */
  async openDial(port: number, dial: Partial<wire.OpenDial.$Properties> = {}): Promise<HubStream> {
    const { sequence, signed } = this.sign({
      openDial: { sessionId: newId("ses"), host: "127.0.0.1", port, allowed: ["127.0.0.1"], keepSeconds: 60, ...dial },
    });
    const stream = this.addStream(sequence, [0]);
    this.say({ order: signed });
    const outcome = await this.hear("orderOutcome", (value) => value.sequence === sequence);
    if (!outcome.accepted) throw new Error(`refused: ${outcome.code}`);
    return stream;
  }

  /** Runs a command on a neighbour of the linked agent, or says with which code it was refused. */
  async openExec(
    ssh: wire.SshTarget.$Properties,
    command: string,
    exec: Partial<wire.OpenExec.$Properties> = {},
  ): Promise<HubStream> {
    const { sequence, signed } = this.sign({ openExec: { sessionId: newId("ses"), ssh, command, keepSeconds: 60, ...exec } });
    const stream = this.addStream(sequence, [0, 1]);
    this.say({ order: signed });
    const outcome = await this.hear("orderOutcome", (value) => value.sequence === sequence);
    if (!outcome.accepted) throw new Error(`refused: ${outcome.code} (${outcome.message})`);
    return stream;
  }

  /** A signed order to run `script`, with witness of what goes wrong in `changes`. */
  offer(script: string, changes: Partial<wire.RunScript.$Properties> = {}, order: Partial<wire.Order.$Properties> = {}) {
    const executionId = changes.executionId ?? newId("exe");
    const runScript = {
      executionId,
      attempt: 1,
      interpreter: "sh",
      script: Buffer.from(script),
      scriptSha256: createHash("sha256").update(script).digest(),
      arguments: [],
      environment: {},
      timeoutSeconds: 60,
      outputBytesMax: 8 * 1_024 * 1_024,
      person: "ada",
      ...changes,
    };
    const equipped = changes.neighbour || changes.secrets?.length;
    const kind = changes.approval
      ? { runApprovedScript: runScript }
      : changes.artefacts?.length
        ? { runScriptAndCollect: runScript }
        : changes.files?.length
          ? { runScriptWithFiles: runScript }
          : equipped
            ? { runEquippedScript: runScript }
            : { runScript };
    return { executionId, attempt: 1, ...this.sign({ ...kind, ...order }) };
  }

  /** Offers a script and lets it begin. Resolves when the agent has been told to. */
  async run(script: string, changes: Partial<wire.RunScript.$Properties> = {}) {
    const offered = this.offer(script, changes);
    const { executionId, attempt, sequence, signed } = offered;
    this.say({ runOffers: { offers: [signed] } });
    await this.hear("runClaim", (claim) => claim.executionId === executionId);
    const stream = this.addStream(sequence, changes.artefacts?.length ? [0, 1, 2] : [0, 1]);
    this.say({ runGo: { executionId, attempt, go: true } });
    return { executionId, attempt, sequence, stream, signed };
  }

  /** The result of an execution, acknowledged. */
  async resultOf({ executionId, attempt }: { executionId: string; attempt: number }) {
    const result = await this.hear("runResult", (value) => value.executionId === executionId);
    this.say({ runResultAck: { executionId, attempt } });
    return result;
  }

  addStream(sequence: number, channels: number[], window = bulkWindowBytes): HubStream {
    const stream = new HubStream(this.mux, { stream: sequence, channels, window, priority: "interactive" });
    this.streams.set(sequence, stream);
    return stream;
  }

  /** Cuts the link as a network does: without a word. */
  cut(): void {
    const connection = this.#client?.conn;
    this.#client = null;
    this.mux.detach();
    connection?.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.web.closeAllConnections();
    this.web.close();
    this.mqtt.close();
    await new Promise<void>((resolve) => this.broker.close(() => resolve()));
  }

  #take(stream: Duplex, socket: tls.TLSSocket): void {
    socket.on("error", () => {});
    stream.on("error", () => {});
    if (!this.open) return void socket.destroy();
    socket.setNoDelay(true);
    this.#bindings.set(stream, socket.exportKeyingMaterial(exporterBytes, exporterLabel, Buffer.alloc(0)));
    this.broker.handle(stream);
  }

  #refusalOf(client: Client, token: string): string | null {
    const agentId = peekLinkToken(token) ?? "";
    const publicKey = this.agents.get(agentId);
    if (publicKey === undefined || client.id !== agentId) return "unknown-agent";
    const binding = this.#bindings.get(client.conn) ?? Buffer.alloc(0);
    const checked = checkLinkToken(token, { hubId: this.hubId, publicKey, binding });
    return checked.ok ? null : checked.code;
  }

  #onPublish(client: Client, topicText: string, payload: Buffer): void {
    const topic = parseTopic(topicText);
    if (topic?.agentId !== client.id) throw new Error(`agent ${client.id} published ${topicText}`);
    const message = topic.kind === "up" ? decodeUp(payload) : null;
    if (topic.kind === "up-stream") this.mux.receive(decodeFrame(payload));
    if (message === null) return;
    this.heard.push(message);
    this.onHeard(message);
    if (message.body === "hello") this.#welcome(client);
    if (message.body === "heartbeat")
      this.say({ heartbeatEcho: { sentUs: message.value.sentUs ?? 0, auditHead: this.auditHead } });
    this.#wake();
  }

  #welcome(client: Client): void {
    const streams = [...this.streams.values()].filter((stream) => !this.forgotten.has(stream.stream) && stream.closing === null);
    this.say({
      welcome: {
        hubId: this.hubId,
        node,
        hubTimeMs: Date.now(),
        heartbeatIntervalMs: this.heartbeatIntervalMs,
        streams: streams.map((stream) => stream.position()),
        journal: this.verdicts,
        auditHead: this.auditHead,
      },
    });
    this.verdicts = [];
    const topic = Buffer.from(downStreamTopic(client.id));
    this.mux.attach({
      writable: () => !client.conn.destroyed && !client.conn.writableNeedDrain,
      write: (frame) => {
        const { header, data } = encodeFrame(frame);
        const bytes = data === null ? header : Buffer.concat([header, data]);
        client.conn.write(Buffer.concat([encodePublishHeader(topic, bytes.length), bytes]));
      },
    });
    client.conn.on("drain", () => this.mux.flush());
  }

  #enrol({ token, publicKey, proof, hostname }: { token: string; publicKey: string; proof: string; hostname: string }): Answer {
    const refuse = (code: string): Answer => ({ status: 409, body: { code, message: `The token is refused: ${code}.` } });
    const state = this.tokens.get(token);
    if (state === undefined) return refuse("token-unknown");
    if (state !== "fresh") return refuse(`token-${state}`);
    const key = publicKeyOf(publicKey);
    if (!verify(null, Buffer.from(`sallyport/enrol/v1\0${token}`), key, Buffer.from(proof, "base64"))) return refuse("bad-proof");
    this.tokens.set(token, "used");
    const agentId = newId("agt");
    this.agents.set(agentId, key);
    return { status: 200, body: { agentId, hubId: this.hubId, agentPort: this.agentPort, name: hostname } };
  }

  newToken(state: "fresh" | "used" | "expired" = "fresh"): string {
    const token = `spt_${randomBytes(20).toString("hex")}`;
    this.tokens.set(token, state);
    return token;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

const isBody = (message: UpMessage, body: UpMessage["body"]): boolean => message.body === body;

function portOf(server: https.Server | tls.Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === "string") throw new Error("the server does not listen");
  return address.port;
}
