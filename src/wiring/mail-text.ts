import { unreachable } from '#base/assert.ts';
import type { AlertFacts } from '#accounts/customer-alerts.store.ts';
import type { Mail } from './mailer.ts';

export type Language = 'en' | 'zh';
type Words = Omit<Mail, 'to'>;

/**
 * What a mail is about. Every one of them is short text, without pictures or tracking; `mailHtml` draws it.
 * What is to be done is a label that ends in a colon, and its address on the next line.
 */
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
        text: 'Mail from your installation arrives. There is nothing else to do.\n',
      };
    case 'invitation':
      return {
        subject: `${oneLine(matter.by)} invites you to Breakeven`,
        text: `An account is waiting for you. The address below opens it once, until ${day(matter.until)}.\n\nAccept the invitation:\n${matter.url}\n\nIf you did not expect this, do nothing.\n`,
      };
    case 'password':
      return {
        subject: 'Set a new password',
        text: `The address below works once, until ${moment(matter.until)}.\n\nSet a new password:\n${matter.url}\n\nIf you did not ask for it, do nothing: the old password stays.\n`,
      };
    case 'alert': {
      const { facts, account, percent, url, isCap } = matter;
      const limit = isCap ? 'spending beyond the plan' : limitText(facts, ENGLISH);
      const used = usedText(facts, ENGLISH);
      const said = isCap
        ? `${percent}% of what may be spent beyond the plan${used && `: ${used}`}`
        : `${percent}% of a limit: ${limit}${used && ` (${used})`}`;
      return {
        subject: `${percent}% used: ${limit}`,
        text: `${oneLine(account)} has used ${said}.\n\nThere is room again by ${moment(new Date(facts.resetsAtMs))} at the latest.\n\nSee every limit:\n${url}/usage\n\nChoose when to be told:\n${url}/settings\n`,
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
        text: '你的 Breakeven 可以发出邮件，无需其他操作。\n',
      };
    case 'invitation':
      return {
        subject: `${oneLine(matter.by)} 邀请你使用 Breakeven`,
        text: `已为你准备好账户。下面的地址仅可使用一次，有效期至 ${day(matter.until)}。\n\n接受邀请：\n${matter.url}\n\n如与你无关，请忽略。\n`,
      };
    case 'password':
      return {
        subject: '设置新密码',
        text: `下面的地址仅可使用一次，有效期至 ${moment(matter.until)}。\n\n设置新密码：\n${matter.url}\n\n如非本人操作，请忽略，原密码不变。\n`,
      };
    case 'alert': {
      const { facts, account, percent, url, isCap } = matter;
      const limit = isCap ? '套餐外花费上限' : limitText(facts, CHINESE);
      const used = usedText(facts, CHINESE);
      const said = isCap ? `${limit}已用 ${percent}%` : `一项限额已用 ${percent}%：${limit}`;
      return {
        subject: `已用 ${percent}%：${limit}`,
        text: `${oneLine(account)} 的${said}${used && `（${used}）`}。\n\n最迟于 ${moment(new Date(facts.resetsAtMs))} 恢复。\n\n查看全部限额：\n${url}/usage\n\n更改提醒比例：\n${url}/settings\n`,
      };
    }
    default:
      return unreachable(matter);
  }
}

/** How a language says what a limit is. */
interface LimitWords {
  readonly windows: Readonly<Record<string, string>>;
  readonly days: (days: number) => string;
  readonly classes: Readonly<Record<string, string>>;
  readonly messages: (count: string) => string;
  readonly tokens: (count: string) => string;
  /** A limit whose amount is nobody's business. */
  readonly fairUse: string;
  readonly limit: (amount: string, window: string, classes: readonly string[]) => string;
  readonly of: (used: string, limit: string) => string;
}

const ENGLISH: LimitWords = {
  windows: {
    cycle: 'each billing period',
    'calendar day': 'each day',
    'calendar week': 'each week',
    'calendar month': 'each month',
  },
  days: (days) => `in ${days} days`,
  classes: {},
  messages: (count) => `${count} messages`,
  tokens: (count) => `${count} tokens`,
  fairUse: 'fair use',
  limit: (amount, window, classes) =>
    `${amount} ${window}${classes.length > 0 ? `, ${classes.join(' and ')}` : ''}`,
  of: (used, limit) => `${used} of ${limit}`,
};

const FAIR_USE = '合理用量';
const CHINESE: LimitWords = {
  windows: {
    cycle: '每个计费期',
    'calendar day': '每天',
    'calendar week': '每周',
    'calendar month': '每月',
  },
  days: (days) => `每 ${days} 天`,
  classes: { fast: '快速', standard: '标准', reasoning: '推理', embedding: '嵌入' },
  messages: (count) => `${count} 条消息`,
  tokens: (count) => `${count} token`,
  fairUse: FAIR_USE,
  limit: (amount, window, classes) =>
    `${classes.length > 0 ? `${classes.join('、')}：` : ''}${window}${amount === FAIR_USE ? '的' : ' '}${amount}`,
  of: (used, limit) => `${used} / ${limit}`,
};

/** "200 messages each week, Reasoning". */
function limitText({ window, classes, unit, limit }: AlertFacts, words: LimitWords): string {
  const days = Math.round(Number(/ (\d+)s$/.exec(window)?.[1] ?? 0) / 8640) / 10;
  const amount = limit === null ? words.fairUse : amountText(unit, limit, words);
  return words.limit(
    amount,
    words.windows[window] ?? words.days(days),
    classes.map((name) => words.classes[name] ?? name.charAt(0).toUpperCase() + name.slice(1)),
  );
}

/** "160 of 200", or nothing where amounts are nobody's business. */
function usedText({ unit, used, limit }: AlertFacts, words: LimitWords): string {
  if (used === null || limit === null) return '';
  return words.of(numberText(unit, used), numberText(unit, limit));
}

function amountText(unit: string, amount: number, words: LimitWords): string {
  const count = numberText(unit, amount);
  if (unit === 'messages') return words.messages(count);
  return unit === 'tokens' ? words.tokens(count) : count;
}

function numberText(unit: string, amount: number): string {
  if (unit === 'messages') return (Math.round(amount / 100) / 10).toLocaleString('en');
  return unit === 'tokens' ? amount.toLocaleString('en') : dollars(amount);
}

/** A name that somebody chose cannot make a paragraph of its own, and so no button. */
const oneLine = (name: string): string => name.replaceAll(/\s+/g, ' ');
const dollars = (nano: number): string => `$${(nano / 1e9).toFixed(2)}`;
const day = (at: Date): string => at.toISOString().slice(0, 10);
const moment = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
