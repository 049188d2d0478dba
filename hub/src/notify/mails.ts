// The mails, in the reader's language: one message, as text and as HTML. Names in them were typed by people and are escaped.
import type { Language } from "./input.ts";
import { andMore, type Message, mapTexts, rowLine, unlinked } from "./message.ts";

export type Mail = { subject: string; text: string; html: string };

/** link works once, until `expiresAt`; hub is the address people reach it at. */
export type LinkMail = {
  kind: "invite" | "guest" | "reset" | "forgot";
  name: string;
  by: string;
  link: string;
  expiresAt: Date;
  hub: string;
};

type Words = { subject: string; hello: string; why: string; action: string; until: string; other: string };

const words: Record<Language, Record<LinkMail["kind"], (mail: LinkMail) => Words>> = {
  en: {
    invite: ({ name, by, hub, expiresAt }) => ({
      subject: `You are invited to ${hub}`,
      hello: `Hello ${name},`,
      why: `${by} has invited you to ${hub}. Choose a password to begin.`,
      action: "Choose a password",
      until: `The link works once, until ${at(expiresAt)}.`,
      other: "If you do not know what this is about, do nothing: without the link nobody gets in.",
    }),
    guest: ({ name, by, hub, expiresAt }) => ({
      subject: `You are asked to work as a guest on ${hub}`,
      hello: `Hello ${name},`,
      why: `${by} asks you to work there as a guest, with the account that you have on ${hub}. Sign in to accept.`,
      action: "See the invitation",
      until: `The link works once, until ${at(expiresAt)}.`,
      other: "If you do not know what this is about, or have no account there, do nothing.",
    }),
    reset: ({ name, by, hub, expiresAt }) => ({
      subject: `Set a new password for ${hub}`,
      hello: `Hello ${name},`,
      why: `${by} sends you this link to set a new password for ${hub}.`,
      action: "Set a new password",
      until: `The link works once, until ${at(expiresAt)}. It ends every sign-in you have.`,
      other: "If you did not ask for it, tell an administrator.",
    }),
    forgot: ({ name, hub, expiresAt }) => ({
      subject: `Set a new password for ${hub}`,
      hello: `Hello ${name},`,
      why: `Somebody, hopefully you, asked for a new password for ${hub}.`,
      action: "Set a new password",
      until: `The link works once, until ${at(expiresAt)}. It ends every sign-in you have.`,
      other: "If it was not you, do nothing: your password stays as it is.",
    }),
  },
  zh: {
    invite: ({ name, by, hub, expiresAt }) => ({
      subject: `邀请你使用 ${hub}`,
      hello: `${name}，你好：`,
      why: `${by} 邀请你使用 ${hub}。请设置密码以开始使用。`,
      action: "设置密码",
      until: `此链接仅可使用一次，有效期至 ${at(expiresAt)}。`,
      other: "如果你不清楚此邮件的来由，无需理会：没有此链接，任何人都无法进入。",
    }),
    guest: ({ name, by, hub, expiresAt }) => ({
      subject: `邀请你以访客身份使用 ${hub}`,
      hello: `${name}，你好：`,
      why: `${by} 邀请你以访客身份在其组织中工作，使用你在 ${hub} 的现有账户。请登录后接受。`,
      action: "查看邀请",
      until: `此链接仅可使用一次，有效期至 ${at(expiresAt)}。`,
      other: "如果你不清楚此邮件的来由，或没有该处的账户，无需理会。",
    }),
    reset: ({ name, by, hub, expiresAt }) => ({
      subject: `设置 ${hub} 的新密码`,
      hello: `${name}，你好：`,
      why: `${by} 向你发送此链接，用于设置 ${hub} 的新密码。`,
      action: "设置新密码",
      until: `此链接仅可使用一次，有效期至 ${at(expiresAt)}。使用后你的所有登录都会退出。`,
      other: "如果这不是你要求的，请告知管理员。",
    }),
    forgot: ({ name, hub, expiresAt }) => ({
      subject: `设置 ${hub} 的新密码`,
      hello: `${name}，你好：`,
      why: `有人（希望是你本人）请求为 ${hub} 设置新密码。`,
      action: "设置新密码",
      until: `此链接仅可使用一次，有效期至 ${at(expiresAt)}。使用后你的所有登录都会退出。`,
      other: "如果不是你本人操作，无需理会：你的密码保持不变。",
    }),
  },
};

/** UTC, named as such: the hub does not know where the reader is. */
const at = (moment: Date): string => `${moment.toISOString().slice(0, 16).replace("T", " ")} UTC`;

export function renderLinkMail(mail: LinkMail, language: Language): Mail {
  const { subject, hello, why, action, until, other } = words[language][mail.kind](mail);
  const html = `<!doctype html><html lang="${language === "zh" ? "zh-CN" : "en"}"><body style="font-family:sans-serif;line-height:1.5">
<p>${escaped(hello)}</p>
<p>${escaped(why)}</p>
<p><a href="${escaped(mail.link)}">${escaped(action)}</a></p>
<p>${escaped(until)}</p>
<p>${escaped(other)}</p>
</body></html>`;
  return { subject, text: [hello, why, mail.link, until, other].join("\n\n"), html };
}

const why: Record<Language, string> = {
  en: "You decide in your profile what you are mailed about.",
  zh: "你可以在个人资料中选择接收哪些邮件。",
};

export function renderNoticeMail(message: Message): Mail {
  const { language, title, summary, facts, table, link } = mapTexts(message, unlinked);
  const rows = table?.rows ?? [];
  const more = table === null || table.more === 0 ? [] : [andMore(language, table.more)];
  const paragraphs = [
    ...(summary === "" ? [] : [summary]),
    ...(facts.length === 0 ? [] : [facts.map(({ name, value }) => `${name}: ${value}`).join("\n")]),
    ...(rows.length === 0 ? [] : [[...rows.map((row) => `- ${rowLine(row)}`), ...more].join("\n")]),
    ...(link === null ? [] : [link.url]),
    why[language],
  ];
  const cells = (row: string[]) => row.map((cell) => `<td style="padding-right:1em">${escaped(cell)}</td>`).join("");
  const html = `<!doctype html><html lang="${language === "zh" ? "zh-CN" : "en"}"><body style="font-family:sans-serif;line-height:1.5">
<p><strong>${escaped(title)}</strong></p>
${summary === "" ? "" : `<p>${escaped(summary)}</p>`}
<table>${facts.map(({ name, value }) => `<tr>${cells([name, value])}</tr>`).join("")}</table>
<table>${rows.map((row) => `<tr>${cells(row)}</tr>`).join("")}</table>
${more.map((line) => `<p>${escaped(line)}</p>`).join("")}
${link === null ? "" : `<p><a href="${escaped(link.url)}">${escaped(link.text)}</a></p>`}
<p style="color:#666">${escaped(why[language])}</p>
</body></html>`;
  return { subject: title, text: [title, ...paragraphs].join("\n\n"), html };
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? "");
