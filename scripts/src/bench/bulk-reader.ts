// Reads one stream through the agent after the other, until it is killed: bulk beside which something else is measured. A process of its own, so that
// what it reads does not take the measuring process's turns. Told over IPC.
import { DialStream, type DialTarget } from "../system/dial-client.ts";

process.once("message", async (target: DialTarget) => {
  let bytes = 0;
  process.on("message", () => process.send?.(bytes));
  for (;;) {
    const stream = await DialStream.open(target);
    stream.on("data", (data: Buffer) => {
      bytes += data.length;
    });
    await new Promise((resolve, reject) => stream.once("end", resolve).once("error", reject));
    stream.destroy();
  }
});
process.once("disconnect", () => process.exit(0));
