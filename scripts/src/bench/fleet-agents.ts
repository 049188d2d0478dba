// Thousands of agents in one process, as the wire sees them: TLS 1.3, MQTT 3.1.1 packets, signed tokens, Hello, heartbeats and reconnects of
// SPEC.md §2, and executions that print what they are told to and are not run. No shell, no library's client. Started by simulated-fleet.ts, told over IPC.
import { createPrivateKey, type KeyObject } from "node:crypto";
import tls from "node:tls";
import { FramePackets } from "@sallyport/protocol/frame-packets";
import { hubServerName } from "@sallyport/protocol/hub-name";
import { exporterBytes, exporterLabel, signLinkToken } from "@sallyport/protocol/link-token";
import { decodeFrame } from "@sallyport/protocol/stream/frame";
import { downStreamTopic, downTopic, upStreamTopic, upTopic } from "@sallyport/protocol/topics";
import { decodeDown, decodeOrder, encodeUp, wire } from "@sallyport/protocol/wire";
import { generate, type Packet, parser } from "mqtt-packet";
import { type ExecutionLink, type Printing, SimulatedExecution } from "./simulated-execution.ts";

export type FleetOrder =
  | {
      type: "start";
      host: string;
      port: number;
      hubId: string;
      caPem: string;
      agents: { id: string; key: string }[];
      perSecond: number;
      /** What each execution does; null refuses them, the cheapest honest answer. */
      printing: Printing | null;
    }
  | { type: "report" }
  /** What executions do from now on. Answered with a report. */
  | { type: "print"; printing: Printing }
  /** From now on nothing is read. */
  | { type: "stop-reading" }
  /** Each asks for work so often at once, at most 400 times (SPEC.md §2). Answered with a report when the kernel has it. */
  | { type: "ask"; pulls: number };
export type FleetReport = {
  online: number;
  tries: number;
  refused: number;
  mostTriesInAMinute: number;
  /** Offers that came, and answers to them that the hub acknowledged. */
  offers: number;
  answered: number;
};

/** SPEC.md: the version an agent of today names in Hello. */
const protocolVersion = 1;

/** As an agent without sessions. */
const firstMs = 2_000;
const cappedMs = 60_000;
const keepaliveSeconds = 60;

class SimulatedAgent {
  readonly #id: string;
  readonly #key: KeyObject;
  readonly #hub: Extract<FleetOrder, { type: "start" }>;
  #socket: tls.TLSSocket | null = null;
  #heartbeat: NodeJS.Timeout | null = null;
  #intervalMs = 0;
  #failures = 0;
  #messageId = 1;
  online = false;
  refused = 0;
  offers = 0;
  answered = 0;
  printing: Printing | null;
  readonly tries: number[] = [];
  /** By the numbers of their streams, and by what the hub calls them. */
  readonly #streams = new Map<number, SimulatedExecution>();
  readonly #executions = new Map<string, { stream: number; execution: SimulatedExecution }>();
  #packets: FramePackets | null = null;

  constructor(id: string, key: string, hub: Extract<FleetOrder, { type: "start" }>) {
    this.#id = id;
    this.#key = createPrivateKey({ key: Buffer.from(key, "base64"), format: "der", type: "pkcs8" });
    this.#hub = hub;
    this.printing = hub.printing;
  }

  dial(): void {
    const { host, port, hubId, caPem } = this.#hub;
    const servername = hubServerName(hubId);
    this.tries.push(performance.now());
    const socket = tls.connect({
      host,
      port,
      servername,
      ca: caPem,
      secureContext: contextOf(caPem),
      minVersion: "TLSv1.3",
      checkServerIdentity: (_host, certificate) => tls.checkServerIdentity(servername, certificate),
    });
    this.#socket = socket;
    const packets = parser({ protocolVersion: 4 });
    packets.on("packet", (packet: Packet) => this.#take(packet));
    socket.setNoDelay(true);
    socket.setTimeout(30_000, () => this.online || socket.destroy());
    socket.on("data", (data: Buffer) => packets.parse(data));
    socket.on("error", () => {});
    socket.once("close", () => this.#lost());
    socket.once("secureConnect", () => {
      const binding = socket.exportKeyingMaterial(exporterBytes, exporterLabel, Buffer.alloc(0));
      const password = signLinkToken({ agentId: this.#id, hubId, issuedAtMs: Date.now(), binding }, this.#key);
      this.#write({
        cmd: "connect",
        protocolId: "MQTT",
        protocolVersion: 4,
        clean: true,
        clientId: this.#id,
        keepalive: keepaliveSeconds,
        username: this.#id,
        password: Buffer.from(password),
      });
    });
  }

  stopReading(): void {
    this.#socket?.pause();
  }

  async ask(pulls: number): Promise<void> {
    for (let said = 0; said < pulls; said += 1) this.#say({ runPull: { max: 8 } });
    await new Promise<void>((resolve) => this.#socket?.write("", () => resolve()));
  }

  #take(packet: Packet): void {
    switch (packet.cmd) {
      case "connack":
        if (packet.returnCode !== 0) {
          this.refused += 1;
          this.#socket?.destroy();
          return;
        }
        this.#write({
          cmd: "subscribe",
          messageId: 1,
          subscriptions: [
            { topic: downTopic(this.#id), qos: 1 },
            { topic: downStreamTopic(this.#id), qos: 0 },
          ],
        });
        return;
      case "suback":
        this.#say({
          hello: {
            protocol: protocolVersion,
            agentVersion: "0.1.0",
            instanceId: `inst_${this.#id.slice(4)}`,
            agentTimeMs: Date.now(),
            facts: { hostname: this.#id, osName: "Debian", arch: "x64", cpuCount: 2, memoryBytes: 2 ** 31 },
            streams: [],
            journal: [],
            capabilities: [],
          },
        });
        return;
      case "publish":
        if (packet.qos === 1 && packet.messageId !== undefined) this.#write({ cmd: "puback", messageId: packet.messageId });
        if (packet.topic === downTopic(this.#id)) this.#hear(Buffer.from(packet.payload));
        else this.#hearFrame(Buffer.from(packet.payload));
        return;
      default:
        return;
    }
  }

  #hear(payload: Buffer): void {
    const message = decodeDown(payload);
    if (message?.body === "goaway") {
      this.#socket?.destroy();
      return;
    }
    if (message?.body === "runLook") this.#say({ runPull: { max: 8 } });
    if (message?.body === "runOffers")
      for (const { order } of message.value.offers ?? []) this.#answer(order ?? new Uint8Array());
    if (message?.body === "runGo") this.#executions.get(message.value.executionId ?? "")?.execution.go();
    if (message?.body === "runResultAck") this.#answered(message.value.executionId ?? "");
    if (message?.body === "heartbeatEcho") this.#beatEvery(message.value.intervalMs ?? 0);
    if (message?.body !== "welcome") return;
    this.online = true;
    this.#failures = 0;
    this.#packets = new FramePackets(upStreamTopic(this.#id, message.value.node ?? ""));
    // As real agents: at once, a second later, and then at the interval, wherever in it that falls.
    this.#beat();
    setTimeout(() => this.online && this.#beat(), 1_000);
    this.#beatEvery(message.value.heartbeatIntervalMs ?? 0);
    this.#say({ runPull: { max: 8 } });
  }

  #answer(order: Uint8Array): void {
    const { runScript, sequence } = decodeOrder(order);
    if (!runScript) return;
    const { executionId, attempt } = { executionId: runScript.executionId ?? "", attempt: runScript.attempt ?? 0 };
    if (this.#executions.has(executionId)) return; // it says so again by itself
    this.offers += 1;
    const { printing } = this;
    if (printing === null) {
      this.#say({
        runResult: { executionId, attempt, end: wire.RunEnd.RUN_REFUSED, message: "A simulated agent runs nothing." },
      });
      return;
    }
    const link: ExecutionLink = {
      say: (body) => this.online && this.#say(body),
      frame: (frame) => this.#packets?.send(frame, (packet, done) => void this.#socket?.write(packet, done)),
    };
    const execution = new SimulatedExecution({ executionId, attempt }, sequence, printing, link);
    this.#executions.set(executionId, { stream: sequence, execution });
    this.#streams.set(sequence, execution);
  }

  #answered(executionId: string): void {
    this.answered += 1;
    const known = this.#executions.get(executionId);
    if (known === undefined) return;
    known.execution.close();
    this.#executions.delete(executionId);
    this.#streams.delete(known.stream);
  }

  #hearFrame(payload: Buffer): void {
    const frame = decodeFrame(payload);
    this.#streams.get(frame.stream)?.hear(frame);
  }

  #beatEvery(intervalMs: number): void {
    if (intervalMs === 0 || intervalMs === this.#intervalMs) return;
    this.#intervalMs = intervalMs;
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#heartbeat = setInterval(() => this.#beat(), intervalMs);
  }

  #beat(): void {
    const heartbeat = { sentUs: Math.round(performance.now() * 1_000), roundTripUs: 500, residentBytes: 50_000_000 };
    this.#write({
      cmd: "publish",
      topic: upTopic(this.#id),
      payload: Buffer.from(encodeUp({ heartbeat })),
      qos: 0,
      dup: false,
      retain: false,
    });
  }

  #lost(): void {
    this.#failures = this.online ? 0 : this.#failures + 1;
    this.online = false;
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#heartbeat = null;
    this.#intervalMs = 0;
    setTimeout(() => this.dial(), Math.random() * Math.min(cappedMs, firstMs * 2 ** Math.min(this.#failures, 16)));
  }

  #say(body: Parameters<typeof encodeUp>[0]): void {
    this.#messageId = (this.#messageId % 65_535) + 1;
    const payload = Buffer.from(encodeUp(body));
    this.#write({
      cmd: "publish",
      topic: upTopic(this.#id),
      payload,
      qos: 1,
      messageId: this.#messageId,
      dup: false,
      retain: false,
    });
  }

  #write(packet: Packet): void {
    this.#socket?.write(generate(packet));
  }
}

/** One for all: a context holds the parsed authority. */
const contexts = new Map<string, tls.SecureContext>();
const contextOf = (caPem: string): tls.SecureContext => {
  const known = contexts.get(caPem) ?? tls.createSecureContext({ ca: caPem, minVersion: "TLSv1.3" });
  contexts.set(caPem, known);
  return known;
};

const agents: SimulatedAgent[] = [];

process.on("message", (order: FleetOrder) => {
  switch (order.type) {
    case "start":
      agents.push(...order.agents.map(({ id, key }) => new SimulatedAgent(id, key, order)));
      for (const [n, agent] of agents.entries()) setTimeout(() => agent.dial(), (n / order.perSecond) * 1_000);
      return;
    case "stop-reading":
      for (const agent of agents) agent.stopReading();
      tell();
      return;
    case "print":
      for (const agent of agents) agent.printing = order.printing;
      tell();
      return;
    case "ask":
      void Promise.all(agents.map((agent) => agent.ask(order.pulls))).then(tell);
      return;
    case "report":
      tell();
  }
});

function tell(): void {
  const minute = performance.now() - 60_000;
  const report: FleetReport = {
    online: agents.filter(({ online }) => online).length,
    tries: agents.reduce((sum, { tries }) => sum + tries.length, 0),
    offers: agents.reduce((sum, { offers }) => sum + offers, 0),
    answered: agents.reduce((sum, { answered }) => sum + answered, 0),
    refused: agents.reduce((sum, { refused }) => sum + refused, 0),
    mostTriesInAMinute: Math.max(0, ...agents.map(({ tries }) => tries.filter((at) => at > minute).length)),
  };
  process.send?.(report);
}
process.once("disconnect", () => process.exit(0));
