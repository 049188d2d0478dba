// What every sshd of tests and measurements has in common: keys of its own, nobody's password, nothing of this machine's own settings.

interface SshdSettings {
  port: number;
  /** Where it listens; everywhere when absent. */
  address?: string;
  /** Path of a file beside its keys, `host-key` and `user-key.pub`. */
  at: (name: string) => string;
  more?: readonly string[];
}

/** The text of an sshd_config(5). */
export function sshdSettings({ port, address, at, more = [] }: SshdSettings): string {
  const settings = [
    `Port ${port}`,
    ...(address === undefined ? [] : [`ListenAddress ${address}`]),
    `HostKey ${at("host-key")}`,
    `AuthorizedKeysFile ${at("user-key.pub")}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "PermitRootLogin prohibit-password",
    "PidFile none",
    "PrintMotd no",
    "LogLevel ERROR",
    ...more,
  ];
  return `${settings.join("\n")}\n`;
}
