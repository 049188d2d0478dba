// The agent's version. Built programs have it from agent/package.json; from the sources it is not a release.

declare const __AGENT_VERSION__: string | undefined;

export const agentVersion: string = typeof __AGENT_VERSION__ === "string" ? __AGENT_VERSION__ : "0.0.0-source";

/** `Hello.protocol`: the wire this agent speaks. */
export const protocolVersion = 1;
