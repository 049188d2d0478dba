// Account templates, and accounts made of them.
import * as input from "../../assets/input.ts";
import { changeTemplate, createTemplate, deleteTemplate, presentTemplate, templatesOf } from "../../assets/manage-templates.ts";
import { applyTemplate } from "../../custody/apply-template.ts";
import { byId } from "../../platform/input.ts";
import * as output from "../output.ts";
import { needs, router } from "../trpc.ts";

const managing = needs("accounts.manage");

export const templatesRouter = router({
  list: needs("assets.read")
    .meta({ rest: { method: "GET", path: "/account-templates", tag: "Accounts", summary: "Account templates by name" } })
    .output(output.listOf(output.accountTemplate))
    .query(async ({ ctx }) => ({ items: (await templatesOf(ctx.hub.assets.db, ctx.actor.orgId)).map(presentTemplate) })),
  create: managing
    .meta({
      rest: { method: "POST", path: "/account-templates", status: 201, tag: "Accounts", summary: "Add an account template" },
    })
    .input(input.createTemplate)
    .output(output.created)
    .mutation(async ({ ctx, input: given }) => ({ id: await createTemplate(ctx.hub.assets, ctx.actor, given) })),
  change: managing
    .meta({
      rest: {
        method: "POST",
        path: "/account-templates/{id}",
        tag: "Accounts",
        summary: "Change an account template; what is left out stays",
      },
    })
    .input(input.changeTemplate)
    .output(output.nothing)
    .mutation(async ({ ctx, input: given }) => {
      await changeTemplate(ctx.hub.assets, ctx.actor, given);
      return {};
    }),
  remove: managing
    .meta({ rest: { method: "DELETE", path: "/account-templates/{id}", tag: "Accounts", summary: "Take a template away" } })
    .input(byId)
    .output(output.nothing)
    .mutation(async ({ ctx, input: { id } }) => {
      await deleteTemplate(ctx.hub.assets, ctx.actor, id);
      return {};
    }),
  applyTo: managing
    .meta({
      rest: {
        method: "POST",
        path: "/account-templates/{id}/apply",
        tag: "Accounts",
        summary: "Make accounts of a template on assets; the answer has a line for each",
      },
    })
    .input(input.applyTemplate)
    .output(output.listOf(output.appliedTemplate))
    .mutation(async ({ ctx, input: given }) => {
      const items = await applyTemplate(ctx.hub.custody.deps, ctx.actor, given);
      void ctx.hub.custody.begin();
      return { items };
    }),
});
