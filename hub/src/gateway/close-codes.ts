// WebSocket close codes of ours, by error code (RFC 6455 §7.4.2: 4000–4999 are for applications).
const closeCodes: Record<string, number> = {
  "bad-input": 4400,
  "bad-message": 4400,
  "read-only": 4403,
  "not-signed-in": 4401,
  forbidden: 4403,
  "no-grant": 4403,
  "not-found": 4404,
  conflict: 4409,
  "agent-revoked": 4409,
  "asset-off": 4409,
  "secret-needed": 4409,
  "username-needed": 4409,
  "no-own-key": 4409,
  "no-secret": 4409,
  "no-account": 4409,
  "no-protocol": 4409,
  "too-many": 4429,
  "agent-offline": 4503,
  "agent-refused": 4502,
  "host-key-refused": 4502,
  "sign-in-failed": 4502,
  "not-reached": 4503,
  "storage-full": 4507,
};

export const closeCodeOf = (code: string): number => closeCodes[code] ?? 4500;
