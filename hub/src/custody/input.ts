// What callers may send to custody; forms share it.
import { z } from "zod";
import { password, username } from "../assets/input.ts";

const id = z.string().min(1).max(64);

/** With an account: signs in as it. Without: whether something answers on the port of the asset's first protocol, or on the one named. */
export const testAsset = z.object({
  id,
  accountId: id.optional(),
  protocol: z.string().min(1).max(32).optional(),
});

/** As many as a page of accounts shows; more are asked for page by page. */
export const manyAccounts = z.object({ ids: z.array(id).min(1).max(200) });

/** A login with the rights of root, typed for this once and kept nowhere. */
export const pushAccount = z.object({ id, login: z.object({ username, password }) });

export const listTasks = z.object({ assetId: id });
