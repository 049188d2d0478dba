// A process that does nothing but store the closed logs of a data folder, to be killed meanwhile: node store-logs.ts FOLDER S3-OPTIONS.
import { LogStore } from "../logs/log-store.ts";
import { type S3Options, S3Store } from "../logs/s3-store.ts";

const [dataDir = "", options = "{}"] = process.argv.slice(2);
const s3: S3Options = JSON.parse(options);
await new LogStore(dataDir, { store: new S3Store(s3), cacheBytesMax: 1e9, onState: () => {} }).start();
setInterval(() => {}, 1_000);
