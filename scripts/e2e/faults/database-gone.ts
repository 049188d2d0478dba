// PostgreSQL is killed and stays away. What is live goes on; what needs the database says so, quickly.
import { setTimeout as wait } from "node:timers/promises";
import { startHubParts } from "../../src/system/hub-parts.ts";
import { postgresqlBinaries, startPostgresql } from "../../src/system/postgresql.ts";
import { tempFolder } from "../../src/system/temp-folder.ts";
import { until } from "../../src/system/until.ts";
import { echoes } from "./echoes.ts";
import type { Fault } from "./fault.ts";
import { numberedLines } from "./numbered-lines.ts";

export const databaseGone: Fault = {
  name: "database-gone",
  sentence: "PostgreSQL killed and gone",
  needs: ["python3", "unshare", `${postgresqlBinaries}/postgres`, "setpriv"],
  busy: true,
  run: async (form) => {
    const goneSeconds = form === "long" ? 60 : 5;
    using folder = tempFolder("database-gone");
    await using database = await startPostgresql(folder.path);
    await using parts = await startHubParts({ folder: folder.path, env: { DATABASE_URL: database.url } });
    const agent = await parts.addAgent({ name: "one" });
    const lines = await numberedLines(parts.rest, [agent.assetId], 3, folder.path);
    const beside = await echoes(parts.rest, agent.assetId);
    try {
      const answer = async () => {
        const from = performance.now();
        const { status } = await parts.rest.request("GET", "/assets").catch(() => ({ status: 0 }));
        return { status, ms: performance.now() - from };
      };
      await database.kill();
      const answers: { status: number; ms: number }[] = [];
      for (const deadline = performance.now() + goneSeconds * 1_000; performance.now() < deadline; await wait(500))
        answers.push(await answer());
      await database.start();
      const from = performance.now();
      await until("the API answers again", async () => (await answer()).status === 200, { deadlineMs: 60_000 });
      const readyMs = performance.now() - from;
      const { p99Ms, count } = await beside.stop();
      const { wrongOnScreen, wrongInLog, bytes } = await lines.finish();
      return {
        rounds: 1,
        figures: [
          { what: "answers while it was gone", value: answers.length, unit: "", atLeast: 1 },
          { what: "other than 503", value: answers.filter(({ status }) => status !== 503).length, unit: "", atMost: 0 },
          { what: "slowest answer", value: Math.max(...answers.map(({ ms }) => ms)), unit: "ms", atMost: 1_000 },
          { what: "ready again after", value: readyMs / 1_000, unit: "s", atMost: 5 },
          { what: "echo p99", value: p99Ms, unit: "ms", atMost: 100 },
          { what: "letters echoed", value: count, unit: "", atLeast: goneSeconds * 5 },
          { what: "printed", value: bytes, unit: "bytes", atLeast: 1 },
          { what: "lost or doubled on screens", value: wrongOnScreen, unit: "bytes", atMost: 0 },
          { what: "lost or doubled in recordings", value: wrongInLog, unit: "bytes", atMost: 0 },
        ],
      };
    } finally {
      lines.leave();
      beside.terminal.leave();
    }
  },
};
