// What the organisation asks of its people at sign-in.
import * as input from "../../identity/input.ts";
import { findSignInPolicy, setSignInPolicy } from "../../identity/sign-in-policy.ts";
import { nothing } from "../output.ts";
import { needs, router } from "../trpc.ts";

const tag = "Settings";
const managing = needs("settings.manage");

export const signInPolicyRouter = router({
  get: managing
    .meta({ rest: { method: "GET", path: "/sign-in-policy", tag, summary: "What is asked of people at sign-in" } })
    .output(input.signInPolicy)
    .query(({ ctx }) => findSignInPolicy(ctx.hub.identity.db, ctx.actor.orgId)),
  set: managing
    .meta({ rest: { method: "POST", path: "/sign-in-policy", tag, summary: "Change it; for people in the console only" } })
    .input(input.signInPolicy)
    .output(nothing)
    .mutation(async ({ ctx, input: policy }) => {
      await setSignInPolicy(ctx.hub.identity, ctx.actor, policy);
      return {};
    }),
});
