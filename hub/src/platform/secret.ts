// Secrets on their way through the hub, and tokens it hands out.
import { createHash, randomBytes } from "node:crypto";

/** 32 random bytes behind a prefix that secret scanners can find. Shown once; only its hash is stored. */
export const newToken = (prefix: string): string => `${prefix}_${randomBytes(32).toString("base64url")}`;

/** What is stored of a token: it has 256 bits of its own, so a plain SHA-256 cannot be searched. */
export const hashToken = (token: string): string => createHash("sha256").update(token).digest("hex");
