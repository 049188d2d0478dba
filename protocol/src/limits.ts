// Every cap on the wire, in one place, each with its reason. Both ends enforce them; SPEC.md quotes them.

const KiB = 1024;
const MiB = 1024 * KiB;

/** First packet of a link. A CONNECT with our token is under 1 KiB; what is larger comes from somebody else. */
export const connectPacketBytesMax = 16 * KiB;

/** Time a socket has to show a whole CONNECT. A phone on a bad line needs about two seconds. */
export const connectDeadlineMs = 5_000;

/** Any later MQTT packet. The largest honest one is RunOffers with one script at its cap. */
export const packetBytesMax = 1 * MiB;

/** A control envelope. Below the packet cap by the topic and header. */
export const controlBytesMax = packetBytesMax - 4 * KiB;

/** One DATA frame's bytes. The knee of the cost curve: 64 KiB costs a quarter of 4 KiB per byte, 256 KiB gains nothing more. */
export const sliceBytesMax = 64 * KiB;

/** A stream frame packet: one slice plus its header, topic and fixed header. */
export const framePacketBytesMax = sliceBytesMax + 1 * KiB;

/** A file that is pushed to hosts. Agents keep their own copy, so it must fit beside what their disks are for. */
export const keptFileBytesMax = 2 * 1024 * MiB;

/** Files of one execution; more of them are one archive. */
export const filesPerRunMax = 20;

/** Paths that an execution collects; what is more is one archive the script makes. */
export const artefactPatternsMax = 20;

/** A path to collect. Longer ones are no habit of people; the kernel's own limit is four times that. */
export const artefactPatternBytesMax = 1 * KiB;

/** An absolute path without `.` and `..`; `*` stands within its last part only, so that one folder is read for each. */
export const artefactPattern = /^(?:\/(?!\.{1,2}\/)[^\p{Cc}/*]+)*\/(?!\.{1,2}$)[^\p{Cc}/]+$/u;

/** The archive of one execution: some logs and a dump. What is larger belongs where files are kept for good. */
export const artefactBytesMax = 256 * MiB;

/** Files in it. Somebody who collects more meant a folder, and makes an archive of it. */
export const artefactFilesMax = 1_000;

/** Artefacts told of by name. With names at their cap a tenth of a packet, and more than people read. */
export const artefactsListedMax = 100;

/** Output in flight of a terminal. Small, so that Ctrl-C acts while `yes` runs; large enough for a 100 ms path at 1 MB/s. */
export const terminalWindowBytes = 128 * KiB;

/** Bulk in flight, in the beginning and on a short path without terminals. Sixteen slices. */
export const bulkWindowBytes = 1 * MiB;

/** Bulk in flight beside a terminal, at least: two slices, so that one is on its way while the other is taken. */
export const sharedWindowBytesMin = 128 * KiB;

/** A peer that grants more credit than this is broken: memory held for it must stay bounded. */
export const windowBytesMax = 4 * MiB;

/** Typed input waiting for the agent. A large paste; beyond it the browser is asked to wait. */
export const inputWindowBytes = 64 * KiB;

/** Terminal output an agent holds for the hub. Covers the window and the time of an fsync at full speed, then minutes of quiet work offline. */
export const outputRingBytes = 4 * MiB;

/** Bytes of a dialled connection an agent holds for the hub: the largest window, so that a long path stays full. */
export const dialRingBytes = 4 * MiB;

/** Name and connection of a dial together. Below the time the hub waits for an order's answer. */
export const dialTimeoutMsMax = 8_000;

/** How long an agent keeps a terminal without a hub. A hub upgrade or a night train tunnel, not a forgotten shell. */
export const keepTerminalSecondsDefault = 15 * 60;

/** Streams on one link. A shared jump host has tens; the cap only stops runaway clients. */
export const streamsPerLinkMax = 512;

/** Terminal size. xterm's own limits are near; larger values only cost memory. */
export const terminalCellsMax = 1_000;

/** One text field from an agent: a hostname, a message. */
export const textBytesMax = 1 * KiB;

/** Lists in host facts: disks, addresses. */
export const factsListMax = 64;

/** Who a script is given to: the name of a program in the host's search path, never a path. */
export const interpreterName = /^[A-Za-z][A-Za-z0-9._+-]{0,31}$/;

/** A script's text, inline in the signed order. */
export const scriptBytesMax = 256 * KiB;

/** Arguments, and variables, of a script. */
export const scriptArgumentsMax = 256;

/** Arguments or environment of a script, all together. Linux allows 2 MiB; orders must stay small. */
export const scriptArgumentBytesMax = 128 * KiB;

/** Output kept per channel of one execution. The rest is counted and dropped, and the execution says so. */
export const executionOutputBytesMax = 64 * MiB;

/** Offers asked for at once: several small scripts, or one packet full. */
export const offersPerPullMax = 8;

/** Executions one agent runs at once; the others wait as `busy`. A script costs about 45 MB with its runner. */
export const executionsAtOnceMax = 16;

/** Executions one agent has at once on neighbours: a connection and some buffers each, no process. */
export const neighbourExecutionsAtOnceMax = 50;

/** Connections of scripts from one agent to one address. sshd lets ten strangers wait by default (MaxStartups), and people want in as well. */
export const scriptsPerAddressMax = 4;

/** Variables of a script whose values come sealed. More than a handful of secrets belong into a file on the host. */
export const scriptSecretsMax = 32;

/** Between two heartbeats. Two missed ones mean offline: 30 s is MQTT's own keepalive figure. */
export const heartbeatIntervalMs = 15_000;

/** The same in a large fleet, whose heartbeats are most of what its hub does. Below the 45 s of silence after which a link is cut. */
export const largeFleetHeartbeatIntervalMs = 30_000;

/** Skew between an agent's estimate of the hub's clock and an order's dates. */
export const clockSkewMsMax = 5 * 60_000;

/** How long an order may be acted on. Long enough for a QoS 1 redelivery, short enough to be useless when stolen. */
export const orderLifetimeMs = 60_000;

/** Control messages waiting for one agent. Work is rows in the database, so what is dropped with the link is asked for again. */
export const controlQueueMax = 1_000;

/** Bytes of control waiting for one agent before its link is cut: it does not read. */
export const controlQueueBytesMax = 4 * MiB;

/** Messages without a PUBACK that are a pile. They may all be in the kernels' buffers, where nobody sees that they are not read. */
export const unansweredPileMax = 100;

/** Time such a pile may lie without one PUBACK or another word. Looked at every two seconds: a frozen agent is cut within ten. */
export const unansweredPileMs = 6_000;

/** Time an agent may leave our bytes unread before its link is cut. */
export const stalledLinkMs = 10_000;

/** Control messages an agent may send: a burst, then a steady rate. 200/s is a hundred times a busy agent's. */
export const controlBurst = 400;
export const controlPerSecond = 200;

/** What is sealed to an agent: a password, or a private key for a script. An RSA key with 16,384 bits is 13 KiB of PEM. */
export const sealedBytesMax = 16 * KiB;

/** Of a command: whom it becomes there, and what it changes a secret to; twice that is room. */
export const secretLinesMax = 4;

/** A neighbour's public key or certificate. RSA with 16,384 bits is 2 KiB; a certificate adds the authority's key and signature. */
export const hostKeyBytesMax = 8 * KiB;

/** What a neighbour is asked to let us in by is some hundred bytes and the key. */
export const signDataBytesMax = 16 * KiB;

/** Pinned keys, and authorities, of one neighbour: a server has at most five kinds of key. */
export const hostKeysMax = 16;

/** How long an agent waits for the hub's word on a host key or for its signature. The hub answers from memory or a row. */
export const sshAnswerMs = 10_000;

/** From the TCP connection to a shell on the neighbour, both answers of the hub included. A person waits and wonders after ten. */
export const sshHandshakeMs = 20_000;

/** A command for a neighbour. Servers read it as one packet of at most 32 KiB or little more. */
export const commandBytesMax = 32 * KiB;

/** Output of a neighbour's command an agent holds for the hub, per channel: two windows, so that one travels while the other is stored. */
export const execRingBytes = 2 * MiB;
/** Audit heads in one Hello: the highest and what contradicts it. An agent that has more has said enough. */
export const auditHeadsMax = 8;

/** A serialized Approval: 1,000 hashes of places, and those who approved. */
export const approvalBytesMax = 64 * KiB;

/** Places that one approval names: 50 assets behind 20 agents. */
export const approvalTargetsMax = 1_000;

/** How often an approved script may run at one place. What runs more often is a task, with a grant. */
export const approvalRunsMax = 100;

/** Signatures of approvers that travel with an approval; one of them is enough for an agent. */
export const approvalPasskeysMax = 5;
