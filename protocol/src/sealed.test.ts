// A sealed secret opens once everything is right, and not otherwise.
import { createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { newId } from "./ids.ts";
import { sealedBytesMax } from "./limits.ts";
import { checkSealingKey, newSealingKey, rawSealingKey, SealError, seal, signSealingKey, unseal } from "./sealed.ts";

const purpose = { agentId: newId("agt"), subjectId: newId("ses") };

test("a secret opens with the key, the agent and the session it was sealed for, and with nothing else", () => {
  const recipient = newSealingKey();
  const secret = Buffer.from("pässwörd");
  const sealed = seal(secret, rawSealingKey(recipient), purpose);
  expect(unseal(sealed, recipient, purpose)).toEqual(secret);
  expect(() => unseal(sealed, newSealingKey(), purpose)).toThrow(SealError);
  expect(() => unseal(sealed, recipient, { ...purpose, subjectId: newId("ses") })).toThrow(SealError);
  expect(() => unseal(sealed, recipient, { ...purpose, agentId: newId("agt") })).toThrow(SealError);
});

test("a sealed secret with any one byte changed does not open", () => {
  const recipient = newSealingKey();
  const sealed = seal(randomBytes(24), rawSealingKey(recipient), purpose);
  for (const field of ["ephemeralKey", "ciphertext"] as const) {
    for (let n = 0; n < sealed[field].length; n++) {
      const changed = Buffer.from(sealed[field]);
      changed[n] = (changed[n] ?? 0) ^ 1;
      expect(() => unseal({ ...sealed, [field]: changed }, recipient, purpose)).toThrow(SealError);
    }
  }
});

test("the same secret never looks the same", () => {
  const recipient = rawSealingKey(newSealingKey());
  const seen = new Set(
    Array.from({ length: 100 }, () => Buffer.from(seal(Buffer.from("one"), recipient, purpose).ciphertext).toString("hex")),
  );
  expect(seen.size).toBe(100);
});

test("points everybody can agree with, keys of another length and secrets beyond the cap are refused", () => {
  const recipient = newSealingKey();
  expect(() => seal(Buffer.from("x"), Buffer.alloc(32), purpose)).toThrow(SealError);
  expect(() => seal(Buffer.from("x"), Buffer.alloc(31, 9), purpose)).toThrow(SealError);
  expect(() => seal(Buffer.alloc(sealedBytesMax + 1), rawSealingKey(recipient), purpose)).toThrow(SealError);
  expect(() => unseal({}, recipient, purpose)).toThrow(SealError);
  expect(() => unseal({ ephemeralKey: Buffer.alloc(32), ciphertext: Buffer.alloc(20) }, recipient, purpose)).toThrow(SealError);
});

test("a sealing key is believed only from the agent it names, for the hub it names", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const owner = { hubId: newId("hub"), agentId: newId("agt") };
  const sealingKey = rawSealingKey(newSealingKey());
  const signature = signSealingKey(sealingKey, owner, privateKey);
  expect(checkSealingKey({ sealingKey, signature }, owner, publicKey)).toBe(true);
  expect(checkSealingKey({ sealingKey: rawSealingKey(newSealingKey()), signature }, owner, publicKey)).toBe(false);
  expect(checkSealingKey({ sealingKey, signature }, { ...owner, hubId: newId("hub") }, publicKey)).toBe(false);
  expect(checkSealingKey({ sealingKey, signature }, { ...owner, agentId: newId("agt") }, publicKey)).toBe(false);
  const other = createPublicKey(generateKeyPairSync("ed25519").privateKey);
  expect(checkSealingKey({ sealingKey, signature }, owner, other)).toBe(false);
  expect(checkSealingKey({ sealingKey, signature: new Uint8Array() }, owner, publicKey)).toBe(false);
});
