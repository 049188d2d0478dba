// The part that load-ssh2.ts loads, as built. Nothing else imports it.
export { BaseAgent, Client, utils } from "ssh2";
