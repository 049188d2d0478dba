// What is done with assets and accounts on the hosts themselves: test, verify, push, rotate.
import { findAsset } from "../../assets/assets.ts";
import * as input from "../../custody/input.ts";
import { presentTask } from "../../custody/present.ts";
import { pushByLogin } from "../../custody/push-account.ts";
import { requestWork } from "../../custody/request-work.ts";
import type { TaskKind } from "../../custody/schema.ts";
import { tasksOf } from "../../custody/tasks.ts";
import { testConnection } from "../../custody/test-connection.ts";
import { notFound } from "../../platform/errors.ts";
import * as output from "../output.ts";
import { needs, router } from "../trpc.ts";

const managing = needs("accounts.manage");

const requesting = (kind: TaskKind, path: `/${string}`, summary: string) =>
  managing
    .meta({ rest: { method: "POST", path, status: 202, tag: "Accounts", summary } })
    .input(input.manyAccounts)
    .output(output.requestedWork)
    .mutation(async ({ ctx, input: { ids } }) => {
      const added = await requestWork(ctx.hub.custody.deps, ctx.actor, kind, ids);
      void ctx.hub.custody.begin();
      return { added };
    });

export const custodyRouter = router({
  test: needs("assets.manage")
    .meta({
      rest: {
        method: "POST",
        path: "/assets/{id}/test",
        tag: "Assets",
        summary: "Try to reach an asset, or to sign in as one of its accounts; the answer says what stands in the way",
      },
    })
    .input(input.testAsset)
    .output(output.testedAsset)
    .mutation(({ ctx, input: given }) => testConnection(ctx.hub.custody.deps, ctx.actor, given)),
  verify: requesting("verify", "/account-checks", "Try the stored secrets of accounts on their assets"),
  push: requesting("push", "/account-pushes", "Make accounts on their assets and set their secrets, by a privileged account"),
  rotate: requesting("rotate", "/account-rotations", "Change the secrets of accounts on their assets"),
  pushByLogin: managing
    .meta({
      rest: {
        method: "POST",
        path: "/accounts/{id}/push",
        tag: "Accounts",
        summary: "Make an account on its asset by a login with the rights of root, which is kept nowhere",
      },
    })
    .input(input.pushAccount)
    .output(output.attempt)
    .mutation(({ ctx, input: given }) => pushByLogin(ctx.hub.custody.deps, ctx.actor, given)),
  tasks: needs("assets.read")
    .meta({
      rest: { method: "GET", path: "/account-tasks", tag: "Accounts", summary: "Work on the accounts of an asset, newest first" },
    })
    .input(input.listTasks)
    .output(output.listOf(output.accountTask))
    .query(async ({ ctx, input: { assetId } }) => {
      const { db } = ctx.hub.assets;
      if ((await findAsset(db, ctx.actor.orgId, assetId)) === null) throw notFound("asset");
      return { items: (await tasksOf(db, ctx.actor.orgId, assetId)).map(presentTask) };
    }),
});
