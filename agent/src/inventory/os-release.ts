// /etc/os-release to name and version (os-release(5)). Pure.

export function readOsRelease(text: string): { name: string; version: string } {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name, quoted] = /^([A-Z_]+)=(.*)$/.exec(line.trim()) ?? [];
    if (name !== undefined && quoted !== undefined)
      fields.set(name, quoted.replace(/^(["'])(.*)\1$/, "$2").replace(/\\(["$`\\])/g, "$1"));
  }
  return { name: fields.get("NAME") ?? "Linux", version: fields.get("VERSION_ID") ?? "" };
}
