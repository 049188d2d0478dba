// `npx sallyport forward`: a port of this machine that leads to a port of an asset, through its agent. Each connection is one of its own in
// the hub's records. Knows the hub's public protocols only.
import net from "node:net";
import { parseArgs } from "node:util";
import { DialStream, type DialTarget } from "../system/dial-client.ts";
import { RestClient } from "../system/rest-client.ts";
import { connectionOf, connectionOptions, connectionUsage, runCommand, UsageFault } from "./connection.ts";

const usage = `npx sallyport forward <asset> <port> --hub URL [--listen [ADDRESS:]PORT] [--key-file FILE] [--ca FILE]

  <asset>       its name or id, as the console shows it
  <port>        the TCP port on it
  --listen      where to listen here (default 127.0.0.1 and any free port, which is printed)
${connectionUsage}

Ctrl-C ends it and every connection through it.
`;

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...connectionOptions,
      listen: { type: "string" },
    },
  });
  if (values.help === true) {
    process.stdout.write(usage);
    return 0;
  }
  const [name, portText] = positionals;
  const port = Number(portText);
  if (name === undefined || positionals.length !== 2 || !Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UsageFault("An asset and a port of 1 to 65535 are needed.");
  const { url, key } = connectionOf(values);
  const { host, port: at } = listenAt(values.listen);

  const assets = await new RestClient(url, key).assets();
  const found = assets.filter((asset) => asset.id === name || asset.name === name);
  const [asset] = found;
  if (asset === undefined) throw new UsageFault(`You reach no asset called ${name}. Ask an administrator for access.`);
  if (found.length > 1)
    throw new UsageFault(`${found.length} assets are called ${name}; use the id: ${found.map(({ id }) => id).join(", ")}.`);

  const target: DialTarget = { url, key, assetId: asset.id, port };
  // One now, so that a refusal is said here and not to the first program that connects.
  (await DialStream.open(target)).destroy();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void join(socket, target));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(at, host, resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  process.stdout.write(`${address.address}:${address.port} leads to port ${port} of ${asset.name}. Ctrl-C ends it.\n`);
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  return 0;
}

async function join(socket: net.Socket, target: DialTarget): Promise<void> {
  socket.on("error", () => socket.destroy());
  try {
    const stream = await DialStream.open(target);
    stream.on("error", () => socket.resetAndDestroy());
    socket.on("close", () => stream.destroy());
    stream.on("close", () => socket.destroySoon());
    socket.pipe(stream).pipe(socket);
  } catch (error) {
    process.stderr.write(`sallyport: ${sentenceOf(error)}\n`);
    socket.resetAndDestroy();
  }
}

function listenAt(text: string | undefined): { host: string; port: number } {
  const [, host = "127.0.0.1", portText = "0"] = /^(?:(.+):)?(\d+)$/.exec(text ?? "0") ?? [];
  const port = Number(portText);
  if (text !== undefined && !/^(?:.+:)?\d+$/.test(text)) throw new UsageFault(`--listen ${text} is no [ADDRESS:]PORT.`);
  if (port > 65_535) throw new UsageFault(`--listen ${text}: a port is at most 65535.`);
  return { host: host.replace(/^\[|\]$/g, ""), port };
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

runCommand(main, usage, 1);
