// The hub that is measured: as launched, with an access key, reached over TLS.
import { askHub } from "../launch/admin-socket.mjs";
import { adminEnvironment, firstAdmin, type LaunchedHub, launchHub, sallyportCommand } from "../system/launched-hub.ts";
import { RestClient } from "../system/rest-client.ts";
import { tempFolder } from "../system/temp-folder.ts";

export type BenchHub = AsyncDisposable & {
  hub: LaunchedHub;
  rest: RestClient;
  folder: string;
  /** What a client over TLS needs, but for the asset. */
  target: { url: string; key: string; ca: string };
};

export async function startBenchHub(name: string): Promise<BenchHub> {
  const folder = tempFolder(`bench-${name}`);
  const hub = await launchHub({
    dataDir: `${folder.path}/data`,
    env: { ...adminEnvironment, SALLYPORT_LOG_LEVEL: "warn" },
  });
  const key = sallyportCommand(hub.dataDir, "access-key", "create", "--email", firstAdmin.email, "--name", "bench").trim();
  return {
    hub,
    rest: new RestClient(hub.url, key),
    folder: folder.path,
    target: { url: hub.url.replace("http:", "https:"), key, ca: await authorityOf(hub.dataDir) },
    [Symbol.asyncDispose]: async () => {
      await hub.stop();
      folder[Symbol.dispose]();
    },
  };
}

/** The hub's certificate authority, PEM: what a client over TLS checks. */
export async function authorityOf(dataDir: string): Promise<string> {
  const { body } = await askHub(dataDir, "POST", "/enrolment-tokens", {});
  return (body as { caPem: string }).caPem;
}
