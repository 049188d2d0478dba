// A TCP line between a client and a server of this machine that can be slow, silent or cut. Knows nothing of what passes through.
import net from "node:net";

export type SlowProxy = AsyncDisposable & {
  port: number;
  /** Each way, for bytes that arrive from now on. */
  delayMs: number;
  /** Nothing passes and nothing is answered until it is false again: a network that went away without a word. */
  silent: boolean;
  /** Ends every connection at once. */
  cut(): void;
};

export async function slowProxy(toPort: number): Promise<SlowProxy> {
  const pairs = new Set<() => void>();
  const waiting: (() => void)[] = [];
  let silent = false;
  const proxy = { port: 0, delayMs: 0 };

  const pass = (from: net.Socket, to: net.Socket) => {
    from.on("data", (bytes: Buffer) => {
      // Timers of one delay fire in the order they were set, so the bytes keep theirs.
      const write = () => void (silent ? waiting.push(() => to.write(bytes)) : to.write(bytes));
      if (proxy.delayMs === 0) write();
      else setTimeout(write, proxy.delayMs);
    });
  };
  const server = net.createServer((client) => {
    const upstream = net.connect(toPort, "127.0.0.1");
    const end = () => {
      client.destroy();
      upstream.destroy();
      pairs.delete(end);
    };
    pairs.add(end);
    for (const socket of [client, upstream]) socket.setNoDelay(true).on("error", end).on("close", end);
    pass(client, upstream);
    pass(upstream, client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  proxy.port = typeof address === "object" && address !== null ? address.port : 0;
  const cut = () => {
    for (const end of [...pairs]) end();
  };
  return Object.defineProperty(
    Object.assign(proxy, {
      silent,
      cut,
      [Symbol.asyncDispose]: async () => {
        cut();
        await new Promise((resolve) => server.close(resolve));
      },
    }),
    "silent",
    {
      get: () => silent,
      set: (now: boolean) => {
        silent = now;
        if (!silent) for (const write of waiting.splice(0)) write();
      },
    },
  );
}
