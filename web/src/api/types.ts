// Names for the shapes the hub answers with; every one is inferred from its router.

import type { AppRouter } from "@sallyport/hub/api/router";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";

export type Outputs = inferRouterOutputs<AppRouter>;
export type Inputs = inferRouterInputs<AppRouter>;

export type Me = NonNullable<Outputs["auth"]["state"]["me"]>;
export type Permission = Me["permissions"][number];
export type Role = Me["role"];
export type SignInSession = Outputs["auth"]["sessions"]["items"][number];

export type HomeSummary = Outputs["home"]["summary"];
export type Agent = Outputs["fleet"]["agents"]["items"][number];
export type AgentDetail = Outputs["fleet"]["agent"];
export type HostFacts = NonNullable<Agent["facts"]>;
export type Zone = Outputs["fleet"]["zones"]["items"][number];
export type EnrolmentToken = Outputs["fleet"]["createEnrolmentToken"];
export type EnrolmentProgress = Outputs["fleet"]["enrolmentToken"];

export type Asset = Outputs["assets"]["list"]["items"][number];
export type Account = Outputs["accounts"]["list"]["items"][number];
export type AccountTemplate = Outputs["templates"]["list"]["items"][number];
export type AccountTask = Outputs["custody"]["tasks"]["items"][number];
export type Grant = Outputs["access"]["grants"]["items"][number];
export type FoundSubject = Outputs["access"]["findSubjects"]["items"][number];
export type FoundTarget = Outputs["access"]["findTargets"]["items"][number];
export type GrantPreview = Outputs["access"]["preview"];
export type Explanation = Outputs["access"]["explain"];
export type GrantAction = Grant["actions"][number];

export type SessionSummary = Outputs["sessions"]["list"]["items"][number];
export type SessionDetail = Outputs["sessions"]["get"];
export type EndReason = NonNullable<SessionSummary["endReason"]>;

export type RunSummary = Outputs["runs"]["list"]["items"][number];
export type RunDetail = Outputs["runs"]["get"];
export type Execution = RunDetail["executions"][number];
export type KeptFile = Outputs["files"]["list"]["items"][number];
export type Script = Outputs["scripts"]["list"]["items"][number];
export type ScriptDetail = Outputs["scripts"]["get"];
export type ScriptVersion = ScriptDetail["version"];
export type Task = Outputs["tasks"]["list"]["items"][number];
export type TaskDetail = Outputs["tasks"]["get"];
export type TaskFire = Outputs["tasks"]["fires"]["items"][number];
export type Ticket = Outputs["tickets"]["list"]["items"][number];
export type TicketDetail = Outputs["tickets"]["get"];
export type TicketKind = TicketDetail["kind"];
export type Asked = TicketDetail["asked"];
export type AskedOf<K extends TicketKind> = Extract<Asked, { kind: K }>;
/** What people ask for; the other kinds a rule raises. */
export type AskableKind = Inputs["tickets"]["open"]["asked"]["kind"];
export type TicketFlow = Outputs["tickets"]["flows"]["items"][number];
export type Rule = Outputs["rules"]["list"]["items"][number];
export type RulesExplained = Outputs["rules"]["explain"];
export type AccessReview = Outputs["reviews"]["list"]["items"][number];
export type ReviewLine = Outputs["reviews"]["lines"]["items"][number];
export type Requestable = Outputs["tickets"]["requestable"]["items"][number];
export type Interpreter = RunSummary["interpreter"];

export type Person = Outputs["people"]["list"]["items"][number];
export type GuestInvitation = Outputs["guests"]["invitations"]["items"][number];
export type ListedRole = Outputs["roles"]["list"]["items"][number];
export type PeopleGroup = Outputs["groups"]["list"]["items"][number];
export type Organisation = Outputs["organisations"]["list"]["items"][number];
export type SignInProvider = Outputs["providers"]["list"]["items"][number];
export type AccessKey = Outputs["keys"]["list"]["items"][number];
export type AuditEvent = Outputs["audit"]["list"]["items"][number];
export type InboxNotice = Outputs["notices"]["inbox"]["items"][number];
export type NoticeChannel = Outputs["notices"]["channels"]["items"][number];
export type NoticeDelivery = Outputs["notices"]["deliveries"]["items"][number];
