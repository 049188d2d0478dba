// `npm start`: refuses an old Node in one sentence, then hands over to the launcher, which may use today's syntax.
const [major] = process.versions.node.split(".").map(Number);
if (major === undefined || major < 20) {
  process.stderr.write(
    `Sallyport needs Node 20 or later to start and this is ${process.versions.node}. Install a newer Node, then run npm start again.\n`,
  );
  process.exitCode = 1;
} else {
  const { start } = await import("../src/launch/start.mjs");
  process.exitCode = await start(process.argv.slice(2));
}
