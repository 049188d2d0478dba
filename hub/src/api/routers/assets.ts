// Assets, the tree they stand in, and the accounts on them.
import { Reach } from "../../access/reach.ts";
import { accountsOf } from "../../assets/account-choice.ts";
import { findAsset, findAssets, listAssets } from "../../assets/assets.ts";
import { importAssets } from "../../assets/assets-csv.ts";
import { certificateCheckOf, presentCertificateCheck } from "../../assets/certificate-checks.ts";
import { decideHostKey, hostKeysOf, presentHostKey } from "../../assets/host-keys.ts";
import * as input from "../../assets/input.ts";
import {
  changeAccount,
  createAccount,
  deleteAccount,
  findAccount,
  revealSecret,
  setSecret,
  versionsOf,
} from "../../assets/manage-accounts.ts";
import { changeAsset, createAsset, deleteAssets, setFavourite } from "../../assets/manage-assets.ts";
import { createNode, deleteNode, listNodes, moveNode, pathsOf, placeAssets, renameNode } from "../../assets/nodes.ts";
import { presentAccount } from "../../assets/present-account.ts";
import { importFile, importReport } from "../../csv/input.ts";
import { assertMay, may } from "../../identity/actor.ts";
import { notFound } from "../../platform/errors.ts";
import { byId } from "../../platform/input.ts";
import * as output from "../output.ts";
import { presentAssets } from "../present-assets.ts";
import { needs, router, signedIn } from "../trpc.ts";

const reading = needs("assets.read");
const managing = needs("assets.manage");

export const assetsRouter = router({
  list: signedIn
    .meta({
      rest: {
        method: "GET",
        path: "/assets",
        tag: "Assets",
        summary: "Assets by name: what you may reach, or with scope=all and assets.read everything",
      },
    })
    .input(input.listAssets)
    .output(output.pageOf(output.asset))
    .query(async ({ ctx, input: { scope, ...filter } }) => {
      const { db, clock } = ctx.hub.assets;
      if (scope === "all") assertMay(ctx.actor, "assets.read");
      const reach = await Reach.of(db, ctx.actor, clock.now());
      const who = { orgId: ctx.actor.orgId, userId: ctx.actor.id };
      const { rows, nextCursor, total } = await listAssets(db, who, filter, scope === "all" ? undefined : reach.only);
      return { items: await presentAssets(ctx.hub, ctx.actor, rows, await reach.offers(db, rows)), nextCursor, total };
    }),
  get: signedIn
    .meta({ rest: { method: "GET", path: "/assets/{id}", tag: "Assets", summary: "One asset" } })
    .input(byId)
    .output(output.asset.extend({ nodes: output.nodes, certificateCheck: output.certificateCheck.nullable() }))
    .query(async ({ ctx, input: { id } }) => {
      const { db, clock } = ctx.hub.assets;
      const found = await findAsset(db, ctx.actor.orgId, id);
      if (found === null || found.asset.retiredAt !== null) throw notFound("asset");
      const reach = await (await Reach.of(db, ctx.actor, clock.now())).offers(db, [found]);
      if (reach(id).accounts.length === 0 && !may(ctx.actor, "assets.read")) throw notFound("asset");
      const [presented] = await presentAssets(ctx.hub, ctx.actor, [found], reach);
      if (presented === undefined) throw notFound("asset");
      const paths = await pathsOf(db, ctx.actor.orgId, presented.nodeIds);
      return {
        ...presented,
        nodes: presented.nodeIds.map((nodeId) => ({ id: nodeId, path: paths.get(nodeId) ?? "" })),
        certificateCheck: presentCertificateCheck(await certificateCheckOf(db, id)),
      };
    }),
  import: managing
    .meta({
      rest: {
        method: "POST",
        path: "/assets-import",
        tag: "Assets",
        summary: "Add and change assets by a CSV file, or only try it",
      },
    })
    .input(importFile)
    .output(importReport)
    .mutation(({ ctx, input: given }) => importAssets(ctx.hub.assets, ctx.actor, given)),
  create: managing
    .meta({ rest: { method: "POST", path: "/assets", status: 201, tag: "Assets", summary: "Add an asset" } })
    .input(input.createAsset)
    .output(output.created)
    .mutation(async ({ ctx, input: given }) => ({ id: await createAsset(ctx.hub.assets, ctx.actor, given) })),
  change: managing
    .meta({ rest: { method: "POST", path: "/assets/{id}", tag: "Assets", summary: "Change an asset; what is left out stays" } })
    .input(input.changeAsset)
    .output(output.nothing)
    .mutation(async ({ ctx, input: given }) => {
      await changeAsset(ctx.hub.assets, ctx.actor, given);
      return {};
    }),
  remove: managing
    .meta({ rest: { method: "POST", path: "/asset-deletions", tag: "Assets", summary: "Take assets away; all of them or none" } })
    .input(input.manyAssets)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { ids } }) => {
      await deleteAssets(ctx.hub.assets, ctx.actor, ids);
      return {};
    }),
  hostKeys: reading
    .meta({
      rest: { method: "GET", path: "/assets/{id}/host-keys", tag: "Assets", summary: "SSH host keys that the asset has shown" },
    })
    .input(byId)
    .output(output.listOf(output.hostKey))
    .query(async ({ ctx, input: { id } }) => {
      const { db } = ctx.hub.assets;
      if ((await findAsset(db, ctx.actor.orgId, id)) === null) throw notFound("asset");
      return { items: (await hostKeysOf(db, id)).map(presentHostKey) };
    }),
  decideHostKey: managing
    .meta({
      rest: { method: "POST", path: "/host-keys/{id}/decide", tag: "Assets", summary: "Trust, refuse or forget a host key" },
    })
    .input(input.decideHostKey)
    .output(output.nothing)
    .mutation(async ({ ctx, input: given }) => {
      await decideHostKey(ctx.hub.assets, ctx.actor, given);
      return {};
    }),
  setFavourite: signedIn.input(input.setFavourite).mutation(async ({ ctx, input: given }) => {
    const { db, clock } = ctx.hub.assets;
    const rows = await findAssets(db, ctx.actor.orgId, [given.id]);
    const reach = await (await Reach.of(db, ctx.actor, clock.now())).offers(db, rows);
    if (reach(given.id).accounts.length === 0 && !may(ctx.actor, "assets.read")) throw notFound("asset");
    await setFavourite(ctx.hub.assets, ctx.actor, given);
    return {};
  }),
});

export const nodesRouter = router({
  list: signedIn
    .meta({ rest: { method: "GET", path: "/nodes", tag: "Assets", summary: "Nodes of the tree below one, or at the top" } })
    .input(input.listNodes)
    .output(output.listOf(output.node))
    .query(async ({ ctx, input: { parentId, scope } }) => {
      const { db, clock } = ctx.hub.assets;
      if (scope === "all") assertMay(ctx.actor, "assets.read");
      const only = scope === "all" ? undefined : (await Reach.of(db, ctx.actor, clock.now())).only;
      const items = await listNodes(db, ctx.actor.orgId, parentId, only);
      // Of a tree that is not his to manage a person sees the branches that hold something for him.
      return { items: scope === "all" ? items : items.filter((node) => node.assets > 0) };
    }),
  create: managing
    .meta({ rest: { method: "POST", path: "/nodes", status: 201, tag: "Assets", summary: "Add a node" } })
    .input(input.createNode)
    .output(output.created)
    .mutation(async ({ ctx, input: given }) => ({ id: await createNode(ctx.hub.assets, ctx.actor, given) })),
  rename: managing
    .meta({ rest: { method: "POST", path: "/nodes/{id}/rename", tag: "Assets", summary: "Rename a node" } })
    .input(input.renameNode)
    .output(output.nothing)
    .mutation(async ({ ctx, input: given }) => {
      await renameNode(ctx.hub.assets, ctx.actor, given);
      return {};
    }),
  move: managing
    .meta({ rest: { method: "POST", path: "/nodes/{id}/move", tag: "Assets", summary: "Move a node with what is under it" } })
    .input(input.moveNode)
    .output(output.nothing)
    .mutation(async ({ ctx, input: given }) => {
      await moveNode(ctx.hub.assets, ctx.actor, given);
      return {};
    }),
  remove: managing
    .meta({ rest: { method: "DELETE", path: "/nodes/{id}", tag: "Assets", summary: "Remove an empty node" } })
    .input(byId)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await deleteNode(ctx.hub.assets, ctx.actor, id);
      return {};
    }),
  place: managing
    .meta({
      rest: {
        method: "POST",
        path: "/nodes/{nodeId}/assets",
        tag: "Assets",
        summary: "Put assets into a node, or take them out",
      },
    })
    .input(input.placeAssets)
    .output(output.nothing)
    .mutation(async ({ ctx, input: given }) => {
      await placeAssets(ctx.hub.assets, ctx.actor, given);
      return {};
    }),
});

const managingAccounts = needs("accounts.manage");

export const accountsRouter = router({
  list: reading
    .meta({ rest: { method: "GET", path: "/accounts", tag: "Accounts", summary: "Accounts of an asset, without their secrets" } })
    .input(input.listAccounts)
    .output(output.listOf(output.account))
    .query(async ({ ctx, input: { assetId } }) => {
      const { db } = ctx.hub.assets;
      if ((await findAsset(db, ctx.actor.orgId, assetId)) === null) throw notFound("asset");
      return { items: (await accountsOf(db, assetId)).map(presentAccount) };
    }),
  get: reading.input(byId).query(async ({ ctx, input: { id } }) => {
    const { db } = ctx.hub.assets;
    const account = await findAccount(db, ctx.actor.orgId, id);
    if (account === null) throw notFound("account");
    const versions = await versionsOf(db, id);
    return {
      ...presentAccount(account),
      versions: versions.map((one) => ({ ...one, createdAt: one.createdAt.toISOString() })),
    };
  }),
  create: managingAccounts
    .meta({
      rest: { method: "POST", path: "/accounts", status: 201, tag: "Accounts", summary: "Add an account with its secret" },
    })
    .input(input.createAccount)
    .output(output.created)
    .mutation(async ({ ctx, input: given }) => ({ id: await createAccount(ctx.hub.assets, ctx.actor, given) })),
  change: managingAccounts
    .meta({
      rest: { method: "POST", path: "/accounts/{id}", tag: "Accounts", summary: "Change an account; what is left out stays" },
    })
    .input(input.changeAccount)
    .output(output.nothing)
    .mutation(async ({ ctx, input: given }) => {
      await changeAccount(ctx.hub.assets, ctx.actor, given);
      return {};
    }),
  setSecret: managingAccounts
    .meta({ rest: { method: "POST", path: "/accounts/{id}/secret", tag: "Accounts", summary: "Store a new secret" } })
    .input(input.setSecret)
    .output(output.storedSecret)
    .mutation(({ ctx, input: given }) => setSecret(ctx.hub.assets, ctx.actor, given)),
  reveal: needs("secrets.reveal")
    .input(input.revealSecret)
    .mutation(({ ctx, input: given }) => revealSecret(ctx.hub.assets, ctx.actor, given)),
  remove: managingAccounts
    .meta({ rest: { method: "DELETE", path: "/accounts/{id}", tag: "Accounts", summary: "Take an account away" } })
    .input(byId)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await deleteAccount(ctx.hub.assets, ctx.actor, id);
      return {};
    }),
});
