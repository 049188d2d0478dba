// Pictures of the pages about requests, as everybody whom they concern sees them; where this machine has a MariaDB to make them with.
import path from "node:path";
import { lacking } from "../../e2e/lacking.ts";
import { openBrowser } from "../system/browser.ts";
import { settled } from "../system/console-pages.ts";
import type { MailBox } from "../system/mail-box.ts";
import { startMariaDb } from "../system/mariadb.ts";
import { privateNetwork } from "../system/private-network.ts";
import { requestPages } from "../system/request-pages.ts";
import type { RestClient } from "../system/rest-client.ts";
import type { SampleLife } from "../system/sample-life.ts";
import { makeSampleRequests, type SampleRequests } from "../system/sample-requests.ts";
import { savePicture } from "./picture.ts";

export type Look = { colorScheme: "light" | "dark"; locale: "en-GB" | "zh-CN"; width: number };
type Scene = { rest: RestClient; mail: MailBox; life: SampleLife; data: string; looks: readonly Look[]; folder: string };

export async function requestPictures({ rest, mail, life, data, looks, folder }: Scene): Promise<void> {
  const missing = lacking("root", "ip", "iptables", "nsenter", "mariadbd", "mariadb", "mariadb-install-db");
  if (missing.length > 0) {
    console.log(`no pictures of requests: this machine lacks ${missing.join(", ")}`);
    return;
  }
  using network = privateNetwork(16);
  const server = await startMariaDb(network, path.join(data, "mariadb"));
  try {
    network.admit(server.port);
    const { scriptId, assetId: agentAssetId } = life;
    const requests = await makeSampleRequests({ rest, mail, server, scriptId, agentAssetId });
    for (const look of looks) await inOneLook(rest.url, requests, look, folder);
  } finally {
    await server.stop();
  }
}

async function inOneLook(url: string, requests: SampleRequests, { colorScheme, locale, width }: Look, folder: string) {
  await using browser = await openBrowser({ colorScheme, locale, viewport: { width, height: 900 } });
  for (const { name, path: at, as } of requestPages) {
    const visitor = await browser.visitor();
    if (as !== "nobody") await requests.sessions[as].enter(visitor.context);
    const page = await visitor.page();
    await page.goto(`${url}${at(requests)}`);
    await settled(page);
    await savePicture(page, path.join(folder, `${name}.full.${colorScheme}.${locale.slice(0, 2)}.${width}.png`));
    await visitor.context.close();
  }
  console.log(`requests, ${colorScheme}, ${locale}, ${width} px: ${requestPages.length} pages`);
}
