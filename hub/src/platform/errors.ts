// Errors that people and programs are told about. Everything else is a bug and answers "internal".

/**
 * Stable codes. Documented in docs/errors.md; the console translates by them.
 * A new one needs its HTTP status below and its sentence in both message files.
 */
const statuses = {
  "bad-config": 500,
  "bad-input": 400,
  "bad-parameter": 400,
  "not-signed-in": 401,
  "bad-credentials": 401,
  "password-too-short": 400,
  "password-used-before": 409,
  "bad-code": 401,
  "bad-passkey": 401,
  "provider-refused": 401,
  "confirm-first": 403,
  "second-factor-needed": 409,
  "locked-out": 429,
  "rate-limited": 429,
  "setup-done": 409,
  "bad-token": 400,
  forbidden: 403,
  "key-scope": 403,
  "bad-origin": 403,
  "no-grant": 403,
  "asset-off": 409,
  "not-found": 404,
  conflict: 409,
  archived: 409,
  "script-in-use": 409,
  "file-in-use": 409,
  "wrong-offset": 409,
  "wrong-hash": 409,
  "quota-reached": 507,
  "run-going-on": 409,
  "zone-not-empty": 409,
  "last-admin": 409,
  "email-taken": 409,
  "name-taken": 409,
  "role-in-use": 409,
  "username-taken": 409,
  "agent-offline": 503,
  "no-agent": 409,
  "no-targets": 409,
  "owner-gone": 409,
  "no-flow": 409,
  "review-needed": 403,
  "rule-refused": 403,
  "terminal-only": 403,
  "would-lock-out": 409,
  "ticket-state": 409,
  "own-request": 403,
  "decided-before": 409,
  "approval-missing": 403,
  "approval-does-not-fit": 409,
  "approval-over": 409,
  "passkey-needed": 403,
  "wider-than-asked": 400,
  "bad-link": 400,
  "once-mismatch": 422,
  "once-running": 409,
  "no-secret": 409,
  "secret-needed": 409,
  "username-needed": 409,
  "no-own-key": 409,
  "no-account": 409,
  "no-protocol": 409,
  "host-key-refused": 409,
  "sign-in-failed": 409,
  "not-reached": 502,
  "certificate-refused": 502,
  "no-privileged-account": 409,
  "no-such-database": 404,
  "database-read-only": 409,
  "database-not-permitted": 409,
  "database-failed": 409,
  "database-protocol": 502,
  "bad-key": 400,
  "agent-refused": 502,
  "agent-revoked": 409,
  "token-unknown": 400,
  "token-used": 409,
  "token-expired": 410,
  "bad-proof": 400,
  "too-many": 429,
  "too-large": 413,
  "range-not-satisfiable": 416,
  "storage-full": 507,
  "storage-unreachable": 503,
  "log-damaged": 500,
  unavailable: 503,
  internal: 500,
} as const;

export type ErrorCode = keyof typeof statuses;
export type Facts = Record<string, string | number>;

/** `message` is public: what was got, what was expected, what next. `facts` are its variables for translation. */
export class HubError extends Error {
  override name = "HubError";
  readonly code: ErrorCode;
  readonly facts: Facts;

  constructor(code: ErrorCode, message: string, { facts = {}, cause }: { facts?: Facts; cause?: unknown } = {}) {
    super(message, { cause });
    this.code = code;
    this.facts = facts;
  }

  get status(): number {
    return statuses[this.code];
  }
}

/** The same answer for what does not exist and what this person may not see: nobody learns ids by asking. */
export const notFound = (what: string): HubError =>
  new HubError("not-found", `No such ${what}, or you may not see it.`, { facts: { what } });
