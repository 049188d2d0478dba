// Patterns that most organisations look for, to begin with. They are written for the shells and databases of every day: whoever takes them reads them first.
import type { Pattern } from "@sallyport/hub/rules/input";

const words = (...texts: string[]): Pattern[] => texts.map((text) => ({ kind: "words", text }));
const regexes = (...texts: string[]): Pattern[] => texts.map((text) => ({ kind: "regex", text }));

/** The beginning of a command: not inside of a longer word, after a path too. */
const begins = "(^|[^\\w-])";

export const readyPatterns = {
  destroys: [
    ...words("mkfs", "wipefs", "shred", "fdisk", "parted", "lvremove", "vgremove", "zpool destroy", "docker system prune"),
    ...regexes(
      `${begins}rm\\s+(\\S+\\s+)*-(\\w*r|-recursive)`,
      `${begins}dd\\s.*of=/dev/`,
      `${begins}find\\s.*-(delete|exec\\s+rm)`,
      `>\\s*/dev/(sd|nvme|vd|xvd|mapper)`,
    ),
  ],
  stops: [
    ...words("shutdown", "reboot", "halt", "poweroff", "init 0", "init 6", "iptables -F", "nft flush ruleset", "ufw disable"),
    ...regexes(`${begins}systemctl\\s.*(stop|disable|mask)\\s.*ssh`, `${begins}ip\\s+link\\s+set\\s.*down`),
  ],
  rights: [
    ...words("passwd", "useradd", "userdel", "usermod", "visudo", "chattr", "setenforce 0", "authorized_keys", "history -c"),
    ...regexes(`${begins}chmod\\s.*777`, `${begins}(curl|wget)\\s.*\\|\\s*(sudo\\s+)?\\w*sh`),
  ],
  sql: [
    ...words("drop table", "drop database", "drop schema", "drop user", "drop role", "truncate", "delete from", "alter table"),
    ...words("grant all", "create user", "alter user"),
  ],
} satisfies Record<string, Pattern[]>;

export const readySets = ["destroys", "stops", "rights", "sql"] as const;
