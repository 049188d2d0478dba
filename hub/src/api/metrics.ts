// Prometheus metrics of this hub. Counts and sizes only: no name or address of anybody.
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { ApiDeps } from "./deps.ts";

export function createMetrics(hub: ApiDeps): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "sallyport_" });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `sallyport_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge("agents_online", "Agents with a link right now", () => hub.fleet.links.size);
  gauge("sessions_live", "Terminals that run right now", () => hub.sessions.live.size);
  gauge("executions_receiving", "Executions whose output is being received", () => hub.automation.outputs.size);
  gauge("storage_free_bytes", "Room on the disk of the data folder", () => hub.sessions.store.room.freeBytes);
  gauge(
    "archive_waiting",
    "Closed recordings that the object store does not have yet",
    () => hub.sessions.store.archive?.waiting ?? 0,
  );
  gauge("archive_failing", "1 while the object store refuses or does not answer", () =>
    typeof hub.sessions.store.archive?.failure === "string" ? 1 : 0,
  );
  gauge("session_windows", "Windows open on live terminals", () =>
    hub.sessions.live.all().reduce((sum, session) => sum + session.viewers, 0),
  );
  return registry;
}
