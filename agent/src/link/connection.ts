// One MQTT connection from CONNECT to its end: signs in, subscribes, carries control messages. Does not know what they mean.
import type { KeyObject } from "node:crypto";
import { exporterBytes, exporterLabel, signLinkToken } from "@sallyport/protocol/link-token";
import type { Frame } from "@sallyport/protocol/stream/frame";
import type { FrameSink } from "@sallyport/protocol/stream/mux";
import { downStreamTopic, downTopic, upTopic } from "@sallyport/protocol/topics";
import { type DownMessage, decodeDown, encodeUp, WireError } from "@sallyport/protocol/wire";
import { MqttClient } from "mqtt";
import type { Identity } from "../state/identity.ts";
import type { Wire } from "./dial.ts";
import { timedOut } from "./explain.ts";
import { LinkStream } from "./link-stream.ts";

/** What an agent says: one of the bodies of `Up`. */
export type UpBody = Parameters<typeof encodeUp>[0];

export type ConnectionHooks = {
  /** Null when the hub said something this version does not know. */
  onMessage(message: DownMessage | null): void;
  onFrame(frame: Frame): void;
  /** The socket drained. */
  onRoom(): void;
};

export type Connection = {
  transport: Wire["transport"];
  hubAddress: string;
  send(body: UpBody): void;
  frames: FrameSink;
  /** Frames may go, to this hub process. */
  speakTo(node: string): void;
  close(): void;
  /** Resolves with the reason when the connection is over. */
  closed: Promise<string>;
};

/** CONNECT and SUBSCRIBE answered, after the wire stands. */
const signInDeadlineMs = 10_000;

/** MQTT-3.1.2.10. Longer than the heartbeats' longest interval, so that nothing but heartbeats is sent on a quiet link. */
const keepaliveSeconds = 60;

/** The hub knows the agent's id but not its signature any more: revoked, or enrolled anew from a copy of the folder. */
export class NotAdmitted extends Error {
  override name = "NotAdmitted";
}

export async function signIn(wire: Wire, identity: Identity, key: KeyObject, hooks: ConnectionHooks): Promise<Connection> {
  const { agentId, hubId } = identity;
  const stream = new LinkStream({ wire: wire.stream, agentId, onFrame: hooks.onFrame, onRoom: hooks.onRoom });
  const binding = wire.tls.exportKeyingMaterial(exporterBytes, exporterLabel, Buffer.alloc(0)); // RFC 8446 §7.5: an empty context is none
  const client = new MqttClient(() => stream, {
    protocolVersion: 4,
    clean: true,
    keepalive: keepaliveSeconds,
    reconnectPeriod: 0, // trying again is the link's, which may choose another way
    connectTimeout: signInDeadlineMs,
    resubscribe: false,
    timerVariant: "native",
    writeCache: false, // 65,536 ready-made packet numbers: 12 MB for an agent that says one thing a second
    clientId: agentId,
    username: agentId,
    password: signLinkToken({ agentId, hubId, issuedAtMs: Date.now(), binding }, key),
  });
  let reason = "the connection was closed";
  const closed = new Promise<string>((resolve) => {
    wire.stream.once("close", () => resolve(reason));
  });
  const close = (): void => {
    client.end(true);
    stream.destroy();
  };
  client.on("error", (error) => {
    reason = error.message;
  });
  stream.on("error", (error) => {
    reason = error.message;
  });
  client.on("message", (topic, payload) => {
    if (topic === downTopic(agentId)) hooks.onMessage(read(payload, close));
  });
  try {
    await admitted(client, closed);
    await client.subscribeAsync({ [downTopic(agentId)]: { qos: 1 }, [downStreamTopic(agentId)]: { qos: 0 } });
  } catch (error) {
    close();
    throw error;
  }
  return {
    transport: wire.transport,
    hubAddress: wire.tls.remoteAddress ?? "",
    // A message that does not arrive is said again by whoever needs it, after the next Welcome; a heartbeat by the next one.
    send: (body) =>
      void client.publish(upTopic(agentId), Buffer.from(encodeUp(body)), { qos: "heartbeat" in body ? 0 : 1 }, () => {}),
    frames: stream.frames,
    speakTo: (node) => stream.speakTo(node),
    close,
    closed,
  };
}

function admitted(client: MqttClient, closed: Promise<string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timedOut()), signInDeadlineMs);
    const settle = (outcome: () => void): void => {
      clearTimeout(timer);
      outcome();
    };
    client.once("connect", () => settle(resolve));
    client.once("error", (error) => {
      const refused = "code" in error && (error.code === 4 || error.code === 5); // MQTT-3.2.2.3: bad user name or password, not authorized
      settle(() =>
        reject(
          refused
            ? new NotAdmitted(
                "the hub does not admit this agent: it was revoked, or its identity was replaced. Enrol this host again.",
              )
            : error,
        ),
      );
    });
    void closed.then((reason) => settle(() => reject(new Error(reason))));
  });
}

/** A hub that sends what is no message is not one to stay with. */
function read(payload: Buffer, close: () => void): DownMessage | null {
  try {
    return decodeDown(payload);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    close();
    return null;
  }
}
