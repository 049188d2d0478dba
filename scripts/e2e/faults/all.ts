// Every fault, in the order of the table.
import type { Fault } from "./fault.ts";
import { hubKilled } from "./hub-killed.ts";

export const faults: Fault[] = [hubKilled];
