// MQTT topics, built and parsed here only. All are literal: an agent never needs a wildcard, so none is allowed.
//
//   sp/<agent>/up             control, agent to hub, QoS 1
//   sp/<agent>/dn             control, hub to agent, QoS 1
//   sp/<agent>/up/s/<node>    stream frames, agent to the hub process that owns the streams, QoS 0
//   sp/<agent>/dn/s           stream frames, hub to agent, QoS 0

const agentIdPattern = /^agt_[0-9a-z]{24}$/;
const nodePattern = /^[0-9a-z]{1,16}$/;

export const upTopic = (agentId: string): string => `sp/${agentId}/up`;
export const downTopic = (agentId: string): string => `sp/${agentId}/dn`;
export const upStreamTopic = (agentId: string, node: string): string => `sp/${agentId}/up/s/${node}`;
export const downStreamTopic = (agentId: string): string => `sp/${agentId}/dn/s`;

/** True for `agt_` and 24 base32 characters: nothing MQTT or a file system could read as more than a name. */
export const isAgentId = (text: string): boolean => agentIdPattern.test(text);

/** True for a hub process name: 1–16 lowercase letters and digits. */
export const isNode = (text: string): boolean => nodePattern.test(text);

export type Topic =
  | { kind: "up"; agentId: string }
  | { kind: "down"; agentId: string }
  | { kind: "up-stream"; agentId: string; node: string }
  | { kind: "down-stream"; agentId: string };

/** Reads a topic; null for whatever is not exactly one of the four. */
export function parseTopic(topic: string): Topic | null {
  const [root, agentId, direction, stream, node, ...rest] = topic.split("/");
  if (root !== "sp" || agentId === undefined || !isAgentId(agentId) || rest.length > 0) return null;
  if (direction === "up" && stream === undefined) return { kind: "up", agentId };
  if (direction === "dn" && stream === undefined) return { kind: "down", agentId };
  if (direction === "up" && stream === "s" && node !== undefined && isNode(node)) return { kind: "up-stream", agentId, node };
  if (direction === "dn" && stream === "s" && node === undefined) return { kind: "down-stream", agentId };
  return null;
}
