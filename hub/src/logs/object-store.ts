// Where closed logs may be kept besides the hub's own disk. One interface, so that the archive can be told apart from what it is kept in.

/** What is noted beside a log that was stored: enough to ask for it again and to see whether it came back whole. */
export type StoredLog = { bytes: number /** hex */; sha256: string };

export interface ObjectStore {
  /** Where it is, for people; no secret in it. */
  readonly place: string;
  /** The store answers, and lets us write and delete. @throws ObjectStoreError */
  check(): Promise<void>;
  /** Stored, whole and durable, when this resolves. Storing the same twice is no error. @throws ObjectStoreError */
  put(key: string, file: string, log: StoredLog): Promise<void>;
  /** Writes the object to a new file, no more than `bytes + 1` of it. @throws ObjectStoreError, with `missing` when it is not there */
  get(key: string, file: string, log: StoredLog): Promise<void>;
  /** Gone when this resolves, also when it never was. @throws ObjectStoreError */
  remove(key: string): Promise<void>;
}

export class ObjectStoreError extends Error {
  override name = "ObjectStoreError";
  readonly missing: boolean;

  constructor(message: string, { cause, missing = false }: { cause?: unknown; missing?: boolean } = {}) {
    super(message, { cause });
    this.missing = missing;
  }
}
