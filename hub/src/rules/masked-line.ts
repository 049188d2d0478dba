// A line as others see it: without what is evidently a secret. It goes to whoever decides and into the audit log; the recording has what was on the screen.

/** What follows is a secret: an option, a variable, a header, the user part of an address. */
const secrets: readonly RegExp[] = [
  /((?:^|\s)--?(?:password|passwd|pass|token|secret|api-?key)(?:=|\s+))(?:"[^"]*"|'[^']*'|\S+)/gi,
  /(\b[\w-]*(?:password|passwd|secret|token|api_?key)[\w-]*\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s;&|"']+)/gi,
  /((?:^|\s)-p)(?=\S)(?!\s)[^\s-]\S{3,}/g, // mysql -psecret; not `mkdir -p dir`, where a space comes between
  /(\bauthorization:\s*(?:bearer|basic)\s+)[^\s"']+/gi,
  /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]+:)[^\s@]+(?=@)/gi,
  /(\bidentified\s+by\s+(?:password\s+)?)(?:"[^"]*"|'[^']*')/gi,
];

export const maskedLine = (line: string): string => secrets.reduce((masked, secret) => masked.replace(secret, "$1••••"), line);
