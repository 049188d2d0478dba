// What the SQL terminal itself says, in the person's language. What servers say is shown as they say it.
import type { Language } from "../../notify/input.ts";
import type { HeldBack } from "../../sessions/line-gate.ts";
import type { DatabaseSession } from "../session.ts";

export type ShellWords = {
  greeting(asset: string, server: string, account: string): string;
  encrypted: Record<DatabaseSession["encrypted"], string>;
  help: readonly string[];
  rows(count: number, ms: number): string;
  changed(count: number, ms: number): string;
  done(ms: number): string;
  moreThan(shown: number): string;
  pager(shown: number, all: number): string;
  cancelled: string;
  lost: string;
  connectedAgain: string;
  error: string;
  tooLong(bytes: number): string;
  unknownCommand(command: string): string;
  vertical(on: boolean): string;
  limit(rows: number): string;
  badLimit(most: number): string;
  nothingToExport: string;
  export(rows: number): string;
  notExportable: string;
  notRecorded: string;
  /** says: the rule's own words; empty: none. */
  rule(name: string, says: string): string;
  confirm: string;
  waits(deciders: string): string;
  heldBack: Record<HeldBack, string>;
  hubFailed: string;
  goodbye: string;
};

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 1_000 ? 3 : 1)} s`;

export const shellWords: Record<Language, ShellWords> = {
  en: {
    greeting: (asset, server, account) =>
      `${asset}: ${server}, as ${account}. Everything here is recorded. \\? for help, \\q to leave.`,
    encrypted: {
      checked: "The connection to the server is encrypted, and its certificate checked.",
      unchecked: "The connection to the server is encrypted; nobody checks whose certificate it shows.",
      no: "The server offers no TLS: between the agent and the server the connection is not encrypted.",
    },
    help: [
      "statement;        run it; it may take several lines (\\g does the same)",
      "statement\\G       run it, each row as a block of lines",
      "\\l                databases",
      "\\d                tables and views       \\d NAME   columns of one",
      "\\c NAME           go to another database (use NAME; with MySQL)",
      "\\x                rows as blocks, on and off",
      "\\limit N          show at most so many rows",
      "\\export           how to take the last answer along",
      "Tab completes names, the arrows bring back what was typed, Ctrl-C cancels, \\q or Ctrl-D leaves.",
    ],
    rows: (count, ms) => `${count} ${count === 1 ? "row" : "rows"} (${seconds(ms)})`,
    changed: (count, ms) => `${count} ${count === 1 ? "row" : "rows"} changed (${seconds(ms)})`,
    done: (ms) => `Done (${seconds(ms)})`,
    moreThan: (shown) => `There are more: ${shown} are shown. \\limit changes that.`,
    pager: (shown, all) => `-- ${shown} of ${all} lines: Enter for more, q to stop -- `,
    cancelled: "Cancelled.",
    lost: "The connection to the server was lost. What was not committed is gone; the next statement connects again.",
    connectedAgain: "Connected again: variables, temporary tables and open transactions of before are gone.",
    error: "Error",
    tooLong: (bytes) => `A statement may have ${bytes} bytes at most. This one was not run.`,
    unknownCommand: (command) => `There is no ${command}. \\? lists what there is.`,
    vertical: (on) => `Rows are shown as ${on ? "blocks" : "a table"}.`,
    limit: (rows) => `At most ${rows} rows are shown.`,
    badLimit: (most) => `A number of rows from 1 to ${most}.`,
    nothingToExport: "Nothing has been answered yet.",
    export: (rows) =>
      `The last answer (${rows} rows) is a CSV file behind the download button above this terminal, until the next one.`,
    notExportable: "Taking answers along needs a grant with the action download.",
    notRecorded: "The statement could not be put on record, so it was not run.",
    rule: (name, says) => (name === "" ? "" : `Rule "${name}".${says === "" ? "" : ` ${says}`}`),
    confirm: "Run it all the same? (y/n) ",
    waits: (deciders) =>
      `It waits until ${deciders === "" ? "somebody who manages requests" : deciders} has looked at it. Ctrl-C gives it up.`,
    heldBack: {
      refused: "It was not run.",
      rejected: "It was rejected, so it was not run.",
      lapsed: "Nobody decided in time, so it was not run.",
      withdrawn: "Given up. It was not run.",
      changed: "It has changed meanwhile, so it was not run.",
      "too-long": "It is too long to be shown whole to whoever decides, so it was not run. Shorten it.",
      unavailable: "Rules could not be asked about it, so it was not run. Try again.",
    },
    hubFailed: "The hub failed at this, and its log says how. This terminal is over; open another.",
    goodbye: "Bye.",
  },
  zh: {
    greeting: (asset, server, account) =>
      `${asset}：${server}，账号 ${account}。此处的一切都会被录制。输入 \\? 查看帮助，\\q 退出。`,
    encrypted: {
      checked: "与服务器的连接已加密，且已核验其证书。",
      unchecked: "与服务器的连接已加密，但未核验其证书属于谁。",
      no: "该服务器不提供 TLS：代理与服务器之间的连接未加密。",
    },
    help: [
      "语句;             执行，可跨多行（\\g 相同）",
      "语句\\G            执行，每行结果按块显示",
      "\\l                列出数据库",
      "\\d                列出表和视图            \\d 名称   列出字段",
      "\\c 名称           切换数据库（MySQL 用 use 名称;）",
      "\\x                切换按块显示",
      "\\limit N          最多显示的行数",
      "\\export           如何导出最近一次结果",
      "Tab 补全名称，方向键找回输入过的内容，Ctrl-C 取消，\\q 或 Ctrl-D 退出。",
    ],
    rows: (count, ms) => `${count} 行（${seconds(ms)}）`,
    changed: (count, ms) => `已更改 ${count} 行（${seconds(ms)}）`,
    done: (ms) => `完成（${seconds(ms)}）`,
    moreThan: (shown) => `还有更多：已显示 ${shown} 行，可用 \\limit 调整。`,
    pager: (shown, all) => `-- ${shown}/${all} 行：回车继续，q 停止 -- `,
    cancelled: "已取消。",
    lost: "与服务器的连接已断开。未提交的内容已丢失；下一条语句会重新连接。",
    connectedAgain: "已重新连接：之前的变量、临时表和未完成的事务都已不在。",
    error: "错误",
    tooLong: (bytes) => `一条语句最多 ${bytes} 字节，这条未执行。`,
    unknownCommand: (command) => `没有 ${command} 这个命令。输入 \\? 查看可用命令。`,
    vertical: (on) => `结果按${on ? "块" : "表格"}显示。`,
    limit: (rows) => `最多显示 ${rows} 行。`,
    badLimit: (most) => `请输入 1 到 ${most} 之间的行数。`,
    nothingToExport: "还没有任何结果。",
    export: (rows) => `最近一次结果（${rows} 行）可通过终端上方的下载按钮取得 CSV 文件，直到出现新的结果。`,
    notExportable: "导出结果需要带有“下载”操作的授权。",
    notRecorded: "语句未能写入审计记录，因此没有执行。",
    rule: (name, says) => (name === "" ? "" : `规则“${name}”。${says}`),
    confirm: "仍要执行吗？(y/n) ",
    waits: (deciders) => `需由${deciders === "" ? "工单管理员" : deciders}复核后才会执行。按 Ctrl-C 放弃。`,
    heldBack: {
      refused: "语句没有执行。",
      rejected: "复核未通过，语句没有执行。",
      lapsed: "超时无人复核，语句没有执行。",
      withdrawn: "已放弃，语句没有执行。",
      changed: "语句已发生变化，没有执行。",
      "too-long": "语句过长，无法完整展示给复核人，没有执行。请缩短后重试。",
      unavailable: "暂时无法检查规则，语句没有执行。请重试。",
    },
    hubFailed: "中心在此出错，详情见其日志。此终端已结束，请重新打开。",
    goodbye: "再见。",
  },
};
