// What notices say, in the reader's language. Pure.
import type { Language, NoticeKind } from "./input.ts";
import { compose, type Message } from "./message.ts";
import { type FailedHost, type Notice, type NoticeOf, noticeRules, pathOf } from "./notices.ts";

type Said = { title: string; summary?: string; facts?: [string, string][]; rows?: string[][]; more?: number };
type Sayings = { [Kind in NoticeKind]: (data: NoticeOf[Kind]) => Said };

const failureRows = (failures: FailedHost[]) =>
  failures.map(({ asset, reason, exitCode, line }) => [asset, exitCode === null ? reason : `${reason} (${exitCode})`, line]);

/** "1 h 5 min", "42 s": the two greatest units. */
function lasting(seconds: number, [h, min, s]: readonly [string, string, string]): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} ${s}`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} ${min} ${whole % 60} ${s}`;
  return `${Math.floor(whole / 3_600)} ${h} ${Math.floor((whole % 3_600) / 60)} ${min}`;
}
const enTime = (seconds: number) => lasting(seconds, ["h", "min", "s"]);
const zhTime = (seconds: number) => lasting(seconds, ["小时", "分", "秒"]);

/** UTC, named as such: the hub does not know where the reader is. */
const at = (iso: string): string => `${iso.slice(0, 16).replace("T", " ")} UTC`;
const hosts = (count: number) => (count === 1 ? "1 host" : `${count} hosts`);

/** Why a task did not run; what is not here is a code of docs/errors.md. */
const whyMissed: Record<Language, Record<string, string>> = {
  en: {
    missed: "the hub was down or too busy for more than a minute",
    overlap: "the run before it had not ended",
    "no-targets": "its targets mean no asset that its owner may run on",
    "owner-gone": "its owner may do nothing any more",
  },
  zh: {
    missed: "中心停机或繁忙超过一分钟",
    overlap: "上一次执行尚未结束",
    "no-targets": "目标中没有其所有者可执行的资产",
    "owner-gone": "其所有者已不可用",
  },
};

/** Why an approved script did not begin by itself; what is not here is a code of docs/errors.md. */
const whyNotBegun: Record<Language, Record<string, string>> = {
  en: {
    "approval-does-not-fit": "it would not do any more what was approved",
    "approval-over": "it has run as often as was approved",
    "agent-refused": "the host's agent is too old, or its owner forbids it",
    "no-agent": "a host has neither an agent nor SSH",
    "no-account": "the account does not reach the host",
    "no-grant": "whoever asked may not reach a host now",
    "not-found": "the script or a host is gone",
    "owner-gone": "whoever asked may do nothing any more",
    "storage-full": "the hub's storage is full",
  },
  zh: {
    "approval-does-not-fit": "其内容已与批准时不同",
    "approval-over": "已达到批准的运行次数",
    "agent-refused": "主机上的代理版本过旧，或其所有者不允许",
    "no-agent": "有主机既没有代理也没有 SSH",
    "no-account": "该账号无法访问主机",
    "no-grant": "申请人目前无权访问某台主机",
    "not-found": "脚本或主机已不存在",
    "owner-gone": "申请人已不可用",
    "storage-full": "中心的存储空间已满",
  },
};

const en: Sayings = {
  "access.review": ({ review, due, left }) => ({
    title: `${review}: ${left === 1 ? "1 line waits" : `${left} lines wait`} for your review`,
    summary: "Say for each whether it is still needed.",
    facts: [["Due", at(due)]],
  }),
  "access.review-flagged": ({ grant, person, asset, reason }) => ({
    title: `${person} should not reach ${asset} any more`,
    summary:
      "It comes by a group, a role, a node or a label, or from a request, so that others would lose it, too: nothing was changed. Somebody who manages grants or groups has to.",
    facts: [
      ["Grant", grant],
      ["Reason", reason],
    ],
  }),
  "access.break-glass": ({ by, assets, reason, endsAt }) => ({
    title: `${by} has taken emergency access to ${assets}`,
    summary: "Nobody was asked. It is recorded, and waits for a review when it is over.",
    facts: [
      ["Reason", reason],
      ["Until", at(endsAt)],
    ],
  }),
  "access.ending": ({ grant, endsAt }) => ({
    title: `Your access ends on ${at(endsAt)}`,
    summary: "What is open under it ends then. Ask an administrator if you need it for longer.",
    facts: [["Grant", grant]],
  }),
  "grant.ending": ({ grant, endsAt, people, assets }) => ({
    title: `Grant ${grant} ends on ${at(endsAt)}`,
    summary: "Give it another end if it is still needed.",
    facts: [
      ["For", people.join(", ")],
      ["On", assets.join(", ")],
    ],
  }),
  "account.rotation-failed": ({ asset, account, code, attempt }) => ({
    title: `The secret of ${account} on ${asset} was not changed`,
    summary: "The old one still holds. It will be tried again.",
    facts: [
      ["Reason", code],
      ["Attempt", String(attempt)],
    ],
  }),
  "host-key.changed": ({ asset, pinned, offered }) => ({
    title: `${asset} shows another host key`,
    summary: "Nobody connects there until somebody has decided: it was set up anew, or another host answers in its place.",
    facts: [
      ["Known", pinned],
      ["Shown", offered],
    ],
  }),
  "person.locked": ({ person, until, address }) => ({
    title: `${person} is locked out after wrong passwords`,
    facts: [
      ["Until", at(until)],
      ["From", address],
    ],
  }),
  "agent.offline": ({ count, agents }) => ({
    title:
      count === 1
        ? `Agent ${agents[0]?.name ?? ""} has been offline for a while`
        : `${count} agents have been offline for a while`,
    summary: "What stands behind it cannot be reached.",
    rows: agents.map(({ name, zone, since }) => [name, zone, `since ${at(since)}`]),
    more: count - agents.length,
  }),
  "agent.duplicate": ({ agent, addresses }) => ({
    title: `Two processes use the key of agent ${agent}`,
    summary: "A disk was copied, or the key was stolen. Revoke the agent if you do not know why.",
    facts: [["Addresses", addresses]],
  }),
  "ticket.waiting": ({ ticket, by, reason }) => ({
    title: `${by} asks for ${ticket}`,
    summary: "It waits for your decision.",
    facts: [["Reason", reason]],
  }),
  "ticket.approved": ({ ticket, comment, endsAt }) => ({
    title: `${ticket} was approved`,
    facts: [
      ["Until", at(endsAt)],
      ["Comment", comment],
    ],
  }),
  "ticket.rejected": ({ ticket, comment }) => ({ title: `${ticket} was rejected`, facts: [["Comment", comment]] }),
  "ticket.lapsed": ({ ticket }) => ({
    title: `Nobody decided about ${ticket} in time`,
    summary: "Ask again if it is still needed.",
  }),
  "ticket.not-begun": ({ ticket, code }) => ({
    title: `${ticket} did not begin by itself`,
    summary:
      "It is not tried again. Once the reason is gone it can be begun on its page, as long as it was approved for; otherwise ask again.",
    facts: [["Why", whyNotBegun.en[code] ?? code]],
  }),
  "database-account.drifted": ({ asset, account, found }) => ({
    title: `Somebody changed the account ${account} on ${asset}`,
    summary: "It has been put right. What was found is below.",
    facts: [["Found", found]],
  }),
  "ticket.ended": ({ ticket, comment }) => ({
    title: `What ${ticket} gave was taken away`,
    facts: [["Reason", comment]],
  }),
  "ticket.changed": ({ ticket, change, state }) => ({ title: `${ticket} is ${state}`, facts: [["Step", change]] }),
  "run.started": ({ task, by, targets }) => ({
    title: `${task} has started`,
    facts: [
      ["By", by],
      ["On", hosts(targets)],
    ],
  }),
  "run.succeeded": ({ task, by, targets, seconds }) => ({
    title: `${task} succeeded`,
    facts: [
      ["By", by],
      ["On", hosts(targets)],
      ["Took", enTime(seconds)],
    ],
  }),
  "run.failed": ({ task, by, succeeded, failed, failures, seconds }) => ({
    title: `${task} failed on ${hosts(failed)}`,
    facts: [
      ["By", by],
      ["Succeeded", hosts(succeeded)],
      ["Took", enTime(seconds)],
    ],
    rows: failureRows(failures),
    more: failed - failures.length,
  }),
  "run.recovered": ({ task, by, seconds, failedBefore }) => ({
    title: `${task} succeeds again`,
    facts: [
      ["By", by],
      ["Failed before", failedBefore === 1 ? "1 run" : `${failedBefore} runs`],
      ["Took", enTime(seconds)],
    ],
  }),
  "run.failing": ({ task, inARow, failed, failures }) => ({
    title: `${task} has failed ${inARow} times in a row`,
    facts: [["Last time", `failed on ${hosts(failed)}`]],
    rows: failureRows(failures),
    more: failed - failures.length,
  }),
  "run.slow": ({ task, by, seconds, usualSeconds }) => ({
    title: `${task} takes longer than usual`,
    facts: [
      ["By", by],
      ["So far", enTime(seconds)],
      ["Usually", enTime(usualSeconds)],
    ],
  }),
  "run.missed": ({ task, dueAt, why }) => ({
    title: `${task} did not run when it was due`,
    facts: [
      ["Due", at(dueAt)],
      ["Reason", whyMissed.en[why] ?? why],
    ],
  }),
  "run.halted": ({ task, succeeded, failed, left, failures }) => ({
    title: `${task} was halted: too many hosts failed`,
    summary: "Somebody has to decide whether it goes on.",
    facts: [
      ["Succeeded", hosts(succeeded)],
      ["Failed", hosts(failed)],
      ["Not begun", hosts(left)],
    ],
    rows: failureRows(failures),
    more: failed - failures.length,
  }),
};

const zh: Sayings = {
  "access.review": ({ review, due, left }) => ({
    title: `${review}：${left} 项等待你复核`,
    summary: "请逐项说明是否仍有需要。",
    facts: [["截止", at(due)]],
  }),
  "access.review-flagged": ({ grant, person, asset, reason }) => ({
    title: `${person} 不应再访问 ${asset}`,
    summary: "该访问来自组、角色、节点、标签或申请，收回会影响他人，因此未作更改，需由授权或组的管理员处理。",
    facts: [
      ["授权", grant],
      ["理由", reason],
    ],
  }),
  "access.break-glass": ({ by, assets, reason, endsAt }) => ({
    title: `${by} 已紧急获得对 ${assets} 的访问`,
    summary: "未经审批。全程录制，结束后等待复核。",
    facts: [
      ["理由", reason],
      ["有效至", at(endsAt)],
    ],
  }),
  "access.ending": ({ grant, endsAt }) => ({
    title: `你的访问权限将于 ${at(endsAt)} 到期`,
    summary: "到期时，已打开的连接会随之结束。如需延长，请联系管理员。",
    facts: [["授权", grant]],
  }),
  "grant.ending": ({ grant, endsAt, people, assets }) => ({
    title: `授权 ${grant} 将于 ${at(endsAt)} 到期`,
    summary: "如仍需要，请修改到期时间。",
    facts: [
      ["授予", people.join("、")],
      ["资产", assets.join("、")],
    ],
  }),
  "account.rotation-failed": ({ asset, account, code, attempt }) => ({
    title: `${asset} 上 ${account} 的密钥未能轮换`,
    summary: "旧密钥仍然有效，稍后会重试。",
    facts: [
      ["原因", code],
      ["尝试次数", String(attempt)],
    ],
  }),
  "host-key.changed": ({ asset, pinned, offered }) => ({
    title: `${asset} 的主机密钥已改变`,
    summary: "在有人作出决定之前，任何人都无法连接：可能是主机重装，也可能是另一台主机在冒充。",
    facts: [
      ["已知", pinned],
      ["当前", offered],
    ],
  }),
  "person.locked": ({ person, until, address }) => ({
    title: `${person} 因密码错误被锁定`,
    facts: [
      ["锁定至", at(until)],
      ["来源", address],
    ],
  }),
  "agent.offline": ({ count, agents }) => ({
    title: count === 1 ? `代理 ${agents[0]?.name ?? ""} 已离线一段时间` : `${count} 个代理已离线一段时间`,
    summary: "其后的资产无法访问。",
    rows: agents.map(({ name, zone, since }) => [name, zone, `自 ${at(since)}`]),
    more: count - agents.length,
  }),
  "agent.duplicate": ({ agent, addresses }) => ({
    title: `有两个进程在使用代理 ${agent} 的密钥`,
    summary: "磁盘被复制，或密钥被盗。如不清楚原因，请吊销该代理。",
    facts: [["地址", addresses]],
  }),
  "ticket.waiting": ({ ticket, by, reason }) => ({
    title: `${by} 提交了工单：${ticket}`,
    summary: "等待你审批。",
    facts: [["理由", reason]],
  }),
  "ticket.approved": ({ ticket, comment, endsAt }) => ({
    title: `工单已批准：${ticket}`,
    facts: [
      ["有效至", at(endsAt)],
      ["意见", comment],
    ],
  }),
  "ticket.rejected": ({ ticket, comment }) => ({ title: `工单被拒绝：${ticket}`, facts: [["意见", comment]] }),
  "ticket.lapsed": ({ ticket }) => ({ title: `工单超时无人审批：${ticket}`, summary: "如仍需要请重新申请。" }),
  "ticket.not-begun": ({ ticket, code }) => ({
    title: `工单未能自动开始：${ticket}`,
    summary: "系统不会再次尝试。原因消除后，可在批准的时间内于其页面手动开始，否则请重新申请。",
    facts: [["原因", whyNotBegun.zh[code] ?? code]],
  }),
  "database-account.drifted": ({ asset, account, found }) => ({
    title: `有人更改了 ${asset} 上的账号 ${account}`,
    summary: "已恢复原状，发现的变更如下。",
    facts: [["发现", found]],
  }),
  "ticket.ended": ({ ticket, comment }) => ({
    title: `工单 ${ticket} 授予的权限已被收回`,
    facts: [["理由", comment]],
  }),
  "ticket.changed": ({ ticket, change, state }) => ({ title: `工单 ${ticket} 的状态：${state}`, facts: [["步骤", change]] }),
  "run.started": ({ task, by, targets }) => ({
    title: `${task} 已开始`,
    facts: [
      ["发起人", by],
      ["主机", `${targets} 台`],
    ],
  }),
  "run.succeeded": ({ task, by, targets, seconds }) => ({
    title: `${task} 执行成功`,
    facts: [
      ["发起人", by],
      ["主机", `${targets} 台`],
      ["用时", zhTime(seconds)],
    ],
  }),
  "run.failed": ({ task, by, succeeded, failed, failures, seconds }) => ({
    title: `${task} 在 ${failed} 台主机上失败`,
    facts: [
      ["发起人", by],
      ["成功", `${succeeded} 台`],
      ["用时", zhTime(seconds)],
    ],
    rows: failureRows(failures),
    more: failed - failures.length,
  }),
  "run.recovered": ({ task, by, seconds, failedBefore }) => ({
    title: `${task} 已恢复成功`,
    facts: [
      ["发起人", by],
      ["此前失败", `${failedBefore} 次`],
      ["用时", zhTime(seconds)],
    ],
  }),
  "run.failing": ({ task, inARow, failed, failures }) => ({
    title: `${task} 已连续失败 ${inARow} 次`,
    facts: [["最近一次", `${failed} 台主机失败`]],
    rows: failureRows(failures),
    more: failed - failures.length,
  }),
  "run.slow": ({ task, by, seconds, usualSeconds }) => ({
    title: `${task} 比平时用时更长`,
    facts: [
      ["发起人", by],
      ["已用时", zhTime(seconds)],
      ["平时", zhTime(usualSeconds)],
    ],
  }),
  "run.missed": ({ task, dueAt, why }) => ({
    title: `${task} 未按时执行`,
    facts: [
      ["应执行于", at(dueAt)],
      ["原因", whyMissed.zh[why] ?? why],
    ],
  }),
  "run.halted": ({ task, succeeded, failed, left, failures }) => ({
    title: `${task} 已暂停：失败的主机过多`,
    summary: "需要有人决定是否继续。",
    facts: [
      ["成功", `${succeeded} 台`],
      ["失败", `${failed} 台`],
      ["未开始", `${left} 台`],
    ],
    rows: failureRows(failures),
    more: failed - failures.length,
  }),
};

const sayings: Record<Language, Sayings> = { en, zh };
const look: Record<Language, string> = { en: "Open", zh: "查看" };

/** @param consoleUrl where people reach the hub, without a slash at the end; null when it does not know: then there is no link. */
export function messageOf<Kind extends NoticeKind>(notice: Notice<Kind>, language: Language, consoleUrl: string | null): Message {
  const say: (data: NoticeOf[Kind]) => Said = sayings[language][notice.kind];
  const { title, summary = "", facts = [], rows = [], more = 0 } = say(notice.data);
  return compose({
    language,
    severity: noticeRules[notice.kind].severity,
    title,
    summary,
    facts: facts.map(([name, value]) => ({ name, value })),
    table: rows.length === 0 ? null : { rows, more: Math.max(0, more) },
    link: consoleUrl === null ? null : { text: look[language], url: consoleUrl + pathOf(notice) },
  });
}

const forYouAlone: Record<Language, { name: string; value: (until: string) => string }> = {
  en: { name: "Link", value: (until) => `for you alone, until ${until}. You sign in before you decide.` },
  zh: { name: "链接", value: (until) => `仅供你本人使用，有效期至 ${until}。需先登录才能审批。` },
};

/** The same with a link that is its reader's own. @param url with the console's address. */
export function withOwnLink(message: Message, url: string, until: Date): Message {
  const { name, value } = forYouAlone[message.language];
  const facts = [...message.facts, { name, value: value(at(until.toISOString())) }];
  return { ...message, facts, link: { text: message.link?.text ?? look[message.language], url } };
}

const order = ["info", "success", "warning", "critical"] as const;

/** Several in one, when there are more than a channel takes one by one. */
export function digestOf(messages: readonly Message[], language: Language, consoleUrl: string | null): Message {
  const worst = order.findLast((severity) => messages.some((message) => message.severity === severity)) ?? "info";
  const first = [...messages].sort((a, b) => order.indexOf(b.severity) - order.indexOf(a.severity));
  return compose({
    language,
    severity: worst,
    title: language === "zh" ? `${messages.length} 条通知` : `${messages.length} notices`,
    summary: "",
    facts: [],
    table: { rows: first.map(({ title }) => [title]), more: 0 },
    link: consoleUrl === null ? null : { text: look[language], url: `${consoleUrl}/inbox` },
  });
}

/** What the button sends. @param by who pressed it. */
export const testMessage = (by: string, language: Language, consoleUrl: string | null): Message =>
  compose({
    language,
    severity: "info",
    title: language === "zh" ? "Sallyport 的测试消息" : "A test from Sallyport",
    summary: language === "zh" ? "收到此消息，说明通知渠道可用。" : "This channel works: you are reading it.",
    facts: [{ name: language === "zh" ? "发送人" : "Sent by", value: by }],
    table: null,
    link: consoleUrl === null ? null : { text: look[language], url: `${consoleUrl}/settings?tab=notices` },
  });
