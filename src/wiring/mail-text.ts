import { unreachable } from '#base/assert.ts';
import type { AlertFacts } from '#accounts/customer-alerts.store.ts';
import type { Mail } from './mailer.ts';

export type Language = 'en' | 'zh';
type Words = Omit<Mail, 'to'>;

/** What a mail is about. Every one of them is short text without markup, pictures or tracking. */
export type MailMatter =
  | { readonly about: 'test' }
  | {
      readonly about: 'invitation';
      readonly by: string;
      readonly url: string;
      readonly until: Date;
    }
  | { readonly about: 'password'; readonly url: string; readonly until: Date }
  | {
      readonly about: 'alert';
      readonly account: string;
      readonly percent: number;
      readonly facts: AlertFacts;
      readonly isCap: boolean;
      readonly url: string;
    };

/** A mail in the reader's language; English where they never chose one. */
export function mailText(matter: MailMatter, language: Language | null): Words {
  return (language === 'zh' ? chinese : english)(matter);
}

function english(matter: MailMatter): Words {
  switch (matter.about) {
    case 'test':
      return {
        subject: 'A test mail from Breakeven',
        text: 'Mail from your installation arrives. Nothing else to do.\n',
      };
    case 'invitation':
      return {
        subject: `${matter.by} invites you to Breakeven`,
        text: `${matter.by} invites you. Open this address once, before ${day(matter.until)}:\n\n${matter.url}\n\nIf you did not expect this, do nothing.\n`,
      };
    case 'password':
      return {
        subject: 'Set a new password',
        text: `Open this address once, before ${moment(matter.until)}, to set a new password:\n\n${matter.url}\n\nIf you did not ask for it, do nothing: the old password stays.\n`,
      };
    case 'alert': {
      const { facts, account, percent, url } = matter;
      const what = matter.isCap
        ? 'spending beyond the plan'
        : `the limit ${limitName(facts, 'en')}`;
      return {
        subject: `${percent}% used: ${what}`,
        text: `${account} has used ${percent}% of ${what}${amounts(facts, 'en')}.\nIt falls by ${moment(new Date(facts.resetsAtMs))} at the latest.\n\nEvery limit: ${url}/usage\nAt which share you are told: ${url}/settings\n`,
      };
    }
    default:
      return unreachable(matter);
  }
}

function chinese(matter: MailMatter): Words {
  switch (matter.about) {
    case 'test':
      return {
        subject: 'Breakeven 测试邮件',
        text: '你的 Breakeven 能够发出邮件，无需其他操作。\n',
      };
    case 'invitation':
      return {
        subject: `${matter.by} 邀请你使用 Breakeven`,
        text: `${matter.by} 邀请你加入。请在 ${day(matter.until)} 前打开此地址，仅可使用一次：\n\n${matter.url}\n\n如与你无关，请忽略。\n`,
      };
    case 'password':
      return {
        subject: '设置新密码',
        text: `请在 ${moment(matter.until)} 前打开此地址设置新密码，仅可使用一次：\n\n${matter.url}\n\n如非本人操作，请忽略，原密码不变。\n`,
      };
    case 'alert': {
      const { facts, account, percent, url } = matter;
      const what = matter.isCap ? '套餐外花费上限' : `限额“${limitName(facts, 'zh')}”`;
      return {
        subject: `已用 ${percent}%：${what}`,
        text: `${account} 的${what}已用 ${percent}%${amounts(facts, 'zh')}。\n最迟于 ${moment(new Date(facts.resetsAtMs))} 回落。\n\n查看全部限额：${url}/usage\n更改提醒比例：${url}/settings\n`,
      };
    }
    default:
      return unreachable(matter);
  }
}

const WINDOWS: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: {
    cycle: 'each billing period',
    'calendar day': 'each day',
    'calendar week': 'each week',
    'calendar month': 'each month',
  },
  zh: {
    cycle: '每个计费期',
    'calendar day': '每天',
    'calendar week': '每周',
    'calendar month': '每月',
  },
};

/** "standard, each day". */
function limitName({ window, classes }: AlertFacts, language: Language): string {
  const days = Math.round(Number(/ (\d+)s$/.exec(window)?.[1] ?? 0) / 8640) / 10;
  const length =
    WINDOWS[language][window] ?? (language === 'zh' ? `${days} 天内` : `in ${days} days`);
  const whose = classes.join(language === 'zh' ? '、' : ', ');
  return whose === '' ? length : language === 'zh' ? `${whose}：${length}` : `${whose}, ${length}`;
}

/** ": 32 of 40 messages", or nothing where amounts are nobody's business. */
function amounts({ unit, used, limit }: AlertFacts, language: Language): string {
  if (used === null || limit === null) return '';
  const [a, b] =
    unit === 'messages'
      ? [String(Math.round(used / 100) / 10), String(limit / 1000)]
      : unit === 'tokens'
        ? [used.toLocaleString('en'), limit.toLocaleString('en')]
        : [dollars(used), dollars(limit)];
  const of = { messages: ['messages', '条消息'], tokens: ['tokens', 'token'] }[unit] ?? ['', ''];
  return language === 'zh' ? `（${a} / ${b}${of[1]}）` : ` (${`${a} of ${b} ${of[0]}`.trim()})`;
}

const dollars = (nano: number): string => `$${(nano / 1e9).toFixed(2)}`;
const day = (at: Date): string => at.toISOString().slice(0, 10);
const moment = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
