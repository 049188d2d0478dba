// An agent for tests that speaks the real protocol over real TLS with a stock MQTT client, and runs a scripted "shell" and "scripts"
// instead of real ones. It is a foreign client on purpose: nothing of the real agent's code is in it.
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import tls from "node:tls";
import { hubServerName } from "@sallyport/protocol/hub-name";
import { newId } from "@sallyport/protocol/ids";
import {
  bulkWindowBytes,
  dialRingBytes,
  inputWindowBytes,
  outputRingBytes,
  terminalWindowBytes,
} from "@sallyport/protocol/limits";
import { exporterBytes, exporterLabel, signLinkToken } from "@sallyport/protocol/link-token";
import { newSealingKey, rawSealingKey, signSealingKey } from "@sallyport/protocol/sealed";
import { decodeFrame, encodeFrame } from "@sallyport/protocol/stream/frame";
import { Incoming } from "@sallyport/protocol/stream/incoming";
import { StreamMux } from "@sallyport/protocol/stream/mux";
import { Outgoing } from "@sallyport/protocol/stream/outgoing";
import { Ring } from "@sallyport/protocol/stream/ring";
import { StreamEnd } from "@sallyport/protocol/stream/stream-end";
import { downStreamTopic, downTopic, upStreamTopic, upTopic } from "@sallyport/protocol/topics";
import { decodeDown, decodeOrder, encodeUp, wire } from "@sallyport/protocol/wire";
import { MqttClient } from "mqtt";

export type TestAgentOptions = {
  hostname?: string;
  /** What the shell does with typed bytes; echo by default. */
  shell?: (shell: TestShell, data: Buffer) => void;
  /** What a script prints and how it ends; exit 0 with nothing by default. Null: never ends by itself. */
  script?: (order: wire.RunScript) => { stdout?: Buffer; stderr?: Buffer; exitCode?: number } | null;
  /** What it says it has witnessed of the audit log; by default all that it was given. */
  auditHeads?: () => wire.AuditHead.$Properties[];
  /** It knows neighbours: what becomes of a connection to one. Null: its shell is open. Otherwise the code it is refused with. */
  neighbours?: (order: wire.OpenShell.$Properties, asks: TestAsks) => Promise<string | null> | string | null;
  /** It may use a key of its host on neighbours: the line of authorized_keys. */
  ownKey?: string;
  /** It knows scripts for neighbours and such with secrets: what becomes of one that has got what it needs. Null: it begins. Otherwise the code it is refused with. */
  equip?: (equip: wire.EquipRun.$Properties, asks: TestAsks) => Promise<string | null> | string | null;
  /** It knows files, and takes at most so many bytes of one before it takes no more. A script with files never begins: the test says how it ended. */
  files?: { takeAtMost: number };
  /** It collects artefacts, with `equip` on neighbours too: what a script left, and what is told of it. */
  artefacts?: (order: wire.RunScript) => { archive: Buffer; told: wire.RunResult.$Properties };
  /** It really connects to the ports of this machine that it is told to, as agents do to those of their zone. */
  connects?: boolean;
  /** It takes scripts that were approved. `only`: and no others. */
  approvals?: "any" | "only";
  /** Messages of the hub that get lost on the way. */
  lose?: (body: string) => boolean;
};

/** What an agent asks the hub while it connects; by default about the order at hand. */
export type TestAsks = {
  sequence: number;
  hostKey(key: Uint8Array): Promise<boolean>;
  sign(request: { data: Uint8Array; algorithm: string; sequence?: number }): Promise<wire.SignAnswer.$Properties>;
};

export type TestShell = { print(data: Buffer | string): number; exit(code: number): void };
type Enrolment = { url: string; agentPort: number; token: string; dataDir: string };

export async function enrolTestAgent(
  { url, agentPort, token, dataDir }: Enrolment,
  options: TestAgentOptions,
): Promise<TestAgent> {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const response = await askToEnrol(url, {
    token,
    publicKey: rawPublicKey(publicKey),
    hostname: options.hostname ?? newId("host"),
    proof: enrolProof(token, privateKey),
  });
  const answer: { agentId?: string; hubId?: string; code?: string } = await response.json();
  if (answer.agentId === undefined || answer.hubId === undefined) throw new Error(`not enrolled: ${answer.code}`);
  const agent = new TestAgent(
    {
      id: answer.agentId,
      hubId: answer.hubId,
      port: agentPort,
      caPem: readFileSync(path.join(dataDir, "keys/ca.pem"), "utf8"),
      privateKey,
    },
    options,
  );
  await agent.link();
  return agent;
}

/** Asks the hub to enrol a host; the answer as it comes. */
export function askToEnrol(url: string, body: object): Promise<Response> {
  return fetch(`${url}/agent/enrol`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** A host's own proof that it holds the key it names. */
export const enrolProof = (token: string, privateKey: KeyObject): string =>
  sign(null, Buffer.concat([Buffer.from("sallyport/enrol/v1\0"), Buffer.from(token)]), privateKey).toString("base64");

export const rawPublicKey = (publicKey: KeyObject): string =>
  publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("base64");

/** What the flooding port sends: many times what any buffer on the way holds. */
export const floodBytes = 64 * 1024 * 1024;

export type TestIdentity = { id: string; hubId: string; port: number; caPem: string; privateKey: KeyObject };
type LiveShell = { sessionId: string; end: StreamEnd; ring: Ring; outgoing: Outgoing; input: Incoming };
type LiveRun = {
  order: wire.RunScript;
  stream: number;
  end: StreamEnd;
  outputs: { ring: Ring; outgoing: Outgoing }[];
  result: wire.RunResult.$Properties | null;
  started: boolean;
};

export class TestAgent {
  readonly identity: TestIdentity;
  readonly options: TestAgentOptions;
  readonly instanceId = newId("inst");
  readonly shells = new Map<number, LiveShell>();
  readonly runs = new Map<string, LiveRun>();
  /** Every execution whose script was begun, once per beginning: the witness. */
  readonly begun: string[] = [];
  /** What it was told to connect to. */
  readonly dialled: string[] = [];
  /** Secrets are sealed to this key. */
  readonly sealingKey = newSealingKey();
  /** Who waits for the hub's answers, by the order's sequence and what was asked. */
  readonly #asked = new Map<string, (down: wire.HostKeyVerdict.$Properties & wire.SignAnswer.$Properties) => void>();
  readonly downs: string[] = [];
  /** Why executions were given nothing. */
  readonly lacks: wire.RunLacks.$Properties[] = [];
  /** Bytes of files that came, by their streams; whole ones with their end. */
  readonly fileStreams = new Map<number, { from: number; bytes: Buffer; whole: boolean }>();
  readonly fileLacks: wire.FileLacks.$Properties[] = [];
  /** Heads of the audit chain it was given, oldest first. */
  readonly auditHeads: wire.AuditHead.$Properties[] = [];
  /** What it was asked of its terminals' echo, oldest first. */
  readonly echoAsks: wire.WatchEcho.$Properties[] = [];
  readonly mux = new StreamMux({ onFault: () => {}, onStray: () => {} });
  client: MqttClient | null = null;
  socket: tls.TLSSocket | null = null;
  #stopped = false;

  constructor(identity: TestIdentity, options: TestAgentOptions) {
    this.identity = identity;
    this.options = options;
  }

  get id(): string {
    return this.identity.id;
  }

  /** Connects, says hello and resolves when the hub has welcomed. */
  async link(): Promise<void> {
    const { id, hubId, privateKey } = this.identity;
    const socket = await dialHub(this.identity);
    this.socket = socket;
    const password = signLinkToken(
      {
        agentId: id,
        hubId,
        issuedAtMs: Date.now(),
        binding: socket.exportKeyingMaterial(exporterBytes, exporterLabel, Buffer.alloc(0)),
      },
      privateKey,
    );
    const client = new MqttClient(() => socket as never, {
      protocolVersion: 4,
      clean: true,
      clientId: id,
      username: id,
      password,
      keepalive: 30,
      reconnectPeriod: 0,
    });
    this.client = client;
    client.on("error", () => {});
    client.on("close", () => this.mux.detach());
    await new Promise<void>((resolve, reject) => {
      client.once("connect", () => resolve());
      client.once("error", reject);
      client.once("close", () => reject(new Error("closed before CONNACK")));
    });
    await client.subscribeAsync([downTopic(id), downStreamTopic(id)], { qos: 1 });
    const welcomed = new Promise<void>((resolve, reject) => {
      client.once("close", () => reject(new Error("closed before welcome")));
      client.on("message", (topic, payload) => {
        if (topic === downStreamTopic(id)) this.mux.receive(decodeFrame(payload));
        else this.#onDown(payload, resolve);
      });
    });
    this.#say({ hello: this.#hello() });
    await welcomed;
  }

  /** Loses the link as a pulled cable does. */
  cut(): void {
    this.socket?.destroy();
    this.mux.detach();
  }

  stop(): void {
    this.#stopped = true;
    this.mux.detach();
    this.client?.end(true);
    this.socket?.destroy();
  }

  say(body: Parameters<typeof encodeUp>[0]): void {
    this.#say(body);
  }

  #say(body: Parameters<typeof encodeUp>[0]): void {
    this.client?.publish(upTopic(this.id), Buffer.from(encodeUp(body)), { qos: 1 });
  }

  #hello(): wire.Hello.$Properties {
    const shellStreams = [...this.shells].map(([stream, shell]) => ({
      stream,
      subjectId: shell.sessionId,
      outputs: [{ channel: 0, start: shell.ring.start, end: shell.ring.end }],
      inputReceived: shell.input.received,
      ended: shell.end.closing !== null,
    }));
    const runStreams = [...this.runs.values()]
      .filter((run) => run.started)
      .map((run) => ({
        stream: run.stream,
        subjectId: run.order.executionId,
        outputs: run.outputs.map(({ ring }, channel) => ({ channel, start: ring.start, end: ring.end })),
        inputReceived: 0,
        ended: run.result !== null,
      }));
    const journal = [...this.runs.values()].map((run) => ({
      executionId: run.order.executionId,
      attempt: run.order.attempt,
      state:
        run.result !== null
          ? wire.JournalState.JOURNAL_ENDED
          : run.started
            ? wire.JournalState.JOURNAL_RUNNING
            : wire.JournalState.JOURNAL_CLAIMED,
    }));
    return {
      protocol: 1,
      agentVersion: "0.0.0-test",
      instanceId: this.instanceId,
      agentTimeMs: Date.now(),
      facts: { hostname: this.options.hostname ?? "test", user: "tester", ownKey: this.options.ownKey ?? "" },
      streams: [...shellStreams, ...runStreams],
      journal,
      capabilities: [
        "shell",
        "exec",
        ...(this.options.neighbours === undefined ? [] : ["ssh"]),
        ...(this.options.ownKey === undefined ? [] : ["own-key"]),
        ...(this.options.equip === undefined ? [] : ["equip"]),
        ...(this.options.files === undefined ? [] : ["equip", "files"]),
        ...(this.options.artefacts === undefined ? [] : ["equip", "files", "artefacts"]),
        ...(this.options.artefacts === undefined || this.options.equip === undefined ? [] : ["neighbour-artefacts"]),
        ...(this.options.approvals === undefined ? [] : ["equip", "files", "artefacts", "approvals"]),
        ...(this.options.approvals === "only" ? ["approved-only"] : []),
      ],
      sealingKey: rawSealingKey(this.sealingKey),
      sealingSignature: signSealingKey(
        rawSealingKey(this.sealingKey),
        { hubId: this.identity.hubId, agentId: this.id },
        this.identity.privateKey,
      ),
      auditHeads: this.options.auditHeads?.() ?? this.auditHeads.slice(-1),
    };
  }

  #onDown(payload: Buffer, welcomed: () => void): void {
    const message = decodeDown(payload);
    if (message === null || this.#stopped) return;
    this.downs.push(message.body);
    if (this.options.lose?.(message.body)) return;
    switch (message.body) {
      case "heartbeatEcho":
        if (message.value.auditHead) this.auditHeads.push(message.value.auditHead);
        return;
      case "welcome":
        if (message.value.auditHead) this.auditHeads.push(message.value.auditHead);
        this.#onWelcome(message.value);
        welcomed();
        return;
      case "order":
        this.#onOrder(decodeOrder(message.value.order ?? new Uint8Array()));
        return;
      case "hostKeyVerdict":
      case "signAnswer":
        this.#asked.get(`${message.body}/${message.value.sequence}`)?.(message.value);
        return;
      case "runLacks":
        this.lacks.push(message.value);
        return;
      case "fileLacks":
        this.fileLacks.push(message.value);
        return;
      case "watchEcho":
        this.echoAsks.push(message.value);
        return;
      case "runLook":
        this.#pull();
        return;
      case "runOffers":
        for (const offer of message.value.offers ?? []) this.#onOffer(decodeOrder(offer.order ?? new Uint8Array()));
        return;
      case "runGo":
        if (message.value.go === true) this.#onGo(message.value.executionId ?? "");
        else this.runs.delete(message.value.executionId ?? "");
        return;
      case "runResultAck":
        this.runs.get(message.value.executionId ?? "")?.end.close({ exitCode: null, reason: "settled" });
        this.runs.delete(message.value.executionId ?? "");
        this.mux.wake();
        return;
    }
  }

  #onWelcome(welcome: wire.Welcome.$Properties): void {
    const kept = new Map((welcome.streams ?? []).map((position) => [position.stream, position]));
    for (const [stream, shell] of this.shells) {
      const output = kept.get(stream)?.outputs?.[0];
      if (output === undefined) {
        this.shells.delete(stream);
        this.mux.remove(stream);
      } else shell.outgoing.resumeAt(output.received ?? 0, output.credit ?? 0, output.durable ?? 0);
    }
    for (const run of this.runs.values()) {
      const position = kept.get(run.stream);
      run.outputs.forEach(({ outgoing }, channel) => {
        const output = position?.outputs?.find((one) => (one.channel ?? 0) === channel);
        if (output !== undefined) outgoing.resumeAt(output.received ?? 0, output.credit ?? 0, output.durable ?? 0);
      });
      if (run.result !== null) this.#say({ runResult: run.result });
    }
    for (const verdict of welcome.journal ?? [])
      if (verdict.action === wire.JournalAction.JOURNAL_FORGET) this.runs.delete(verdict.executionId ?? "");
    const topic = upStreamTopic(this.id, welcome.node ?? "");
    this.mux.attach({
      writable: () => this.client?.connected === true && (this.socket?.writableLength ?? 0) < 65_536,
      write: (frame) => {
        const { header, data } = encodeFrame(frame);
        this.client?.publish(topic, Buffer.concat([header, data ?? new Uint8Array()]), { qos: 0 });
      },
    });
    this.socket?.on("drain", () => this.mux.flush());
    this.#pull();
  }

  #pull(): void {
    this.#say({ runPull: { max: 8, ...(this.options.equip === undefined ? {} : { neighboursMax: 8 }) } });
  }

  #onOrder(order: wire.Order): void {
    if (order.cancelRun) {
      const run = this.runs.get(order.cancelRun.executionId ?? "");
      if (run !== undefined && run.result === null) this.#finish(run, { end: wire.RunEnd.RUN_STOPPED, signal: "SIGTERM" });
      return;
    }
    if (order.openDial) {
      this.#onDial(order.sequence, order.openDial);
      return;
    }
    if (order.openFile) {
      this.#onFile(order.sequence, order.openFile);
      return;
    }
    if (order.equipRun) {
      void this.#onEquip(order.sequence, order.equipRun);
      return;
    }
    if (order.openSshShell) {
      void this.#onNeighbour(order.sequence, order.openSshShell);
      return;
    }
    if (order.openShell) this.#openShell(order.sequence, order.openShell);
  }

  #onFile(stream: number, { offset, size }: wire.OpenFile.$Properties): void {
    const from = offset ?? 0;
    const most = this.options.files?.takeAtMost ?? 0;
    const incoming = new Incoming(0, bulkWindowBytes, from);
    const file = { from, bytes: Buffer.alloc(0), whole: false };
    this.fileStreams.set(stream, file);
    const end = new StreamEnd({
      stream,
      priority: "bulk",
      incoming: [incoming],
      outgoing: [],
      owner: {
        onData: (_channel, data) => {
          file.bytes = Buffer.concat([file.bytes, data]);
          if (file.bytes.length >= most) return;
          incoming.consume(incoming.received);
          incoming.store(incoming.received);
        },
        onEnd: () => {
          file.whole = incoming.received === size;
          end.close({ exitCode: null, reason: "stored" });
          this.mux.wake();
        },
        onRoom: () => {},
        onResize: () => {},
        onClose: () => this.mux.remove(stream),
      },
    });
    this.mux.add(end);
    this.#say({ orderOutcome: { sequence: stream, accepted: true } });
  }

  async #onNeighbour(sequence: number, shell: wire.OpenShell.$Properties): Promise<void> {
    const code = await this.options.neighbours?.(shell, this.asksAbout(sequence));
    if (code === null) this.#openShell(sequence, shell);
    else this.#say({ orderOutcome: { sequence, accepted: false, code: code ?? "malformed", message: "It did not work." } });
  }

  async #onEquip(sequence: number, equip: wire.EquipRun.$Properties): Promise<void> {
    const code = (await this.options.equip?.(equip, this.asksAbout(sequence))) ?? null;
    this.#say({
      orderOutcome: { sequence, accepted: code === null, code: code ?? "", message: code === null ? "" : "It did not work." },
    });
    const run = this.runs.get(equip.executionId ?? "");
    if (code === null) this.#begin(equip.executionId ?? "");
    else if (code === "unreachable" && run !== undefined)
      this.#finish(run, { end: wire.RunEnd.RUN_UNREACHABLE, message: "It did not work." });
  }

  /** Its own questions about an order, be it another agent's. */
  asksAbout(sequence: number): TestAsks {
    const answer = (body: "hostKeyVerdict" | "signAnswer", of: number) =>
      new Promise<wire.HostKeyVerdict.$Properties & wire.SignAnswer.$Properties>((resolve) =>
        this.#asked.set(`${body}/${of}`, resolve),
      );
    return {
      sequence,
      hostKey: async (key) => {
        const verdict = answer("hostKeyVerdict", sequence);
        this.#say({ hostKey: { sequence, key } });
        return (await verdict).trusted === true;
      },
      sign: ({ data, algorithm, sequence: of = sequence }) => {
        const signed = answer("signAnswer", of);
        this.#say({ signRequest: { sequence: of, data, algorithm } });
        return signed;
      },
    };
  }

  #openShell(sequence: number, asked: wire.OpenShell.$Properties): void {
    const ring = new Ring(outputRingBytes);
    const outgoing = new Outgoing(0, ring, terminalWindowBytes);
    const input = new Incoming(0, inputWindowBytes);
    const sessionId = asked.sessionId ?? "";
    const shell: TestShell = {
      print: (data) => {
        const taken = ring.append(Buffer.from(data));
        this.mux.wake();
        return taken;
      },
      exit: (code) => {
        outgoing.finish();
        end.close({ exitCode: code, reason: "exit" });
        this.mux.wake();
      },
    };
    const end: StreamEnd = new StreamEnd({
      stream: sequence,
      priority: "interactive",
      incoming: [input],
      outgoing: [outgoing],
      owner: {
        onData: (_channel, data) => {
          input.consume(input.received);
          input.store(input.received);
          if (this.options.shell === undefined) shell.print(Buffer.from(data));
          else this.options.shell(shell, Buffer.from(data));
        },
        onEnd: () => {},
        onRoom: () => {},
        onResize: (columns, rows) => shell.print(`[${columns}x${rows}]`),
        onClose: () => {
          this.shells.delete(sequence);
          end.close({ exitCode: null, reason: "closed" });
        },
      },
    });
    this.shells.set(sequence, { sessionId, end, ring, outgoing, input });
    this.mux.add(end);
    this.#say({ orderOutcome: { sequence: sequence, accepted: true } });
  }

  /** A host that echoes on its ports what it is sent; but nothing listens on the first, and the second sends {@link floodBytes}. */
  #onDial(sequence: number, { sessionId = "", host, port, allowed }: wire.OpenDial.$Properties): void {
    this.dialled.push(`${host}:${port} of ${(allowed ?? []).join(" ")}`);
    if (port === 1) {
      this.#say({ orderOutcome: { sequence, accepted: false, code: "refused", message: "Nothing listens on that port." } });
      return;
    }
    if (this.options.connects === true) {
      this.#connect(sequence, host ?? "", port ?? 0);
      return;
    }
    const ring = new Ring(dialRingBytes);
    const outgoing = new Outgoing(0, ring, bulkWindowBytes);
    const input = new Incoming(0, bulkWindowBytes);
    const pour = () => {
      while (port === 2 && ring.end < floodBytes && ring.room > 65_536) ring.append(Buffer.alloc(65_536, ring.end % 251));
      this.mux.wake();
    };
    const end: StreamEnd = new StreamEnd({
      stream: sequence,
      priority: "bulk",
      incoming: [input],
      outgoing: [outgoing],
      owner: {
        onData: (_channel, data) => {
          input.store(input.received);
          input.consume(input.received);
          ring.append(data);
          this.mux.wake();
        },
        onEnd: () => {
          outgoing.finish();
          end.close({ exitCode: null, reason: "closed" });
          this.mux.wake();
        },
        onRoom: pour,
        onResize: () => {},
        onClose: () => {
          this.shells.delete(sequence);
          end.close({ exitCode: null, reason: "closed" });
        },
      },
    });
    this.shells.set(sequence, { sessionId: sessionId ?? "", end, ring, outgoing, input });
    this.mux.add(end);
    pour();
    setTimeout(() => this.#say({ orderOutcome: { sequence, accepted: true } }), port === 2 ? 100 : 0);
  }

  #connect(sequence: number, host: string, port: number): void {
    const ring = new Ring(dialRingBytes);
    const outgoing = new Outgoing(0, ring, bulkWindowBytes);
    const input = new Incoming(0, bulkWindowBytes);
    const socket = connect({ host, port, allowHalfOpen: true });
    const over = (reason: string) => {
      outgoing.finish();
      end.close({ exitCode: null, reason });
      this.mux.wake();
    };
    const end: StreamEnd = new StreamEnd({
      stream: sequence,
      priority: "bulk",
      incoming: [input],
      outgoing: [outgoing],
      owner: {
        onData: (_channel, data) => {
          const upTo = input.received;
          socket.write(Buffer.from(data), () => {
            input.store(upTo);
            input.consume(upTo);
            this.mux.wake();
          });
        },
        onEnd: () => socket.end(),
        onRoom: () => {
          if (ring.room > dialRingBytes / 2) socket.resume();
        },
        onResize: () => {},
        onClose: () => {
          socket.destroy();
          over("closed");
        },
      },
    });
    let connected = false;
    socket.once("connect", () => {
      connected = true;
      this.mux.add(end);
      this.#say({ orderOutcome: { sequence, accepted: true } });
    });
    socket.on("data", (data) => {
      ring.append(data);
      if (ring.room < dialRingBytes / 2) socket.pause();
      this.mux.wake();
    });
    socket.on("error", () => {
      if (!connected)
        this.#say({ orderOutcome: { sequence, accepted: false, code: "refused", message: "Nothing listens on that port." } });
    });
    socket.on("end", () => {
      outgoing.finish();
      this.mux.wake();
    });
    socket.on("close", () => over("closed"));
  }

  #onOffer(order: wire.Order): void {
    const script = (order.runScript ??
      order.runEquippedScript ??
      order.runScriptWithFiles ??
      order.runScriptAndCollect ??
      order.runApprovedScript) as wire.RunScript;
    const held = this.runs.get(script.executionId);
    if (held === undefined) {
      const outputs = (script.artefacts.length > 0 ? [0, 1, 2] : [0, 1]).map((channel) => {
        const ring = new Ring(64 * 1024 * 1024);
        return { ring, outgoing: new Outgoing(channel, ring, bulkWindowBytes) };
      });
      const end = new StreamEnd({
        stream: order.sequence,
        priority: "bulk",
        incoming: [],
        outgoing: outputs.map(({ outgoing }) => outgoing),
        owner: {
          onData: () => {},
          onEnd: () => {},
          onRoom: () => this.#maybeReport(script.executionId),
          onResize: () => {},
          onClose: () => {},
        },
      });
      this.runs.set(script.executionId, { order: script, stream: order.sequence, end, outputs, result: null, started: false });
    }
    this.#say({
      runClaim: {
        executionId: script.executionId,
        attempt: script.attempt,
        stream: this.runs.get(script.executionId)?.stream ?? order.sequence,
      },
    });
  }

  #onGo(executionId: string): void {
    const order = this.runs.get(executionId)?.order;
    if (order?.files.length) return;
    if (order?.neighbour || order?.secrets.length) this.#say({ runNeeds: { executionId, attempt: order.attempt } });
    else this.#begin(executionId);
  }

  #begin(executionId: string): void {
    const run = this.runs.get(executionId);
    if (run === undefined || run.started) return;
    run.started = true;
    this.begun.push(executionId);
    this.mux.add(run.end);
    this.#say({ runStarted: { executionId, attempt: run.order.attempt, startedAtMs: Date.now() } });
    const outcome = this.options.script === undefined ? {} : this.options.script(run.order);
    if (outcome === null) return;
    run.outputs[0]?.ring.append(outcome.stdout ?? Buffer.alloc(0));
    run.outputs[1]?.ring.append(outcome.stderr ?? Buffer.alloc(0));
    const collected = run.order.artefacts.length > 0 ? this.options.artefacts?.(run.order) : undefined;
    run.outputs[2]?.ring.append(collected?.archive ?? Buffer.alloc(0));
    this.#finish(run, { end: wire.RunEnd.RUN_EXITED, exited: true, exitCode: outcome.exitCode ?? 0, ...collected?.told });
  }

  /** Ends a script that does not end by itself. */
  endScript(executionId: string, exitCode: number): void {
    const run = this.runs.get(executionId);
    if (run !== undefined) this.#finish(run, { end: wire.RunEnd.RUN_EXITED, exited: true, exitCode });
  }

  /** What a killed agent keeps: nothing. */
  forget(executionId: string): void {
    const run = this.runs.get(executionId);
    if (run !== undefined) this.mux.remove(run.stream);
    this.runs.delete(executionId);
  }

  #finish(run: LiveRun, how: wire.RunResult.$Properties): void {
    for (const { outgoing } of run.outputs) outgoing.finish();
    run.result = {
      ...how,
      executionId: run.order.executionId,
      attempt: run.order.attempt,
      startedAtMs: Date.now(),
      endedAtMs: Date.now(),
      stdoutBytes: run.outputs[0]?.ring.end ?? 0,
      stderrBytes: run.outputs[1]?.ring.end ?? 0,
      artefactBytes: run.outputs[2]?.ring.end ?? 0,
    };
    this.mux.wake();
    this.#maybeReport(run.order.executionId);
  }

  /** The result goes out when every byte is durable in the hub. */
  #maybeReport(executionId: string): void {
    const run = this.runs.get(executionId);
    if (run?.result === null || run === undefined) return;
    if (run.outputs.every(({ ring }) => ring.start === ring.end)) this.#say({ runResult: run.result });
  }
}

/** TLS to the hub's agent port, checked as agents check it. */
export function dialHub({ hubId, port, caPem }: Pick<TestIdentity, "hubId" | "port" | "caPem">): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: "127.0.0.1", port, ca: [caPem], servername: hubServerName(hubId) }, () => resolve(socket));
    socket.once("error", reject);
    socket.setNoDelay(true);
  });
}
